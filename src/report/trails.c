/* Stacks found again by the words that an earlier walk read.
 *
 * A walk is a function of where it begins, of the bounds of the stack and of the words that it
 * reads; its trail lists them (platform.h).  If they are all the same, the walk needs not be made:
 * to compare them takes a third of the time, because no word has to wait for the one before.
 *
 * Entries are found by the first return address, and by how far from the end of the stack the site
 * lies, which tells most callers of one function apart.  With the same distance, the words lie on
 * the stack for certain.  Where the end is unknown, they are compared from the lowest to the
 * highest, up to the first that differs: so no word is read that the walk would not read.
 *
 * Threads share the entries.  Each has a version, odd while it is written.
 *
 *  1. Only one thread writes an entry: the one that made its version odd, by compare-and-swap.  Who
 *     finds it odd, or loses, does without.  A thread that is stopped for ever while it writes one
 *     costs that entry, and blocks nobody.
 *  2. The version is looked at again after offsets were read, and before any word is read there.
 *     If it is the same, they belong to the entry of that version: so nothing is read where a
 *     mixture of two entries says.  It is looked at once more in the end, before the stack is
 *     believed.
 *
 * A signal handler is to the code that it interrupts as another thread. */
#include "report/trails.h"

#include <stdatomic.h>

#include "report/store.h"

enum { SETS = 1 << 10, WAYS = 4, PLACE_BITS = 8, GROUP = 4 };
_Static_assert(HF_OS_TRAIL_MAX % GROUP == 0, "the last group may be filled up");

typedef struct entry {
    _Atomic uint32_t version;
    _Atomic uint32_t stack; /* 0: none */
    _Atomic uintptr_t return_address;
    _Atomic uint64_t place;
    _Atomic uint32_t count[HF_OS_TRAIL_LISTS];
    _Atomic uint16_t offsets[HF_OS_TRAIL_LISTS][HF_OS_TRAIL_MAX];
    _Atomic uint64_t values[HF_OS_TRAIL_LISTS][HF_OS_TRAIL_MAX];
} entry;

typedef struct set {
    _Alignas(64) entry ways[WAYS];
} set;

static set sets[SETS];

/* What an entry is found by. */
typedef struct key {
    uintptr_t return_address;
    uint64_t place; /* distance from the end of the stack, and the depth */
    bool bounded;   /* it is on the thread's stack */
    set *in;
} key;

__attribute__((no_sanitize("address"), no_sanitize("thread"))) static inline uintptr_t
word_at(uintptr_t site, size_t offset)
{
    return ((const uintptr_t *)site)[offset];
}

static inline key key_of(const hf_os_walk_from *from, uint32_t depth)
{
    bool known = from->site >= from->stack_low && from->site < from->stack_high;
    uint64_t distance = (known ? from->stack_high : 0) - from->site;
    key made = {.return_address = word_at(from->site, 1),
                .place = distance << PLACE_BITS | depth,
                .bounded = known};
    uint64_t hash = made.return_address * UINT64_C(0x9e3779b97f4a7c15) +
                    made.place * UINT64_C(0xbf58476d1ce4e5b9);
    made.in = &sets[(hash >> 32) % SETS];
    return made;
}

/* Acquire: what is read of the entry next is not older.  Partner: the release in begin. */
static inline uint32_t version_of(entry *of)
{
    return atomic_load_explicit(&of->version, memory_order_acquire);
}

/* After an acquire load of a part of the entry, which is therefore not younger than this. */
static inline bool is_still(entry *of, uint32_t version)
{
    return atomic_load_explicit(&of->version, memory_order_relaxed) == version;
}

static inline bool has_key(entry *of, const key *wanted)
{
    return atomic_load_explicit(&of->return_address, memory_order_relaxed) ==
               wanted->return_address &&
           atomic_load_explicit(&of->place, memory_order_relaxed) == wanted->place;
}

/* Acquire: the version is looked at afterwards.  Partner: the release fence in begin. */
static inline uint64_t load(const _Atomic uint64_t *part)
{
    return atomic_load_explicit(part, memory_order_acquire);
}

/* The same. */
static inline size_t load_offset(const _Atomic uint16_t *part)
{
    return atomic_load_explicit(part, memory_order_acquire);
}

/* 0: the word at the offset, less `base`, is as the entry says. */
static inline uint64_t differs(uintptr_t site, uintptr_t base, size_t offset,
                               const _Atomic uint64_t *value)
{
    return (word_at(site, offset) - base) ^ load(value);
}

/* Whether the words of a list are as it says.  They lie on the stack, so their order does not
 * matter; but the offsets must be the entry's. */
__attribute__((always_inline)) static inline bool holds(entry *of, uint32_t version, uintptr_t site,
                                                        unsigned list, uintptr_t base)
{
    const _Atomic uint16_t *offset = of->offsets[list];
    const _Atomic uint64_t *value = of->values[list];
    const _Atomic uint64_t *end =
        value + atomic_load_explicit(&of->count[list], memory_order_acquire);
    for (; value < end; value += GROUP, offset += GROUP) {
        size_t first = load_offset(offset);
        size_t second = load_offset(offset + 1);
        size_t third = load_offset(offset + 2);
        size_t fourth = load_offset(offset + 3);
        if (!is_still(of, version) ||
            (differs(site, base, first, value) | differs(site, base, second, value + 1) |
             differs(site, base, third, value + 2) | differs(site, base, fourth, value + 3)) != 0)
            return false;
    }
    return true;
}

/* A word of either list; the offset is beyond all others when there is none left. */
typedef struct next {
    uint32_t index;
    uint64_t offset;
} next;

static void find_next(entry *of, unsigned list, next *of_list)
{
    uint32_t i = of_list->index;
    of_list->offset = UINT64_MAX;
    if (i < atomic_load_explicit(&of->count[list], memory_order_acquire))
        of_list->offset = load_offset(&of->offsets[list][i]);
}

/* The same for all words, from the lowest to the highest. */
static bool holds_in_order(entry *of, uint32_t version, uintptr_t site)
{
    next lists[HF_OS_TRAIL_LISTS] = {{0, 0}, {0, 0}};
    for (;;) {
        find_next(of, HF_OS_PLAIN, &lists[HF_OS_PLAIN]);
        find_next(of, HF_OS_RELATIVE, &lists[HF_OS_RELATIVE]);
        if (!is_still(of, version))
            return false;
        unsigned list =
            lists[HF_OS_PLAIN].offset < lists[HF_OS_RELATIVE].offset ? HF_OS_PLAIN : HF_OS_RELATIVE;
        if (lists[list].offset == UINT64_MAX)
            return true;
        uintptr_t base = list == HF_OS_RELATIVE ? site : 0;
        if (word_at(site, lists[list].offset) - base != load(&of->values[list][lists[list].index]))
            return false;
        lists[list].index++;
    }
}

/* The stack of an entry, if all words are as it says. */
static inline uint32_t follow(entry *of, const key *wanted, uintptr_t site)
{
    uint32_t version = version_of(of);
    if (version % 2 != 0 || !has_key(of, wanted))
        return 0;
    uint32_t stack = atomic_load_explicit(&of->stack, memory_order_acquire);
    bool found = wanted->bounded ? holds(of, version, site, HF_OS_PLAIN, 0) &&
                                       holds(of, version, site, HF_OS_RELATIVE, site)
                                 : holds_in_order(of, version, site);
    return found && is_still(of, version) ? stack : 0;
}

uint32_t hf_trail_recall(const hf_os_walk_from *from, uint32_t depth)
{
    uintptr_t site = from->site;
    key wanted = key_of(from, depth);
    for (int i = 0; i < WAYS; i++) {
        uint32_t stack = follow(&wanted.in->ways[i], &wanted, site);
        if (stack != 0)
            return stack;
    }
    return 0;
}

/* Makes the version odd.  False: another thread writes the entry. */
static bool begin(entry *of, uint32_t *version)
{
    *version = atomic_load_explicit(&of->version, memory_order_relaxed);
    if (*version % 2 != 0 ||
        !atomic_compare_exchange_strong_explicit(&of->version, version, *version + 1,
                                                 memory_order_acquire, memory_order_relaxed))
        return false;
    /* Whoever reads a word that is written from here on, also finds the version odd, or a later
     * one.  Partner: the acquire loads in follow. */
    atomic_thread_fence(memory_order_release);
    return true;
}

/* Release: who reads the new version reads what was written.  Partner: version_of. */
static void end(entry *of, uint32_t version)
{
    atomic_store_explicit(&of->version, version + 2, memory_order_release);
}

/* The last group is filled up with words that it has already. */
static void write_list(entry *to, const hf_os_trail *trail, unsigned list)
{
    uint32_t count = trail->count[list];
    atomic_store_explicit(&to->count[list], count, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i += GROUP) {
        for (uint32_t j = 0; j < GROUP; j++) {
            uint32_t from = i + j < count ? i + j : count - 1;
            atomic_store_explicit(&to->offsets[list][i + j], (uint16_t)trail->offsets[list][from],
                                  memory_order_relaxed);
            atomic_store_explicit(&to->values[list][i + j], trail->values[list][from],
                                  memory_order_relaxed);
        }
    }
}

static void write(entry *to, const key *of, const hf_os_trail *trail, uint32_t stack)
{
    uint32_t version;
    if (!begin(to, &version))
        return;
    atomic_store_explicit(&to->return_address, of->return_address, memory_order_relaxed);
    atomic_store_explicit(&to->place, of->place, memory_order_relaxed);
    atomic_store_explicit(&to->stack, stack, memory_order_relaxed);
    write_list(to, trail, HF_OS_PLAIN);
    write_list(to, trail, HF_OS_RELATIVE);
    end(to, version);
}

/* Which entry to give up: one of another key, so that the stacks of one key do not turn each other
 * out as long as there is room; else one that depends on the stack. */
static entry *choose(const key *of, uint32_t stack)
{
    for (int i = 0; i < WAYS; i++) {
        if (!has_key(&of->in->ways[i], of))
            return &of->in->ways[i];
    }
    return &of->in->ways[hf_hash_finish(stack) % WAYS];
}

void hf_trail_remember(const hf_os_walk_from *from, uint32_t depth, const hf_os_trail *trail,
                       uint32_t stack)
{
    if (!trail->whole || stack == 0)
        return;
    key wanted = key_of(from, depth);
    write(choose(&wanted, stack), &wanted, trail, stack);
}

void hf_trail_forget(void)
{
    for (size_t i = 0; i < SETS; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            entry *forgotten = &sets[i].ways[way];
            uint32_t version;
            if (atomic_load_explicit(&forgotten->stack, memory_order_relaxed) == 0 ||
                !begin(forgotten, &version))
                continue;
            atomic_store_explicit(&forgotten->return_address, 0, memory_order_relaxed);
            atomic_store_explicit(&forgotten->stack, 0, memory_order_relaxed);
            end(forgotten, version);
        }
    }
}

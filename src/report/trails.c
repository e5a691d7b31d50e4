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
 * Entries are as long as their trails, and lie side by side in the order in which they were made:
 * most programs have few, for which few pages of memory must do.  An index of small words says
 * where they are.  It is but a hint: whatever it says, there is an entry, or zeros, and an entry
 * says itself what it is of.
 *
 * Threads share the entries.  Each has a version, odd while it is written.
 *
 *  1. Only one thread writes an entry: the one that made its version odd, by compare-and-swap.  Who
 *     finds it odd, or loses, does without.  A thread that is stopped for ever while it writes one
 *     costs that entry, and blocks nobody.
 *  2. The version is looked at again after offsets were read, and before any word is read there.
 *     If it is the same, and even, they belong to the entry of that version: so nothing is read
 *     where a mixture of two entries says.  It is looked at once more in the end, before the stack
 *     is believed.
 *  3. An entry's place and room never change, and it has never more groups of words than there is
 *     room for; so whoever follows an outdated index, or counts that do not belong together, stays
 *     within entries.
 *
 * A signal handler is to the code that it interrupts as another thread. */
#include "report/trails.h"

#include <stdatomic.h>

#include <holdfast/base.h>

#include "report/store.h"

enum { SET_BITS = 10, WAYS = 4, PLACE_BITS = 8, GROUP = 4, REFERENCE_BITS = 18, UNIT = 16 };
enum { ROOM = UNIT << REFERENCE_BITS };
_Static_assert(HF_OS_TRAIL_MAX % GROUP == 0, "the last group may be filled up");

/* Words of one list. */
typedef struct group {
    _Atomic uint64_t values[GROUP];
    _Atomic uint16_t offsets[GROUP];
} group;

typedef struct entry {
    _Atomic uint32_t version;
    _Atomic uint32_t stack; /* 0: none */
    _Atomic uintptr_t return_address;
    _Atomic uint64_t place;
    _Atomic uint16_t plain; /* how many groups of the first list come first, */
    _Atomic uint16_t all;   /* and how many there are */
    uint32_t capacity;
    group groups[];
} entry;

/* The entries.  The first unit stays zero: an entry that nothing is like. */
static _Alignas(64) char room[ROOM];
_Static_assert(sizeof(entry) % UNIT == 0, "the next one begins with a unit");
static _Atomic uint32_t used = sizeof(entry);

/* | part of the hash | where the entry lies, in units; 0: nowhere | */
static _Alignas(64) _Atomic uint32_t sets[1 << SET_BITS][WAYS];

/* What an entry is found by. */
typedef struct key {
    uintptr_t site;
    uintptr_t return_address;
    uint64_t place; /* distance from the end of the stack, and the depth */
    uint32_t hash;
    _Atomic uint32_t *in;
} key;

__attribute__((no_sanitize("address"), no_sanitize("thread"))) static inline uintptr_t
word_at(uintptr_t site, size_t offset)
{
    return ((const uintptr_t *)site)[offset];
}

/* `distance`: from the end of the stack, or from 0 if that is not known. */
static inline key key_of(uintptr_t site, uint64_t distance, uint32_t depth)
{
    key made = {
        .site = site, .return_address = word_at(site, 1), .place = distance << PLACE_BITS | depth};
    /* The upper bits of a product depend on all that lie below. */
    uint64_t hash = (made.return_address ^ (made.place << 24)) * UINT64_C(0x9e3779b97f4a7c15);
    made.in = sets[hash >> (64 - SET_BITS)];
    made.hash = (uint32_t)(hash >> (32 - SET_BITS));
    return made;
}

static inline entry *entry_of(uint32_t word)
{
    uint32_t reference = word & ((UINT32_C(1) << REFERENCE_BITS) - 1);
    return (entry *)(void *)(room + (size_t)reference * UNIT);
}

static inline uint32_t word_for(const key *of, const entry *at)
{
    uint32_t reference = (uint32_t)((const char *)at - room) / UNIT;
    return (of->hash & ~((UINT32_C(1) << REFERENCE_BITS) - 1)) | reference;
}

/* Even; if the entry is being written, it is no longer this one's.  Acquire: what is read of the
 * entry next is not older.  Partner: the release in end. */
static inline uint32_t version_of(entry *of)
{
    return atomic_load_explicit(&of->version, memory_order_acquire) & ~UINT32_C(1);
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

/* Acquire, here and in the two below: the version is looked at afterwards.  Partner: the release
 * fence in begin. */
static inline uint64_t load(const _Atomic uint64_t *part)
{
    return atomic_load_explicit(part, memory_order_acquire);
}

static inline size_t load_short(const _Atomic uint16_t *part)
{
    return atomic_load_explicit(part, memory_order_acquire);
}

static inline uint32_t load_stack(entry *of)
{
    return atomic_load_explicit(&of->stack, memory_order_acquire);
}

/* 0: the word of a group, less `base`, is as the entry says. */
static inline uint64_t differs(uintptr_t site, uintptr_t base, size_t offset,
                               const _Atomic uint64_t *value)
{
    return (word_at(site, offset) - base) ^ load(value);
}

/* Whether the words of a list are as it says.  They lie on the stack, so their order does not
 * matter; but the offsets must be the entry's. */
__attribute__((always_inline)) static inline bool holds(entry *of, uint32_t version, uintptr_t site,
                                                        const group *from, const group *end,
                                                        uintptr_t base)
{
    for (; from < end; from++) {
        size_t first = load_short(&from->offsets[0]);
        size_t second = load_short(&from->offsets[1]);
        size_t third = load_short(&from->offsets[2]);
        size_t fourth = load_short(&from->offsets[3]);
        if (!is_still(of, version) || (differs(site, base, first, &from->values[0]) |
                                       differs(site, base, second, &from->values[1]) |
                                       differs(site, base, third, &from->values[2]) |
                                       differs(site, base, fourth, &from->values[3])) != 0)
            return false;
    }
    return true;
}

/* The stack of an entry, if all words are as it says. */
__attribute__((always_inline)) static inline uint32_t follow(entry *of, const key *wanted)
{
    uint32_t version = version_of(of);
    uintptr_t site = wanted->site;
    if (!has_key(of, wanted))
        return 0;
    const group *middle = of->groups + load_short(&of->plain);
    if (!holds(of, version, site, of->groups, middle, 0))
        return 0;
    const group *end = of->groups + load_short(&of->all);
    if (!holds(of, version, site, middle, end, site))
        return 0;
    uint32_t stack = load_stack(of);
    return is_still(of, version) ? stack : 0;
}

/* ---- a stack whose end is unknown ------------------------------------------------------------ */

/* A word of either list; the offset is beyond all others when there is none left. */
typedef struct next {
    size_t index;
    size_t end;
    uint64_t offset;
} next;

static void find_next(entry *of, next *of_list)
{
    const group *in = &of->groups[of_list->index / GROUP];
    of_list->offset = of_list->index < of_list->end
                          ? load_short(&in->offsets[of_list->index % GROUP])
                          : UINT64_MAX;
}

/* Whether the words of both lists are as they say, from the lowest to the highest. */
static bool holds_in_order(entry *of, uint32_t version, uintptr_t site)
{
    size_t plain = load_short(&of->plain) * GROUP;
    next lists[HF_OS_TRAIL_LISTS] = {{0, plain, 0}, {plain, load_short(&of->all) * GROUP, 0}};
    for (;;) {
        find_next(of, &lists[HF_OS_PLAIN]);
        find_next(of, &lists[HF_OS_RELATIVE]);
        if (!is_still(of, version))
            return false;
        unsigned list =
            lists[HF_OS_PLAIN].offset < lists[HF_OS_RELATIVE].offset ? HF_OS_PLAIN : HF_OS_RELATIVE;
        next *lowest = &lists[list];
        if (lowest->offset == UINT64_MAX)
            return true;
        const group *in = &of->groups[lowest->index / GROUP];
        if (differs(site, list == HF_OS_RELATIVE ? site : 0, lowest->offset,
                    &in->values[lowest->index % GROUP]) != 0)
            return false;
        lowest->index++;
    }
}

static uint32_t follow_in_order(entry *of, const key *wanted)
{
    uint32_t version = version_of(of);
    if (!has_key(of, wanted))
        return 0;
    uint32_t stack = load_stack(of);
    return holds_in_order(of, version, wanted->site) && is_still(of, version) ? stack : 0;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* The entry of a way, if it may be the one; else NULL. */
static inline entry *likely_entry(const key *wanted, int way)
{
    /* Acquire: the entry is there.  Partners: the releases in make and replace. */
    uint32_t word = atomic_load_explicit(&wanted->in[way], memory_order_acquire);
    return (word ^ wanted->hash) >> REFERENCE_BITS == 0 ? entry_of(word) : NULL;
}

HF_HOT uint32_t hf_trail_recall_first(uintptr_t site, uintptr_t stack_high, uint32_t depth)
{
    key wanted = key_of(site, stack_high - site, depth);
    for (int way = 0; way < WAYS; way++) {
        entry *there = likely_entry(&wanted, way);
        if (there != NULL)
            return follow(there, &wanted);
    }
    return 0;
}

static bool is_bounded(const hf_os_walk_from *from)
{
    return from->site >= from->stack_low && from->site < from->stack_high;
}

static key key_from(const hf_os_walk_from *from, uint32_t depth)
{
    return key_of(from->site, (is_bounded(from) ? from->stack_high : 0) - from->site, depth);
}

uint32_t hf_trail_recall(const hf_os_walk_from *from, uint32_t depth)
{
    key wanted = key_from(from, depth);
    bool bounded = is_bounded(from);
    for (int way = 0; way < WAYS; way++) {
        entry *there = likely_entry(&wanted, way);
        uint32_t stack = there == NULL ? 0
                         : bounded     ? follow(there, &wanted)
                                       : follow_in_order(there, &wanted);
        if (stack != 0)
            return stack;
    }
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

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

static uint32_t groups_of(uint32_t count)
{
    return (count + GROUP - 1) / GROUP;
}

/* The last group is filled up with a word that it has already. */
static void write_list(group *to, const hf_os_trail *trail, unsigned list)
{
    uint32_t count = trail->count[list];
    for (uint32_t i = 0; i < groups_of(count) * GROUP; i++) {
        uint32_t from = i < count ? i : count - 1;
        group *in = &to[i / GROUP];
        atomic_store_explicit(&in->offsets[i % GROUP], trail->offsets[list][from],
                              memory_order_relaxed);
        atomic_store_explicit(&in->values[i % GROUP], trail->values[list][from],
                              memory_order_relaxed);
    }
}

static uint32_t groups_for(const hf_os_trail *trail)
{
    return groups_of(trail->count[HF_OS_PLAIN]) + groups_of(trail->count[HF_OS_RELATIVE]);
}

/* There is room for its groups. */
static void write(entry *to, const key *of, const hf_os_trail *trail, uint32_t stack)
{
    uint32_t plain = groups_of(trail->count[HF_OS_PLAIN]);
    atomic_store_explicit(&to->return_address, of->return_address, memory_order_relaxed);
    atomic_store_explicit(&to->place, of->place, memory_order_relaxed);
    atomic_store_explicit(&to->stack, stack, memory_order_relaxed);
    atomic_store_explicit(&to->plain, (uint16_t)plain, memory_order_relaxed);
    atomic_store_explicit(&to->all, (uint16_t)groups_for(trail), memory_order_relaxed);
    write_list(to->groups, trail, HF_OS_PLAIN);
    write_list(to->groups + plain, trail, HF_OS_RELATIVE);
}

/* In the place of another.  The index is first: who still finds the former trail there does so
 * while the entry is being written, or has found it before. */
static void replace(_Atomic uint32_t *way, entry *to, const key *of, const hf_os_trail *trail,
                    uint32_t stack)
{
    uint32_t version;
    if (!begin(to, &version))
        return;
    /* Release: it was made before.  Partners: the acquires in recall and entry_in. */
    atomic_store_explicit(way, word_for(of, to), memory_order_release);
    write(to, of, trail, stack);
    end(to, version);
}

static entry *take_room(uint32_t groups)
{
    uint32_t bytes = (uint32_t)(sizeof(entry) + groups * sizeof(group) + UNIT - 1) / UNIT * UNIT;
    uint32_t start = atomic_load_explicit(&used, memory_order_relaxed);
    do { /* another thread took room meanwhile: look at what is left */
        if (bytes > ROOM - start)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&used, &start, start + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return (entry *)(void *)(room + start);
}

/* A new entry.  What stood in its way, and was too small, is left: there are few sizes, and so it
 * happens to each way a few times at most.  When all room is taken, trails too long for the entry
 * that they would get are not kept. */
static void make(_Atomic uint32_t *way, uint32_t word, const key *of, const hf_os_trail *trail,
                 uint32_t stack)
{
    entry *made = take_room(groups_for(trail));
    if (made == NULL)
        return;
    made->capacity = groups_for(trail);
    write(made, of, trail, stack);
    /* Release: the entry is whole.  Partners: the acquires in recall and entry_in.  Who loses does
     * without. */
    (void)atomic_compare_exchange_strong_explicit(way, &word, word_for(of, made),
                                                  memory_order_release, memory_order_relaxed);
}

static entry *entry_in(_Atomic uint32_t *way)
{
    /* Acquire: the entry is there.  Partners: the releases in make and replace. */
    return entry_of(atomic_load_explicit(way, memory_order_acquire));
}

static bool is_free(_Atomic uint32_t *way)
{
    return atomic_load_explicit(&entry_in(way)->stack, memory_order_relaxed) == 0;
}

/* Which entry to give up: none if there is room; else one of another key, so that the stacks of one
 * key do not turn each other out; else one that depends on the stack. */
static _Atomic uint32_t *choose(const key *of, uint32_t stack)
{
    uint32_t start = (uint32_t)hf_hash_finish(stack);
    for (uint32_t i = 0; i < WAYS; i++)
        if (is_free(&of->in[i]))
            return &of->in[i];
    for (uint32_t i = 0; i < WAYS; i++)
        if (!has_key(entry_in(&of->in[(start + i) % WAYS]), of))
            return &of->in[(start + i) % WAYS];
    return &of->in[start % WAYS];
}

void hf_trail_remember(const hf_os_walk_from *from, uint32_t depth, const hf_os_trail *trail,
                       uint32_t stack)
{
    if (!trail->whole || stack == 0)
        return;
    key wanted = key_from(from, depth);
    _Atomic uint32_t *way = choose(&wanted, stack);
    /* Acquire: the entry's capacity is written.  Partner: the release in make. */
    uint32_t word = atomic_load_explicit(way, memory_order_acquire);
    entry *there = entry_of(word);
    if (word != 0 && groups_for(trail) <= there->capacity)
        replace(way, there, &wanted, trail, stack);
    else
        make(way, word, &wanted, trail, stack);
}

static void forget(entry *forgotten)
{
    uint32_t version;
    if (atomic_load_explicit(&forgotten->stack, memory_order_relaxed) == 0 ||
        !begin(forgotten, &version))
        return;
    atomic_store_explicit(&forgotten->return_address, 0, memory_order_relaxed);
    atomic_store_explicit(&forgotten->stack, 0, memory_order_relaxed);
    end(forgotten, version);
}

void hf_trail_forget(void)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        for (size_t way = 0; way < WAYS; way++)
            forget(entry_in(&sets[i][way]));
}

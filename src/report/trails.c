/* Stacks found again by the words that an earlier walk read.
 *
 * A walk is a function of where it begins, of the bounds of the stack and of the words that it
 * reads; its trail lists them (platform.h).  If they are all the same, the walk needs not be made:
 * to compare them takes a third of the time, because no word has to wait for the one before.
 *
 * Entries are found by the first return address, and by how far from the end of the stack the site
 * lies, which tells most callers of one function apart.  They are compared in the walk's order, up
 * to the first that differs: so no word is read that the walk would not read.  That matters where
 * the bounds of the stack are unknown.
 *
 * Threads share the entries.  Each has a version, odd while it is written.
 *
 *  1. Only one thread writes an entry: the one that made its version odd, by compare-and-swap.  Who
 *     finds it odd, or loses, does without.  A thread that is stopped for ever while it writes one
 *     costs that entry, and blocks nobody.
 *  2. The version is looked at again after each word of an entry, and before what the word says is
 *     followed.  If it is the same, the word belongs to the entry of that version.  So no mixture
 *     of two entries is ever acted upon.
 *
 * A signal handler is to the code that it interrupts as another thread. */
#include "report/trails.h"

#include <stdatomic.h>

#include "report/store.h"

enum { SETS = 1 << 10, WAYS = 4, PLACE_BITS = 8 };

typedef struct entry {
    _Atomic uint32_t version;
    _Atomic uint32_t stack; /* 0: none */
    _Atomic uintptr_t return_address;
    _Atomic uint64_t place;
    _Atomic uint32_t count;
    _Atomic uint64_t words[HF_OS_TRAIL_MAX];
} entry;

typedef struct set {
    _Alignas(64) entry ways[WAYS];
} set;

static set sets[SETS];

/* What an entry is found by. */
typedef struct key {
    uintptr_t return_address;
    uint64_t place; /* distance from the end of the stack, and the depth */
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
    key made = {.return_address = word_at(from->site, 1), .place = distance << PLACE_BITS | depth};
    uint64_t hash = hf_hash_word(hf_hash_word(HF_HASH_START, made.return_address), made.place);
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

/* The stack of an entry, if all words are as it says. */
static inline uint32_t follow(entry *of, const key *wanted, uintptr_t site)
{
    uint32_t version = version_of(of);
    if (version % 2 != 0 || !has_key(of, wanted))
        return 0;
    uint32_t stack = atomic_load_explicit(&of->stack, memory_order_relaxed);
    uint32_t count = atomic_load_explicit(&of->count, memory_order_acquire);
    if (!is_still(of, version))
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        /* Acquire: the version is looked at afterwards.  Partner: the release fence in begin. */
        uint64_t word = atomic_load_explicit(&of->words[i], memory_order_acquire);
        if (!is_still(of, version) ||
            word_at(site, hf_os_trail_offset(word)) != hf_os_trail_value(word, site))
            return 0;
    }
    return stack;
}

uint32_t hf_trail_recall(const hf_os_walk_from *from, uint32_t depth)
{
    key wanted = key_of(from, depth);
    for (int i = 0; i < WAYS; i++) {
        uint32_t stack = follow(&wanted.in->ways[i], &wanted, from->site);
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

static void write(entry *to, const key *of, const hf_os_trail *trail, uint32_t stack)
{
    uint32_t version;
    if (!begin(to, &version))
        return;
    atomic_store_explicit(&to->return_address, of->return_address, memory_order_relaxed);
    atomic_store_explicit(&to->place, of->place, memory_order_relaxed);
    atomic_store_explicit(&to->stack, stack, memory_order_relaxed);
    atomic_store_explicit(&to->count, trail->count, memory_order_relaxed);
    for (uint32_t i = 0; i < trail->count; i++)
        atomic_store_explicit(&to->words[i], trail->words[i], memory_order_relaxed);
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

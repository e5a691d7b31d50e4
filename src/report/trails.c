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

#include "report/trail_entry.h"

_Alignas(64) char hf_trail_room[HF_TRAIL_ROOM];
_Alignas(64) _Atomic uint32_t hf_trail_sets[1 << HF_TRAIL_SET_BITS][HF_TRAIL_WAYS];

/* Even; if the entry is being written, it is no longer this one's.  Acquire: what is read of the
 * entry next is not older.  Partner: the release in end. */
static inline uint32_t version_of(hf_trail_entry *of)
{
    return atomic_load_explicit(&of->version, memory_order_acquire) & ~UINT32_C(1);
}

/* After an acquire load of a part of the entry, which is therefore not younger than this. */
static inline bool is_still(hf_trail_entry *of, uint32_t version)
{
    return atomic_load_explicit(&of->version, memory_order_relaxed) == version;
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

static inline uint32_t load_stack(hf_trail_entry *of)
{
    return atomic_load_explicit(&of->stack, memory_order_acquire);
}

/* 0: the word of a group, less `base`, is as the entry says. */
static inline uint64_t differs(uintptr_t site, uintptr_t base, size_t offset,
                               const _Atomic uint64_t *value)
{
    return (hf_trail_word_at(site, offset) - base) ^ load(value);
}

/* Whether the words of a list are as it says.  They lie on the stack, so their order does not
 * matter; but the offsets must be the entry's. */
__attribute__((always_inline)) static inline bool holds(hf_trail_entry *of, uint32_t version,
                                                        uintptr_t site, const hf_trail_group *from,
                                                        const hf_trail_group *end, uintptr_t base)
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
__attribute__((always_inline)) static inline uint32_t follow(hf_trail_entry *of,
                                                             const hf_trail_key *wanted)
{
    uint32_t version = version_of(of);
    uintptr_t site = wanted->site;
    if (!hf_trail_has_key(of, wanted))
        return 0;
    const hf_trail_group *middle = of->groups + load_short(&of->plain);
    if (!holds(of, version, site, of->groups, middle, 0))
        return 0;
    const hf_trail_group *end = of->groups + load_short(&of->all);
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

static void find_next(hf_trail_entry *of, next *of_list)
{
    const hf_trail_group *in = &of->groups[of_list->index / HF_TRAIL_GROUP];
    of_list->offset = of_list->index < of_list->end
                          ? load_short(&in->offsets[of_list->index % HF_TRAIL_GROUP])
                          : UINT64_MAX;
}

/* Whether the words of both lists are as they say, from the lowest to the highest. */
static bool holds_in_order(hf_trail_entry *of, uint32_t version, uintptr_t site)
{
    size_t plain = load_short(&of->plain) * HF_TRAIL_GROUP;
    next lists[HF_OS_TRAIL_LISTS] = {{0, plain, 0},
                                     {plain, load_short(&of->all) * HF_TRAIL_GROUP, 0}};
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
        const hf_trail_group *in = &of->groups[lowest->index / HF_TRAIL_GROUP];
        if (differs(site, list == HF_OS_RELATIVE ? site : 0, lowest->offset,
                    &in->values[lowest->index % HF_TRAIL_GROUP]) != 0)
            return false;
        lowest->index++;
    }
}

static uint32_t follow_in_order(hf_trail_entry *of, const hf_trail_key *wanted)
{
    uint32_t version = version_of(of);
    if (!hf_trail_has_key(of, wanted))
        return 0;
    uint32_t stack = load_stack(of);
    return holds_in_order(of, version, wanted->site) && is_still(of, version) ? stack : 0;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* The entry of a way, if it may be the one; else NULL. */
static inline hf_trail_entry *likely_entry(const hf_trail_key *wanted, int way)
{
    /* Acquire: the entry is there.  Partners: the releases in make and replace. */
    uint32_t word = atomic_load_explicit(&wanted->in[way], memory_order_acquire);
    return (word ^ wanted->hash) >> HF_TRAIL_REFERENCE_BITS == 0 ? hf_trail_entry_of(word) : NULL;
}

HF_HOT uint32_t hf_trail_recall_here(uintptr_t site, uintptr_t stack_high, uint32_t depth)
{
    hf_trail_key wanted = hf_trail_key_of(site, stack_high - site, depth);
    for (int way = 0; way < HF_TRAIL_WAYS; way++) {
        hf_trail_entry *there = likely_entry(&wanted, way);
        uint32_t stack = there != NULL ? follow(there, &wanted) : 0;
        if (stack != 0)
            return stack;
    }
    return 0;
}

uint32_t hf_trail_recall(const hf_os_walk_from *from, uint32_t depth)
{
    hf_trail_key wanted = hf_trail_key_from(from, depth);
    bool bounded = hf_trail_is_bounded(from);
    for (int way = 0; way < HF_TRAIL_WAYS; way++) {
        hf_trail_entry *there = likely_entry(&wanted, way);
        uint32_t stack = there == NULL ? 0
                         : bounded     ? follow(there, &wanted)
                                       : follow_in_order(there, &wanted);
        if (stack != 0)
            return stack;
    }
    return 0;
}

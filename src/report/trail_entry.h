/* What a trail looks like in memory, and where it is found: see trails.c. */
#ifndef HF_REPORT_TRAIL_ENTRY_H
#define HF_REPORT_TRAIL_ENTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "platform/platform.h"

enum {
    HF_TRAIL_SET_BITS = 10,
    HF_TRAIL_WAYS = 4,
    HF_TRAIL_PLACE_BITS = 8,
    HF_TRAIL_GROUP = 4,
    HF_TRAIL_REFERENCE_BITS = 18,
    HF_TRAIL_UNIT = 16
};
enum { HF_TRAIL_ROOM = HF_TRAIL_UNIT << HF_TRAIL_REFERENCE_BITS };
_Static_assert(HF_OS_TRAIL_MAX % HF_TRAIL_GROUP == 0, "the last group may be filled up");

/* Words of one list. */
typedef struct hf_trail_group {
    _Atomic uint64_t values[HF_TRAIL_GROUP];
    _Atomic uint16_t offsets[HF_TRAIL_GROUP];
} hf_trail_group;

typedef struct hf_trail_entry {
    _Atomic uint32_t version;
    _Atomic uint32_t stack; /* 0: none */
    _Atomic uintptr_t return_address;
    _Atomic uint64_t place;
    _Atomic uint16_t plain; /* how many groups of the first list come first, */
    _Atomic uint16_t all;   /* and how many there are */
    uint32_t capacity;      /* for how many there is room: never changes */
    hf_trail_group groups[];
} hf_trail_entry;

/* The entries.  The first unit stays zero: an entry that nothing is like. */
extern char hf_trail_room[HF_TRAIL_ROOM];
_Static_assert(sizeof(hf_trail_entry) % HF_TRAIL_UNIT == 0, "the next one begins with a unit");

/* | part of the hash | where the entry lies, in units; 0: nowhere | */
extern _Atomic uint32_t hf_trail_sets[1 << HF_TRAIL_SET_BITS][HF_TRAIL_WAYS];

/* What an entry is found by. */
typedef struct hf_trail_key {
    uintptr_t site;
    uintptr_t return_address;
    uint64_t place; /* distance from the end of the stack, and the depth */
    uint32_t hash;
    _Atomic uint32_t *in;
} hf_trail_key;

__attribute__((no_sanitize("address"), no_sanitize("thread"))) static inline uintptr_t
hf_trail_word_at(uintptr_t site, size_t offset)
{
    return ((const uintptr_t *)site)[offset];
}

/* `distance`: from the end of the stack, or from 0 if that is not known. */
static inline hf_trail_key hf_trail_key_of(uintptr_t site, uint64_t distance, uint32_t depth)
{
    hf_trail_key made = {.site = site,
                         .return_address = hf_trail_word_at(site, 1),
                         .place = distance << HF_TRAIL_PLACE_BITS | depth};
    /* The upper bits of a product depend on all that lie below. */
    uint64_t hash = (made.return_address ^ (made.place << 24)) * UINT64_C(0x9e3779b97f4a7c15);
    made.in = hf_trail_sets[hash >> (64 - HF_TRAIL_SET_BITS)];
    made.hash = (uint32_t)(hash >> (32 - HF_TRAIL_SET_BITS));
    return made;
}

static inline hf_trail_entry *hf_trail_entry_of(uint32_t word)
{
    uint32_t reference = word & ((UINT32_C(1) << HF_TRAIL_REFERENCE_BITS) - 1);
    return (hf_trail_entry *)(void *)(hf_trail_room + (size_t)reference * HF_TRAIL_UNIT);
}

static inline uint32_t hf_trail_word_for(const hf_trail_key *of, const hf_trail_entry *at)
{
    uint32_t reference = (uint32_t)((const char *)at - hf_trail_room) / HF_TRAIL_UNIT;
    return (of->hash & ~((UINT32_C(1) << HF_TRAIL_REFERENCE_BITS) - 1)) | reference;
}

static inline bool hf_trail_has_key(hf_trail_entry *of, const hf_trail_key *wanted)
{
    return atomic_load_explicit(&of->return_address, memory_order_relaxed) ==
               wanted->return_address &&
           atomic_load_explicit(&of->place, memory_order_relaxed) == wanted->place;
}

static inline hf_trail_entry *hf_trail_entry_in(_Atomic uint32_t *way)
{
    /* Acquire: the entry is there.  Partners: the releases in make and replace. */
    return hf_trail_entry_of(atomic_load_explicit(way, memory_order_acquire));
}

static inline bool hf_trail_is_bounded(const hf_os_walk_from *from)
{
    return from->site >= from->stack_low && from->site < from->stack_high;
}

static inline hf_trail_key hf_trail_key_from(const hf_os_walk_from *from, uint32_t depth)
{
    return hf_trail_key_of(from->site,
                           (hf_trail_is_bounded(from) ? from->stack_high : 0) - from->site, depth);
}

#endif

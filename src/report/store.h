/* A store of word sequences, each kept once and for ever under a number: stacks, threads, hooks.
 *
 * An entry is immutable from the moment its number is known, so a number may be kept anywhere, read
 * by one load, and followed without a lock. */
#ifndef HF_REPORT_STORE_H
#define HF_REPORT_STORE_H

#include <stdint.h>

#include "report/arena.h"

enum { HF_STORE_BUCKETS = 1 << 13 };

typedef struct hf_store {
    hf_arena arena;
    _Atomic uint32_t buckets[HF_STORE_BUCKETS];
} hf_store;

/* Mixes a word into a running hash.  Start with HF_HASH_START and end with hf_hash_finish. */
#define HF_HASH_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t hf_hash_word(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Spreads the upper bits, which depend on all of the input, over the lower ones. */
static inline uint64_t hf_hash_finish(uint64_t hash)
{
    return (hash ^ (hash >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
}

/* The number of this sequence, which is stored if it is new; 0 if memory has run out.  Lock-free;
 * a thread stopped in it blocks nobody. */
uint32_t hf_store_intern(hf_store *store, const uintptr_t *words, uint32_t count);

/* Its number if it is stored; else 0. */
uint32_t hf_store_search(hf_store *store, const uintptr_t *words, uint32_t count);

/* The sequence with this number; NULL and 0 for the number 0. */
const uintptr_t *hf_store_find(hf_store *store, uint32_t number, uint32_t *count);

#endif

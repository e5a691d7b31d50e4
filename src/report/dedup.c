/* A hash set of fixed size with linear probing.  A quarter stays empty, so that probing ends soon
 * also when the set is full. */
#include "report/dedup.h"

#include <stdatomic.h>

#include "report/store.h"

enum { SIZE = 1 << 13 };

_Static_assert((int)HF_DEDUP_LIMIT < (int)SIZE, "an empty place ends each search");

static _Atomic uint64_t keys[SIZE]; /* 0: empty */
static _Atomic uint32_t used;

uint64_t hf_dedup_key(uint64_t left, uint64_t right)
{
    uint64_t key = hf_hash_finish(hf_hash_word(hf_hash_word(HF_HASH_START, left), right));
    return key != 0 ? key : 1;
}

/* The place of the key, or the empty one where the search for it ended. */
static uint32_t probe(uint64_t key, uint64_t *found)
{
    for (uint32_t place = (uint32_t)(key >> 32) % SIZE;; place = (place + 1) % SIZE) {
        /* Relaxed: the key itself is all that is told. */
        *found = atomic_load_explicit(&keys[place], memory_order_relaxed);
        if (*found == key || *found == 0)
            return place;
    }
}

bool hf_dedup_has(uint64_t key)
{
    uint64_t found;
    (void)probe(key, &found);
    return found == key;
}

hf_dedup_answer hf_dedup_add(uint64_t key)
{
    for (;;) {
        uint64_t found;
        uint32_t place = probe(key, &found);
        if (found == key)
            return HF_DEDUP_KNOWN;
        /* Threads that pass this at once may exceed the limit by their number, which the empty
         * quarter allows for. */
        if (atomic_load_explicit(&used, memory_order_relaxed) >= HF_DEDUP_LIMIT)
            return HF_DEDUP_FULL;
        if (atomic_compare_exchange_strong_explicit(&keys[place], &found, key, memory_order_relaxed,
                                                    memory_order_relaxed)) {
            atomic_fetch_add_explicit(&used, 1, memory_order_relaxed);
            return HF_DEDUP_NEW;
        }
        /* Somebody took the place: search on from the start, his key may be ours. */
    }
}

/* A small seeded generator (splitmix64): the same seed gives the same schedule. */
#ifndef DEMONSTRATION_RANDOM_H
#define DEMONSTRATION_RANDOM_H

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t bits = (*state += UINT64_C(0x9E3779B97F4A7C15));
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    return bits ^ bits >> 31;
}

/* A number below `limit`, which is small against 2^64, so that the bias does not matter. */
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(random_next(state) % limit);
}

#endif

/* What one thread has counted.  Written by that thread alone, so that adding needs no locked
 * instruction; read by the main thread at any time. */
#ifndef DEMONSTRATION_TALLY_H
#define DEMONSTRATION_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

typedef enum tally_item {
    TALLY_READS, /* that answered something */
    TALLY_BYTES,
    TALLY_REGIONS,
    TALLY_CLOSES,
    TALLY_CLOSES_DEFERRED,
    TALLY_USES_REFUSED,
    TALLY_DOUBLE_CLOSES,
    TALLY_DOUBLE_CLOSES_REPORTED,
    TALLY_DOUBLE_CLOSES_WRONG, /* they closed somebody else's descriptor */
    TALLY_READS_FAILED,
    TALLY_READS_WRONG,
    TALLY_READS_CHANGED, /* left out: the file itself was changed meanwhile */
    TALLY_OPENS_FAILED,
    TALLY_STEPS, /* of the closer */
    TALLY_ITEMS
} tally_item;

typedef struct tally {
    _Atomic uint64_t counts[TALLY_ITEMS];
} tally;

static inline uint64_t tally_get(const tally *from, tally_item item)
{
    return atomic_load_explicit(&from->counts[item], memory_order_relaxed);
}

static inline void tally_add(tally *to, tally_item item, uint64_t number)
{
    atomic_store_explicit(&to->counts[item], tally_get(to, item) + number, memory_order_relaxed);
}

#endif

/* Free slots: taken by open, given back after release, in the table's order of reuse.  No lock. */
#ifndef HF_CORE_BAG_H
#define HF_CORE_BAG_H

#include "core/table.h"

enum { HF_CHAIN = 64 }; /* slots in a chain: what a magazine exchanges with the bag */

/* Takes a free slot, a used one if there is any.  May commit memory.
 * Errors: TABLE_FULL, NO_MEMORY. */
hf_status hf_bag_take(hf_table *table, uint32_t *index);

/* Gives a slot back; its state is free.  Allocates nothing. */
void hf_bag_give(hf_table *table, uint32_t index);

/* Prepares the bag of a new table; slots 1 to `capacity` may be used. */
hf_status hf_bag_init(hf_table *table, uint64_t capacity, uint64_t seed);

#endif

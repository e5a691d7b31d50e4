/* The pool of tables, and the search for the table that a handle belongs to. */
#ifndef HF_CORE_REGISTRY_H
#define HF_CORE_REGISTRY_H

#include "core/table.h"

enum { HF_TABLES = 4096 };

/* Takes a table of this shape from the pool: an idle one that has such address space already, else
 * one without any (slots NULL).  Its phase is STARTING.  Errors: TOO_MANY_TABLES, NO_ADDRESS_SPACE,
 * NO_MEMORY. */
hf_status hf_registry_take(uint64_t slot_capacity, uint64_t cold_stride, hf_table **out);

/* Gives a table that is being created a secret that no other has.  The same seed gives the same
 * secrets in the same order of creation; seed 0 gives random ones. */
void hf_registry_choose_secret(hf_table *table, uint64_t seed);

/* The table of a number, whatever its phase; NULL: there are no more. */
hf_table *hf_registry_at(uint32_t number);

/* The table other than `except` (which may be NULL) that plausibly issued the handle, or NULL.
 * Looks at no slot. */
hf_table *hf_registry_find(hf_handle handle, const hf_table *except);

/* Whether a handle without its secret looks like one of this table's. */
bool hf_raw_is_plausible(const hf_table *table, uint64_t raw);

#endif

/* Releases that fell to a signal handler, and are done by the next ordinary call on the table. */
#ifndef HF_CORE_SIGNAL_H
#define HF_CORE_SIGNAL_H

#include "core/table.h"

/* Leaves a handle that may be claimable to a later call. */
void hf_defer(hf_table *table, hf_handle handle);

/* Leaves to a later call to look at every slot. */
void hf_defer_all(hf_table *table);

/* Settles what was deferred. */
HF_COLD void hf_settle_deferred(hf_table *table, hf_site site);

static inline void hf_drain(hf_table *table, hf_site site)
{
    if (__builtin_expect(__atomic_load_n(&table->deferred_any, __ATOMIC_RELAXED) != 0, 0))
        hf_settle_deferred(table, site);
}

#endif

/* Refusals: why an operation on a handle fails, and what is reported of it. */
#ifndef HF_CORE_REFUSE_H
#define HF_CORE_REFUSE_H

#include "core/release.h"

typedef struct hf_refusal {
    const char *operation; /* "hf_enter" */
    hf_site site;
    const hf_type *type; /* what the caller asked for; NULL: any */
    bool closes;         /* a second close is a double-close, not a stale-use */
    bool quiet;          /* neither count nor report */
    bool is_alone;       /* there is no other thread, so nobody is blocked in the system */
} hf_refusal;

/* The status that an operation on this handle deserves now; HF_OK when the handle is live and of
 * the right type by now, so that the operation may be tried again.  Reports nothing. */
hf_status hf_classify(const hf_table *table, hf_handle handle, const hf_type *type);

/* Classifies, counts and reports.  HF_OK as above. */
hf_status hf_refuse(hf_table *table, hf_handle handle, const hf_refusal *refusal);

/* What this thread remembers of refusals at a place of the program. */
static inline hf_finding *hf_finding_at(hf_site site)
{
    uintptr_t caller = ((const uintptr_t *)site)[1];
    return &hf_record_at(hf_this_thread.record)->findings[caller / 16 % HF_FINDINGS];
}

/* Whether a call is one that this thread was refused before: same stale handle, same place, and
 * nothing has changed since.  Then it is counted, at the cost of a few compares: stale handles are
 * often tried in a loop.  Always false in record 0, where nothing is remembered. */
static inline bool hf_refuse_again(const hf_table *table, hf_handle handle, hf_site site)
{
    const hf_finding *last = hf_finding_at(site);
    /* Few branches: all of these are mostly equal, or the first one is not. */
    if (((last->handle ^ handle.bits) | ((uintptr_t)last->table ^ (uintptr_t)table) |
         ((uintptr_t)last->site ^ (uintptr_t)site) |
         (last->caller ^ ((const uintptr_t *)site)[1])) != 0)
        return false;
    if (((last->epoch ^ hf_event_epoch()) |
         (last->state ^ __atomic_load_n(&last->slot->state, __ATOMIC_RELAXED))) != 0)
        return false;
    __atomic_store_n(last->refused, __atomic_load_n(last->refused, __ATOMIC_RELAXED) + 1,
                     __ATOMIC_RELAXED);
    if (last->reports != NULL)
        __atomic_store_n(last->reports, __atomic_load_n(last->reports, __ATOMIC_RELAXED) + 1,
                         __ATOMIC_RELAXED);
    return true;
}

/* Counts a failed operation and answers its status. */
hf_status hf_fail(hf_table *table, hf_status status);

/* Counts a finding of the table and raises it. */
void hf_find(hf_table *table, const hf_event *event, hf_site site);

#endif

/* Opening inside the library. */
#ifndef HF_CORE_OPEN_H
#define HF_CORE_OPEN_H

#include "core/refuse.h"

/* Tells the value of a handle that is about to be, before anybody else can see it; not OK: it is
 * not to be, and its slot is free again.  After that nothing can fail. */
typedef struct hf_placing {
    hf_status (*place)(void *context, hf_handle handle, hf_value *value);
    void *context;
} hf_placing;

/* hf_open on behalf of the operation that `refusal` names, with good arguments. */
hf_status hf_open_placed(hf_table *table, const hf_type *type, const hf_placing *placing,
                         const hf_open_options *options, hf_handle *out, const hf_refusal *refusal);

/* hf_open on behalf of the operation that was called at `site`. */
hf_status hf_open_at(hf_table *table, const hf_type *type, hf_value value,
                     const hf_open_options *options, hf_handle *out, hf_site site,
                     const char *operation);

/* hf_reserve and hf_commit on behalf of the operation that `refusal` names. */
hf_status hf_reserve_at(hf_table *table, const hf_type *type, hf_handle *out,
                        const hf_refusal *refusal);
hf_status hf_commit_at(hf_table *table, hf_handle handle, hf_value value,
                       const hf_refusal *refusal);

#endif

/* Opening inside the library. */
#ifndef HF_CORE_OPEN_H
#define HF_CORE_OPEN_H

#include "core/group.h"
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

/* ---- parts, which opening and reserving share ----------------------------------------------- */

/* Whether a handle can be made of these; `options` may be NULL. */
bool hf_open_is_good(const hf_table *table, const hf_type *type, const hf_open_options *options,
                     const hf_handle *out);

/* Takes a slot with all that the handle will need, and notes it for the child of a fork
 * (HF_NOTE_OPEN).  *raw is the handle to be. */
hf_status hf_open_take(hf_table *table, const hf_type *type, const hf_open_options *options,
                       uint64_t *raw);

/* Of a slot that is ours: `notes` notes tell of it until it is published; `counts`: it is to be
 * counted as opened; `stay`: of a member. */
typedef struct hf_birth {
    hf_stay stay;
    unsigned notes;
    bool counts;
} hf_birth;

/* For a trace; after the handle was published, before the caller has it. */
void hf_tell_opened(const hf_table *table, hf_handle handle, const char *operation);

/* Everything between "the slot is ours" and "the handle is live". */
void hf_bring_to_life(const hf_subject *subject, const hf_type *type, hf_value value,
                      hf_birth *birth, const hf_refusal *refusal);

/* Of what was published, in the same window. */
static inline void hf_open_count(const hf_table *table, hf_local *local)
{
    hf_count_up(table, local, &local->opened);
}

#endif

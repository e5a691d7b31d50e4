/* Taking references inside the library. */
#ifndef HF_CORE_REFERENCE_H
#define HF_CORE_REFERENCE_H

#include "core/refuse.h"
#include "core/release.h"

/* Takes a count if the handle admits one.  STALE_HANDLE stands for "does not admit": classify. */
hf_status hf_count_enter(const hf_subject *subject);

/* hf_addref on behalf of the operation that `refusal` names. */
hf_status hf_addref_at(hf_table *table, hf_handle handle, hf_ref *out, const hf_refusal *refusal);

/* hf_release on behalf of the call at `site`. */
hf_status hf_release_at(hf_ref *ref, hf_site site);

/* The same for references of the library's own, held while functions of the user run: this thread's
 * last note tells of them (HF_NOTE_COUNT) until they are given back. */
hf_status hf_addref_noted(hf_table *table, hf_handle handle, hf_ref *out,
                          const hf_refusal *refusal);
hf_status hf_release_noted(hf_ref *ref, hf_site site);

#endif

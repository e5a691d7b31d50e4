/* Winning an open handle that nothing holds, and leaving every other as it was. */
#ifndef HF_CORE_DETACH_H
#define HF_CORE_DETACH_H

#include "core/release.h"

/* First step: OK with the handle marked, and *state what was there before; BUSY: it is held, or
 * another does the same; STALE_HANDLE stands for "does not admit": the caller classifies.  Between
 * the steps hf_record_barrier, if it was ever hot. */
hf_status hf_detach_begin(const hf_subject *subject, uint64_t *state);

/* Second step: OK: the value is the caller's, as if claimed; else all is as before, or a closer has
 * taken over (STALE_HANDLE). */
hf_status hf_detach_end(const hf_subject *subject, uint64_t before);

#endif

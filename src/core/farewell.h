/* What follows when a slot is free again: the parent is dropped, the completion called, the group
 * left, in this order.
 *
 * All of it is read before, because the slot's next life overwrites the record.  The parent's count
 * is given back before the completion runs, which may therefore wait for the parent, or destroy the
 * table; the parent is looked at again after it. */
#ifndef HF_CORE_FAREWELL_H
#define HF_CORE_FAREWELL_H

#include "core/release.h"

typedef struct hf_farewell {
    hf_handle handle;
    hf_handle parent;   /* null: none */
    hf_completion then; /* NULL: none */
    void *context;
    uint32_t group; /* its number; 0: none */
} hf_farewell;

/* Of a claimed handle whose slot is not free yet. */
void hf_farewell_read(const hf_subject *subject, hf_farewell *out);

/* Everything but the parent; no completion once the process is exiting.  Preserves errno. `result`:
 * what became of the value. */
void hf_farewell_bid(const hf_farewell *farewell, const hf_close_result *result);

#endif

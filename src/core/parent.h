/* The parent of a handle that is being opened. */
#ifndef HF_CORE_PARENT_H
#define HF_CORE_PARENT_H

#include "core/refuse.h"

/* Holds the parent that the options name, if they do, by a count of its own until the child's
 * release.  Errors: as hf_open's of the parent, CLOSING, NO_MEMORY. */
hf_status hf_parent_hold(hf_table *table, const hf_open_options *options, const hf_refusal *refusal,
                         hf_ref *held);

/* The child is not to be. */
void hf_parent_unhold(hf_table *table, hf_ref *held, hf_site site);

#endif

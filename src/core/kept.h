/* Slots that their opener keeps between two handles: for one who opens and closes in turn, very
 * often, what he needs the table's record of, and whose values he releases himself.  He needs no
 * other slot, and finds the history of his handles in one place.
 *
 * Such handles are in a table that records stacks.  Their type is in no namespace, tells no
 * identity, and has a release that does nothing; they have no group and no parent.  All that is the
 * caller's care. */
#ifndef HF_CORE_KEPT_H
#define HF_CORE_KEPT_H

#include "core/table.h"

/* Opens a handle in the slot of a former one, *handle, that was closed by hf_close_keeping, if
 * nobody was faster; else, and for the null handle, in any slot.  *handle is then the new one.
 * `label` lasts as long as the record of the life. */
hf_status hf_open_again(hf_table *table, const hf_type *type, hf_value value, const char *label,
                        hf_handle *handle, hf_site site, const char *operation);

/* Closes a handle, whose slot is the caller's then to open again, by hf_open_again with this
 * handle, and is never used otherwise.  The type's release is not called.  Where that would cost a
 * look more (the handle was held, or hot), it is closed as by hf_close, and its slot given back. */
hf_status hf_close_keeping(hf_table *table, hf_handle handle, hf_site site, const char *operation);

#endif

/* Slots that their opener keeps between two handles: for one who opens and closes in turn, very
 * often, what he needs the table's record of, and whose values he releases himself.  He needs no
 * other slot, and finds the history of his handles in one place.
 *
 * Such handles are in a table that records stacks.  Their types are in no namespace, tell no
 * identity, and have a release that does nothing; they have no group and no parent.  All that is
 * the caller's care. */
#ifndef HF_CORE_KEPT_H
#define HF_CORE_KEPT_H

#include "core/cold.h"
#include "core/table.h"

/* Opens a handle in the slot of a former one, *handle, of whatever type, that was closed by
 * hf_close_keeping, if nobody was faster; else, and for the null handle, in any slot.  *handle is
 * then the new one.  `label` lasts as long as the record of the life. */
hf_status hf_open_again(hf_table *table, const hf_type *type, hf_value value, const char *label,
                        hf_handle *handle, hf_site site, const char *operation);

/* Fetches what that reads of the former handle's slot: for who knows some time before which it will
 * be.  Does nothing else. */
static inline void hf_open_again_soon(const hf_table *table, hf_handle former)
{
    uint64_t raw;
    const hf_slot_ *slot = hf_slot_find(table, former, &raw);
    if (slot == NULL)
        return;
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(hf_cold_at(table, hf_raw_index(raw)), 1);
}

/* Closes a handle, whose slot is the caller's then to open again, by hf_open_again with this
 * handle, and is never used otherwise.  The type's release is not called.  Where that would cost a
 * look more (the handle was held, or hot), it is closed as by hf_close, and its slot given back. */
hf_status hf_close_keeping(hf_table *table, hf_handle handle, hf_site site, const char *operation);

#endif

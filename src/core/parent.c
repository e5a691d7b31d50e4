/* The parent of a handle that is being opened: a reference, noted for the child of a fork, and one
 * more child in its record. */
#include "core/parent.h"

#include "core/group.h"
#include "core/reference.h"

/* Whether nothing more is to be opened here. */
static bool is_closing(const hf_table *table, const hf_group *group)
{
    return __atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) != HF_TABLE_OPEN ||
           (group != NULL && (hf_group_word(group) & HF_GROUP_PHASE_FIELD) == HF_GROUP_CLOSING);
}

hf_status hf_parent_hold(hf_table *table, const hf_open_options *options, const hf_refusal *refusal,
                         hf_ref *held)
{
    *held = (hf_ref)HF_REF_INIT;
    if (options == NULL || hf_handle_is_null(options->parent))
        return HF_OK;
    /* Comes before TOO_MANY_REFERENCES, and after what may be wrong with the parent. */
    if (is_closing(table, options->group) && hf_is_live(table, options->parent))
        return hf_fail(table, HF_E_CLOSING);
    uint32_t index = hf_raw_index(options->parent.bits ^ table->head.secret);
    hf_status status = hf_addref_noted(table, options->parent, held, refusal);
    if (status != HF_OK)
        return status;
    if (!hf_cold_commit(table, index)) {
        (void)hf_release_noted(held, refusal->site);
        return hf_fail(table, HF_E_NO_MEMORY);
    }
    hf_window window = hf_window_begin(HF_WINDOW);
    (void)__atomic_fetch_add(&hf_cold_at(table, index)->children, 1, __ATOMIC_RELAXED);
    hf_note_change(HF_NOTE_CHILD);
    hf_window_end(window);
    return HF_OK;
}

void hf_parent_unhold(hf_table *table, hf_ref *held, hf_site site)
{
    if (held->handle_ == 0)
        return;
    uint32_t index = hf_raw_index(held->handle_ ^ table->head.secret);
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_note_change(HF_NOTE_COUNT);
    (void)__atomic_fetch_sub(&hf_cold_at(table, index)->children, 1, __ATOMIC_RELAXED);
    hf_window_end(window);
    (void)hf_release_noted(held, site);
}

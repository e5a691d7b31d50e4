/* Refusals.  The path of a stale handle is kept short: one that fails again in the same place is
 * counted, without a look at its history. */
#include "core/refuse.h"

#include "core/registry.h"

static hf_status classify_life(uint64_t state, uint64_t raw, const hf_table *table,
                               const hf_type *type)
{
    bool wrong_type = type != NULL && hf_type_of(table, raw) != type;
    if (hf_state_is_reserved(state))
        return HF_E_NOT_COMMITTED;
    if (hf_state_is_free(state))
        return HF_E_FORGED_HANDLE; /* the life to come, which nobody was given yet */
    if (wrong_type)
        return HF_E_WRONG_TYPE;
    return (state & HF_CLOSED) != 0 ? HF_E_CLOSING : HF_OK;
}

static bool is_retired(uint64_t state)
{
    return state >> HF_TYPE_SHIFT_ == 0 && (state & (HF_FLAGS | HF_LIVE_)) == HF_RELEASED &&
           hf_word_generation(state) == HF_GENERATION_LIMIT;
}

static hf_status classify_own(const hf_table *table, uint64_t raw, const hf_type *type)
{
    uint64_t state = hf_state_load(hf_slot_at(table, hf_raw_index(raw)));
    if (hf_state_is_life_of(state, raw))
        return classify_life(state, raw, table, type);
    uint32_t generation = hf_word_generation(raw);
    if (generation < hf_word_generation(state) ||
        (generation == hf_word_generation(state) && is_retired(state)))
        return HF_E_STALE_HANDLE;
    return HF_E_FORGED_HANDLE;
}

hf_status hf_classify(const hf_table *table, hf_handle handle, const hf_type *type)
{
    if (table == NULL || !hf_table_is_usable(table))
        return HF_E_INVALID_ARGUMENT;
    if (hf_handle_is_null(handle))
        return HF_E_NULL_HANDLE;
    uint64_t raw = handle.bits ^ table->head.secret;
    if (hf_raw_is_plausible(table, raw)) {
        hf_status status = classify_own(table, raw, type);
        if (status != HF_E_FORGED_HANDLE)
            return status;
    }
    return hf_registry_find(handle, table) != NULL ? HF_E_FOREIGN_HANDLE : HF_E_FORGED_HANDLE;
}

/* Whether the slot of a stale handle belongs to another life now; then *owner is its handle. */
static bool find_new_owner(const hf_table *table, uint64_t raw, uint64_t *owner)
{
    uint64_t state = hf_state_load(hf_slot_at(table, hf_raw_index(raw)));
    if ((state & HF_LIVE_) == 0 || hf_state_is_life_of(state, raw))
        return false;
    *owner = hf_raw_of_state(state, hf_raw_index(raw));
    return true;
}

static bool kind_of(hf_status status, bool closes, hf_report_kind *kind)
{
    switch (status) {
    case HF_E_FOREIGN_HANDLE:
        *kind = HF_REPORT_FOREIGN_HANDLE;
        return true;
    case HF_E_FORGED_HANDLE:
        *kind = HF_REPORT_FORGED_HANDLE;
        return true;
    case HF_E_WRONG_TYPE:
        *kind = HF_REPORT_WRONG_TYPE;
        return true;
    case HF_E_STALE_HANDLE:
        *kind = closes ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_STALE_USE;
        return true;
    case HF_E_CLOSING:
        *kind = HF_REPORT_DOUBLE_CLOSE;
        return closes; /* to be refused while the handle is being closed is no mistake of the user
                        */
    default:
        return false;
    }
}

static void describe(const hf_table *table, hf_handle handle, hf_event *event)
{
    uint64_t raw = handle.bits ^ table->head.secret;
    uint64_t owner;
    event->table_name = table->name;
    event->subject.handle = handle;
    if (event->kind == HF_REPORT_FORGED_HANDLE)
        return;
    if (event->kind == HF_REPORT_FOREIGN_HANDLE) {
        const hf_table *other = hf_registry_find(handle, table);
        if (other == NULL)
            return;
        event->subject = hf_cold_party(other, handle.bits ^ other->head.secret);
        event->issuer_name = other->name;
        return;
    }
    event->subject = hf_cold_party(table, raw);
    if ((event->kind == HF_REPORT_STALE_USE || event->kind == HF_REPORT_DOUBLE_CLOSE) &&
        find_new_owner(table, raw, &owner)) {
        event->kind = HF_REPORT_HANDLE_REUSE;
        event->other = hf_cold_party(table, owner);
        event->other_role = "its place now belongs to";
    }
}

void hf_find(hf_table *table, const hf_event *event, hf_site site)
{
    hf_local *local = hf_local_of(table);
    if (!hf_event_counts(event->kind))
        return;
    hf_count_up(table, local, &local->reports[event->kind]);
    hf_event_raise(event, site);
}

hf_status hf_fail(hf_table *table, hf_status status)
{
    hf_local *local = hf_local_of(table);
    hf_count_up(table, local, &local->refused[status]);
    return status;
}

/* Remembers the use of a stale handle for hf_refuse_again, unless every repetition is to be raised.
 * Only that: whether a type is wrong depends on more than the slot. */
static void remember(hf_table *table, hf_handle handle, hf_site site, hf_report_kind kind)
{
    uint64_t raw;
    uint32_t epoch = hf_event_epoch();
    hf_local *local = hf_local_of(table);
    const hf_slot_ *slot = hf_slot_find(table, handle, &raw);
    if (slot == NULL || epoch == 0 || hf_this_thread.record == 0)
        return;
    *hf_finding_at(site) =
        (hf_finding){.table = table,
                     .handle = handle.bits,
                     .site = site,
                     .caller = ((const uintptr_t *)site)[1],
                     .slot = slot,
                     .state = hf_state_load(slot),
                     .refused = &local->refused[HF_E_STALE_HANDLE],
                     .reports = hf_event_counts(kind) ? &local->reports[kind] : NULL,
                     .epoch = epoch};
}

hf_status hf_refuse(hf_table *table, hf_handle handle, const hf_refusal *refusal)
{
    hf_status status = hf_classify(table, handle, refusal->type);
    hf_event event = {.operation = refusal->operation};
    if (status == HF_OK || status == HF_E_INVALID_ARGUMENT || refusal->quiet)
        return status;
    (void)hf_fail(table, status);
    if (!kind_of(status, refusal->closes, &event.kind))
        return status;
    describe(table, handle, &event);
    if (status == HF_E_STALE_HANDLE)
        remember(table, handle, refusal->site, event.kind);
    hf_find(table, &event, refusal->site);
    return status;
}

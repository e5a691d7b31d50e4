/* Detaching: the value leaves the table unreleased.
 *
 * While RELEASED marks a live handle, nobody promotes it, and new regions are counted, because
 * HAZARD was cleared with the same compare-and-swap.  So after the barrier one scan finds every
 * hazard, and the last compare-and-swap, which wants count 0, finds every count.  Nobody is refused
 * meanwhile, and when the handle turns out to be held, HAZARD is put back and all is as before. */
#include "core/detach.h"

#include "core/bag.h"
#include "core/owners.h"
#include "core/refuse.h"
#include "core/signal.h"

hf_status hf_detach_begin(const hf_subject *subject, uint64_t *state)
{
    *state = hf_state_load(subject->slot);
    do {
        if (!hf_state_admits(*state, subject->raw) || (*state & HF_CLOSED) != 0)
            return HF_E_STALE_HANDLE;
        if (hf_state_count(*state) != 0 || (*state & HF_RELEASED) != 0)
            return HF_E_BUSY;
    } while (!__atomic_compare_exchange_n(&subject->slot->state, state,
                                          (*state & ~HF_HAZARD_) | HF_RELEASED, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return HF_OK;
}

/* Takes the mark away again; false when a closer has done so and taken over. */
static bool unmark(const hf_subject *subject, uint64_t before)
{
    uint64_t marks = HF_LIVE_ | HF_RELEASED;
    uint64_t state = hf_state_load(subject->slot);
    while (hf_state_is_life_of(state, subject->raw) && (state & marks) == marks) {
        if (__atomic_compare_exchange_n(&subject->slot->state, &state,
                                        (state & ~HF_RELEASED) | (before & HF_HAZARD_), true,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return true;
        /* Somebody entered or left by count: try again. */
    }
    return false;
}

static bool take(const hf_subject *subject, uint64_t before)
{
    if (hf_state_was_hot(before)) {
        hf_full_fence(); /* partner: the leavers' fence */
        if (hf_record_scan(subject->handle.bits))
            return false;
    }
    uint64_t state = (before & ~HF_HAZARD_) | HF_RELEASED;
    /* Acquire: what former holders did comes before the caller's use.  Partner: their releases. */
    return __atomic_compare_exchange_n(&subject->slot->state, &state,
                                       (state & ~HF_LIVE_) | HF_CLOSED | HF_SEALED, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

hf_status hf_detach_end(const hf_subject *subject, uint64_t before)
{
    if (take(subject, before))
        return HF_OK;
    return unmark(subject, before) ? HF_E_BUSY : HF_E_STALE_HANDLE;
}

static hf_status mark_and_take(const hf_subject *subject)
{
    uint64_t before;
    hf_status status = hf_detach_begin(subject, &before);
    if (status != HF_OK)
        return status;
    if (hf_state_was_hot(before))
        hf_record_barrier();
    hf_inside_begin(subject->handle.bits); /* until the slot is free */
    status = hf_detach_end(subject, before);
    if (status != HF_OK)
        hf_inside_end(subject->handle.bits);
    return status;
}

/* One window: in the child of a fork nobody would take the mark away. */
static hf_status try_detach(const hf_subject *subject)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_status status = mark_and_take(subject);
    hf_window_end(window);
    return status;
}

static void note_detacher(const hf_subject *subject, hf_trace detached)
{
    hf_cold_close(subject->table, subject->raw, detached);
    if (hf_cold_is_traced(subject->table) && hf_event_traced(detached))
        hf_event_closed(subject->handle, detached, true, "hf_detach");
}

/* Nobody else reads or writes the slot any more. */
static hf_value hand_over(const hf_subject *subject, hf_site site)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    hf_value value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    if (type->name_space != NULL && !subject->table->skip_checks)
        hf_owners_strike(type->name_space, value, subject->handle); /* else a fork's child does */
    if (hf_raw_has_cold(subject->raw) && subject->table->level != 0)
        note_detacher(subject, hf_event_trace(site));
    hf_release_slot(subject, site);
    return value;
}

hf_status hf_detach(hf_table *table, hf_handle handle, hf_value *out)
{
    hf_refusal refusal = {.operation = "hf_detach", .site = HF_SITE()};
    hf_subject subject;
    if (out == NULL)
        return HF_E_INVALID_ARGUMENT;
    while (hf_subject_find(table, handle, &subject)) {
        hf_status status = try_detach(&subject);
        if (status == HF_OK) {
            *out = hand_over(&subject, refusal.site);
            hf_drain(table, refusal.site);
            return HF_OK;
        }
        if (status == HF_E_BUSY)
            return hf_fail(table, status);
        status = hf_refuse(table, handle, &refusal);
        if (status != HF_OK)
            return status;
        /* It was being committed when we looked. */
    }
    return hf_refuse(table, handle, &refusal);
}

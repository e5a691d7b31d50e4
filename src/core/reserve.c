/* Reserving and committing.
 *
 * A reserved slot is not live and RELEASED, so that nobody enters it; whoever commits it wins
 * SEALED first, and then brings it to life as open does. */
#include "core/open.h"
#include "core/release.h"
#include "core/signal.h"

hf_status hf_reserve_at(hf_table *table, const hf_type *type, hf_handle *out,
                        const hf_refusal *refusal)
{
    uint64_t raw;
    if (!hf_open_is_good(table, type, NULL, out))
        return HF_E_INVALID_ARGUMENT;
    hf_drain(table, refusal->site);
    hf_status status = hf_open_take(table, type, NULL, &raw);
    if (status != HF_OK)
        return hf_fail(table, status);
    if (hf_raw_has_cold(raw))
        hf_cold_open(table, raw, 0, NULL, hf_cold_trace(table, refusal->site));
    hf_subject subject = hf_subject_of(table, raw);
    hf_window window = hf_window_begin(HF_WINDOW);
    /* Release: the cold record comes before.  Partner: the acquire in hf_state_load. */
    __atomic_store_n(&subject.slot->state,
                     raw >> HF_GENERATION_SHIFT_ << HF_GENERATION_SHIFT_ | HF_RELEASED,
                     __ATOMIC_RELEASE);
    hf_open_count(table, hf_local_of(table));
    hf_note_end();
    hf_window_end(window);
    *out = subject.handle;
    return HF_OK;
}

hf_status hf_reserve(hf_table *table, const hf_type *type, hf_handle *out)
{
    hf_refusal refusal = {.operation = "hf_reserve", .site = HF_SITE()};
    return hf_reserve_at(table, type, out, &refusal);
}

/* Wins the right to commit; BUSY when another commit has. */
static bool win_commit(const hf_subject *subject)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    uint64_t state = hf_state_load(subject->slot);
    bool won = hf_state_is_life_of(state, subject->raw) && hf_state_is_reserved(state) &&
               (state & HF_SEALED) == 0 &&
               __atomic_compare_exchange_n(&subject->slot->state, &state, state | HF_SEALED, false,
                                           __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    if (won)
        hf_note_begin(HF_NOTE_COMMIT, subject->handle.bits);
    hf_window_end(window);
    return won;
}

static hf_status begin_commit(const hf_subject *subject, const hf_refusal *refusal)
{
    if (win_commit(subject))
        return HF_OK;
    hf_status status = hf_classify(subject->table, subject->handle, NULL);
    return status == HF_OK || status == HF_E_NOT_COMMITTED
               ? hf_fail(subject->table, HF_E_BUSY)
               : hf_refuse(subject->table, subject->handle, refusal);
}

hf_status hf_commit_at(hf_table *table, hf_handle handle, hf_value value, const hf_refusal *refusal)
{
    hf_birth birth = {.notes = 1};
    hf_subject subject;
    if (!hf_subject_find(table, handle, &subject))
        return hf_refuse(table, handle, refusal);
    hf_status status = begin_commit(&subject, refusal);
    if (status != HF_OK)
        return status;
    if (hf_raw_has_cold(subject.raw))
        hf_cold_set_value(table, subject.raw, value);
    hf_bring_to_life(&subject, hf_type_of(table, subject.raw), value, &birth, refusal);
    return HF_OK;
}

hf_status hf_commit(hf_table *table, hf_handle handle, hf_value value)
{
    hf_refusal refusal = {.operation = "hf_commit", .site = HF_SITE()};
    return hf_commit_at(table, handle, value, &refusal);
}

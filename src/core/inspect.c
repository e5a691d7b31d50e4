/* Describing a handle without touching it. */
#include "core/refuse.h"
#include "core/release.h"

static hf_life life_of(hf_status status)
{
    switch (status) {
    case HF_E_NOT_COMMITTED:
        return HF_LIFE_RESERVED;
    case HF_E_CLOSING:
        return HF_LIFE_CLOSING;
    case HF_E_STALE_HANDLE:
        return HF_LIFE_CLOSED;
    default:
        return HF_LIFE_OPEN;
    }
}

static bool count_hazard(void *context, const hf_event_holder *holder)
{
    uint32_t *regions = context;
    *regions += holder->hold == HF_HOLD_HAZARD ? 1 : 0;
    return true;
}

static void describe_holders(const hf_subject *subject, hf_info *out)
{
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_is_life_of(state, subject->raw))
        return;
    out->references = hf_state_count(state);
    out->hazard = (state & HF_HAZARD_) != 0;
    hf_record_visit(subject->handle.bits, count_hazard, &out->regions);
}

hf_status hf_inspect(hf_table *table, hf_handle handle, hf_info *out)
{
    if (out == NULL || out->size != sizeof *out)
        return HF_E_INVALID_ARGUMENT;
    hf_status status = hf_classify(table, handle, NULL);
    hf_subject subject;
    if (status == HF_E_INVALID_ARGUMENT)
        return status;
    if (status == HF_E_NULL_HANDLE || status == HF_E_FOREIGN_HANDLE ||
        status == HF_E_FORGED_HANDLE || !hf_subject_find(table, handle, &subject))
        return hf_fail(table, status);
    hf_event_party party = hf_cold_party(table, subject.raw);
    *out = (hf_info){.size = sizeof *out,
                     .life = life_of(status),
                     .type = hf_type_of(table, subject.raw),
                     .label = party.label,
                     .parent = hf_cold_parent(table, subject.raw),
                     .generation = hf_word_generation(subject.raw),
                     .borrowed = hf_cold_is_borrowed(table, subject.raw),
                     .opened_thread = hf_event_thread_id(party.opened.thread),
                     .closed_thread = hf_event_thread_id(party.closed.thread)};
    describe_holders(&subject, out);
    return HF_OK;
}

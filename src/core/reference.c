/* References: counted protection that may cross threads. */
#include "core/reference.h"

#include "core/signal.h"

hf_status hf_count_enter(const hf_subject *subject)
{
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_RELAXED);
    do {
        if (!hf_state_admits(state, subject->raw))
            return HF_E_STALE_HANDLE;
        if (hf_state_count(state) == HF_COUNT_LIMIT)
            return HF_E_TOO_MANY_REFERENCES;
        /* Acquire: the value was written before.  Partner: the release store in open. */
    } while (!__atomic_compare_exchange_n(&subject->slot->state, &state, state + HF_COUNT_ONE,
                                          false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return HF_OK;
}

static void fill(hf_ref *out, const hf_subject *subject, hf_site site)
{
    hf_table *table = subject->table;
    *out = (hf_ref){.value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED),
                    .table_ = table,
                    .handle_ = subject->handle.bits};
    if (table->level == 3)
        out->stack_ = hf_cold_note_reference(table, subject->raw, hf_event_trace(site));
}

/* Count and note belong together: one window. */
static hf_status enter_noted(const hf_subject *subject)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_status status = hf_count_enter(subject);
    if (status == HF_OK)
        hf_note_begin(HF_NOTE_COUNT, subject->handle.bits);
    hf_window_end(window);
    return status;
}

static hf_status addref(hf_table *table, hf_handle handle, hf_ref *out, bool noted,
                        const hf_refusal *refusal)
{
    hf_subject subject;
    *out = (hf_ref)HF_REF_INIT;
    while (hf_subject_find(table, handle, &subject)) {
        hf_status status = noted ? enter_noted(&subject) : hf_count_enter(&subject);
        if (status == HF_OK) {
            fill(out, &subject, refusal->site);
            return HF_OK;
        }
        if (status == HF_E_TOO_MANY_REFERENCES)
            return hf_fail(table, status);
        status = hf_refuse(table, handle, refusal);
        if (status != HF_OK)
            return status;
        /* It was reserved when we looked and is committed now. */
    }
    return hf_refuse(table, handle, refusal);
}

hf_status hf_addref_at(hf_table *table, hf_handle handle, hf_ref *out, const hf_refusal *refusal)
{
    return addref(table, handle, out, false, refusal);
}

hf_status hf_addref_noted(hf_table *table, hf_handle handle, hf_ref *out, const hf_refusal *refusal)
{
    return addref(table, handle, out, true, refusal);
}

hf_status hf_addref(hf_table *table, hf_handle handle, hf_ref *out)
{
    hf_refusal refusal = {.operation = "hf_addref", .site = HF_SITE()};
    return out == NULL ? HF_E_INVALID_ARGUMENT : hf_addref_at(table, handle, out, &refusal);
}

static hf_status over_release(const hf_ref *ref, hf_site site)
{
    hf_table *table = ref->table_;
    hf_event event = {.kind = HF_REPORT_OVER_RELEASE, .operation = "hf_release"};
    if (table == NULL || !hf_table_is_usable(table)) {
        hf_event_raise(&event, site); /* counted nowhere */
        return HF_E_OVER_RELEASE;
    }
    event.table_name = table->name;
    event.subject.handle = (hf_handle){ref->handle_};
    event.subject.value = ref->value;
    (void)hf_fail(table, HF_E_OVER_RELEASE);
    hf_find(table, &event, site);
    return HF_E_OVER_RELEASE;
}

hf_status hf_release_at(hf_ref *ref, hf_site site)
{
    hf_subject subject;
    if (!hf_subject_find(ref->table_, (hf_handle){ref->handle_}, &subject))
        return over_release(ref, site);
    hf_cold_drop_reference(subject.table, subject.raw, ref->stack_);
    if (!hf_drop(&subject, site))
        return over_release(ref, site);
    ref->handle_ = 0;
    hf_drain(subject.table, site);
    return HF_OK;
}

hf_status hf_release_noted(hf_ref *ref, hf_site site)
{
    hf_subject subject;
    uint64_t left;
    bool found = hf_subject_find(ref->table_, (hf_handle){ref->handle_}, &subject);
    if (found)
        hf_cold_drop_reference(subject.table, subject.raw, ref->stack_);
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_note_end();
    bool given = found && hf_give_count(&subject, &left);
    hf_window_end(window);
    if (!given)
        return over_release(ref, site);
    ref->handle_ = 0;
    hf_settle_count(&subject, left, site);
    hf_drain(subject.table, site);
    return HF_OK;
}

hf_status hf_release(hf_ref *ref)
{
    return ref == NULL ? HF_E_INVALID_ARGUMENT : hf_release_at(ref, HF_SITE());
}

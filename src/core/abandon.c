/* Leaving on behalf of a thread that ended inside regions.  Hazards tell only the handle: its table
 * is looked for among those that there are. */
#include "core/abandon.h"

#include "core/refuse.h"
#include "core/registry.h"
#include "core/release.h"

static void report_abandoned(const hf_subject *subject, uint32_t record, uint32_t stack,
                             bool counted, hf_site site)
{
    hf_event_holder holder = {.entered = {.stack = stack, .thread = hf_record_thread(record)},
                              .hold = counted ? HF_HOLD_COUNTED : HF_HOLD_HAZARD,
                              .held = subject->handle};
    hf_event event = {.kind = HF_REPORT_HELD_AT_THREAD_EXIT,
                      .operation = "thread exit",
                      .table_name = subject->table->name,
                      .subject = hf_cold_party(subject->table, subject->raw),
                      .holders = &holder,
                      .holder_count = 1};
    hf_find(subject->table, &event, site);
}

static bool find_anywhere(uint64_t handle, hf_subject *out)
{
    hf_table *table = hf_registry_find((hf_handle){handle}, NULL);
    return hf_subject_find(table, (hf_handle){handle}, out);
}

static void abandon_hazard(uint32_t record, uint32_t i, hf_site site)
{
    uint64_t *hazard = &hf_record_hazards(record)[i];
    hf_subject subject;
    bool known = find_anywhere(__atomic_load_n(hazard, __ATOMIC_RELAXED), &subject);
    if (known)
        report_abandoned(&subject, record, 0, false, site);
    hf_hazard_store(hazard, HF_HAZARD_FREE_);
    hf_full_fence(); /* partner: the closer's fence after SEALED */
    if (known)
        hf_settle(&subject, site);
}

static void abandon_count(uint32_t record, uint32_t i, hf_site site)
{
    hf_record *list = hf_record_at(record);
    hf_subject subject;
    bool known = find_anywhere(__atomic_load_n(&list->held[i], __ATOMIC_RELAXED), &subject);
    if (known)
        report_abandoned(&subject, record, list->held_stack[i], true, site);
    uint64_t left;
    hf_window window = hf_window_begin(HF_WINDOW);
    __atomic_store_n(&list->held[i], UINT64_C(0), __ATOMIC_RELAXED);
    bool given = known && hf_give_count(&subject, &left);
    hf_window_end(window);
    if (given)
        hf_settle_count(&subject, left, site);
}

void hf_abandon_regions(uint32_t record)
{
    hf_site site = HF_SITE();
    for (uint32_t i = 0; i < HF_HAZARDS_PER_THREAD_; i++)
        if (__atomic_load_n(&hf_record_hazards(record)[i], __ATOMIC_RELAXED) != HF_HAZARD_FREE_)
            abandon_hazard(record, i, site);
    for (uint32_t i = 0; i < HF_HELD_PER_THREAD; i++)
        if (__atomic_load_n(&hf_record_at(record)->held[i], __ATOMIC_RELAXED) != 0)
            abandon_count(record, i, site);
}

/* Regions: entering and leaving, where the inlined path does not apply.
 *
 * Places (hf_region.place_): an odd number stands for the thread's first hazard slot; the others
 * are even: PLACE_HAZARD + 2i for hazard slot i, PLACE_LISTED + 2i for a counted region that is
 * item i of the thread's list, PLACE_COUNTED for one that found no room there.  0 has ended. */
#include "core/abandon.h"
#include "core/refuse.h"
#include "core/registry.h"
#include "core/release.h"
#include "core/signal.h"

#if HF_INLINE_REGIONS
extern inline hf_status hf_enter(hf_table *table, hf_handle handle, const hf_type *type,
                                 hf_region *out);
extern inline void hf_leave(hf_region *region);
extern inline bool hf_is_live(const hf_table *table, hf_handle handle);
#else
hf_status hf_enter(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out)
{
    return hf_enter_slow_(table, handle, type, out);
}

void hf_leave(hf_region *region)
{
    hf_leave_slow_(region);
}

bool hf_is_live(const hf_table *table, hf_handle handle)
{
    uint64_t raw;
    const hf_slot_ *slot = table != NULL ? hf_slot_find(table, handle, &raw) : NULL;
    return slot != NULL && hf_state_admits(hf_state_load(slot), raw);
}
#endif

enum {
    PLACE_HAZARD = 16, /* beyond what marks hazard slots without a handle */
    PLACE_LISTED = PLACE_HAZARD + 2 * HF_HAZARDS_PER_THREAD_,
    PLACE_COUNTED = PLACE_LISTED + 2 * HF_HELD_PER_THREAD
};

/* How much a lost race for the state word tells of a handle's heat: sooner hot under contention. */
enum { HEAT_OF_CONTENTION = 32 };

static void fill(hf_region *out, const hf_subject *subject, uint64_t place)
{
    out->value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    out->table_ = subject->table;
    out->raw_ = subject->raw;
    out->slot_ = subject->slot;
    out->thread_ = &hf_this_thread;
    out->place_ = place;
}

/* The subject of a region that was entered once. */
static hf_subject subject_of(const hf_region *region)
{
    return (hf_subject){.table = region->table_,
                        .slot = region->slot_,
                        .raw = region->raw_,
                        .handle = hf_handle_of(region->table_, region->raw_)};
}

/* ---- counted -------------------------------------------------------------------------------- */

/* The state after one more counted use: warmer, and promoted when that makes it hot. */
static uint64_t warm(const hf_table *table, uint64_t state, uint64_t heat)
{
    uint64_t now = hf_state_heat(state);
    if (now == HF_HEAT_HOT || table->protection != HF_PROTECT_ADAPTIVE ||
        (state & (HF_CLOSED | HF_RELEASED)) != 0)
        return state;
    if (now + heat < HF_HEAT_HOT)
        return state + heat * HF_HEAT_ONE;
    return (state & ~HF_HEAT_FIELD) | HF_HEAT_HOT * HF_HEAT_ONE | HF_HAZARD_;
}

/* Takes a count; *state is what was there before. */
static hf_status take_count(const hf_subject *subject, bool warms, uint64_t *state)
{
    uint64_t heat = 1;
    for (;;) {
        if (!hf_state_admits(*state, subject->raw))
            return HF_E_STALE_HANDLE; /* closed, or never open: the caller finds out */
        if (hf_state_count(*state) == HF_COUNT_LIMIT)
            return HF_E_TOO_MANY_REFERENCES;
        uint64_t next = *state + HF_COUNT_ONE;
        if (warms)
            next = warm(subject->table, next, heat);
        /* Acquire: the value was written before.  Partner: the release store in open. */
        if (__atomic_compare_exchange_n(&subject->slot->state, state, next, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
            if (((*state ^ next) & HF_HAZARD_) != 0)
                hf_count_up(subject->table, hf_local_of(subject->table),
                            &hf_local_of(subject->table)->promoted);
            return HF_OK;
        }
        heat += HEAT_OF_CONTENTION;
    }
}

/* Notes a counted region in the thread's record, for deadlock checks and reports. */
static uint32_t list_region(const hf_subject *subject, uint32_t stack)
{
    uint32_t number = hf_record_current();
    hf_record *record = hf_record_at(number);
    for (uint32_t i = 0; number != 0 && i < HF_HELD_PER_THREAD; i++) {
        if (__atomic_load_n(&record->held[i], __ATOMIC_RELAXED) == 0) {
            __atomic_store_n(&record->held_stack[i], stack, __ATOMIC_RELAXED);
            __atomic_store_n(&record->held[i], subject->handle.bits, __ATOMIC_RELAXED);
            return PLACE_LISTED + 2 * i;
        }
    }
    return PLACE_COUNTED;
}

static hf_status enter_counted(const hf_subject *subject, uint64_t state, hf_region *out,
                               hf_site site)
{
    hf_status status = take_count(subject, true, &state);
    if (status != HF_OK)
        return status;
    uint32_t stack = subject->table->level == 3 ? hf_event_trace(site).stack : 0;
    fill(out, subject, list_region(subject, stack));
    return HF_OK;
}

/* ---- hazard --------------------------------------------------------------------------------- */

static uint64_t *free_hazard(void)
{
    uint32_t record = hf_record_current();
    uint64_t *line = hf_record_hazards(record);
    for (uint32_t i = 0; record != 0 && i < HF_HAZARDS_PER_THREAD_; i++)
        if (__atomic_load_n(&line[i], __ATOMIC_RELAXED) == HF_HAZARD_FREE_)
            return &line[i];
    return NULL;
}

/* Publishes a hazard and looks whether the handle is still what it was.  If not, the hazard may
 * have made a scanner step back, so the caller settles as a leaver does. */
static bool enter_hazard(const hf_subject *subject, uint64_t *hazard, hf_region *out, hf_site site)
{
    hf_hazard_store(hazard, subject->handle.bits);
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_SEQ_CST);
    if (!hf_state_is_hazard(state, subject->raw)) {
        hf_hazard_store(hazard, HF_HAZARD_FREE_);
        hf_full_fence(); /* partner: the closer's fence after SEALED */
        hf_settle(subject, site);
        return false;
    }
    uint64_t *line = hf_record_hazards(hf_this_thread.record);
    uint64_t number = (uint64_t)(hazard - line);
    fill(out, subject,
         number == 0 ? HF_FIRST_PLACE_(subject->handle.bits, line) : PLACE_HAZARD + 2 * number);
    return true;
}

/* ---- entering ------------------------------------------------------------------------------- */

/* HF_E_STALE_HANDLE stands for "does not admit": the caller classifies. */
static hf_status try_enter(const hf_subject *subject, const hf_type *type, hf_region *out,
                           hf_site site)
{
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_admits(state, subject->raw))
        return HF_E_STALE_HANDLE;
    if (type != NULL && hf_type_of(subject->table, subject->raw) != type)
        return HF_E_WRONG_TYPE;
    if (hf_state_is_hazard(state, subject->raw)) {
        uint64_t *hazard = free_hazard();
        if (hazard != NULL && enter_hazard(subject, hazard, out, site))
            return HF_OK;
        state = hf_state_load(subject->slot);
    }
    return enter_counted(subject, state, out, site);
}

static hf_status enter(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out,
                       hf_site site)
{
    hf_refusal refusal = {.operation = "hf_enter", .site = site, .type = type};
    hf_subject subject;
    while (hf_subject_find(table, handle, &subject)) {
        hf_status status = try_enter(&subject, type, out, site);
        if (status == HF_OK)
            return HF_OK;
        if (status == HF_E_TOO_MANY_REFERENCES)
            return hf_fail(table, status);
        status = hf_refuse(table, handle, &refusal);
        if (status != HF_OK)
            return status;
        /* It was reserved when we looked and is committed now. */
    }
    return hf_refuse(table, handle, &refusal);
}

hf_status hf_enter_slow_(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out)
{
    hf_site site = HF_SITE();
    hf_status status;
    if (out == NULL)
        return HF_E_INVALID_ARGUMENT;
    out->place_ = 0;
    out->table_ = NULL;
    out->value = 0;
    if (hf_refuse_again(table, handle, site, &status))
        return status;
    return enter(table, handle, type, out, site);
}

/* ---- leaving -------------------------------------------------------------------------------- */

static void report_region(const hf_region *region, hf_report_kind kind, hf_site site)
{
    hf_table *table = region->table_;
    hf_event event = {.kind = kind, .operation = "hf_leave", .table_name = table->name};
    event.subject.handle = hf_handle_of(table, region->raw_);
    if (hf_raw_is_plausible(table, region->raw_))
        event.subject = hf_cold_party(table, region->raw_);
    hf_find(table, &event, site);
}

/* Whose hazard line a region of a first place was entered with is told by the place itself. */
static bool is_of_this_thread(const hf_region *region, const hf_subject *subject)
{
    uint64_t *line = hf_record_hazards(hf_this_thread.record);
    return (region->place_ & HF_HANDLE_MARK_) != 0
               ? region->place_ == HF_FIRST_PLACE_(subject->handle.bits, line)
               : region->thread_ == &hf_this_thread;
}

static bool is_hazard_place(uint64_t place)
{
    return (place & HF_HANDLE_MARK_) != 0 || place < PLACE_LISTED;
}

/* The hazard slot that a region is in, on the thread that entered it. */
static uint64_t *hazard_of(const hf_region *region)
{
    bool first = (region->place_ & HF_HANDLE_MARK_) != 0;
    return &hf_record_hazards(
        hf_this_thread.record)[first ? 0 : (region->place_ - PLACE_HAZARD) / 2];
}

static bool leave_hazard(hf_region *region, const hf_subject *subject, hf_site site)
{
    uint64_t *hazard = hazard_of(region);
    if (__atomic_load_n(hazard, __ATOMIC_RELAXED) != subject->handle.bits) {
        report_region(region, HF_REPORT_COPIED_REGION, site);
        return false;
    }
    region->place_ = 0;
    hf_hazard_store(hazard, HF_HAZARD_FREE_);
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_SEQ_CST);
    if (!hf_state_is_hazard(state, subject->raw)) {
        hf_full_fence(); /* partner: the closer's fence after SEALED */
        hf_settle(subject, site);
    }
    return true;
}

static bool unlist(const hf_region *region, const hf_subject *subject)
{
    if (region->place_ == PLACE_COUNTED)
        return true;
    uint64_t number = (region->place_ - PLACE_LISTED) / 2;
    uint64_t *held = &hf_record_at(hf_this_thread.record)->held[number];
    if (__atomic_load_n(held, __ATOMIC_RELAXED) != subject->handle.bits)
        return false;
    __atomic_store_n(held, UINT64_C(0), __ATOMIC_RELAXED);
    return true;
}

static bool leave_counted(hf_region *region, const hf_subject *subject, hf_site site)
{
    if (!unlist(region, subject)) {
        report_region(region, HF_REPORT_COPIED_REGION, site);
        return false;
    }
    region->place_ = 0;
    if (!hf_drop(subject, site))
        report_region(region, HF_REPORT_COPIED_REGION, site);
    return true;
}

static void leave(hf_region *region, hf_site site)
{
    hf_subject subject = subject_of(region);
    if (!is_of_this_thread(region, &subject)) {
        report_region(region, HF_REPORT_WRONG_THREAD, site);
        return;
    }
    bool left = is_hazard_place(region->place_) ? leave_hazard(region, &subject, site)
                                                : leave_counted(region, &subject, site);
    if (left)
        hf_drain(subject.table, site);
}

/* A region that never began has no table; the finding is then counted nowhere. */
static void report_over(const hf_region *region, hf_site site)
{
    hf_event event = {.kind = HF_REPORT_OVER_RELEASE, .operation = "hf_leave"};
    if (region->table_ != NULL)
        report_region(region, HF_REPORT_OVER_RELEASE, site);
    else
        hf_event_raise(&event, site);
}

void hf_leave_slow_(hf_region *region)
{
    hf_site site = HF_SITE();
    if (region == NULL)
        return;
    if (region->place_ == 0)
        report_over(region, site);
    else
        leave(region, site);
}

/* The end of an inlined leave that found the state changed; the hazard is cleared already. */
void hf_leave_changed_(hf_region *region)
{
    hf_subject subject = subject_of(region);
    hf_full_fence(); /* partner: the closer's fence after SEALED */
    hf_settle(&subject, HF_SITE());
}

/* ---- on behalf of others -------------------------------------------------------------------- */

static void report_abandoned(const hf_subject *subject, uint32_t record, uint32_t stack,
                             bool counted, hf_site site)
{
    hf_event_holder holder = {.entered = {.stack = stack, .thread = hf_record_at(record)->thread},
                              .counted = counted};
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
    __atomic_store_n(&list->held[i], UINT64_C(0), __ATOMIC_RELAXED);
    if (known)
        (void)hf_drop(&subject, site);
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

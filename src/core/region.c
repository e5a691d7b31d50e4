/* Regions: entering and leaving, where the inlined path does not apply.
 *
 * Places (hf_region.place_): 0 has ended.  An odd one is HF_FIRST_PLACE_: the thread's first hazard
 * slot.  The others are an even code combined with the address of the thread's own data, so that a
 * region tells whose it is: CODE_HAZARD + 2i for hazard slot i, CODE_LISTED + 2i for a counted
 * region that is item i of the thread's list, CODE_COUNTED for one that found no room there. */
#define HF_TWINS_

#include "core/region.h"

#include "core/registry.h"
#include "core/release.h"
#include "core/signal.h"

extern inline hf_status hf_entered_(hf_table *table, hf_handle handle, hf_entry_ entry,
                                    hf_region *out);
extern inline bool hf_region_entered(const hf_region *region);

/* ---- places --------------------------------------------------------------------------------- */

enum {
    CODE_HAZARD = 16,
    CODE_LISTED = CODE_HAZARD + 2 * HF_HAZARDS_PER_THREAD_,
    CODE_COUNTED = CODE_LISTED + 2 * HF_HELD_PER_THREAD
};

/* How much a lost race for the state word tells of a handle's heat: sooner hot under contention. */
enum { HEAT_OF_CONTENTION = 32 };

static inline uint64_t place_of(uint64_t code)
{
    return code ^ (uint64_t)(uintptr_t)&hf_this_thread;
}

static inline bool is_first(uint64_t place)
{
    return (place & HF_HANDLE_MARK_) != 0;
}

static inline hf_entry_ admit(const hf_subject *subject, uint64_t place)
{
    return (hf_entry_){place, __atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED)};
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
static hf_status take_count(const hf_subject *subject, uint64_t *state)
{
    uint64_t heat = 1;
    for (;;) {
        if (!hf_state_admits(*state, subject->raw))
            return HF_E_STALE_HANDLE; /* closed, or never open: the caller finds out */
        if (hf_state_count(*state) == HF_COUNT_LIMIT)
            return HF_E_TOO_MANY_REFERENCES;
        uint64_t next = warm(subject->table, *state + HF_COUNT_ONE, heat);
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

/* Notes a counted region in the thread's record, for deadlock checks, reports and forks. */
static inline uint64_t list_region(const hf_subject *subject, uint32_t stack)
{
    uint32_t number = hf_this_thread.record;
    hf_record *record = hf_record_at(number);
    for (uint32_t i = 0; number != 0 && i < HF_HELD_PER_THREAD; i++) {
        if (__atomic_load_n(&record->held[i], __ATOMIC_RELAXED) != 0)
            continue;
        if (subject->table->level == 3)
            __atomic_store_n(&record->held_stack[i], stack, __ATOMIC_RELAXED);
        /* Release: the count comes before.  Partner: a fork, whose child gives back the count of
         * each region that is listed. */
        __atomic_store_n(&record->held[i], subject->handle.bits, __ATOMIC_RELEASE);
        return place_of(CODE_LISTED + 2 * (uint64_t)i);
    }
    hf_this_thread.unlisted++;
    return place_of(CODE_COUNTED);
}

/* Count and list belong together: one window. */
static inline hf_status enter_counted(const hf_subject *subject, uint64_t state, hf_site site,
                                      hf_entry_ *entry)
{
    uint32_t stack = subject->table->level == 3 ? hf_event_trace(site).stack : 0;
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_status status = take_count(subject, &state);
    if (HF_LIKELY(status == HF_OK))
        *entry = admit(subject, list_region(subject, stack));
    hf_window_end(window);
    return status;
}

/* ---- hazard --------------------------------------------------------------------------------- */

static uint64_t *free_hazard(void)
{
    uint32_t record = hf_record_current();
    uint64_t *line = hf_record_hazards(record);
    for (uint32_t i = 0; record != 0 && i < HF_HAZARDS_PER_THREAD_; i++) {
        if (__atomic_load_n(&line[i], __ATOMIC_RELAXED) != HF_HAZARD_FREE_)
            continue;
        if (i != 0)
            hf_record_deepen(record);
        return &line[i];
    }
    return NULL;
}

/* Publishes a hazard and looks whether the handle is still what it was.  If not, the hazard may
 * have made a scanner step back, so the caller settles as a leaver does. */
static bool enter_hazard(const hf_subject *subject, uint64_t *hazard, hf_site site)
{
    hf_hazard_store(hazard, subject->handle.bits);
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_SEQ_CST);
    if (hf_state_is_hazard(state, subject->raw))
        return true;
    hf_hazard_store(hazard, HF_HAZARD_FREE_);
    hf_full_fence(); /* partner: the closer's fence after SEALED */
    hf_settle(subject, site);
    return false;
}

static uint64_t hazard_place(const hf_subject *subject, const uint64_t *hazard)
{
    const uint64_t *line = hf_record_hazards(hf_this_thread.record);
    uint64_t number = (uint64_t)(hazard - line);
    return number == 0 ? HF_FIRST_PLACE_(subject->handle.bits, line)
                       : place_of(CODE_HAZARD + 2 * number);
}

/* ---- entering ------------------------------------------------------------------------------- */

/* HF_E_STALE_HANDLE stands for "does not admit": the caller classifies. */
static hf_status try_enter(const hf_subject *subject, const hf_type *type, hf_entry_ *entry,
                           hf_site site)
{
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_admits(state, subject->raw))
        return HF_E_STALE_HANDLE;
    if (type != NULL && hf_type_of(subject->table, subject->raw) != type)
        return HF_E_WRONG_TYPE;
    if (hf_state_is_hazard(state, subject->raw)) {
        uint64_t *hazard = free_hazard();
        if (hazard != NULL && enter_hazard(subject, hazard, site)) {
            *entry = admit(subject, hazard_place(subject, hazard));
            return HF_OK;
        }
        state = hf_state_load(subject->slot);
    }
    return enter_counted(subject, state, site, entry);
}

__attribute__((noinline)) static hf_entry_ enter(hf_table *table, hf_handle handle,
                                                 const hf_refusal *refusal)
{
    hf_subject subject;
    hf_entry_ entry;
    while (hf_subject_find(table, handle, &subject)) {
        hf_status status = try_enter(&subject, refusal->type, &entry, refusal->site);
        if (status == HF_OK)
            return entry;
        if (status == HF_E_TOO_MANY_REFERENCES)
            return (hf_entry_){0, (uint64_t)hf_fail(table, status)};
        status = hf_refuse(table, handle, refusal);
        if (status != HF_OK)
            return (hf_entry_){0, (uint64_t)status};
        /* It was reserved when we looked and is committed now. */
    }
    return (hf_entry_){0, (uint64_t)hf_refuse(table, handle, refusal)};
}

__attribute__((noinline)) static hf_entry_ enter_uncommonly(hf_table *table, hf_handle handle,
                                                            const hf_type *type, hf_site site)
{
    hf_refusal refusal = {.operation = "hf_enter", .site = site, .type = type};
    return enter(table, handle, &refusal);
}

/* Counted, which is the usual case here, is tried before all else. */
__attribute__((noinline)) static hf_entry_ enter_slowly(hf_table *table, hf_handle handle,
                                                        const hf_type *type, hf_site site)
{
    hf_subject subject;
    hf_entry_ entry;
    if (hf_subject_find(table, handle, &subject)) {
        uint64_t state = hf_state_load(subject.slot);
        if (hf_state_is_counted(state, subject.raw) &&
            (type == NULL || hf_type_of(table, subject.raw) == type) &&
            enter_counted(&subject, state, site, &entry) == HF_OK)
            return entry;
    }
    return enter_uncommonly(table, handle, type, site);
}

hf_status hf_enter_at(hf_table *table, hf_handle handle, hf_region *out, const hf_refusal *refusal)
{
    return hf_entered_(table, handle, enter(table, handle, refusal), out);
}

static inline hf_entry_ enter_from(hf_table *table, hf_handle handle, const hf_type *type,
                                   hf_site site)
{
    if (hf_refuse_again(table, handle, site))
        return (hf_entry_){0, HF_E_STALE_HANDLE};
    return enter_slowly(table, handle, type, site);
}

hf_entry_ hf_enter_slow_(hf_table *table, hf_handle handle, const hf_type *type)
{
    return enter_from(table, handle, type, HF_SITE());
}

/* ---- leaving -------------------------------------------------------------------------------- */

HF_COLD __attribute__((noinline)) static void report_region(const hf_subject *subject,
                                                            hf_report_kind kind, hf_site site)
{
    hf_event event = {.kind = kind, .operation = "hf_leave", .table_name = subject->table->name};
    event.subject.handle = subject->handle;
    if (hf_raw_is_plausible(subject->table, subject->raw))
        event.subject = hf_cold_party(subject->table, subject->raw);
    hf_find(subject->table, &event, site);
}

/* Whose a region is, its place tells. */
static bool is_of_this_thread(const hf_subject *subject, uint64_t place)
{
    if (is_first(place))
        return place ==
               HF_FIRST_PLACE_(subject->handle.bits, hf_record_hazards(hf_this_thread.record));
    return place_of(place) <= CODE_COUNTED;
}

__attribute__((noinline)) static bool leave_hazard(const hf_subject *subject, uint64_t number,
                                                   hf_site site)
{
    uint64_t *hazard = &hf_record_hazards(hf_this_thread.record)[number];
    if (__atomic_load_n(hazard, __ATOMIC_RELAXED) != subject->handle.bits) {
        report_region(subject, HF_REPORT_COPIED_REGION, site);
        return false;
    }
    hf_hazard_store(hazard, HF_HAZARD_FREE_);
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_SEQ_CST);
    if (!hf_state_is_hazard(state, subject->raw)) {
        hf_full_fence(); /* partner: the closer's fence after SEALED */
        hf_settle(subject, site);
    }
    return true;
}

static inline uint64_t *listed_at(uint64_t code)
{
    return &hf_record_at(hf_this_thread.record)->held[(code - CODE_LISTED) / 2];
}

/* Of a region that is listed: then there is a count to give back, which needs not be looked at
 * first.  The list comes first: a child that finds a region listed finds its count. */
static inline uint64_t give_listed(uint64_t *held, hf_slot_ *slot)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    __atomic_store_n(held, UINT64_C(0), __ATOMIC_RELAXED);
    /* Release: what was done inside comes before.  Partner: the acquire in hf_claim. */
    uint64_t left = __atomic_sub_fetch(&slot->state, HF_COUNT_ONE, __ATOMIC_ACQ_REL);
    hf_window_end(window);
    return left;
}

/* One that found no room in the list. */
static bool leave_unlisted(const hf_subject *subject, hf_site site)
{
    uint64_t left;
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_this_thread.unlisted--;
    bool done = hf_give_count(subject, &left);
    hf_window_end(window);
    if (done)
        hf_settle_count(subject, left, site);
    else
        report_region(subject, HF_REPORT_COPIED_REGION, site);
    return done;
}

static bool leave(const hf_subject *subject, uint64_t place, hf_site site)
{
    if (!is_of_this_thread(subject, place)) {
        report_region(subject, HF_REPORT_WRONG_THREAD, site);
        return false;
    }
    if (is_first(place))
        return leave_hazard(subject, 0, site);
    uint64_t code = place_of(place);
    if (code < CODE_LISTED)
        return leave_hazard(subject, (code - CODE_HAZARD) / 2, site);
    if (code == CODE_COUNTED)
        return leave_unlisted(subject, site);
    /* Listed, and left by hf_leave_slow_, unless it is a copy. */
    report_region(subject, HF_REPORT_COPIED_REGION, site);
    return false;
}

/* What a region was entered with: the tag of the state, and the place of the slot. */
static hf_subject subject_of(hf_table *table, const hf_slot_ *slot, uint64_t state)
{
    uint32_t index = (uint32_t)(slot - table->head.slots);
    return hf_subject_of(table, hf_raw_of_state(state, index));
}

/* A region that never began has no table; the finding is then counted nowhere. */
HF_COLD __attribute__((noinline)) static void report_over(hf_table *table, const hf_slot_ *slot,
                                                          uint64_t state, hf_site site)
{
    hf_event event = {.kind = HF_REPORT_OVER_RELEASE, .operation = "hf_leave"};
    if (table == NULL) {
        hf_event_raise(&event, site);
        return;
    }
    hf_subject subject = subject_of(table, slot, state);
    report_region(&subject, HF_REPORT_OVER_RELEASE, site);
}

__attribute__((noinline)) static bool leave_slowly(hf_table *table, const hf_slot_ *slot,
                                                   uint64_t state, uint64_t place, hf_site site)
{
    if (place == 0) {
        report_over(table, slot, state, site);
        return false;
    }
    hf_subject subject = subject_of(table, slot, state);
    if (!leave(&subject, place, site))
        return false;
    hf_drain(table, site);
    return true;
}

__attribute__((noinline)) static void settle_after(hf_table *table, const hf_slot_ *slot,
                                                   uint64_t state, uint64_t left, hf_site site)
{
    hf_subject subject = subject_of(table, slot, state);
    hf_settle_count(&subject, left, site);
    hf_drain(table, site);
}

/* A counted region that is listed, which is the usual case here, is tried before all else. */
static inline bool leave_from(hf_table *table, const hf_slot_ *slot, uint64_t state, uint64_t place,
                              hf_site site)
{
    uint64_t code = place_of(place);
    if (HF_LIKELY(code >= CODE_LISTED && code < CODE_COUNTED)) {
        uint64_t *held = listed_at(code);
        uint32_t index = (uint32_t)(slot - table->head.slots);
        hf_handle handle = hf_handle_of(table, hf_raw_of_state(state, index));
        if (HF_LIKELY(__atomic_load_n(held, __ATOMIC_RELAXED) == handle.bits)) {
            uint64_t left = give_listed(held, (hf_slot_ *)(uintptr_t)slot);
            if (hf_state_is_claimable(left) ||
                __atomic_load_n(&table->deferred_any, __ATOMIC_RELAXED) != 0)
                settle_after(table, slot, state, left, site);
            return true;
        }
    }
    return leave_slowly(table, slot, state, place, site);
}

bool hf_leave_slow_(hf_table *table, const hf_slot_ *slot, uint64_t state, uint64_t place)
{
    return leave_from(table, slot, state, place, HF_SITE());
}

/* The end of a hot path that found the state changed; the hazard is cleared already. */
static void leave_changed(hf_table *table, const hf_slot_ *slot, uint64_t state, hf_site site)
{
    hf_subject subject = subject_of(table, slot, state);
    hf_full_fence(); /* partner: the closer's fence after SEALED */
    hf_settle(&subject, site);
}

void hf_leave_changed_(hf_table *table, const hf_slot_ *slot, uint64_t state)
{
    leave_changed(table, slot, state, HF_SITE());
}

/* ---- the exported twins ----------------------------------------------------------------------
 *
 * Written apart from the inline functions, so that what is not hot is one call without anything to
 * preserve around it.  The site is the twin's own: its caller is the user. */

__attribute__((noinline)) static hf_status enter_otherwise(hf_table *table, hf_handle handle,
                                                           const hf_type *type, hf_region *out,
                                                           hf_hot_ hot, hf_site site)
{
    if (out == NULL)
        return HF_E_INVALID_ARGUMENT;
    if (hot == HF_HOT_CHANGED_)
        leave_changed(table, out->slot_, out->state_, site);
    return hf_entered_(table, handle, enter_from(table, handle, type, site), out);
}

__attribute__((noinline)) static void leave_otherwise(hf_region *region, hf_hot_ hot, hf_site site)
{
    if (region == NULL)
        return;
    if (hot == HF_HOT_CHANGED_)
        leave_changed(region->table_, region->slot_, region->state_, site);
    else if (leave_from(region->table_, region->slot_, region->state_, region->place_, site))
        region->place_ = 0;
}

#if HF_INLINE_REGIONS
extern inline bool hf_word_is_(const uint64_t *word, uint64_t value);
extern inline hf_hot_ hf_enter_hot_(hf_table *table, hf_handle handle, const hf_type *type,
                                    hf_region *out);
extern inline hf_hot_ hf_leave_hot_(hf_region *region);
extern inline bool hf_is_live(const hf_table *table, hf_handle handle);

hf_status hf_enter(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out)
{
    hf_hot_ hot = HF_HOT_NOT_;
    if (HF_LIKELY(table != NULL && out != NULL)) {
        hot = hf_enter_hot_(table, handle, type, out);
        if (HF_LIKELY(hot == HF_HOT_DONE_))
            return HF_OK;
    }
    return enter_otherwise(table, handle, type, out, hot, HF_SITE());
}

void hf_leave(hf_region *region)
{
    hf_hot_ hot = HF_HOT_NOT_;
    if (HF_LIKELY(region != NULL)) {
        hot = hf_leave_hot_(region);
        if (HF_LIKELY(hot == HF_HOT_DONE_))
            return;
    }
    leave_otherwise(region, hot, HF_SITE());
}
#else
hf_status hf_enter(hf_table *table, hf_handle handle, const hf_type *type, hf_region *out)
{
    return enter_otherwise(table, handle, type, out, HF_HOT_NOT_, HF_SITE());
}

void hf_leave(hf_region *region)
{
    leave_otherwise(region, HF_HOT_NOT_, HF_SITE());
}

bool hf_is_live(const hf_table *table, hf_handle handle)
{
    uint64_t raw;
    const hf_slot_ *slot = table != NULL ? hf_slot_find(table, handle, &raw) : NULL;
    return slot != NULL && hf_state_admits(hf_state_load(slot), raw);
}
#endif

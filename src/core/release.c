/* Claiming, releasing, freeing.
 *
 * Why a release is neither early, nor double, nor lost.
 * (1) Not early: a claim needs SEALED, count 0 and, if the handle was ever hot, a scan that finds
 * no hazard of it; after SEALED no new hazard can validate (LIVE or HAZARD were cleared before the
 *     barrier), and the compare-and-swap fails if a count came in between. So a look at the
 *     hazards after SEALED stays good for ever, and one serves for many handles (hf_view).
 * (2) Not double: the compare-and-swap sets RELEASED, and a word with RELEASED is never claimable.
 * (3) Not lost: whoever stops holding looks again afterwards.  A hazard leaver clears its slot,
 *     fences, and reads the state; the closer seals, fences, and scans.  Of the two fences one is
 *     first: if the leaver's, the scan sees the cleared slot; if the closer's, the leaver sees
 * SEALED and scans itself.  Of two late leavers the later one sees all clear for the same reason.
 */
#include "core/release.h"

#include "core/exit.h"
#include "core/farewell.h"
#include "core/finish.h"
#include "core/owners.h"
#include "core/refuse.h"
#include "core/registry.h"
#include "core/signal.h"
#include "core/wait.h"

static inline bool is_hazard(const hf_subject *subject, const hf_view *view)
{
    return view != NULL ? hf_view_holds(view, subject->handle.bits)
                        : hf_record_scan(subject->handle.bits);
}

bool hf_claim_in_view(const hf_subject *subject, bool as_waiter, const hf_view *view)
{
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_SEQ_CST);
    for (;;) {
        if (!hf_state_is_life_of(state, subject->raw) || !hf_state_is_claimable(state))
            return false;
        if ((state & HF_WAITER) != 0 && !as_waiter) {
            hf_wake_waiters(subject->handle);
            return false;
        }
        if (hf_state_was_hot(state) && is_hazard(subject, view))
            return false;
        hf_inside_begin(subject->handle.bits);
        /* Acquire: what every holder did comes before the release; partners are the releasing
         * decrements and (through the scan) the hazard stores of the leavers. */
        if (__atomic_compare_exchange_n(&subject->slot->state, &state,
                                        (state & ~HF_LIVE_) | HF_RELEASED, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return true;
        hf_inside_end(subject->handle.bits);
        /* Somebody entered by count, gave up waiting, or won: look again. */
    }
}

bool hf_claim(const hf_subject *subject, bool as_waiter)
{
    return hf_claim_in_view(subject, as_waiter, NULL);
}

/* ---- the value ------------------------------------------------------------------------------ */

HF_COLD __attribute__((noinline)) static void report_release(const hf_subject *subject,
                                                             hf_report_kind kind, hf_handle other,
                                                             int32_t error, hf_site site)
{
    hf_event event = {.kind = kind,
                      .operation = "release",
                      .table_name = subject->table->name,
                      .subject = hf_cold_party(subject->table, subject->raw),
                      .error = error};
    event.subject.value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    const hf_table *table = hf_handle_is_null(other) ? NULL : hf_registry_find(other, NULL);
    if (table != NULL) {
        event.other = hf_cold_party(table, other.bits ^ table->head.secret);
        event.other_role = kind == HF_REPORT_BORROW_OUTLIVES_OWNER ? "still borrowed by"
                                                                   : "its value now belongs to";
    }
    hf_find(subject->table, &event, site);
}

static bool is_same(const hf_identity *left, const hf_identity *right)
{
    return left->device == right->device && left->object == right->object &&
           left->kind == right->kind;
}

/* Whether the value of a handle with a cold record is still the one that was opened. */
static bool is_genuine(const hf_subject *subject, const hf_type *type, hf_value value)
{
    const hf_cold *cold = hf_cold_at(subject->table, hf_raw_index(subject->raw));
    hf_identity now = {0};
    if (__atomic_load_n(&cold->identified, __ATOMIC_RELAXED) == 0)
        return true;
    return type->identify(value, type->context, &now) && is_same(&now, &cold->identity);
}

/* Takes the handle off its namespace, before the system can give the value to anybody else. */
static void strike(const hf_subject *subject, const hf_type *type, hf_value value)
{
    if (type->name_space == NULL || subject->table->skip_checks)
        return;
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_owners_strike(type->name_space, value, subject->handle);
    hf_window_end(window);
}

/* Another handle of this value; null when there is none, or nobody looks. */
static hf_handle find_other(const hf_subject *subject, const hf_type *type, hf_value value,
                            bool borrowed)
{
    return type->name_space != NULL && !subject->table->skip_checks
               ? hf_owners_find(type->name_space, value, subject->handle, borrowed)
               : HF_NULL_HANDLE;
}

HF_COLD void hf_report_failed_release(hf_table *table, uint64_t raw, int32_t error, hf_site site)
{
    hf_subject subject = hf_subject_of(table, raw);
    report_release(&subject, HF_REPORT_RELEASE_FAILED, HF_NULL_HANDLE, error, site);
}

/* The value is not what was opened: it is nobody's to release, or somebody else's. */
static hf_close_result leave_alone(const hf_subject *subject, const hf_type *type, hf_value value,
                                   hf_site site)
{
    report_release(subject, HF_REPORT_FOREIGN_CLOSE, find_other(subject, type, value, false), 0,
                   site);
    return (hf_close_result){.outcome = HF_OUTCOME_NOT_RELEASED};
}

static hf_close_result release_with_cold(const hf_subject *subject, const hf_type *type,
                                         hf_value value, hf_site site)
{
    bool borrowed =
        hf_cold_is_borrowed(subject->table, subject->raw) || hf_is_poisoned_here(subject, type);
    bool genuine = borrowed || is_genuine(subject, type, value);
    strike(subject, type, value);
    if (borrowed)
        return (hf_close_result){.outcome = HF_OUTCOME_NOT_OWNED};
    if (!genuine)
        return leave_alone(subject, type, value, site);
    hf_handle borrower = find_other(subject, type, value, true);
    if (!hf_handle_is_null(borrower))
        report_release(subject, HF_REPORT_BORROW_OUTLIVES_OWNER, borrower, 0, site);
    return hf_call_release(subject, type, value, site);
}

static hf_close_result release_value(const hf_subject *subject, hf_site site)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    hf_value value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    int error = hf_os_error();
    hf_close_result result = release_with_cold(subject, type, value, site);
    hf_os_set_error(error);
    return result;
}

hf_close_result hf_release_at_exit(const hf_subject *subject, hf_site site)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    hf_value value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    hf_close_result result = {.outcome = HF_OUTCOME_NOT_OWNED};
    int error = hf_os_error();
    bool genuine = !hf_raw_has_cold(subject->raw) || is_genuine(subject, type, value);
    if (hf_raw_has_cold(subject->raw))
        strike(subject, type, value);
    if (genuine)
        result.outcome = type->release_at_exit(value, type->context, &result.error);
    else
        (void)leave_alone(subject, type, value, site);
    hf_os_set_error(error);
    return result;
}

static hf_close_result release_any(const hf_subject *subject, hf_site site)
{
    return hf_raw_has_cold(subject->raw) ? release_value(subject, site)
                                         : hf_release_plain(subject, site);
}

/* Takes a count also of a closed handle, while its value is not released. */
static bool hold(const hf_subject *subject)
{
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_RELAXED);
    do {
        if (!hf_state_is_life_of(state, subject->raw) || (state & (HF_CLOSED | HF_LIVE_)) == 0 ||
            ((state & HF_RELEASED) != 0 && (state & HF_LIVE_) == 0) ||
            hf_state_count(state) == HF_COUNT_LIMIT)
            return false;
        /* Acquire: partner is the release store in open. */
    } while (!__atomic_compare_exchange_n(&subject->slot->state, &state, state + HF_COUNT_ONE, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

/* Count and note belong together. */
static bool hold_noted(const hf_subject *subject)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    bool held = hold(subject);
    if (held)
        hf_note_begin(HF_NOTE_COUNT, subject->handle.bits);
    hf_window_end(window);
    return held;
}

static void unhold_noted(const hf_subject *subject)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_note_end();
    (void)__atomic_fetch_sub(&subject->slot->state, HF_COUNT_ONE, __ATOMIC_ACQ_REL);
    hf_window_end(window);
}

bool hf_unblock(const hf_subject *subject)
{
    const hf_type *type = hf_type_of(subject->table, subject->raw);
    int error = hf_os_error();
    if (!hold_noted(subject))
        return false;
    hf_inside_begin(subject->handle.bits);
    hf_value value = (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED);
    /* Whoever has the value by now is not to be disturbed, nor is a parent process. */
    if (!hf_is_poisoned_here(subject, type) &&
        (!hf_raw_has_cold(subject->raw) || is_genuine(subject, type, value)))
        type->unblock(value, type->context);
    hf_inside_end(subject->handle.bits);
    unhold_noted(subject);
    hf_os_set_error(error);
    return true;
}

/* ---- the slot ------------------------------------------------------------------------------- */

/* The record as well, which a handle may have without its type's asking: for its completion. */
void hf_hide_life(const hf_table *table, uint64_t raw)
{
    hf_slot_hide(table, hf_raw_index(raw));
    hf_cold_hide(table, hf_raw_index(raw));
}

void hf_recycle(const hf_subject *subject)
{
    hf_recycle_here(subject);
}

bool hf_drop_parent(hf_table *table, hf_handle parent, hf_subject *next)
{
    hf_cold *cold;
    if (hf_handle_is_null(parent) || !hf_subject_find(table, parent, next))
        return false;
    cold = hf_cold_at(table, hf_raw_index(next->raw));
    (void)__atomic_fetch_sub(&cold->children, 1, __ATOMIC_RELAXED);
    /* Release: the child's release comes before the parent's.  Partner: the acquire in hf_claim. */
    (void)__atomic_fetch_sub(&next->slot->state, HF_COUNT_ONE, __ATOMIC_ACQ_REL);
    hf_full_fence(); /* partner: the closer's fence after SEALED */
    return true;
}

/* The handle is made anew: a completion may have destroyed the table, and then this finds a state
 * that is not the parent's. */
static bool claim_parent(hf_subject *parent)
{
    *parent = hf_subject_of(parent->table, parent->raw);
    return !hf_exiting() && hf_claim(parent, false);
}

/* Frees the slot of *current, with all that follows; true: *current is now its parent, claimed. */
static bool free_slot(hf_subject *current, const hf_close_result *result)
{
    hf_farewell farewell;
    hf_subject parent;
    hf_farewell_read(current, &farewell);
    /* One window, and a note, so that in the child of a fork the parent is dropped and looked at.
     */
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    hf_free_state(current);
    hf_inside_end(current->handle.bits);
    bool has_parent = hf_drop_parent(current->table, farewell.parent, &parent);
    if (has_parent)
        hf_note_begin(HF_NOTE_CLOSE, parent.handle.bits);
    hf_window_end(window);
    hf_farewell_bid(&farewell, result);
    if (!has_parent)
        return false;
    bool claimed = claim_parent(&parent);
    hf_note_end();
    *current = parent;
    return claimed;
}

/* A loop, not a recursion: a chain of parents may be long. */
static void release_rest(hf_subject *current, hf_close_result result, hf_site site)
{
    while (free_slot(current, &result))
        result = release_any(current, site);
}

void hf_release_slot(const hf_subject *subject, hf_site site)
{
    hf_subject current = *subject;
    release_rest(&current, (hf_close_result){.outcome = HF_OUTCOME_NOT_OWNED}, site);
}

__attribute__((noinline)) static void finish_with_farewell(const hf_subject *subject,
                                                           hf_close_result *result, hf_site site)
{
    hf_subject current = *subject;
    hf_close_result done = release_any(subject, site);
    if (result != NULL)
        *result = done;
    release_rest(&current, done, site);
}

/* Without a cold record: owned, in no namespace, without identity, parent or group. */
void hf_finish_at_once(const hf_subject *subject, hf_close_result *result, hf_site site)
{
    if (hf_raw_has_cold(subject->raw))
        finish_with_farewell(subject, result, site);
    else
        hf_finish_plain(subject, result, site);
}

void hf_finish(const hf_subject *subject, hf_close_result *result, hf_site site)
{
    if ((hf_state_load(subject->slot) & HF_THEN) != 0)
        finish_with_farewell(subject, result, site);
    else
        hf_finish_at_once(subject, result, site);
}

/* ---- holding and settling ------------------------------------------------------------------- */

void hf_settle(const hf_subject *subject, hf_site site)
{
    if (hf_exiting())
        return;
    if (hf_must_defer()) {
        if (hf_state_is_claimable(hf_state_load(subject->slot)))
            hf_defer(subject->table, subject->handle);
        return;
    }
    if (hf_claim(subject, false))
        hf_finish(subject, NULL, site);
}

bool hf_give_count(const hf_subject *subject, uint64_t *left)
{
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_RELAXED);
    do {
        if (!hf_state_is_life_of(state, subject->raw) || hf_state_count(state) == 0)
            return false;
        /* Release: what was done while holding comes before.  Partner: the acquire in hf_claim. */
    } while (!__atomic_compare_exchange_n(&subject->slot->state, &state, state - HF_COUNT_ONE, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    *left = state - HF_COUNT_ONE;
    return true;
}

void hf_settle_count(const hf_subject *subject, uint64_t left, hf_site site)
{
    if (hf_state_is_claimable(left)) {
        hf_full_fence(); /* point (3); partner: the closer's fence after SEALED */
        hf_settle(subject, site);
    }
}

bool hf_drop(const hf_subject *subject, hf_site site)
{
    uint64_t left;
    if (!hf_give_count(subject, &left))
        return false;
    hf_settle_count(subject, left, site);
    return true;
}

/* ---- the child of a fork -------------------------------------------------------------------- */

void hf_free_orphan(const hf_subject *subject, hf_value value)
{
    hf_window window = hf_window_begin(HF_WINDOW_BUSY);
    strike(subject, hf_type_of(subject->table, subject->raw), value);
    if (hf_state_is_free(hf_state_load(subject->slot))) {
        hf_hide_life(subject->table, subject->raw);
        hf_bag_give(subject->table, hf_local_of(subject->table), hf_raw_index(subject->raw));
    } else {
        hf_free_state(subject);
    }
    hf_window_end(window);
}

hf_handle hf_release_orphan(const hf_subject *subject)
{
    hf_subject parent_subject;
    hf_handle parent = hf_raw_has_cold(subject->raw) ? hf_cold_parent(subject->table, subject->raw)
                                                     : HF_NULL_HANDLE;
    hf_free_orphan(subject, (hf_value)__atomic_load_n(&subject->slot->value, __ATOMIC_RELAXED));
    return hf_drop_parent(subject->table, parent, &parent_subject) ? parent : HF_NULL_HANDLE;
}

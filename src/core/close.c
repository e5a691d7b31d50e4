/* Closing.
 *
 * A handle that was never hot is closed by one compare-and-swap: CLOSED and SEALED together, LIVE
 * cleared, and RELEASED as well when nothing holds it.  One that was ever hot may be protected by
 * hazards that this thread cannot see yet: CLOSED first, then the barrier, then SEALED, then the
 * scan (release.c argues why that is right).
 *
 * A type that admits until released keeps LIVE while something holds the handle, but loses HAZARD:
 * new regions are then counted, and a leaver in hazard mode sees a changed tag. */
#include "core/close.h"

#include "core/exit.h"
#include "core/finish.h"
#include "core/signal.h"

#ifdef HF_FAULT_INJECTION
void (*hf_close_unsealed)(const hf_closer *closer);
#endif

static bool admits_until_released(const hf_subject *subject)
{
    return (hf_type_of(subject->table, subject->raw)->flags & HF_TYPE_ADMIT_UNTIL_RELEASED) != 0;
}

/* A closer that will touch the cold record after the first step must hold the handle, for the last
 * holder may be gone at any moment. */
static bool needs_hold(const hf_subject *subject)
{
    return subject->table->level != 0 && hf_raw_has_cold(subject->raw);
}

/* Never hot and held by nobody: closed, sealed and won by one compare-and-swap. */
static inline bool can_claim_at_once(const hf_subject *subject, uint64_t state)
{
    return hf_state_admits(state, subject->raw) && !hf_state_was_hot(state) &&
           hf_state_count(state) == 0 && (state & HF_CLOSED) == 0 && !hf_must_defer();
}

static HF_ALWAYS_INLINE_ bool claim_at_once(const hf_subject *subject, uint64_t *state)
{
    hf_inside_begin(subject->handle.bits);
    /* Acquire: what former holders did comes before the release; partners are their releasing
     * decrements.  Release: this life's end comes before what others do when they see it. */
    if (__builtin_expect(__atomic_compare_exchange_n(&subject->slot->state, state,
                                                     hf_state_claimed(*state), false,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED),
                         1))
        return true;
    hf_inside_end(subject->handle.bits);
    return false;
}

/* The state after the first step of closing a handle that is hot or held, and what is left to do.
 */
static uint64_t closed_state(const hf_subject *subject, uint64_t state, unsigned how,
                             unsigned *closing)
{
    bool hot = hf_state_was_hot(state);
    bool unsealed = hot || (how & HF_CLOSE_THEN) != 0;
    /* A detacher's mark is taken away: the closer takes over. */
    uint64_t next = (state & ~HF_RELEASED) | HF_CLOSED;
    *closing = hot ? HF_CLOSING_BARRIER : unsealed ? HF_CLOSING_UNSEALED : HF_CLOSING_SETTLE;
    if (hf_state_count(state) < HF_COUNT_LIMIT && needs_hold(subject)) {
        *closing |= HF_CLOSING_HOLDING;
        next += HF_COUNT_ONE;
    }
    next &= admits_until_released(subject) ? ~HF_HAZARD_ : ~(HF_LIVE_ | HF_HAZARD_);
    return next | (unsealed ? 0 : HF_SEALED) | ((how & HF_CLOSE_WAITS) != 0 ? HF_WAITER : 0) |
           ((how & HF_CLOSE_THEN) != 0 ? HF_THEN : 0);
}

/* Who closed: recorded while the handle is the closer's to release, or held by him. */
static inline void note_closer(const hf_subject *subject, hf_trace closed)
{
    if (needs_hold(subject))
        (void)hf_cold_close(subject->table, subject->raw, closed);
}

/* A reserved handle holds no value: its slot is freed. */
static hf_status abandon(const hf_subject *subject, uint64_t state, unsigned *closing,
                         hf_trace closed)
{
    *closing = HF_CLOSING_NOTHING;
    if ((state & HF_SEALED) != 0)
        return HF_E_BUSY; /* a commit is under way */
    hf_inside_begin(subject->handle.bits);
    if (!__atomic_compare_exchange_n(&subject->slot->state, &state, state | HF_CLOSED, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        hf_inside_end(subject->handle.bits);
        return HF_E_BUSY;
    }
    note_closer(subject, closed);
    hf_recycle(subject);
    return HF_OK;
}

/* HF_E_STALE_HANDLE stands for "neither live nor reserved": the caller classifies. */
static hf_status begin_at(const hf_subject *subject, unsigned how, unsigned *closing,
                          hf_trace closed)
{
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_RELAXED);
    for (;;) {
        if (hf_state_is_life_of(state, subject->raw) && hf_state_is_reserved(state))
            return abandon(subject, state, closing, closed);
        *closing = HF_CLOSING_NOTHING;
        if (!hf_state_admits(state, subject->raw) || (state & HF_CLOSED) != 0)
            return HF_E_STALE_HANDLE;
        if ((how & HF_CLOSE_CLAIMS) != 0 && can_claim_at_once(subject, state)) {
            *closing = HF_CLOSING_CLAIMED;
            if (claim_at_once(subject, &state))
                return HF_OK;
            continue; /* somebody entered or closed it first: look again */
        }
        uint64_t next = closed_state(subject, state, how, closing);
        /* Release: what the closer did before comes before the release by another. */
        if (__atomic_compare_exchange_n(&subject->slot->state, &state, next, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return HF_OK;
        /* Somebody entered, left, promoted it, or closed it first: look again. */
    }
}

/* Between CLOSED and SEALED the record is the closer's alone: see close_then.c. */
static void seal(const hf_closer *closer, unsigned how)
{
    const hf_subject *subject = &closer->subject;
    if ((closer->left & (HF_CLOSING_BARRIER | HF_CLOSING_UNSEALED)) == 0)
        return; /* the first step has done so */
#ifdef HF_FAULT_INJECTION
    if (hf_close_unsealed != NULL)
        hf_close_unsealed(closer);
#endif
    if ((how & HF_CLOSE_THEN) != 0)
        hf_cold_set_then(subject->table, subject->raw, closer->then, closer->context);
    (void)__atomic_fetch_or(&subject->slot->state, HF_SEALED, __ATOMIC_SEQ_CST);
}

HF_COLD void hf_tell_closed(hf_handle handle, hf_trace closed, const char *operation)
{
    if (hf_event_traced(closed))
        hf_event_closed(handle, closed, false, operation);
}

/* After the barrier: seals, tells who closed, gives up the closer's own count. */
static void seal_and_note(const hf_closer *closer, unsigned how, hf_trace closed)
{
    const hf_subject *subject = &closer->subject;
    seal(closer, how);
    if ((closer->left & (HF_CLOSING_HOLDING | HF_CLOSING_CLAIMED)) != 0)
        note_closer(subject, closed);
    /* Not hf_drop: what is left to do, the closer does himself. */
    if ((closer->left & HF_CLOSING_HOLDING) != 0)
        (void)__atomic_fetch_sub(&subject->slot->state, HF_COUNT_ONE, __ATOMIC_ACQ_REL);
}

/* The steps between which no fork may come: in its child nobody would go on with them. */
static inline hf_status begin_and_seal(hf_closer *closer, unsigned how, hf_trace closed)
{
    hf_window window = hf_window_begin(HF_WINDOW);
    hf_status status = begin_at(&closer->subject, how, &closer->left, closed);
    if (status == HF_OK && closer->left != HF_CLOSING_NOTHING) {
        if ((closer->left & HF_CLOSING_BARRIER) != 0)
            hf_record_barrier_after_rmw();
        seal_and_note(closer, how, closed);
    }
    hf_window_end(window);
    return status;
}

/* Inlined where a hot handle is closed: see hf_record_barrier_after_rmw. */
static HF_ALWAYS_INLINE_ hf_status begin_close(hf_table *table, hf_handle handle, unsigned how,
                                               hf_closer *closer, hf_close_result *result,
                                               const hf_refusal *refusal)
{
    closer->left = HF_CLOSING_NOTHING;
    if (result != NULL)
        *result = (hf_close_result){.outcome = HF_OUTCOME_NONE};
    while (hf_subject_find(table, handle, &closer->subject)) {
        hf_trace closed = hf_cold_trace(table, refusal->site);
        hf_status status = begin_and_seal(closer, how, closed);
        if (status == HF_OK && closer->left == HF_CLOSING_NOTHING && result != NULL)
            result->outcome = HF_OUTCOME_NOT_OWNED;
        if (status == HF_OK && closer->left != HF_CLOSING_NOTHING && hf_cold_is_traced(table))
            hf_tell_closed(handle, closed, refusal->operation);
        if (status == HF_OK)
            return HF_OK;
        closer->left = HF_CLOSING_NOTHING;
        if (status == HF_E_BUSY)
            return hf_fail(table, status);
        status = hf_refuse(table, handle, refusal);
        if (status != HF_OK)
            return status;
        /* It was being committed when we looked. */
    }
    return hf_refuse(table, handle, refusal);
}

hf_status hf_close_begin(hf_table *table, hf_handle handle, unsigned how, hf_closer *closer,
                         hf_close_result *result, const hf_refusal *refusal)
{
    return begin_close(table, handle, how, closer, result, refusal);
}

__attribute__((noinline)) static void unblock_holders(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_is_life_of(state, subject->raw) ||
        (hf_state_count(state) == 0 &&
         !(hf_state_was_hot(state) && hf_record_scan(subject->handle.bits))))
        return; /* nobody holds it */
    (void)hf_unblock(subject);
}

static inline void unblock(const hf_closer *closer)
{
    const hf_subject *subject = &closer->subject;
    if ((closer->left & HF_CLOSING_CLAIMED) == 0 &&
        hf_type_of(subject->table, subject->raw)->unblock != NULL)
        unblock_holders(subject);
}

void hf_close_unblock(const hf_closer *closer)
{
    unblock(closer);
}

void hf_close_defer(const hf_subject *subject, hf_close_result *result)
{
    hf_local *local = hf_local_of(subject->table);
    hf_count_up(subject->table, local, &local->deferred);
    if (result != NULL)
        *result = (hf_close_result){.outcome = HF_OUTCOME_DEFERRED,
                                    .children = hf_cold_children(subject->table, subject->raw),
                                    .references = hf_state_count(hf_state_load(subject->slot))};
}

void hf_close_end(const hf_closer *closer, const hf_view *view, hf_close_result *result,
                  hf_site site)
{
    const hf_subject *subject = &closer->subject;
    if ((closer->left & HF_CLOSING_CLAIMED) == 0) {
        if (view == NULL)
            hf_full_fence_after_rmw(); /* after SEALED, before the scan.  Partner: the leavers */
        if (hf_must_defer()) {
            hf_close_defer(subject, result);
            hf_settle(subject, site);
            return;
        }
        if (!hf_claim_in_view(subject, false, view)) {
            hf_close_defer(subject, result);
            return;
        }
    }
    hf_finish(subject, result, site);
}

/* The general case: the handle is held, or hot, or not to be closed at all. */
__attribute__((noinline)) static hf_status close_any(hf_table *table, hf_handle handle,
                                                     hf_close_result *result, hf_site site,
                                                     const char *operation)
{
    hf_refusal refusal = {.operation = operation, .site = site, .closes = true};
    hf_closer closer;
    hf_status status = hf_exit_refuse(table);
    if (status != HF_OK)
        return hf_close_nothing(result, status);
    hf_note_begin(HF_NOTE_CLOSE, handle.bits);
    status = begin_close(table, handle, HF_CLOSE_CLAIMS, &closer, result, &refusal);
    if (closer.left != HF_CLOSING_NOTHING) {
        unblock(&closer);
        hf_close_end(&closer, NULL, result, site);
    }
    hf_note_end();
    if (closer.left != HF_CLOSING_NOTHING)
        hf_drain(table, site);
    return status;
}

/* The fast one.  The exit latch is tested along with what defers a release: it costs a load. */
static inline bool is_plain(const hf_subject *subject, uint64_t state)
{
    return hf_state_is_plain(state, subject->raw) && (hf_defer_word() | hf_exit_word()) == 0;
}

/* Whether the end of a handle is that of one without a cold record, if nothing in that forbids it.
 */
static inline bool ends_plainly(const hf_subject *subject)
{
    return subject->table->skip_checks ||
           hf_type_of(subject->table, subject->raw)->name_space == NULL;
}

/* The rest of it for one with a cold record. */
__attribute__((noinline)) static void close_recorded(hf_table *table, uint64_t raw,
                                                     hf_close_result *result, hf_site site,
                                                     const char *operation)
{
    hf_subject subject = hf_subject_of(table, raw);
    hf_trace closed = hf_cold_trace(table, site);
    bool simple = hf_cold_close(table, raw, closed);
    if (hf_cold_is_traced(table))
        hf_tell_closed(subject.handle, closed, operation);
    if (simple && ends_plainly(&subject))
        hf_finish_plain(&subject, result, site);
    else
        hf_finish_at_once(&subject, result, site);
}

static HF_ALWAYS_INLINE_ hf_status close_here(hf_table *table, hf_handle handle,
                                              hf_close_result *result, hf_site site,
                                              const char *operation)
{
    hf_subject subject;
    uint64_t state;
    if (__builtin_expect(hf_subject_find(table, handle, &subject) &&
                             (state = __atomic_load_n(&subject.slot->state, __ATOMIC_RELAXED),
                              is_plain(&subject, state) && claim_at_once(&subject, &state)),
                         1)) {
        if (hf_raw_has_cold(subject.raw))
            close_recorded(table, subject.raw, result, site, operation);
        else
            hf_finish_plain(&subject, result, site);
        hf_drain(table, site);
        return HF_OK;
    }
    return close_any(table, handle, result, site, operation);
}

hf_status hf_close(hf_table *table, hf_handle handle, hf_close_result *result)
{
    return close_here(table, handle, result, HF_SITE(), "hf_close");
}

hf_status hf_close_at(hf_table *table, hf_handle handle, hf_close_result *result, hf_site site,
                      const char *operation)
{
    return close_here(table, handle, result, site, operation);
}

/* ---- many ----------------------------------------------------------------------------------- */

/* The closer of a handle of the batch that is not done yet. */
static bool find_closer(hf_table *table, hf_handle handle, uint8_t left, hf_closer *closer)
{
    closer->left = left;
    return left != HF_CLOSING_NOTHING && hf_subject_find(table, handle, &closer->subject);
}

/* Not yet begun, in a batch. */
enum { REFUSED = 128 };

/* Closes and seals what can be, with one barrier; tells nobody yet of what is refused. */
static void begin_batch(hf_table *table, const hf_handle *handles, size_t count, uint8_t *left,
                        hf_trace closed)
{
    hf_closer closer = {.left = HF_CLOSING_NOTHING};
    bool hot = false;
    hf_window window = hf_window_begin(HF_WINDOW);
    for (size_t i = 0; i < count; i++) {
        bool begun = hf_subject_find(table, handles[i], &closer.subject) &&
                     begin_at(&closer.subject, 0, &closer.left, closed) == HF_OK;
        left[i] = (uint8_t)(begun ? closer.left : REFUSED);
        hot |= begun && (closer.left & HF_CLOSING_BARRIER) != 0;
    }
    if (hot)
        hf_record_barrier_after_rmw();
    for (size_t i = 0; i < count; i++)
        if (left[i] != REFUSED && find_closer(table, handles[i], left[i], &closer))
            seal_and_note(&closer, 0, closed);
    hf_window_end(window);
}

static void tell_batch(const hf_handle *handles, size_t count, const uint8_t *left, hf_trace closed,
                       const char *operation)
{
    for (size_t i = 0; i < count; i++)
        if (left[i] != REFUSED && left[i] != HF_CLOSING_NOTHING)
            hf_tell_closed(handles[i], closed, operation);
}

/* Reports what was refused.  One that was being committed when we looked is closed now. */
static hf_status refuse_batch(hf_table *table, const hf_handle *handles, size_t count,
                              uint8_t *left, hf_close_result *results, const hf_refusal *refusal)
{
    hf_status answer = HF_OK;
    for (size_t i = 0; i < count; i++) {
        hf_closer closer;
        hf_close_result *result = results != NULL ? &results[i] : NULL;
        if (left[i] == REFUSED) {
            hf_status status = hf_close_begin(table, handles[i], 0, &closer, result, refusal);
            left[i] = (uint8_t)closer.left;
            if (answer == HF_OK)
                answer = status;
        } else if (result != NULL) {
            *result = (hf_close_result){
                .outcome = left[i] == HF_CLOSING_NOTHING ? HF_OUTCOME_NOT_OWNED : HF_OUTCOME_NONE};
        }
    }
    return answer;
}

/* All are sealed before one look at the hazards, which then serves for all of them. */
static void end_batch(hf_table *table, const hf_handle *handles, size_t count, const uint8_t *left,
                      hf_close_result *results, const hf_refusal *refusal)
{
    hf_closer closer;
    hf_view view;
    for (size_t i = 0; i < count && !refusal->is_alone; i++)
        if (find_closer(table, handles[i], left[i], &closer))
            unblock(&closer);
    hf_full_fence_after_rmw(); /* after SEALED, before the look.  Partner: the leavers' fence */
    hf_view_take(&view);
    for (size_t i = 0; i < count; i++)
        if (find_closer(table, handles[i], left[i], &closer))
            hf_close_end(&closer, &view, results != NULL ? &results[i] : NULL, refusal->site);
}

hf_status hf_close_batch(hf_table *table, const hf_handle *handles, size_t count,
                         hf_close_result *results, const hf_refusal *refusal)
{
    uint8_t left[HF_CLOSE_BATCH];
    hf_note_begin(HF_NOTE_TABLE, (uint64_t)(uintptr_t)table);
    hf_trace closed = hf_cold_trace(table, refusal->site);
    begin_batch(table, handles, count, left, closed);
    if (hf_cold_is_traced(table))
        tell_batch(handles, count, left, closed, refusal->operation);
    hf_status answer = refuse_batch(table, handles, count, left, results, refusal);
    end_batch(table, handles, count, left, results, refusal);
    hf_note_end();
    return answer;
}

hf_status hf_close_many(hf_table *table, const hf_handle *handles, size_t count,
                        hf_close_result *results)
{
    hf_refusal refusal = {.operation = "hf_close_many", .site = HF_SITE(), .closes = true};
    hf_status answer = HF_OK;
    if (table == NULL || !hf_table_is_usable(table) || (handles == NULL && count != 0))
        return HF_E_INVALID_ARGUMENT;
    if (hf_exiting()) {
        for (size_t i = 0; results != NULL && i < count; i++)
            (void)hf_close_nothing(&results[i], HF_E_EXITING);
        return hf_fail(table, HF_E_EXITING);
    }
    for (size_t done = 0; done < count; done += HF_CLOSE_BATCH) {
        size_t batch = count - done < HF_CLOSE_BATCH ? count - done : HF_CLOSE_BATCH;
        hf_status status = hf_close_batch(table, handles + done, batch,
                                          results != NULL ? results + done : NULL, &refusal);
        if (answer == HF_OK)
            answer = status;
    }
    hf_drain(table, refusal.site);
    return answer;
}

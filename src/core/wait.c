/* Waiting for holders.
 *
 * A waiter sets WAITER, so that whoever leaves last wakes him instead of releasing, and sleeps on
 * one of a few event counts, chosen by the slot.  One who comes when the value is being released
 * asks the thread that is about it (inside.c).  A wake-up that comes between his look and his sleep
 * has changed the count, so he does not sleep.  He also looks by himself now and then: to unblock
 * holders again, and because a leaver may be stopped for ever just before it wakes him. */
#include "core/wait.h"

#include "core/close.h"
#include "core/deadlock.h"
#include "core/exit.h"
#include "core/refuse.h"
#include "core/signal.h"
#include "platform/sanitizer.h"

enum { BUCKETS = 64, REPORTED_HOLDERS = 16 };

#define POLL_FIRST_NS INT64_C(1000000)
#define POLL_LAST_NS  INT64_C(64000000)

static struct bucket {
    uint32_t count;
} __attribute__((aligned(64))) buckets[BUCKETS];

static uint32_t *bucket_of(hf_handle handle)
{
    return &buckets[(handle.bits >> HF_INDEX_SHIFT_) % BUCKETS].count;
}

void hf_wake_waiters(hf_handle handle)
{
    uint32_t *count = bucket_of(handle);
    /* Release: what made the wake-up worth while comes before.  Partner: the acquire below.
     */
    (void)__atomic_fetch_add(count, 1, __ATOMIC_RELEASE);
    hf_os_wake_all(count);
}

/* Somebody has waited. */
static uint32_t any_waited;

/* Before he looks at the latch: either he sees it set, or whoever sets it sees him. */
static void note_waiter(void)
{
    __atomic_store_n(&any_waited, 1, __ATOMIC_SEQ_CST);
    hf_full_fence(); /* partner: the exchange that sets the latch */
}

/* In most programs that exit, nobody has ever waited. */
void hf_wake_everybody(void)
{
    if (__atomic_load_n(&any_waited, __ATOMIC_SEQ_CST) == 0)
        return;
    for (struct bucket *each = buckets; each < buckets + BUCKETS; each++) {
        (void)__atomic_fetch_add(&each->count, 1, __ATOMIC_RELEASE);
        hf_os_wake_all(&each->count);
    }
}

int64_t hf_deadline(hf_timeout timeout)
{
    int64_t now = hf_os_now_ns();
    return timeout > INT64_MAX - now ? INT64_MAX : now + timeout;
}

/* False when there is nothing to call. */
static bool unblock(const hf_subject *subject)
{
    return hf_type_of(subject->table, subject->raw)->unblock != NULL && hf_unblock(subject);
}

/* Sets or clears WAITER while the value is not released; false when it is. */
static bool mark_waiter(const hf_subject *subject, bool on)
{
    uint64_t state = __atomic_load_n(&subject->slot->state, __ATOMIC_RELAXED);
    do {
        if (!hf_state_is_life_of(state, subject->raw) || (state & HF_RELEASED) != 0)
            return false;
    } while (!__atomic_compare_exchange_n(&subject->slot->state, &state,
                                          on ? state | HF_WAITER : state & ~HF_WAITER, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return true;
}

static bool is_over(const hf_subject *subject)
{
    return !hf_state_is_life_of(hf_state_load(subject->slot), subject->raw);
}

static bool claim_and_finish(const hf_subject *subject, bool as_waiter, hf_close_result *result,
                             hf_site site)
{
    hf_full_fence(); /* partner: the leavers' fence */
    if (!hf_claim(subject, as_waiter))
        return false;
    hf_finish(subject, result, site);
    return true;
}

static int64_t least(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* One look by the waiter: true when the value is released. */
static bool is_released(const hf_subject *subject, hf_close_result *result, hf_site site)
{
    /* Set anew each time: another waiter that gave up has cleared it. */
    (void)mark_waiter(subject, true);
    return claim_and_finish(subject, true, result, site) || is_over(subject);
}

/* Before a sleep: has himself woken by a thread that releases the value just now, and does not see
 * WAITER.  True: it is released. */
static bool is_over_or_told(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    if (!hf_state_is_life_of(state, subject->raw))
        return true;
    if ((state & HF_RELEASED) == 0)
        return false;
    hf_inside_await(subject->handle.bits);
    return is_over(subject);
}

bool hf_wait_released(const hf_subject *subject, int64_t deadline_ns, hf_close_result *result,
                      hf_site site)
{
    uint32_t *bucket = bucket_of(subject->handle);
    bool released = false;
    note_waiter();
    hf_note_begin(HF_NOTE_CLOSE, subject->handle.bits);
    for (int64_t poll = POLL_FIRST_NS; !released; poll = least(poll * 2, POLL_LAST_NS)) {
        /* Acquire: partner is the release in hf_wake_waiters. */
        uint32_t seen = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);
        if (hf_exiting())
            break;
        released = is_released(subject, result, site) ||
                   (unblock(subject) && is_released(subject, result, site));
        int64_t left = deadline_ns == INT64_MAX ? INT64_MAX : deadline_ns - hf_os_now_ns();
        if (released || left <= 0)
            break;
        released = is_over_or_told(subject);
        if (!released)
            hf_os_wait(bucket, seen, least(poll, left));
    }
    if (!released) {
        /* A leaver may have seen WAITER and left the duty to us: clear it first, then look again.
         */
        (void)mark_waiter(subject, false);
        released =
            (!hf_exiting() && claim_and_finish(subject, false, result, site)) || is_over(subject);
    }
    hf_note_end();
    /* Other waiters: the handle is released, or WAITER is theirs to set again. */
    hf_wake_waiters(subject->handle);
    return released;
}

/* ---- reports -------------------------------------------------------------------------------- */

typedef struct holders {
    hf_event_holder list[REPORTED_HOLDERS];
    uint32_t count;
} holders;

static bool add_holder(void *context, const hf_event_holder *holder)
{
    holders *all = context;
    all->list[all->count] = *holder;
    hf_waiting_describe_thread(&all->list[all->count++]);
    return all->count < REPORTED_HOLDERS;
}

/* References are known by stack at level 3 only.  The handle may end meanwhile, and its record be
 * poisoned. */
HF_UNCHECKED static void add_references(const hf_subject *subject, holders *all)
{
    const hf_cold *cold = hf_raw_has_cold(subject->raw)
                              ? hf_cold_at(subject->table, hf_raw_index(subject->raw))
                              : NULL;
    for (uint32_t i = 0; cold != NULL && i < HF_COLD_REFERENCES; i++) {
        uint64_t trace = __atomic_load_n(&cold->references[i], __ATOMIC_RELAXED);
        if (trace != 0 && all->count < REPORTED_HOLDERS)
            all->list[all->count++] = (hf_event_holder){.entered = hf_trace_unpack(trace),
                                                        .hold = HF_HOLD_REFERENCE,
                                                        .held = subject->handle};
    }
}

void hf_report_holders(const hf_subject *subject, hf_report_kind kind, const char *operation,
                       hf_site site)
{
    holders all = {.count = 0};
    uint64_t state = hf_state_load(subject->slot);
    /* Its slot may be another's: a completion runs when the slot is free. */
    bool in_slot = hf_state_is_life_of(state, subject->raw);
    hf_record_visit(subject->handle.bits, add_holder, &all);
    if (in_slot)
        add_references(subject, &all);
    hf_event event = {.kind = kind,
                      .operation = operation,
                      .table_name = subject->table->name,
                      .subject = hf_cold_party(subject->table, subject->raw),
                      .holders = all.list,
                      .holder_count = all.count,
                      .references = in_slot ? hf_state_count(state) : 0};
    hf_find(subject->table, &event, site);
}

/* ---- operations ----------------------------------------------------------------------------- */

/* Whether the wait looks like blocking, so that it is worth while to record where it is. */
static bool is_held(const hf_subject *subject)
{
    uint64_t state = hf_state_load(subject->slot);
    return hf_state_count(state) != 0 || hf_state_was_hot(state);
}

/* The thread is in more regions than are listed, and this handle may be one of them: then there is
 * a cycle of one, but who knows. */
static void report_unlisted(const hf_subject *subject, const char *operation, hf_site site)
{
    hf_event event = {.kind = HF_REPORT_POSSIBLE_DEADLOCK,
                      .operation = operation,
                      .table_name = subject->table->name,
                      .subject = hf_cold_party(subject->table, subject->raw)};
    hf_find(subject->table, &event, site);
}

bool hf_wait_begin(const hf_subject *subject, bool blocks, const char *operation, hf_site site,
                   uint32_t *waiting)
{
    hf_awaited awaited = hf_awaited_handle(subject);
    hf_trace where = {0};
    *waiting = 0;
    if (hf_this_thread.unlisted != 0) {
        report_unlisted(subject, operation, site);
        return false;
    }
    if (blocks && is_held(subject))
        where = hf_event_trace(site);
    return hf_deadlock_begin(&awaited, blocks, where, operation, site, waiting);
}

hf_status hf_wait_closed(const hf_subject *subject, int64_t deadline_ns, const char *operation,
                         hf_site site)
{
    uint32_t waiting;
    bool blocks = deadline_ns > hf_os_now_ns();
    if (blocks && !hf_wait_begin(subject, true, operation, site, &waiting))
        return HF_E_POSSIBLE_DEADLOCK;
    bool released = hf_wait_released(subject, deadline_ns, NULL, site);
    if (blocks)
        hf_waiting_end(waiting);
    return released ? HF_OK : HF_E_TIMED_OUT;
}

/* The wait is over before anything is reported: the hook may do what it likes. */
static hf_status wait_or_report(const hf_subject *subject, hf_timeout timeout, uint32_t waiting,
                                hf_close_result *result, const hf_refusal *refusal)
{
    bool released = hf_wait_released(subject, hf_deadline(timeout), result, refusal->site);
    hf_waiting_end(waiting);
    if (released) {
        hf_drain(subject->table, refusal->site);
        return HF_OK;
    }
    if (hf_exiting())
        return hf_close_nothing(result, hf_fail(subject->table, HF_E_EXITING));
    if (refusal->closes)
        hf_close_defer(subject, result);
    hf_report_holders(subject, HF_REPORT_RUNDOWN_TIMEOUT, refusal->operation, refusal->site);
    return hf_fail(subject->table, HF_E_TIMED_OUT);
}

static hf_status end_and_wait(const hf_closer *closer, hf_timeout timeout, uint32_t waiting,
                              hf_close_result *result, const hf_refusal *refusal)
{
    hf_close_unblock(closer);
    if ((closer->left & HF_CLOSING_CLAIMED) == 0)
        return wait_or_report(&closer->subject, timeout, waiting, result, refusal);
    hf_waiting_end(waiting);
    hf_finish(&closer->subject, result, refusal->site);
    return HF_OK;
}

/* Asks before anything is closed.  A handle that cannot be closed needs not be waited for; one that
 * is reserved may be committed before it is closed. */
static bool may_close_and_wait(hf_table *table, hf_handle handle, hf_timeout timeout,
                               const hf_refusal *refusal, uint32_t *waiting)
{
    hf_subject subject;
    hf_status status = hf_classify(table, handle, NULL);
    *waiting = 0;
    if ((status != HF_OK && status != HF_E_NOT_COMMITTED) ||
        !hf_subject_find(table, handle, &subject))
        return true; /* hf_close_begin tells why not */
    return hf_wait_begin(&subject, timeout != 0, refusal->operation, refusal->site, waiting);
}

hf_status hf_close_wait_at(hf_table *table, hf_handle handle, hf_timeout timeout,
                           hf_close_result *result, const hf_refusal *refusal)
{
    hf_closer closer;
    uint32_t waiting;
    if (result != NULL)
        *result = (hf_close_result){.outcome = HF_OUTCOME_NONE};
    if (timeout < 0)
        return HF_E_INVALID_ARGUMENT;
    hf_status status = hf_exit_refuse(table);
    if (status != HF_OK)
        return status;
    if (!may_close_and_wait(table, handle, timeout, refusal, &waiting))
        return hf_fail(table, HF_E_POSSIBLE_DEADLOCK);
    hf_note_begin(HF_NOTE_CLOSE, handle.bits);
    status =
        hf_close_begin(table, handle, HF_CLOSE_CLAIMS | HF_CLOSE_WAITS, &closer, result, refusal);
    if (closer.left != HF_CLOSING_NOTHING)
        status = end_and_wait(&closer, timeout, waiting, result, refusal);
    else
        hf_waiting_end(waiting);
    hf_note_end();
    return status;
}

hf_status hf_close_wait(hf_table *table, hf_handle handle, hf_timeout timeout,
                        hf_close_result *result)
{
    hf_refusal refusal = {.operation = "hf_close_wait", .site = HF_SITE(), .closes = true};
    return hf_close_wait_at(table, handle, timeout, result, &refusal);
}

hf_status hf_wait_at(hf_table *table, hf_handle handle, hf_timeout timeout,
                     const hf_refusal *refusal)
{
    hf_subject subject;
    uint32_t waiting;
    if (timeout < 0)
        return HF_E_INVALID_ARGUMENT;
    hf_status status = hf_exit_refuse(table);
    if (status != HF_OK)
        return status;
    for (;;) {
        status = hf_classify(table, handle, NULL);
        if (status == HF_E_STALE_HANDLE)
            return HF_OK;
        if (status == HF_E_CLOSING && hf_subject_find(table, handle, &subject))
            break;
        /* Not hf_refuse, which looks again: it may be closed by now, and that is no stale use. */
        if (status == HF_OK || status == HF_E_NOT_COMMITTED)
            return hf_fail(table, status == HF_OK ? HF_E_BUSY : status);
        status = hf_refuse(table, handle, refusal);
        if (status != HF_OK)
            return status;
        /* Nobody had been given it when we looked. */
    }
    if (!hf_wait_begin(&subject, timeout != 0, refusal->operation, refusal->site, &waiting))
        return hf_fail(table, HF_E_POSSIBLE_DEADLOCK);
    return wait_or_report(&subject, timeout, waiting, NULL, refusal);
}

hf_status hf_wait(hf_table *table, hf_handle handle, hf_timeout timeout)
{
    hf_refusal refusal = {.operation = "hf_wait", .site = HF_SITE()};
    return hf_wait_at(table, handle, timeout, &refusal);
}

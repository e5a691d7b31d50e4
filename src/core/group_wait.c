/* Draining a group: its members are found by a walk over all tables, closed, and waited for.
 *
 * A table that is walked is pinned, so that it may be destroyed meanwhile, also by a release
 * function that this very walk calls: its memory is given back when the pin is.  Of a member's slot
 * the walk reads the state, the record's group, and the state again (hf_cold_group): a handle that
 * it comes by was a member when it looked, and closing a handle that is closed by then does
 * nothing.
 *
 * The first walk closes and waits for nobody, so that all members are refused at once.  A second
 * one waits for each that is held; what is left then are members whose slots are free already and
 * whose completions run on other threads: the last of them wakes the one who waits.  He also looks
 * by himself now and then, because that thread may be stopped just before it wakes him. */
#include "core/close.h"
#include "core/exit.h"
#include "core/group.h"
#include "core/registry.h"
#include "core/signal.h"
#include "core/wait.h"

enum { BATCH = 1024 };

#define POLL_FIRST_NS INT64_C(1000000)
#define POLL_LAST_NS  INT64_C(64000000)

typedef struct drain {
    hf_group *group;
    int64_t deadline;
    const hf_refusal *refusal;
    hf_status *failed; /* why a walk was given up */
} drain;

/* ---- walking -------------------------------------------------------------------------------- */

/* Visits members in batches until it answers false. */
typedef bool (*visitor)(const drain *on, hf_table *table, const hf_handle *members, size_t count);

/* Collects the members in slots from *index on; at most BATCH. */
static size_t collect(const hf_table *table, uint32_t group, uint32_t *index, hf_handle *members)
{
    size_t count = 0;
    for (; *index < hf_slots_end(table) && count < BATCH; ++*index) {
        uint64_t raw;
        if (hf_cold_is_of_group(table, *index, group, &raw))
            members[count++] = hf_handle_of(table, raw);
    }
    return count;
}

static bool walk_table(const drain *on, hf_table *table, visitor visit)
{
    hf_handle members[BATCH];
    uint32_t index = 1;
    size_t count;
    while ((count = collect(table, hf_group_number(on->group), &index, members)) != 0)
        if (!visit(on, table, members, count))
            return false;
    return true;
}

/* False: a visitor answered false. */
static bool walk(const drain *on, visitor visit)
{
    hf_table *table;
    bool all = true;
    for (uint32_t number = 0; all && (table = hf_registry_at(number)) != NULL; number++) {
        if (!hf_table_pin(table))
            continue;
        all = walk_table(on, table, visit);
        hf_table_unpin(table);
    }
    return all;
}

static bool close_members(const drain *on, hf_table *table, const hf_handle *members, size_t count)
{
    hf_drain(table, on->refusal->site);
    (void)hf_close_batch(table, members, count, NULL, on->refusal);
    return !hf_exiting();
}

/* Who holds a member, for one who has waited in vain; not when the process is exiting. */
static void report_holders(const drain *on, const hf_subject *subject)
{
    if (!hf_exiting())
        hf_report_holders(subject, HF_REPORT_RUNDOWN_TIMEOUT, on->refusal->operation,
                          on->refusal->site);
}

/* True: released. */
static bool wait_for(const drain *on, hf_table *table, hf_handle member)
{
    hf_subject subject;
    if (!hf_subject_find(table, member, &subject))
        return true;
    uint64_t state = hf_state_load(subject.slot);
    if (!hf_state_is_life_of(state, subject.raw))
        return true;
    if ((state & HF_CLOSED) == 0) /* published since we closed all */
        (void)hf_close_batch(table, &member, 1, NULL, on->refusal);
    *on->failed = hf_wait_closed(&subject, on->deadline, on->refusal->operation, on->refusal->site);
    if (*on->failed == HF_E_TIMED_OUT)
        report_holders(on, &subject);
    return *on->failed == HF_OK;
}

static bool wait_for_members(const drain *on, hf_table *table, const hf_handle *members,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!wait_for(on, table, members[i]))
            return false;
    return true;
}

/* ---- waiting for oneself -------------------------------------------------------------------- */

typedef struct own_member {
    uint32_t group;
    bool found;
    hf_subject subject;
} own_member;

static bool look_for_member(void *context, uint64_t handle)
{
    own_member *own = context;
    hf_table *table = hf_registry_find((hf_handle){handle}, NULL);
    uint64_t raw;
    own->found = hf_subject_find(table, (hf_handle){handle}, &own->subject) &&
                 hf_cold_is_of_group(table, hf_raw_index(own->subject.raw), own->group, &raw) &&
                 raw == own->subject.raw;
    return !own->found;
}

/* A finding about a member whose slot is free, or about none that is known. */
static void report_without_slot(const drain *on, hf_report_kind kind, uint64_t handle)
{
    hf_table *table = handle != 0 ? hf_registry_find((hf_handle){handle}, NULL) : NULL;
    hf_event event = {.kind = kind, .operation = on->refusal->operation};
    if (table != NULL) {
        hf_subject subject;
        if (hf_subject_find(table, (hf_handle){handle}, &subject)) {
            hf_report_holders(&subject, kind, on->refusal->operation, on->refusal->site);
            return;
        }
    }
    event.subject.group_name = on->group->name;
    hf_event_raise(&event, on->refusal->site); /* counted nowhere */
}

/* Whether this thread is inside something of a member's that it would wait for; reports it. */
static bool waits_for_itself(const drain *on)
{
    own_member own = {.group = hf_group_number(on->group)};
    const hf_stay *stay = hf_stay_of(own.group);
    hf_record_visit_own(look_for_member, &own);
    if (!own.found && stay == NULL && hf_this_thread.unlisted == 0)
        return false;
    if (own.found)
        hf_report_holders(&own.subject, HF_REPORT_POSSIBLE_DEADLOCK, on->refusal->operation,
                          on->refusal->site);
    else
        report_without_slot(on, HF_REPORT_POSSIBLE_DEADLOCK, stay != NULL ? stay->handle : 0);
    return true;
}

/* ---- the operation -------------------------------------------------------------------------- */

static int64_t least(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* Sleeps until something has changed since `seen`, for a while; false: time is over, or the process
 * is exiting. */
static bool nap(const drain *on, uint32_t seen, int64_t poll)
{
    int64_t left = on->deadline == INT64_MAX ? INT64_MAX : on->deadline - hf_os_now_ns();
    if (hf_exiting())
        return false;
    if (left <= 0) {
        report_without_slot(on, HF_REPORT_RUNDOWN_TIMEOUT,
                            __atomic_load_n(&on->group->leaving, __ATOMIC_RELAXED));
        return false;
    }
    hf_os_wait(&on->group->event, seen, least(poll, left));
    return true;
}

static bool is_empty(const drain *on)
{
    return hf_group_word(on->group) >> HF_GROUP_MEMBER_SHIFT == 0;
}

/* False: time is over, or the process is exiting. */
static bool wait_until_empty(const drain *on)
{
    bool walked_all = false;
    for (int64_t poll = POLL_FIRST_NS; !is_empty(on); poll = least(poll * 2, POLL_LAST_NS)) {
        /* Acquire: partner is the release where it grows. */
        uint32_t seen = __atomic_load_n(&on->group->event, __ATOMIC_ACQUIRE);
        /* Read before the walk: see the head of group.c. */
        bool opening = (hf_group_word(on->group) & HF_GROUP_OPENING_FIELD) != 0;
        if (!walked_all && !walk(on, wait_for_members))
            return false;
        walked_all = walked_all || !opening;
        if (!is_empty(on) && !nap(on, seen, poll))
            return false;
    }
    return true;
}

hf_status hf_group_close_wait(hf_group *group, hf_timeout timeout)
{
    hf_refusal refusal = {
        .operation = "hf_group_close_wait", .site = HF_SITE(), .closes = true, .quiet = true};
    hf_status failed = HF_E_TIMED_OUT;
    drain on = {.group = group, .refusal = &refusal, .failed = &failed};
    if (!hf_group_is_valid(group) || timeout < 0)
        return HF_E_INVALID_ARGUMENT;
    if (hf_exiting())
        return HF_E_EXITING;
    on.deadline = hf_deadline(timeout);
    if (!hf_group_begin_closing(group))
        return HF_E_INVALID_ARGUMENT;
    (void)walk(&on, close_members);
    if (!hf_exiting() && waits_for_itself(&on))
        return HF_E_POSSIBLE_DEADLOCK;
    if (wait_until_empty(&on))
        return HF_OK;
    if (hf_exiting())
        return HF_E_EXITING;
    return failed == HF_E_POSSIBLE_DEADLOCK ? failed : HF_E_TIMED_OUT;
}

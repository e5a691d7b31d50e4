/* Finding cycles of threads that wait for each other, before they close.
 *
 * The graph.  A node is a wait that is published (waiting.h): a thread, what it waits for, and what
 * it held when it began.  There is an edge from wait A to wait B when B's thread holds what A
 * awaits.  A lock is held by the thread that has it.  A handle is held by a thread that is in a
 * region of it, or runs its release or unblock function, or does one of these to a descendant of
 * it: whether the child is open or closed, it cannot be released before its holders leave, nor the
 * parent before it.  (That an open child is not yet closed is no edge: anybody may close it.) A
 * handle whose completion runs has no slot any more: nobody is kept by it.  A reference belongs to
 * nobody, so it is no edge either.  Threads that do not wait go on, and need not be looked at.
 *
 * 1. Every cycle is found by somebody.  A thread publishes its wait, fences, searches, and only
 *    then closes the handle and blocks.  An edge cannot appear later than both its ends: a thread
 *    that waits enters nothing, so what it holds was stored before its own fence; and what it is
 *    found to hold of somebody's awaited handle it holds whether that one had asked first or not.
 *    So when all threads of a cycle wait, take the one whose fence came last in the total order of
 *    fences: it saw all other waits and all that is held, and searched.  Two that close a cycle at
 *    the same time may both find it and both be refused; neither may not happen.
 *
 * 2. Nobody is refused without reason.  The graph changes while it is searched.  What counts is a
 *    cycle that is found and then walked once more, with every wait on it still the same (same
 *    sequence number): each of these waits was there from the first walk to the second, hence all
 *    of them at the moment between.  And a thread holds, as long as its wait lasts, what it held
 *    when it began: those places of its record are noted in the wait, because an unblock function
 *    or a signal handler that runs on it may enter something else, which it will leave again
 *    without our help.  So at that moment every edge existed.  If a wait has changed, the search
 *    begins anew: some thread got on, so that is not for ever.
 *
 * 3. A wait with a time-out is an edge like any other: for its time it stands in the way, and it
 *    would run out for nothing.  A wait for 0 is none; only what the caller itself holds counts.
 *
 * 4. A thread whose unblock function waits has two waits, and needs both to end: two nodes.
 *
 * 5. The publication is taken back before the report is made, because the report hook may do
 *    anything.  It stands while the released value's release function runs on the waiting thread,
 *    where it does no harm: nobody holds that handle any more, so no edge leaves that node.
 *
 * tests/model/waiting.pml has points 1 and 2 for the model checker, with a mutant for the order,
 * for the fence (no test on x86 can show its absence: taking a place is a fence there), for the
 * second walk, and for the sequence numbers.
 *
 * The search allocates nothing, takes no lock, and looks at each wait once for each wait that it
 * reached.  What it cannot see: threads without a record, regions and locks beyond those that are
 * listed, an unblock function that leaves a region which its thread was in before, and a group's
 * drain or a timer queue's end that waits for no handle any more, but for another thread's
 * completion or after-return action. */
#include "core/deadlock.h"

#include "core/refuse.h"

enum { LISTED = 32 }; /* steps of a cycle that a report shows */

typedef struct step {
    uint32_t sequence; /* of the wait, when it was reached */
    uint16_t number;
    uint16_t from; /* the step whose thing it holds */
} step;

typedef struct search {
    const hf_waiting *own; /* step 0 */
    uint64_t seen[HF_WAITINGS / 64];
    uint32_t count;
    step steps[HF_WAITINGS + 1]; /* in the order in which they were reached: breadth first */
} search;

/* A wait that was reached; false if it is not the same any more. */
static bool read_step(const search *on, uint32_t at, hf_waiting *out)
{
    if (at == 0)
        *out = *on->own;
    return at == 0 ||
           (hf_waiting_read(on->steps[at].number, out) && out->sequence == on->steps[at].sequence);
}

static bool is_new(const search *on, uint32_t number)
{
    return (on->seen[(number - 1) / 64] >> ((number - 1) % 64) & 1) == 0;
}

/* None of this thread's own waits: it does not hold what is awaited, or the cycle were found. */
static void add_holders(search *on, uint32_t from, const hf_awaited *awaited)
{
    for (uint32_t number = hf_waiting_next(0); number != 0; number = hf_waiting_next(number)) {
        hf_waiting one;
        if (!is_new(on, number) || !hf_waiting_read(number, &one) ||
            !hf_waiting_holds(&one, awaited, NULL))
            continue;
        on->seen[(number - 1) / 64] |= UINT64_C(1) << ((number - 1) % 64);
        on->steps[on->count++] =
            (step){.sequence = one.sequence, .number = (uint16_t)number, .from = (uint16_t)from};
    }
}

/* A shortest way from the own wait to one for something that this thread holds. */
static bool find_cycle(search *on, uint32_t *last)
{
    for (uint32_t i = 0; i < HF_WAITINGS / 64; i++)
        on->seen[i] = 0;
    on->count = 1;
    for (uint32_t at = 0; at < on->count; at++) {
        hf_waiting one;
        if (!read_step(on, at, &one))
            continue;
        *last = at;
        if (hf_waiting_holds(on->own, &one.awaited, NULL))
            return true;
        add_holders(on, at, &one.awaited);
    }
    return false;
}

static uint32_t length_to(const search *on, uint32_t last)
{
    uint32_t length = 1;
    for (uint32_t at = last; at != 0; at = on->steps[at].from)
        length++;
    return length;
}

/* The second walk, backwards: true if every wait is still the same.  Fills the list. */
static bool walk_again(const search *on, uint32_t last, hf_event_holder *list, uint32_t length)
{
    uint32_t at = last;
    for (uint32_t i = length; i-- > 0;) {
        uint32_t from = i == 0 ? last : on->steps[at].from;
        hf_waiting one;
        hf_waiting before;
        hf_event_holder holder;
        if (!read_step(on, at, &one) || !read_step(on, from, &before) ||
            !hf_waiting_holds(&one, &before.awaited, &holder))
            return false;
        hf_waiting_describe(&one, &holder);
        if (i < LISTED)
            list[i] = holder;
        at = from;
    }
    return true;
}

#ifdef HF_FAULT_INJECTION
void (*hf_deadlock_between_walks)(void);
#endif

/* How long the cycle is that this wait closes; 0: none. */
static uint32_t search_cycle(const hf_waiting *own, hf_event_holder *list)
{
    search on;
    uint32_t last;
    on.own = own;
    while (find_cycle(&on, &last)) {
#ifdef HF_FAULT_INJECTION
        if (hf_deadlock_between_walks != NULL)
            hf_deadlock_between_walks();
#endif
        uint32_t length = length_to(&on, last);
        if (walk_again(&on, last, list, length))
            return length;
        /* A wait on it has ended: look again. */
    }
    return 0;
}

static void report_cycle(const hf_awaited *awaited, hf_event_holder *list, uint32_t length,
                         const char *operation, hf_site site)
{
    hf_event event = {.kind = HF_REPORT_POSSIBLE_DEADLOCK,
                      .operation = operation,
                      .holders = list,
                      .holder_count = length < LISTED ? length : LISTED};
    list[0].waits = hf_event_trace(site);
    if (awaited->kind != HF_AWAITED_HANDLE) {
        hf_event_raise(&event, site); /* of no table: counted nowhere */
        return;
    }
    event.table_name = awaited->table->name;
    event.subject = hf_cold_party(awaited->table, awaited->word ^ awaited->table->head.secret);
    hf_find(awaited->table, &event, site);
}

bool hf_deadlock_begin(const hf_awaited *awaited, bool blocks, hf_trace where,
                       const char *operation, hf_site site, uint32_t *waiting)
{
    hf_event_holder list[LISTED];
    uint32_t record = hf_record_current();
    uint32_t length;
    *waiting = 0;
    if (record == 0)
        return true; /* nothing of this thread is listed: it can neither be seen nor see itself */
    hf_waiting own = hf_waiting_make(record, awaited, where);
    if (blocks) {
        *waiting = hf_waiting_publish(&own);
        length = search_cycle(&own, list);
    } else {
        length = hf_waiting_holds(&own, awaited, &list[0]) ? 1 : 0;
        hf_waiting_describe(&own, &list[0]);
    }
    if (length == 0)
        return true;
    hf_waiting_end(*waiting);
    *waiting = 0;
    report_cycle(awaited, list, length, operation, site);
    return false;
}

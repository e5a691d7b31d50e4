/* Deadlocks that dissolve, or come back, while they are searched. */
#include "deadlock_support.h"

#include "core/deadlock.h"

#include <stdatomic.h>

TestSuite(deadlock_search, .init = deadlock_begin, .fini = deadlock_end);

static player *fickle;
static atomic_uint walks;
static uintptr_t searcher;

static void give_up_and_leave(void *argument)
{
    player *p = argument;
    MUST(hf_close_wait(p->awaited_table, p->awaited, p->timeout, NULL), HF_E_TIMED_OUT);
    hf_leave(&p->region);
}

static void give_up_and_come_back(void *argument)
{
    player *p = argument;
    MUST(hf_close_wait(p->awaited_table, p->awaited, p->timeout, NULL), HF_E_TIMED_OUT);
    p->status = hf_wait(p->awaited_table, p->awaited, HF_FOREVER);
    hf_leave(&p->region);
}

/* Nothing is left of the other side of the cycle when it is walked again. */
static void let_it_dissolve(void)
{
    if (walks++ == 0 && fake_thread() == searcher)
        actor_finish(fickle->who);
}

/* Closes what the other thread is in, which does the task meanwhile. */
static hf_status close_while(actor_task task)
{
    hf_region region;
    hf_handle near = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle far = fixture_open(counted, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(counted, near, NULL, &region));
    fickle = play(0, counted, far);
    fickle->timeout = 200 * HF_MILLISECONDS;
    fickle->awaited_table = counted;
    fickle->awaited = near;
    searcher = fake_thread();
    hf_deadlock_between_walks = let_it_dissolve;
    actor_begin(fickle->who, task, fickle);
    fixture_until_closed(counted, near);
    hf_status status = hf_close_wait(counted, far, HF_FOREVER, NULL);
    hf_leave(&region);
    actor_finish(fickle->who);
    ends(fickle);
    return status;
}

Test(deadlock_search, cycle_that_dissolves_while_it_is_searched_is_none)
{
    MUST_OK(close_while(give_up_and_leave));
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    cr_assert_leq(atomic_load(&walks), 1);
}

/* A wait that ends and begins again is another one; it is refused itself, or this one is. */
Test(deadlock_search, other_side_that_comes_back_while_it_is_searched)
{
    hf_status status = close_while(give_up_and_come_back);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert((status == HF_OK) != (fickle->status == HF_OK));
}

/* What is no deadlock: a wait that would end is not refused.  Time-outs tell who is waited for. */
#include "deadlock_support.h"

#include "core/waiting.h"

#include <sched.h>
#include <stdatomic.h>

TestSuite(deadlock_none, .init = deadlock_begin, .fini = deadlock_end);

Test(deadlock_none, long_chain_is_not_refused)
{
    hf_handle handles[PLAYERS];
    for (int i = 0; i < PLAYERS; i++) {
        handles[i] = fixture_open(hazard, world, FAKE_RUNDOWN);
        play(i, hazard, handles[i]);
    }
    /* From the far end: each finds the whole rest of the chain waiting. */
    for (int i = PLAYERS - 2; i >= 0; i--)
        blocks(&players[i], hazard, handles[i + 1]);
    leaves(&players[PLAYERS - 1]);
    for (int i = PLAYERS - 2; i >= 0; i--) {
        got_on(&players[i]);
        leaves(&players[i]);
    }
    for (int i = 0; i < PLAYERS; i++)
        ends(&players[i]);
    cr_assert_eq(reports_total(), 0);
}

Test(deadlock_none, two_that_wait_for_one_are_not_refused)
{
    hf_handle far = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle near = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle top = fixture_open(counted, world, FAKE_RUNDOWN);
    player *holder = play(0, counted, far);
    player *left = play(1, counted, near);
    player *right = play(2, counted, near);
    player *closer = play(3, counted, top);
    blocks(left, counted, far);
    right->awaited_table = counted;
    right->awaited = far;
    actor_begin(right->who, wait_task, right);
    blocks(closer, counted, near);
    leaves(holder);
    actor_finish(left->who); /* one of the two releases it */
    actor_finish(right->who);
    MUST_OK(left->status);
    MUST_OK(right->status);
    leaves(left);
    leaves(right);
    got_on(closer);
    leaves(closer);
    for (int i = 0; i < 4; i++)
        ends(&players[i]);
    MUST_OK(hf_close(counted, top, NULL));
    cr_assert_eq(reports_total(), 0);
}

/* A reference belongs to nobody: any thread may give it back. */
Test(deadlock_none, reference_is_no_edge)
{
    hf_ref ref;
    hf_handle near = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle far = fixture_open(counted, world, FAKE_RUNDOWN);
    player *closer = play(0, counted, near);
    MUST_OK(hf_addref(counted, far, &ref));
    blocks(closer, counted, far);
    MUST(hf_close_wait(counted, near, 20 * HF_MILLISECONDS, NULL), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    MUST_OK(hf_release(&ref));
    got_on(closer);
    leaves(closer);
    ends(closer);
}

Test(deadlock_none, time_out_of_nothing_waits_for_nobody)
{
    hf_handle near = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle far = fixture_open(counted, world, FAKE_RUNDOWN);
    player *first = play(0, counted, near);
    player *second = play(1, counted, far);
    blocks(first, counted, far);
    second->awaited_table = counted;
    second->awaited = near;
    second->timeout = 0;
    actor_do(second->who, close_wait_task, second);
    MUST(second->status, HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    leaves(second);
    got_on(first);
    leaves(first);
    ends(first);
    ends(second);
}

/* A time-out tells who holds the handle, and what he waits for in turn. */
Test(deadlock_none, time_out_tells_what_holders_wait_for)
{
    hf_handle near = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle far = fixture_open(counted, world, FAKE_RUNDOWN);
    player *holder = play(0, counted, far);
    player *closer = play(1, counted, near);
    blocks(closer, counted, far);
    MUST(hf_close_wait(counted, near, HF_MILLISECONDS, NULL), HF_E_TIMED_OUT);
    const report_copy *report = reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 0);
    cr_assert_eq(report->holder_count, 1);
    cr_expect_eq(report->holders[0].held.bits, near.bits);
    cr_expect_eq(report->holders[0].awaited.bits, far.bits);
    cr_expect_eq(report->holders[0].waits_thread, report->holders[0].thread);
    cr_expect_gt(report->holders[0].waits_frames, 0);
    MUST(hf_wait(counted, far, HF_MILLISECONDS), HF_E_TIMED_OUT);
    report = reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 1);
    cr_assert_eq(report->holder_count, 1);
    cr_expect_eq(report->holders[0].waits_thread, 0);
    cr_expect_eq(report->holders[0].awaited.bits, 0);
    leaves(holder); /* who may release it: this thread has just taken WAITER away */
    actor_finish(closer->who);
    MUST_OK(closer->status);
    leaves(closer);
    ends(holder);
    ends(closer);
}

/* A hook may wait for what it likes: the wait that it is told of is over. */
static void nobody_waits(const hf_report *report, void *argument)
{
    (void)report;
    cr_assert_eq(hf_waiting_next(0), 0);
    (*(unsigned *)argument)++;
}

Test(deadlock_none, wait_is_over_when_it_is_reported)
{
    unsigned told = 0;
    hf_handle handle = fixture_open(counted, world, FAKE_RUNDOWN);
    player *holder = play(0, counted, handle);
    hf_region region;
    reports_on(nobody_waits, &told);
    MUST(hf_close_wait(counted, handle, HF_MILLISECONDS, NULL), HF_E_TIMED_OUT);
    MUST(hf_wait(counted, handle, HF_MILLISECONDS), HF_E_TIMED_OUT);
    MUST(hf_table_shutdown(counted, HF_MILLISECONDS), HF_E_TIMED_OUT);
    hf_handle own = fixture_open(hazard, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(hazard, own, NULL, &region));
    MUST(hf_close_wait(hazard, own, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&region);
    MUST_OK(hf_close_wait(hazard, own, HF_FOREVER, NULL));
    cr_assert_eq(hf_waiting_next(0), 0);
    MUST(hf_close_wait(hazard, own, HF_FOREVER, NULL), HF_E_STALE_HANDLE);
    MUST_OK(hf_reserve(hazard, &world->types[FAKE_RUNDOWN], &own));
    MUST_OK(hf_close_wait(hazard, own, HF_FOREVER, NULL));
    cr_assert_eq(hf_waiting_next(0), 0);
    cr_assert_eq(told, 5);
    reports_on(NULL, NULL);
    leaves(holder);
    ends(holder);
}

/* What an unblock function enters it leaves again: to wait for that is no deadlock. */
typedef struct visit {
    hf_table *table;
    hf_handle handle;
    atomic_bool inside;
    atomic_bool go_on;
} visit;

static void stay_inside(fake_value *value, void *argument)
{
    visit *v = argument;
    hf_region region;
    (void)value;
    if (atomic_load(&v->go_on))
        return;
    MUST_OK(hf_enter(v->table, v->handle, NULL, &region));
    atomic_store(&v->inside, true);
    while (!atomic_load(&v->go_on))
        sched_yield();
    hf_leave(&region);
}

static void region_of_an_unblock_function(hf_table *table)
{
    hf_region region;
    fake_world_unblocks(world, stay_inside);
    hf_handle outer = fixture_open(counted, world, FAKE_RUNDOWN);
    visit v = {.table = table, .handle = fixture_open(table, world, FAKE_RUNDOWN)};
    hf_ref ref;
    world->argument = &v;
    MUST_OK(hf_enter(counted, outer, NULL, &region));
    player *closer = play(0, NULL, HF_NULL_HANDLE);
    blocks(closer, counted, outer);
    while (!atomic_load(&v.inside))
        sched_yield();
    MUST_OK(hf_addref(table, v.handle, &ref)); /* so that it is hf_wait which waits */
    world->types[FAKE_RUNDOWN].unblock = NULL;
    MUST_OK(hf_close(table, v.handle, NULL));
    MUST(hf_wait(table, v.handle, HF_MILLISECONDS), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    atomic_store(&v.go_on, true);
    hf_leave(&region);
    got_on(closer);
    ends(closer);
    MUST_OK(hf_release(&ref));
}

Test(deadlock_none, counted_region_of_an_unblock_function_is_no_edge)
{
    region_of_an_unblock_function(counted);
}

Test(deadlock_none, hazard_region_of_an_unblock_function_is_no_edge)
{
    region_of_an_unblock_function(hazard);
}

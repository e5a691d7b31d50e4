/* Deadlocks through more than regions: parents and children, functions of types, shutdown. */
#include "deadlock_support.h"

#include "core/waiting.h"

#include <sched.h>

TestSuite(deadlock_edges, .init = deadlock_begin, .fini = deadlock_end);

static void through_a_child(bool closed)
{
    hf_handle parent = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(counted, world, parent);
    hf_handle other = fixture_open(hazard, world, FAKE_RUNDOWN);
    player *first = play(0, counted, child);
    player *second = play(1, hazard, other);
    if (closed)
        MUST_OK(hf_close(counted, child, NULL));
    blocks(first, hazard, other);
    is_refused(second, counted, parent);
    const report_copy *report = reported_cycle(2);
    cr_expect_eq(report->holders[0].awaited.bits, parent.bits);
    cr_expect_eq(report->holders[1].held.bits, child.bits);
    cr_expect_eq(report->holders[1].awaited.bits, other.bits);
    cr_expect_eq(report->holders[0].held.bits, other.bits);
    leaves(second);
    got_on(first);
    leaves(first);
    ends(first);
    ends(second);
    if (!closed)
        MUST_OK(hf_close(counted, child, NULL));
    MUST_OK(hf_close_wait(counted, parent, HF_FOREVER, NULL));
}

Test(deadlock_edges, through_an_open_child)
{
    through_a_child(false);
}

Test(deadlock_edges, through_a_closed_child)
{
    through_a_child(true);
}

/* The parent is waited for first: then the child's holder is refused. */
Test(deadlock_edges, through_a_parent)
{
    hf_handle parent = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(counted, world, parent);
    hf_handle other = fixture_open(hazard, world, FAKE_RUNDOWN);
    player *first = play(0, hazard, other);
    player *second = play(1, counted, child);
    blocks(first, counted, parent);
    is_refused(second, hazard, other);
    reported_cycle(2);
    leaves(second);
    MUST_OK(hf_close(counted, child, NULL));
    got_on(first);
    leaves(first);
    ends(first);
    ends(second);
    MUST_OK(hf_close(hazard, other, NULL));
}

/* Two children, two threads: a cycle through either. */
Test(deadlock_edges, two_cycles_at_once)
{
    hf_region left;
    hf_region right;
    hf_handle parent = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle children[] = {fixture_child(counted, world, parent),
                            fixture_child(counted, world, parent)};
    hf_handle own[] = {fixture_open(hazard, world, FAKE_RUNDOWN),
                       fixture_open(hazard, world, FAKE_RUNDOWN)};
    MUST_OK(hf_enter(hazard, own[0], NULL, &left));
    MUST_OK(hf_enter(hazard, own[1], NULL, &right));
    for (int i = 0; i < 2; i++)
        blocks(play(i, counted, children[i]), hazard, own[i]);
    MUST(hf_close_wait(counted, parent, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    reported_cycle(2);
    hf_leave(&left);
    got_on(&players[0]);
    leaves(&players[0]);
    MUST(hf_close_wait(counted, parent, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&right);
    got_on(&players[1]);
    leaves(&players[1]);
    for (int i = 0; i < 2; i++) {
        ends(&players[i]);
        MUST_OK(hf_close(counted, children[i], NULL));
    }
    MUST_OK(hf_close_wait(counted, parent, HF_FOREVER, NULL));
}

static void close_task(void *argument)
{
    player *p = argument;
    p->status = hf_close(p->awaited_table, p->awaited, &p->result);
}

/* A release function waits for what a thread holds that waits for the handle being released. */
Test(deadlock_edges, through_a_release_function)
{
    hf_handle released = fixture_open(counted, world, FAKE_RUNDOWN);
    order o = {.table = hazard, .handle = fixture_open(hazard, world, FAKE_PLAIN)};
    player *releaser = play(0, NULL, HF_NULL_HANDLE);
    player *second = play(1, hazard, o.handle);
    MUST_OK(hf_close(hazard, o.handle, NULL));
    world->on_release = wait_inside;
    world->argument = &o;
    releaser->awaited_table = counted;
    releaser->awaited = released;
    actor_begin(releaser->who, close_task, releaser);
    while (hf_waiting_next(0) == 0)
        sched_yield();
    actor_until_asleep(releaser->who); /* it has searched: it will not be the one refused */
    second->awaited_table = counted;
    second->awaited = released;
    actor_do(second->who, wait_task, second);
    MUST(second->status, HF_E_POSSIBLE_DEADLOCK);
    const report_copy *report = reported_cycle(2);
    each_waits_for_the_next(report);
    cr_expect_eq(report->holders[1].hold, HF_HOLD_RELEASING);
    leaves(second);
    got_on(releaser);
    MUST_OK(o.status);
    ends(releaser);
    ends(second);
}

/* The unblock function of one wait waits itself: the thread has two waits, and needs both. */
Test(deadlock_edges, through_a_wait_inside_an_unblock_function)
{
    hf_region inner;
    fake_world_unblocks(world, wait_inside);
    hf_handle outer = fixture_open(counted, world, FAKE_RUNDOWN);
    order o = {.table = hazard, .handle = fixture_open(hazard, world, FAKE_RUNDOWN)};
    hf_handle own = fixture_open(hazard, world, FAKE_RUNDOWN);
    hf_region region;
    MUST_OK(hf_enter(counted, outer, NULL, &region));
    MUST_OK(hf_enter(hazard, o.handle, NULL, &inner));
    world->argument = &o;
    o.times = 1; /* not yet */
    MUST_OK(hf_close(hazard, o.handle, NULL));
    o.times = 0;
    player *closer = play(0, hazard, own);
    blocks(closer, counted, outer);
    while (hf_waiting_next(hf_waiting_next(0)) == 0)
        sched_yield();
    MUST(hf_close_wait(hazard, own, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&inner); /* the inner wait ends, the outer one remains */
    while (hf_waiting_next(hf_waiting_next(0)) != 0)
        sched_yield();
    MUST(hf_close_wait(hazard, own, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&region);
    got_on(closer);
    leaves(closer);
    ends(closer);
    MUST_OK(hf_close_wait(hazard, own, HF_FOREVER, NULL));
}

/* ---- shutdown ------------------------------------------------------------------------------- */

static void shutdown_task(void *argument)
{
    player *p = argument;
    p->status = hf_table_shutdown(p->awaited_table, p->timeout);
}

Test(deadlock_edges, shutdown_comes_last)
{
    hf_handle inside = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle other = fixture_open(hazard, world, FAKE_RUNDOWN);
    player *first = play(0, counted, inside);
    player *second = play(1, hazard, other);
    blocks(first, hazard, other);
    second->awaited_table = counted;
    actor_do(second->who, shutdown_task, second);
    MUST(second->status, HF_E_POSSIBLE_DEADLOCK);
    each_waits_for_the_next(reported_cycle(2));
    cr_expect_str_eq(the_report()->operation, "hf_table_shutdown");
    cr_expect_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
    cr_expect_eq(fixture_life(counted, inside), HF_LIFE_CLOSING, "closed all the same");
    leaves(second);
    got_on(first);
    leaves(first);
    MUST_OK(hf_table_shutdown(counted, HF_FOREVER));
    ends(first);
    ends(second);
}

Test(deadlock_edges, shutdown_came_first)
{
    hf_handle inside = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle other = fixture_open(hazard, world, FAKE_RUNDOWN);
    player *first = play(0, hazard, other);
    player *second = play(1, counted, inside);
    first->awaited_table = counted;
    actor_begin(first->who, shutdown_task, first);
    while (hf_waiting_next(0) == 0)
        sched_yield();
    actor_until_asleep(first->who);
    is_refused(second, hazard, other);
    each_waits_for_the_next(reported_cycle(2));
    leaves(second);
    actor_finish(first->who);
    MUST_OK(first->status);
    leaves(first);
    ends(first);
    ends(second);
    MUST_OK(hf_close(hazard, other, NULL));
}

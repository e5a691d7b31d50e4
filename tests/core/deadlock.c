/* Deadlocks of one thread, and of several in a ring: a wait that would close a cycle is refused
 * before it closes the handle, and reported step by step. */
#include "deadlock_support.h"

TestSuite(deadlock, .init = deadlock_begin, .fini = deadlock_end);

/* ---- one thread ----------------------------------------------------------------------------- */

static void own_region(hf_table *table, hf_hold_kind hold)
{
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST(hf_close_wait(table, handle, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    const report_copy *report = reported_cycle(1);
    each_waits_for_the_next(report);
    cr_expect_eq(report->holders[0].hold, hold);
    cr_expect_eq(report->holders[0].held.bits, handle.bits);
    cr_expect_eq(report->subject.bits, handle.bits);
    cr_expect_str_eq(report->operation, "hf_close_wait");
    cr_assert(hf_is_live(table, handle));
    MUST(hf_close_wait(table, handle, 0, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&region);
    MUST_OK(hf_close_wait(table, handle, HF_FOREVER, NULL));
}

Test(deadlock, own_counted_region)
{
    own_region(counted, HF_HOLD_COUNTED);
}

Test(deadlock, own_hazard_region)
{
    own_region(hazard, HF_HOLD_HAZARD);
}

static void own_region_of_a_descendant(int generations)
{
    hf_region region;
    hf_handle first = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle last = first;
    for (int i = 0; i < generations; i++) {
        hf_handle child = fixture_child(counted, world, last);
        if (i > 0)
            MUST_OK(hf_close(counted, last, NULL));
        last = child;
    }
    MUST_OK(hf_enter(counted, last, NULL, &region));
    MUST(hf_close_wait(counted, first, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    cr_expect_eq(reported_cycle(1)->holders[0].held.bits, last.bits);
    cr_assert(hf_is_live(counted, first));
    MUST_OK(hf_close(counted, last, NULL)); /* also when the child is closed */
    MUST(hf_close_wait(counted, first, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&region);
    MUST_OK(hf_close_wait(counted, first, HF_FOREVER, NULL));
}

Test(deadlock, own_region_of_a_child)
{
    own_region_of_a_descendant(1);
}

Test(deadlock, own_region_of_a_descendant_of_closed_ones)
{
    own_region_of_a_descendant(5);
}

Test(deadlock, own_region_of_the_parent_does_not_keep_the_child)
{
    hf_region region;
    hf_handle parent = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(counted, world, parent);
    hf_handle sibling = fixture_child(counted, world, parent);
    MUST_OK(hf_enter(counted, parent, NULL, &region));
    MUST_OK(hf_close_wait(counted, child, HF_FOREVER, NULL));
    hf_leave(&region);
    child = fixture_child(counted, world, parent);
    MUST_OK(hf_enter(counted, child, NULL, &region));
    MUST_OK(hf_close_wait(counted, sibling, HF_FOREVER, NULL));
    hf_leave(&region);
    cr_assert_eq(reports_total(), 0);
    cr_assert_eq(fixture_close(counted, child), HF_OUTCOME_RELEASED);
    cr_assert_eq(fixture_close(counted, parent), HF_OUTCOME_RELEASED);
}

Test(deadlock, own_release_function)
{
    order o = {.table = counted, .handle = fixture_open(counted, world, FAKE_RUNDOWN)};
    world->on_release = wait_inside;
    world->argument = &o;
    MUST_OK(hf_close(counted, o.handle, NULL));
    MUST(o.status, HF_E_POSSIBLE_DEADLOCK);
    cr_expect_eq(reported_cycle(1)->holders[0].hold, HF_HOLD_RELEASING);
}

Test(deadlock, own_unblock_function)
{
    fake_world_unblocks(world, wait_inside);
    order o = {.table = counted, .handle = fixture_open(counted, world, FAKE_RUNDOWN)};
    world->argument = &o;
    player *holder = play(0, counted, o.handle);
    MUST(hf_close_wait(counted, o.handle, HF_MILLISECONDS, NULL), HF_E_TIMED_OUT);
    MUST(o.status, HF_E_POSSIBLE_DEADLOCK);
    cr_expect_eq(reported_cycle(1)->holders[0].hold, HF_HOLD_RELEASING);
    leaves(holder);
    ends(holder);
}

/* ---- rings ---------------------------------------------------------------------------------- */

/* Each thread is in a region of its own handle and waits for the next one's.  Which tables: bit i
 * of `hazards` for thread i. */
static void ring(int count, unsigned hazards)
{
    hf_table *tables[PLAYERS];
    hf_handle handles[PLAYERS];
    for (int i = 0; i < count; i++) {
        tables[i] = (hazards >> i % 8 & 1) != 0 ? hazard : counted;
        handles[i] = fixture_open(tables[i], world, FAKE_RUNDOWN);
        play(i, tables[i], handles[i]);
    }
    for (int i = 0; i < count - 1; i++)
        blocks(&players[i], tables[i + 1], handles[i + 1]);
    cr_assert_eq(reports_total(), 0, "a chain was refused");
    is_refused(&players[count - 1], tables[0], handles[0]);
    const report_copy *report = reported_cycle(count < 32 ? (unsigned)count : 32);
    if (count <= REPORT_HOLDERS)
        each_waits_for_the_next(report);
    for (unsigned i = 0; i < report->holder_count && i < REPORT_HOLDERS; i++)
        cr_expect_eq(report->holders[i].hold,
                     players[(i + (unsigned)count - 1) % (unsigned)count].held_table == hazard
                         ? HF_HOLD_HAZARD
                         : HF_HOLD_COUNTED);
    for (int i = count - 1; i >= 0; i--) {
        if (i < count - 1)
            got_on(&players[i]);
        leaves(&players[i]);
    }
    for (int i = 0; i < count; i++)
        ends(&players[i]);
    cr_assert_eq(reports_total(), 1);
    MUST_OK(hf_close_wait(tables[0], handles[0], HF_FOREVER, NULL));
}

Test(deadlock, two_threads_crosswise_counted)
{
    ring(2, 0);
}

Test(deadlock, two_threads_crosswise_hazard)
{
    ring(2, 0xff);
}

Test(deadlock, two_threads_crosswise_mixed)
{
    ring(2, 1);
}

Test(deadlock, three_threads)
{
    ring(3, 2);
}

Test(deadlock, ten_threads)
{
    ring(10, 0x2d);
}

Test(deadlock, forty_threads_of_which_the_report_lists_the_first)
{
    ring(PLAYERS, 0x55);
}

/* Deadlocks of several threads: a wait that would close a cycle is refused before it closes the
 * handle, and reported step by step; a wait that would end is not refused. */
#include "core/deadlock.h"
#include "actor.h"
#include "fixture.h"

#include <sched.h>
#include <stdatomic.h>

enum { MOST = 40 };

static hf_table *counted;
static hf_table *hazard;
static fake_world *world;

/* A thread, with the one handle that it is in a region of, and the one that it waits for. */
typedef struct player {
    actor *who;
    hf_table *held_table;
    hf_handle held;
    hf_region region;
    hf_table *awaited_table;
    hf_handle awaited;
    hf_timeout timeout;
    hf_status status;
    hf_close_result result;
} player;

static player players[MOST];

static void set_up(void)
{
    reports_start();
    world = fake_world_create(256);
    counted = fixture_table(HF_PROTECT_COUNTED);
    hazard = fixture_table(HF_PROTECT_HAZARD);
}

static void tear_down(void)
{
    hf_deadlock_between_walks = NULL;
    world->on_release = NULL;
    hf_table_destroy(counted);
    hf_table_destroy(hazard);
    cr_assert(fake_world_is_sound(world));
    cr_assert_eq(fake_alive(world), 0);
    fake_world_destroy(world);
}

TestSuite(deadlock, .init = set_up, .fini = tear_down);

static void enter_task(void *argument)
{
    player *p = argument;
    MUST_OK(hf_enter(p->held_table, p->held, NULL, &p->region));
}

static void leave_task(void *argument)
{
    hf_leave(&((player *)argument)->region);
}

static void close_wait_task(void *argument)
{
    player *p = argument;
    p->status = hf_close_wait(p->awaited_table, p->awaited, p->timeout, &p->result);
}

static void wait_task(void *argument)
{
    player *p = argument;
    p->status = hf_wait(p->awaited_table, p->awaited, p->timeout);
}

static void shutdown_task(void *argument)
{
    player *p = argument;
    p->status = hf_table_shutdown(p->awaited_table, p->timeout);
}

static void until_closing(hf_table *table, hf_handle handle)
{
    while (fixture_life(table, handle) == HF_LIFE_OPEN)
        sched_yield();
}

/* A thread inside a region of a handle. */
static player *play(int number, hf_table *table, hf_handle handle)
{
    player *p = &players[number];
    *p = (player){.who = actor_start(), .held_table = table, .held = handle, .timeout = HF_FOREVER};
    if (table != NULL)
        actor_do(p->who, enter_task, p);
    return p;
}

/* The player waits, and is seen to have closed what it waits for. */
static void blocks(player *p, hf_table *table, hf_handle handle)
{
    p->awaited_table = table;
    p->awaited = handle;
    actor_begin(p->who, close_wait_task, p);
    until_closing(table, handle);
}

/* The player is refused, and nothing has changed. */
static void is_refused(player *p, hf_table *table, hf_handle handle)
{
    hf_info before = fixture_info(table, handle);
    uint64_t deferred = fixture_stats(table).deferred;
    p->awaited_table = table;
    p->awaited = handle;
    p->result.outcome = HF_OUTCOME_DEFERRED;
    actor_do(p->who, close_wait_task, p);
    MUST(p->status, HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(p->result.outcome, HF_OUTCOME_NONE);
    hf_info after = fixture_info(table, handle);
    cr_assert_eq(after.life, before.life);
    cr_assert_eq(after.references, before.references);
    cr_assert_eq(after.regions, before.regions);
    cr_assert_eq(fixture_stats(table).deferred, deferred);
    cr_assert_eq(fixture_stats(table).refused[HF_E_POSSIBLE_DEADLOCK], 1);
}

/* It leaves, and whoever waited for it gets on. */
static void leaves(player *p)
{
    actor_do(p->who, leave_task, p);
}

static void got_on(player *p)
{
    actor_finish(p->who);
    MUST_OK(p->status);
    cr_assert_eq(p->result.outcome, HF_OUTCOME_RELEASED);
}

static void end(player *p)
{
    actor_end(p->who);
}

/* ---- what is reported ----------------------------------------------------------------------- */

static const report_copy *the_report(void)
{
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    return reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0);
}

/* The list is a cycle: each waits for what the next one holds (or for a parent of it), from the
 * thread that was refused on. */
static const report_copy *reported_cycle(unsigned length)
{
    const report_copy *report = the_report();
    cr_assert_eq(report->holder_count, length, "%u steps", report->holder_count);
    cr_assert_eq(report->holders[0].thread, report->now_thread);
    for (unsigned i = 0; i < length && i < REPORT_HOLDERS; i++) {
        const holder_copy *step = &report->holders[i];
        cr_expect_neq(step->thread, 0);
        cr_expect_eq(step->waits_thread, step->thread);
        cr_expect_gt(step->waits_frames, 0);
        for (unsigned j = 0; j < i; j++)
            cr_expect_neq(step->thread, report->holders[j].thread);
    }
    return report;
}

static void each_waits_for_the_next(const report_copy *report)
{
    for (unsigned i = 0; i < report->holder_count; i++) {
        const holder_copy *next = &report->holders[(i + 1) % report->holder_count];
        cr_expect_eq(report->holders[i].awaited.bits, next->held.bits, "step %u", i);
    }
}

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

/* What a function of the type is to wait for. */
typedef struct order {
    hf_table *table;
    hf_handle handle;
    hf_status status;
    unsigned times;
} order;

static void wait_inside(fake_value *value, void *argument)
{
    order *o = argument;
    (void)value;
    if (o->times++ == 0)
        o->status = hf_wait(o->table, o->handle, HF_FOREVER);
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
    end(holder);
}

/* ---- rings ---------------------------------------------------------------------------------- */

/* Each thread is in a region of its own handle and waits for the next one's.  Which tables: bit i
 * of `hazards` for thread i. */
static void ring(int count, unsigned hazards)
{
    hf_table *tables[MOST];
    hf_handle handles[MOST];
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
        end(&players[i]);
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
    ring(MOST, 0x55);
}

/* ---- no cycle ------------------------------------------------------------------------------- */

Test(deadlock, long_chain_is_not_refused)
{
    hf_handle handles[MOST];
    for (int i = 0; i < MOST; i++) {
        handles[i] = fixture_open(hazard, world, FAKE_RUNDOWN);
        play(i, hazard, handles[i]);
    }
    /* From the far end: each finds the whole rest of the chain waiting. */
    for (int i = MOST - 2; i >= 0; i--)
        blocks(&players[i], hazard, handles[i + 1]);
    leaves(&players[MOST - 1]);
    for (int i = MOST - 2; i >= 0; i--) {
        got_on(&players[i]);
        leaves(&players[i]);
    }
    for (int i = 0; i < MOST; i++)
        end(&players[i]);
    cr_assert_eq(reports_total(), 0);
}

Test(deadlock, two_that_wait_for_one_are_not_refused)
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
        end(&players[i]);
    MUST_OK(hf_close(counted, top, NULL));
    cr_assert_eq(reports_total(), 0);
}

/* A reference belongs to nobody: any thread may give it back. */
Test(deadlock, reference_is_no_edge)
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
    end(closer);
}

Test(deadlock, time_out_of_nothing_waits_for_nobody)
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
    end(first);
    end(second);
}

/* A time-out tells who holds the handle, and what he waits for in turn. */
Test(deadlock, time_out_tells_what_holders_wait_for)
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
    end(holder);
    end(closer);
}

/* A hook may wait for what it likes: the wait that it is told of is over. */
static void nobody_waits(const hf_report *report, void *argument)
{
    (void)report;
    cr_assert_eq(hf_waiting_next(0), 0);
    (*(unsigned *)argument)++;
}

Test(deadlock, wait_is_over_when_it_is_reported)
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
    end(holder);
}

/* ---- other edges ---------------------------------------------------------------------------- */

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
    end(first);
    end(second);
    if (!closed)
        MUST_OK(hf_close(counted, child, NULL));
    MUST_OK(hf_close_wait(counted, parent, HF_FOREVER, NULL));
}

Test(deadlock, through_an_open_child)
{
    through_a_child(false);
}

Test(deadlock, through_a_closed_child)
{
    through_a_child(true);
}

/* The parent is waited for first: then the child's holder is refused. */
Test(deadlock, through_a_parent)
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
    end(first);
    end(second);
    MUST_OK(hf_close(hazard, other, NULL));
}

/* Two children, two threads: a cycle through either. */
Test(deadlock, two_cycles_at_once)
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
        end(&players[i]);
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
Test(deadlock, through_a_release_function)
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
    end(releaser);
    end(second);
}

/* The unblock function of one wait waits itself: the thread has two waits, and needs both. */
Test(deadlock, through_a_wait_inside_an_unblock_function)
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
    end(closer);
    MUST_OK(hf_close_wait(hazard, own, HF_FOREVER, NULL));
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
    end(closer);
    MUST_OK(hf_release(&ref));
}

Test(deadlock, counted_region_of_an_unblock_function_is_no_edge)
{
    region_of_an_unblock_function(counted);
}

Test(deadlock, hazard_region_of_an_unblock_function_is_no_edge)
{
    region_of_an_unblock_function(hazard);
}

/* ---- shutdown ------------------------------------------------------------------------------- */

Test(deadlock, shutdown_comes_last)
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
    end(first);
    end(second);
}

Test(deadlock, shutdown_came_first)
{
    hf_handle inside = fixture_open(counted, world, FAKE_RUNDOWN);
    hf_handle other = fixture_open(hazard, world, FAKE_RUNDOWN);
    player *first = play(0, hazard, other);
    player *second = play(1, counted, inside);
    first->awaited_table = counted;
    actor_begin(first->who, shutdown_task, first);
    while (hf_waiting_next(0) == 0)
        sched_yield();
    is_refused(second, hazard, other);
    each_waits_for_the_next(reported_cycle(2));
    leaves(second);
    actor_finish(first->who);
    MUST_OK(first->status);
    leaves(first);
    end(first);
    end(second);
    MUST_OK(hf_close(hazard, other, NULL));
}

/* ---- while it is searched ------------------------------------------------------------------- */

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
    until_closing(counted, near);
    hf_status status = hf_close_wait(counted, far, HF_FOREVER, NULL);
    hf_leave(&region);
    actor_finish(fickle->who);
    end(fickle);
    return status;
}

Test(deadlock, cycle_that_dissolves_while_it_is_searched_is_none)
{
    MUST_OK(close_while(give_up_and_leave));
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    cr_assert_leq(atomic_load(&walks), 1);
}

/* A wait that ends and begins again is another one; it is refused itself, or this one is. */
Test(deadlock, other_side_that_comes_back_while_it_is_searched)
{
    hf_status status = close_while(give_up_and_come_back);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert((status == HF_OK) != (fickle->status == HF_OK));
}

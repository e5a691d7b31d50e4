/* Rundown: close and wait.  The waiter releases; a wait that could never end is refused. */
#include "actor.h"
#include "stage.h"

#include <sched.h>

TestSuite(rundown, .init = stage_make, .fini = stage_end);

/* What a waiting thread is told to do, and what came of it. */
typedef struct wait {
    hf_timeout timeout;
    hf_status status;
    hf_close_result result;
    uintptr_t thread;
} wait;

static void close_wait_task(void *argument)
{
    wait *w = argument;
    w->thread = fake_thread();
    w->status = hf_close_wait(the_table, the_handle, w->timeout, &w->result);
}

static void wait_task(void *argument)
{
    wait *w = argument;
    w->status = hf_wait(the_table, the_handle, w->timeout);
}

Test(rundown, idle_handle_is_released_at_once)
{
    hf_close_result result;
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close_wait(the_table, the_handle, 0, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 1);
}

static void waits_for_a_region(hf_protection protection)
{
    hf_region region;
    wait w = {.timeout = HF_FOREVER};
    actor *waiter = actor_start();
    stage_open(protection);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    actor_begin(waiter, close_wait_task, &w);
    fixture_until_closed(the_table, the_handle);
    cr_assert_eq(world->releases, 0);
    fake_use(region.value);
    hf_leave(&region);
    actor_finish(waiter);
    cr_assert_eq(w.status, HF_OK);
    cr_assert_eq(w.result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(world->values[0].releaser, w.thread, "released by the holder, not by the waiter");
    actor_end(waiter);
}

Test(rundown, waits_for_a_counted_region_and_releases_on_the_waiter)
{
    waits_for_a_region(HF_PROTECT_COUNTED);
}

Test(rundown, waits_for_a_hazard_region_and_releases_on_the_waiter)
{
    waits_for_a_region(HF_PROTECT_HAZARD);
}

Test(rundown, waits_for_a_reference_and_releases_on_the_waiter)
{
    hf_ref ref;
    wait w = {.timeout = 60 * HF_SECONDS};
    actor *waiter = actor_start();
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    actor_begin(waiter, close_wait_task, &w);
    fixture_until_closed(the_table, the_handle);
    MUST_OK(hf_release(&ref));
    actor_finish(waiter);
    cr_assert_eq(w.status, HF_OK);
    cr_assert_eq(world->values[0].releaser, w.thread);
    actor_end(waiter);
}

Test(rundown, waits_for_a_child)
{
    wait w = {.timeout = HF_FOREVER};
    actor *waiter = actor_start();
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(the_table, world, the_handle);
    actor_begin(waiter, close_wait_task, &w);
    fixture_until_closed(the_table, the_handle);
    MUST_OK(hf_close(the_table, child, NULL));
    actor_finish(waiter);
    cr_assert_eq(w.status, HF_OK);
    cr_assert_eq(world->releases, 2);
    actor_end(waiter);
}

static void times_out(hf_timeout timeout)
{
    hf_ref ref;
    hf_close_result result;
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST(hf_close_wait(the_table, the_handle, timeout, &result), HF_E_TIMED_OUT);
    cr_assert_eq(result.outcome, HF_OUTCOME_DEFERRED);
    cr_assert_eq(fixture_life(the_table, the_handle), HF_LIFE_CLOSING);
    cr_assert_eq(reports_count(HF_REPORT_RUNDOWN_TIMEOUT), 1);
    cr_assert_eq(reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 0)->references, 1);
    cr_assert_eq(world->releases, 0);
    MUST(hf_wait(the_table, the_handle, timeout), HF_E_TIMED_OUT);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1, "after the time-out the last holder releases");
    MUST_OK(hf_wait(the_table, the_handle, timeout));
}

Test(rundown, times_out_at_once)
{
    times_out(0);
}

Test(rundown, times_out_after_a_while)
{
    times_out(20 * HF_MILLISECONDS);
}

Test(rundown, timed_out_and_waited_for_again)
{
    hf_ref ref;
    wait w = {.timeout = HF_FOREVER};
    actor *waiter = actor_start();
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST(hf_close_wait(the_table, the_handle, 0, NULL), HF_E_TIMED_OUT);
    actor_begin(waiter, wait_task, &w);
    sched_yield();
    MUST_OK(hf_release(&ref));
    actor_finish(waiter);
    cr_assert_eq(w.status, HF_OK);
    cr_assert_eq(world->releases, 1);
    actor_end(waiter);
}

Test(rundown, several_threads_wait_for_one_close)
{
    enum { WAITERS = 4 };
    hf_region region;
    actor *waiters[WAITERS];
    wait w[WAITERS];
    stage_open(HF_PROTECT_HAZARD);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED);
    for (int i = 0; i < WAITERS; i++) {
        w[i] = (wait){.timeout = HF_FOREVER};
        waiters[i] = actor_start();
        actor_begin(waiters[i], wait_task, &w[i]);
    }
    sched_yield();
    hf_leave(&region);
    for (int i = 0; i < WAITERS; i++) {
        actor_finish(waiters[i]);
        cr_assert_eq(w[i].status, HF_OK);
        actor_end(waiters[i]);
    }
    cr_assert_eq(world->releases, 1);
}

Test(rundown, wait_for_an_open_handle_is_busy)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST(hf_wait(the_table, the_handle, HF_FOREVER), HF_E_BUSY);
    cr_assert_eq(fixture_life(the_table, the_handle), HF_LIFE_OPEN);
}

Test(rundown, wait_for_what_was_released_long_ago)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close(the_table, the_handle, NULL));
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    fixture_open(the_table, world, FAKE_RUNDOWN);
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    cr_assert_eq(reports_total(), 0);
}

/* ---- waits that could never end ----------------------------------------------------------------
 */

static void inside_own_region(hf_protection protection)
{
    hf_region region;
    hf_close_result result;
    stage_open(protection);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    hf_info before = fixture_info(the_table, the_handle);
    MUST(hf_close_wait(the_table, the_handle, HF_FOREVER, &result), HF_E_POSSIBLE_DEADLOCK);
    hf_info after = fixture_info(the_table, the_handle);
    cr_assert_eq(after.life, HF_LIFE_OPEN);
    cr_assert_eq(after.references, before.references);
    cr_assert_eq(after.regions, before.regions);
    cr_assert_eq(result.outcome, HF_OUTCOME_NONE);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert(hf_is_live(the_table, the_handle));
    hf_leave(&region);
    MUST_OK(hf_close_wait(the_table, the_handle, HF_FOREVER, &result));
    cr_assert_eq(world->releases, 1);
}

Test(rundown, inside_own_counted_region_is_refused)
{
    inside_own_region(HF_PROTECT_COUNTED);
}

Test(rundown, inside_own_hazard_region_is_refused)
{
    inside_own_region(HF_PROTECT_HAZARD);
}

Test(rundown, inside_own_overflowed_region_is_refused)
{
    hf_region others[8];
    hf_region region;
    stage_open(HF_PROTECT_HAZARD);
    hf_handle filler = fixture_open(the_table, world, FAKE_RUNDOWN);
    for (int i = 0; i < 8; i++)
        MUST_OK(hf_enter(the_table, filler, NULL, &others[i]));
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    MUST(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    for (int i = 0; i < 8; i++)
        hf_leave(&others[i]);
    MUST(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&region);
}

Test(rundown, wait_inside_own_region_of_a_closed_handle_is_refused)
{
    hf_region region;
    stage_open(HF_PROTECT_HAZARD);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    MUST_OK(hf_close(the_table, the_handle, NULL));
    MUST(hf_wait(the_table, the_handle, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&region);
}

Test(rundown, inside_a_region_of_another_handle_is_allowed)
{
    hf_region region;
    stage_open(HF_PROTECT_HAZARD);
    hf_handle other = fixture_open(the_table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(the_table, other, NULL, &region));
    MUST_OK(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL));
    hf_leave(&region);
}

static void wait_in_release(fake_value *value, void *argument)
{
    (void)value;
    *(hf_status *)argument = hf_wait(the_table, the_handle, 2 * HF_SECONDS);
}

Test(rundown, wait_inside_the_own_release_function_does_not_hang)
{
    hf_status status = HF_OK;
    stage_open(HF_PROTECT_ADAPTIVE);
    world->on_release = wait_in_release;
    world->argument = &status;
    MUST_OK(hf_close(the_table, the_handle, NULL));
    cr_assert_eq(status, HF_E_POSSIBLE_DEADLOCK, "%s", hf_status_name(status));
    world->on_release = NULL;
}

/* ---- unblock -----------------------------------------------------------------------------------
 */

typedef struct sleeper {
    hf_region region;
    _Atomic unsigned wakes_needed;
} sleeper;

static void sleep_inside(void *argument)
{
    sleeper *s = argument;
    while (s->wakes_needed > 0)
        sched_yield();
    fake_use(s->region.value);
    hf_leave(&s->region);
}

static void enter_task(void *argument)
{
    MUST_OK(hf_enter(the_table, the_handle, NULL, &((sleeper *)argument)->region));
}

static void wake(fake_value *value, void *argument)
{
    sleeper *s = argument;
    (void)value;
    if (s->wakes_needed > 0)
        s->wakes_needed--;
}

static void unblocked_until_left(hf_protection protection)
{
    sleeper s = {.wakes_needed = 3};
    actor *holder = actor_start();
    fake_world_unblocks(world, wake);
    world->argument = &s;
    stage_open(protection);
    actor_do(holder, enter_task, &s);
    actor_begin(holder, sleep_inside, &s);
    MUST_OK(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL));
    actor_finish(holder);
    cr_assert_geq(world->unblocks, 3, "unblock is called until the holders have left");
    cr_assert_eq(world->releases, 1);
    actor_end(holder);
}

Test(rundown, unblock_is_called_until_the_counted_holder_leaves)
{
    unblocked_until_left(HF_PROTECT_COUNTED);
}

Test(rundown, unblock_is_called_until_the_hazard_holder_leaves)
{
    unblocked_until_left(HF_PROTECT_HAZARD);
}

Test(rundown, close_unblocks_the_holder_too)
{
    sleeper s = {.wakes_needed = 1};
    actor *holder = actor_start();
    fake_world_unblocks(world, wake);
    world->argument = &s;
    stage_open(HF_PROTECT_HAZARD);
    actor_do(holder, enter_task, &s);
    actor_begin(holder, sleep_inside, &s);
    MUST_OK(hf_close(the_table, the_handle, NULL));
    actor_finish(holder);
    cr_assert_geq(world->unblocks, 1);
    cr_assert_eq(world->releases, 1);
    actor_end(holder);
}

Test(rundown, nobody_inside_nothing_is_unblocked)
{
    sleeper s = {.wakes_needed = 0};
    fake_world_unblocks(world, wake);
    world->argument = &s;
    stage_open(HF_PROTECT_HAZARD);
    MUST_OK(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL));
    cr_assert_eq(world->unblocks, 0);
}

/* More regions than a thread's record lists: it cannot know which, so it must not wait for any. */
Test(rundown, wait_with_more_regions_than_are_listed_is_refused)
{
    enum { LISTED = 64, OTHERS = 4 };
    hf_handle others[OTHERS];
    hf_region regions[LISTED + 1];
    stage_open(HF_PROTECT_COUNTED);
    hf_handle last = fixture_open(the_table, world, FAKE_RUNDOWN);
    for (int i = 0; i < OTHERS; i++)
        others[i] = fixture_open(the_table, world, FAKE_RUNDOWN);
    for (int i = 0; i < LISTED; i++)
        MUST_OK(hf_enter(the_table, others[i % OTHERS], NULL, &regions[i]));
    MUST_OK(hf_enter(the_table, last, NULL, &regions[LISTED]));
    MUST(hf_close_wait(the_table, last, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    cr_assert(hf_is_live(the_table, last));
    for (int i = 0; i <= LISTED; i++)
        hf_leave(&regions[i]);
    MUST_OK(hf_close_wait(the_table, last, HF_FOREVER, NULL));
}

/* Where timers meet the rest: cycles through a timer's function, and forks inside of one, of timers
 * that belong to a group. */
#include "actor.h"
#include "forked.h"
#include "stopped.h"
#include "timer_support.h"

#include <holdfast/dispatch.h>

#include <sys/wait.h>
#include <unistd.h>

static hf_timer_queue *queue;
static hf_timer timer;
static load data;
static hf_group *group;
static fake_world *world;
static hf_table *table;
static hf_handle handle;
static hf_status answer;
static stopping_place place;

static void set_up(void)
{
    clock_reset();
    reports_start();
    world = fake_world_create(8);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
    queue = timers_create(NULL);
    MUST_OK(hf_group_create("owner", &group));
    hf_timer_options options = load_options(&data);
    options.group = group;
    timer = timer_open_with(queue, &options);
    MUST_OK(hf_timer_set(queue, timer, 0, 10));
}

static void tear_down(void)
{
    hf_timer_queue_destroy(queue);
    MUST_OK(hf_group_destroy(group));
    hf_table_destroy(table);
    cr_expect_eq(data.frees, 1);
    cr_expect(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(meetings, .init = set_up, .fini = tear_down);

static void run(void *argument)
{
    (void)argument;
    cr_assert_eq(hf_timer_run(queue), 1);
}

/* ---- cycles --------------------------------------------------------------------------------- */

static void run_it_down(load *self, const hf_timer_event *event)
{
    (void)self;
    (void)event;
    stop_here(&place);
    answer = hf_close_wait(table, handle, HF_FOREVER, NULL);
}

static void await_closing(hf_timer_queue *of)
{
    while (of != NULL ? timer_is_open(of, timer) : hf_is_live(table, handle))
        sched_yield();
}

static void enter_and_run(hf_region *region)
{
    data.inside = run_it_down;
    MUST_OK(hf_enter(table, handle, NULL, region));
}

/* The function waits for this thread's region, so this thread must not wait for the function. */
static void cycle_that_this_thread_would_close(hf_status (*wait)(void))
{
    hf_region region;
    actor *other = actor_start();
    enter_and_run(&region);
    actor_begin(other, run, NULL);
    wait_until_stopped(&place);
    let_pass(&place);
    await_closing(NULL); /* its wait is seen before the handle is closed */
    MUST(wait(), HF_E_POSSIBLE_DEADLOCK);
    cr_expect_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    hf_leave(&region);
    actor_finish(other);
    cr_expect_eq(answer, HF_OK);
    actor_end(other);
}

static hf_status close_timer(void)
{
    return hf_timer_close_wait(queue, timer, HF_FOREVER);
}

static hf_status drain_group(void)
{
    return hf_group_close_wait(group, HF_FOREVER);
}

static hf_status end_queue(void)
{
    return hf_timer_queue_shutdown(queue, HF_FOREVER);
}

Test(meetings, cycle_through_a_function_is_not_closed_by_close)
{
    cycle_that_this_thread_would_close(close_timer);
}

Test(meetings, cycle_through_a_function_is_not_closed_by_a_drain)
{
    cycle_that_this_thread_would_close(drain_group);
}

Test(meetings, cycle_through_a_function_is_not_closed_by_the_queue_s_end)
{
    cycle_that_this_thread_would_close(end_queue);
}

static void close_inside(void *argument)
{
    hf_region region;
    enter_and_run(&region);
    stop_here(argument);
    MUST_OK(hf_timer_close_wait(queue, timer, HF_FOREVER));
    hf_leave(&region);
}

static void run_it_down_too_late(load *self, const hf_timer_event *event)
{
    (void)self;
    (void)event;
    let_pass(&place);
    await_closing(queue);
    answer = hf_close_wait(table, handle, HF_FOREVER, NULL);
}

/* The other way round: who closes the timer waits already. */
Test(meetings, cycle_through_a_function_is_not_closed_by_the_function)
{
    actor *other = actor_start();
    actor_begin(other, close_inside, &place);
    wait_until_stopped(&place);
    data.inside = run_it_down_too_late;
    cr_assert_eq(hf_timer_run(queue), 1);
    actor_finish(other);
    cr_expect_eq(answer, HF_E_POSSIBLE_DEADLOCK);
    cr_expect_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    actor_end(other);
}

/* ---- forks ---------------------------------------------------------------------------------- */

static bool in_child;
static int child_status;

static void fork_and_return(load *self, const hf_timer_event *event)
{
    (void)event;
    self->inside = NULL;
    pid_t child = fork();
    in_child = child == 0;
    if (!in_child)
        (void)waitpid(child, &child_status, 0);
    else
        answer = drain_group(); /* of which this very function is a member's */
}

static int own_function_ended(void)
{
    if (answer != HF_E_POSSIBLE_DEADLOCK || hf_group_size(group) != 0)
        return 1;
    if (drain_group() != HF_OK || data.frees != 1)
        return 2;
    return end_queue() == HF_OK && hf_timer_run(queue) == 0 ? 0 : 3;
}

Test(meetings, fork_in_a_function_that_returns_in_the_child)
{
    data.inside = fork_and_return;
    run(NULL);
    if (in_child)
        _exit(own_function_ended());
    cr_expect_eq(child_status, 0);
    clock_set(2000);
    run(NULL);
    cr_expect_eq(data.calls, 2);
}

static void stop_inside(load *self, const hf_timer_event *event)
{
    (void)self;
    (void)event;
    stop_here(&place);
}

static int function_of_the_dead_is_over(void *argument)
{
    (void)argument;
    if (hf_group_size(group) != 1 || drain_group() != HF_OK || data.frees != 1)
        return 1;
    return end_queue() == HF_OK ? 0 : 2;
}

Test(meetings, group_with_a_function_of_the_dead_is_drained)
{
    actor *other = actor_start();
    data.inside = stop_inside;
    actor_begin(other, run, NULL);
    wait_until_stopped(&place);
    cr_expect_eq(forked(function_of_the_dead_is_over, NULL), 0);
    let_pass(&place);
    actor_finish(other);
    actor_end(other);
    MUST_OK(drain_group());
}

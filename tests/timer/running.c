/* Timers whose function runs, here or on another thread: closing them, setting them, replacing
 * their data meanwhile. */
#include "actor.h"
#include "lifetimes_support.h"
#include "platform/platform.h"

#include <sched.h>

TestSuite(running, .init = lifetimes_begin, .fini = lifetimes_end);

typedef struct waiter {
    hf_timer timer;
    hf_status status;
    hf_timeout timeout;
    unsigned frees;
} waiter;

static void wait_for_close(void *argument)
{
    waiter *w = argument;
    w->status = hf_timer_close_wait(queue, w->timer, w->timeout);
    w->frees = data.frees;
}

static void run_queue(void *argument)
{
    *(uint64_t *)argument = hf_timer_run(queue);
}

static _Atomic bool stuck;
static _Atomic uint64_t stuck_thread;

static void stay(load *self, const hf_timer_event *event)
{
    (void)self;
    (void)event;
    stuck_thread = hf_os_thread_id();
    stuck = true;
    while (stuck)
        sched_yield();
}

static _Atomic uint64_t reported_holder;

static void note_holder(const hf_report *report, void *argument)
{
    (void)argument;
    if (report->holder_count != 0)
        reported_holder = report->holders[0].entered.thread;
}

static actor *start_stuck(hf_timer timer, uint64_t *called)
{
    actor *dispatcher = actor_start();
    data.inside = stay;
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    actor_begin(dispatcher, run_queue, called);
    while (!stuck)
        sched_yield();
    return dispatcher;
}

static void end_stuck(actor *dispatcher)
{
    stuck = false;
    actor_finish(dispatcher);
    actor_end(dispatcher);
}

Test(running, close_wait_on_a_function_that_stays_times_out_and_names_its_thread)
{
    uint64_t called = 0;
    hf_timer timer = timer_open(queue, &data);
    reports_on(note_holder, NULL);
    actor *dispatcher = start_stuck(timer, &called);
    MUST(hf_timer_close_wait(queue, timer, HF_MILLISECONDS), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_RUNDOWN_TIMEOUT), 1);
    cr_assert_str_eq(reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 0)->operation, "hf_timer_close_wait");
    cr_assert_eq(reported_holder, stuck_thread);
    cr_assert_eq(data.frees, 0);
    end_stuck(dispatcher);
    cr_assert_eq(called, 1);
    cr_assert_eq(data.frees, 1);
}

Test(running, close_wait_returns_when_the_function_has)
{
    uint64_t called = 0;
    waiter w = {.timer = timer_open(queue, &data), .timeout = HF_FOREVER};
    actor *dispatcher = start_stuck(w.timer, &called);
    actor *closer = actor_start();
    actor_begin(closer, wait_for_close, &w);
    while (timer_is_open(queue, w.timer))
        sched_yield();
    end_stuck(dispatcher);
    actor_finish(closer);
    actor_end(closer);
    MUST_OK(w.status);
    cr_assert_eq(w.frees, 1, "freed when close_wait returned");
}

Test(running, shutdown_times_out_on_it_and_may_be_called_again)
{
    uint64_t called = 0;
    hf_timer timer = timer_open(queue, &data);
    (void)timer_open(queue, &others);
    reports_on(note_holder, NULL);
    actor *dispatcher = start_stuck(timer, &called);
    MUST(hf_timer_queue_shutdown(queue, HF_MILLISECONDS), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_RUNDOWN_TIMEOUT), 1);
    cr_assert_eq(reported_holder, stuck_thread);
    cr_assert_eq(others.frees, 1);
    end_stuck(dispatcher);
    MUST_OK(hf_timer_queue_shutdown(queue, 0));
    cr_assert_eq(data.frees, 1);
}

/* A second dispatch must not call a function that runs; when it has returned it is due again. */
static void set_self(load *self, const hf_timer_event *event)
{
    if (self->calls == 1) {
        MUST_OK(hf_timer_set(event->queue, event->timer, 0, 0));
        cr_assert_eq(hf_timer_run(event->queue), 0, "it runs already");
        cr_assert_eq(hf_timer_armed(event->queue), 1);
    }
}

Test(running, function_that_runs_is_not_called_again_before_it_returns)
{
    data.inside = set_self;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    hf_timer_batch batch;
    MUST_OK(hf_timer_begin(queue, &batch));
    cr_assert_eq(hf_timer_handle(queue, &batch), 1);
    cr_assert_eq(timer_deadline(queue, timer), 1000);
    MUST_OK(hf_timer_end(queue, &batch));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.calls, 2);
}

Test(running, function_that_runs_on_another_thread_is_held_back)
{
    uint64_t called = 0;
    hf_timer timer = timer_open(queue, &data);
    actor *dispatcher = start_stuck(timer, &called);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 0);
    hf_timer_was was;
    MUST_OK(hf_timer_cancel(queue, timer, &was));
    cr_assert_eq(was, HF_TIMER_WAS_RUNNING);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 0);
    data.inside = NULL;
    end_stuck(dispatcher);
    cr_assert_eq(called, 1);
    cr_assert_eq(hf_timer_run(queue), 1);
}

static load replacements[3];

static void replace_twice(load *self, const hf_timer_event *event)
{
    (void)self;
    for (unsigned i = 0; i < 3; i++)
        MUST_OK(
            hf_timer_set_data(event->queue, event->timer, load_call, &replacements[i], load_free));
    cr_assert_eq(data.frees, 0);
    cr_assert_eq(replacements[0].frees, 1, "never used by anybody");
    cr_assert_eq(replacements[1].frees, 1);
    MUST_OK(hf_timer_set(event->queue, event->timer, 0, 0));
}

Test(running, data_replaced_several_times_while_the_function_runs)
{
    data.inside = replace_twice;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(replacements[2].calls, 1);
    MUST_OK(hf_timer_close(queue, timer));
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(replacements[i].frees, 1);
}

/* Handles of timers: stale, foreign and closed ones, closing in every way, the queue's end. */
#include "actor.h"
#include "platform/platform.h"
#include "timer_support.h"

#include <sched.h>

static hf_timer_queue *queue;
static load data;
static load others;

static void set_up(void)
{
    clock_reset();
    reports_start();
    data = others = (load){.number = 0};
    queue = timers_create(NULL);
}

static void tear_down(void)
{
    hf_timer_queue_destroy(queue);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
}

TestSuite(lifetimes, .init = set_up, .fini = tear_down);

typedef hf_status (*call_with)(hf_timer timer);

static hf_status call_set(hf_timer timer)
{
    return hf_timer_set(queue, timer, 1, 1);
}

static hf_status call_set_at(hf_timer timer)
{
    return hf_timer_set_at(queue, timer, 1, 1);
}

static hf_status call_reset(hf_timer timer)
{
    return hf_timer_reset(queue, timer);
}

static hf_status call_cancel(hf_timer timer)
{
    return hf_timer_cancel(queue, timer, NULL);
}

static hf_status call_set_data(hf_timer timer)
{
    return hf_timer_set_data(queue, timer, load_call, &others, load_free);
}

static hf_status call_deadline(hf_timer timer)
{
    int64_t deadline;
    return hf_timer_deadline_us(queue, timer, &deadline);
}

static hf_status call_close(hf_timer timer)
{
    return hf_timer_close(queue, timer);
}

static hf_status call_close_wait(hf_timer timer)
{
    return hf_timer_close_wait(queue, timer, HF_FOREVER);
}

static const struct {
    const char *name;
    call_with call;
    hf_report_kind stale;
} calls[] = {{"hf_timer_set", call_set, HF_REPORT_STALE_USE},
             {"hf_timer_set_at", call_set_at, HF_REPORT_STALE_USE},
             {"hf_timer_reset", call_reset, HF_REPORT_STALE_USE},
             {"hf_timer_cancel", call_cancel, HF_REPORT_STALE_USE},
             {"hf_timer_set_data", call_set_data, HF_REPORT_STALE_USE},
             {"hf_timer_deadline_us", call_deadline, HF_REPORT_STALE_USE},
             {"hf_timer_close", call_close, HF_REPORT_DOUBLE_CLOSE},
             {"hf_timer_close_wait", call_close_wait, HF_REPORT_DOUBLE_CLOSE}};
enum { CALLS = sizeof(calls) / sizeof(*calls) };

/* Every call is refused with the same status and, if there is one, the same finding. */
static void all_refuse(hf_timer timer, hf_status status, int kind)
{
    for (unsigned i = 0; i < CALLS; i++) {
        reports_clear();
        MUST(calls[i].call(timer), status);
        if (kind < 0) {
            cr_assert_eq(reports_total(), 0, "%s", calls[i].name);
            continue;
        }
        hf_report_kind expected =
            kind == HF_REPORT_STALE_USE ? calls[i].stale : (hf_report_kind)kind;
        cr_assert_eq(reports_count(expected), 1, "%s", calls[i].name);
        cr_assert_str_eq(reports_nth(expected, 0)->operation, calls[i].name);
    }
    cr_assert_eq(others.frees, 0, "what was refused stays the caller's");
}

Test(lifetimes, null_handle)
{
    all_refuse((hf_timer){HF_NULL_HANDLE}, HF_E_NULL_HANDLE, -1);
}

Test(lifetimes, forged_handle)
{
    all_refuse((hf_timer){{UINT64_C(0x123456789abcdef1)}}, HF_E_FORGED_HANDLE,
               HF_REPORT_FORGED_HANDLE);
}

Test(lifetimes, foreign_handle)
{
    hf_timer_queue *another = timers_create(NULL);
    hf_timer timer = timer_open(another, &data);
    all_refuse(timer, HF_E_FOREIGN_HANDLE, HF_REPORT_FOREIGN_HANDLE);
    hf_timer_queue_destroy(another);
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, closed_handle)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_close(queue, timer));
    all_refuse(timer, HF_E_STALE_HANDLE, HF_REPORT_STALE_USE);
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, closed_handle_never_arms_its_successor)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &small));
    hf_timer first = timer_open(small, &data);
    MUST_OK(hf_timer_set(small, first, 10, 10));
    MUST_OK(hf_timer_close(small, first));
    hf_timer second = timer_open(small, &others);
    cr_assert(fixture_same_slot(first.handle, second.handle));
    MUST(hf_timer_set(small, first, 1, 1), HF_E_STALE_HANDLE);
    MUST(hf_timer_reset(small, first), HF_E_STALE_HANDLE);
    MUST(hf_timer_cancel(small, first, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(reports_count(HF_REPORT_HANDLE_REUSE), 3);
    cr_assert_eq(timer_deadline(small, second), NEVER);
    MUST(hf_timer_reset(small, second), HF_E_BUSY);
    clock_set(5000);
    cr_assert_eq(hf_timer_run(small), 0);
    cr_assert_eq(others.calls, 0);
    hf_timer_queue_destroy(small);
}

Test(lifetimes, expiry_of_a_closed_timer_never_calls_its_successor)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    hf_timer_batch batch;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &small));
    hf_timer first = timer_open(small, &data);
    MUST_OK(hf_timer_set(small, first, 0, 0));
    MUST_OK(hf_timer_begin(small, &batch));
    MUST_OK(hf_timer_close(small, first));
    hf_timer second = timer_open(small, &others);
    MUST_OK(hf_timer_set(small, second, 0, 0));
    cr_assert_eq(hf_timer_handle(small, &batch), 0);
    MUST_OK(hf_timer_end(small, &batch));
    cr_assert_eq(reports_total(), 0, "nobody made a mistake");
    cr_assert_eq(hf_timer_run(small), 1);
    cr_assert_eq(others.calls, 1);
    hf_timer_queue_destroy(small);
}

Test(lifetimes, closed_twice_is_reported_and_frees_once)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_close_wait(queue, timer, HF_FOREVER));
    MUST(hf_timer_close(queue, timer), HF_E_STALE_HANDLE);
    MUST(hf_timer_close_wait(queue, timer, 0), HF_E_STALE_HANDLE);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 2);
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, closing_timer_is_refused_until_released)
{
    hf_ref ref;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    MUST_OK(hf_addref(hf_timer_queue_table(queue), timer.handle, &ref));
    MUST_OK(hf_timer_close(queue, timer));
    cr_assert_eq(data.frees, 0);
    for (unsigned i = 0; i < 6; i++)
        MUST(calls[i].call(timer), HF_E_CLOSING);
    MUST(hf_timer_close(queue, timer), HF_E_CLOSING);
    clock_set(2000);
    cr_assert_eq(hf_timer_run(queue), 0, "closed: not called, though it was armed");
    cr_assert_eq(hf_timer_next_us(queue), NEVER, "nor due again and again");
    MUST_OK(hf_release(&ref));
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_armed(queue), 0);
}

Test(lifetimes, plain_close_works_as_well)
{
    hf_close_result result;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    MUST_OK(hf_close(hf_timer_queue_table(queue), timer.handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_armed(queue), 0);
}

Test(lifetimes, detached_timer_is_never_called_and_its_data_freed_at_the_end)
{
    hf_value value;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    MUST_OK(hf_detach(hf_timer_queue_table(queue), timer.handle, &value));
    clock_set(2000);
    cr_assert_eq(hf_timer_run(queue), 0);
    MUST_OK(hf_timer_queue_shutdown(queue, HF_FOREVER));
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, successor_of_a_detached_timer_frees_its_data)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    hf_value value;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &small));
    hf_timer first = timer_open(small, &data);
    MUST_OK(hf_timer_set(small, first, 10, 0));
    MUST_OK(hf_detach(hf_timer_queue_table(small), first.handle, &value));
    (void)timer_open(small, &others);
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_armed(small), 0);
    clock_set(2000);
    cr_assert_eq(hf_timer_run(small), 0);
    hf_timer_queue_destroy(small);
    cr_assert_eq(data.frees, 1);
}

static void completed(void *context, const hf_close_result *result)
{
    cr_assert_eq(result->outcome, HF_OUTCOME_RELEASED);
    *(unsigned *)context += data.frees;
}

static void close_then(load *self, const hf_timer_event *event)
{
    MUST_OK(hf_close_then(hf_timer_queue_table(event->queue), event->timer.handle, completed,
                          self->argument));
}

Test(lifetimes, close_then_in_own_callback)
{
    unsigned freed_before = 0;
    data.inside = close_then;
    data.argument = &freed_before;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 5));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(freed_before, 1, "the data were freed when the completion ran");
    cr_assert_not(timer_is_open(queue, timer));
}

Test(lifetimes, group_closes_its_timers)
{
    hf_group *group;
    MUST_OK(hf_group_create("module", &group));
    hf_timer_options options = load_options(&data);
    options.group = group;
    options.label = "blink";
    hf_timer timer = timer_open_with(queue, &options);
    hf_timer stays = timer_open(queue, &others);
    MUST_OK(hf_timer_set(queue, timer, 0, 5));
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert_eq(data.frees, 1);
    cr_assert(timer_is_open(queue, stays));
    MUST(hf_timer_open(queue, &options, &timer), HF_E_CLOSING);
    cr_assert_eq(data.frees, 1, "what could not be opened stays the caller's");
    MUST_OK(hf_group_destroy(group));
    MUST(hf_timer_open(queue, &options, &timer), HF_E_INVALID_ARGUMENT);
}

/* ---- after the return ------------------------------------------------------------------------ */

static void note_frees(void *context)
{
    *(unsigned *)context = data.frees + 1;
}

static void close_and_note(load *self, const hf_timer_event *event)
{
    MUST_OK(hf_after_return(event->self, note_frees, self->argument));
    MUST_OK(hf_timer_close(event->queue, event->timer));
}

Test(lifetimes, after_return_comes_when_the_region_is_left)
{
    unsigned seen = 0;
    data.inside = close_and_note;
    data.argument = &seen;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(seen, 2, "released, and the data freed, before");
}

/* ---- a function that does not return --------------------------------------------------------- */

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

Test(lifetimes, close_wait_on_a_function_that_stays_times_out_and_names_its_thread)
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

Test(lifetimes, close_wait_returns_when_the_function_has)
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

Test(lifetimes, shutdown_times_out_on_it_and_may_be_called_again)
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

Test(lifetimes, function_that_runs_is_not_called_again_before_it_returns)
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

Test(lifetimes, function_that_runs_on_another_thread_is_held_back)
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

/* ---- data ------------------------------------------------------------------------------------ */

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

Test(lifetimes, data_replaced_several_times_while_the_function_runs)
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

Test(lifetimes, set_data_without_function_is_refused)
{
    hf_timer timer = timer_open(queue, &data);
    MUST(hf_timer_set_data(queue, timer, NULL, &others, load_free), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.calls, 1);
}

/* ---- the queue ------------------------------------------------------------------------------- */

Test(lifetimes, more_timers_than_the_capacity)
{
    enum { CAPACITY = 100 };
    static load many[CAPACITY + 1];
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    hf_timer timer;
    options.clock = clock_read;
    options.capacity_timers = CAPACITY;
    MUST_OK(hf_timer_queue_create(&options, &small));
    for (unsigned i = 0; i < CAPACITY; i++) {
        timer = timer_open(small, &many[i]);
        MUST_OK(hf_timer_set(small, timer, 5, 0));
    }
    hf_timer_options one_more = load_options(&many[CAPACITY]);
    MUST(hf_timer_open(small, &one_more, &timer), HF_E_TABLE_FULL);
    cr_assert_eq(many[CAPACITY].frees, 0);
    clock_set(2000);
    cr_assert_eq(hf_timer_run(small), CAPACITY);
    MUST_OK(hf_timer_close(small, timer));
    timer = timer_open_with(small, &one_more);
    hf_timer_queue_destroy(small);
    for (unsigned i = 0; i <= CAPACITY; i++)
        cr_assert_eq(many[i].frees, 1);
}

Test(lifetimes, shutdown_closes_frees_and_refuses)
{
    hf_timer timer = timer_open(queue, &data);
    hf_timer_options options = load_options(&others);
    MUST_OK(hf_timer_set(queue, timer, 5, 5));
    MUST_OK(hf_timer_queue_shutdown(queue, 0));
    cr_assert_eq(data.frees, 1);
    MUST(hf_timer_open(queue, &options, &timer), HF_E_CLOSING);
    MUST(hf_timer_set(queue, timer, 5, 5), HF_E_STALE_HANDLE);
    cr_assert_eq(hf_timer_run(queue), 0);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
    MUST_OK(hf_timer_queue_shutdown(queue, 0));
}

static void shut_down_inside(load *self, const hf_timer_event *event)
{
    (void)self;
    MUST(hf_timer_queue_shutdown(event->queue, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(others.frees, 1, "closed all the same");
    cr_assert_not(timer_is_open(event->queue, event->timer));
}

Test(lifetimes, shutdown_in_own_callback_is_refused)
{
    data.inside = shut_down_inside;
    hf_timer timer = timer_open(queue, &data);
    (void)timer_open(queue, &others);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.frees, 1);
    MUST_OK(hf_timer_queue_shutdown(queue, 0));
}

static void shut_down_and_open(load *self, const hf_timer_event *event)
{
    hf_timer_options options = load_options(self);
    hf_timer another;
    MUST(hf_timer_queue_shutdown(event->queue, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    MUST(hf_timer_open(event->queue, &options, &another), HF_E_CLOSING);
}

Test(lifetimes, full_queue_that_closes_answers_closing)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *full;
    data.inside = shut_down_and_open;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &full));
    hf_timer timer = timer_open(full, &data);
    MUST_OK(hf_timer_set(full, timer, 0, 0));
    cr_expect_eq(hf_timer_run(full), 1);
    cr_expect_eq(data.frees, 1);
    hf_timer_queue_destroy(full);
}

static void destroy_inside(load *self, const hf_timer_event *event)
{
    (void)self;
    hf_timer_queue_destroy(event->queue);
}

Test(lifetimes, destroy_in_own_callback_keeps_the_queue)
{
    hf_timer_queue *doomed = timers_create(NULL);
    data.inside = destroy_inside;
    hf_timer timer = timer_open(doomed, &data);
    MUST_OK(hf_timer_set(doomed, timer, 0, 0));
    cr_assert_eq(hf_timer_run(doomed), 1);
    cr_assert_eq(data.frees, 1);
    MUST(hf_timer_set(doomed, timer, 0, 0), HF_E_INVALID_ARGUMENT);
}

static hf_status create_with(hf_timer_queue_options options)
{
    hf_timer_queue *out;
    return hf_timer_queue_create(&options, &out);
}

Test(lifetimes, bad_arguments)
{
    const hf_timer_queue_options good = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue_options bad = good;
    hf_timer_order incomplete = list_order;
    bad.size--;
    MUST(create_with(bad), HF_E_INVALID_ARGUMENT);
    bad = good;
    bad.capacity_timers = UINT64_C(1) << 30;
    MUST(create_with(bad), HF_E_INVALID_ARGUMENT);
    bad = good;
    bad.threaded = true;
    bad.clock = clock_read;
    MUST(create_with(bad), HF_E_INVALID_ARGUMENT);
    bad = good;
    incomplete.expire = NULL;
    bad.order = &incomplete;
    MUST(create_with(bad), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_queue_create(&good, NULL), HF_E_INVALID_ARGUMENT);

    hf_timer timer;
    hf_timer_options options = load_options(&data);
    MUST(hf_timer_open(NULL, &options, &timer), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_open(queue, NULL, &timer), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_open(queue, &options, NULL), HF_E_INVALID_ARGUMENT);
    options.function = NULL;
    MUST(hf_timer_open(queue, &options, &timer), HF_E_INVALID_ARGUMENT);
    timer = timer_open(queue, &data);
    MUST(hf_timer_close_wait(queue, timer, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_deadline_us(queue, timer, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_set(NULL, timer, 0, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_queue_shutdown(NULL, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_begin(queue, NULL), HF_E_INVALID_ARGUMENT);
    hf_timer_queue_destroy(NULL);
}

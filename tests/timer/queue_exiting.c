/* Timers once the process is exiting: nothing is done, freed, locked or waited for. */
#include "timer_support.h"

#include <holdfast/process.h>
#include <sched.h>

static void begin(void)
{
    clock_reset();
    reports_start();
}

TestSuite(queue_exiting, .init = begin);

Test(queue_exiting, every_call_does_nothing)
{
    load data = {.number = 0};
    load fresh = {.number = 1};
    int64_t deadline;
    hf_timer_batch batch;
    hf_timer_queue *queue = timers_create(NULL);
    hf_timer_queue *another;
    hf_timer timer = timer_open(queue, &data);
    hf_timer_options options = load_options(&fresh);
    MUST_OK(hf_timer_set(queue, timer, 0, 10));
    hf_process_exiting();
    MUST(hf_timer_queue_create(NULL, &another), HF_E_EXITING);
    MUST(hf_timer_open(queue, &options, &timer), HF_E_EXITING);
    MUST(hf_timer_set(queue, timer, 0, 0), HF_E_EXITING);
    MUST(hf_timer_set(queue, timer, -1, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_set_at(queue, timer, 0, 0), HF_E_EXITING);
    MUST(hf_timer_reset(queue, timer), HF_E_EXITING);
    MUST(hf_timer_cancel(queue, timer, NULL), HF_E_EXITING);
    MUST(hf_timer_set_data(queue, timer, load_call, &fresh, load_free), HF_E_EXITING);
    MUST(hf_timer_deadline_us(queue, timer, &deadline), HF_E_EXITING);
    MUST(hf_timer_close(queue, timer), HF_E_EXITING);
    MUST(hf_timer_close_wait(queue, timer, HF_FOREVER), HF_E_EXITING);
    MUST(hf_timer_begin(queue, &batch), HF_E_EXITING);
    cr_assert_eq(batch.count, 0);
    cr_assert_eq(hf_timer_handle(queue, &batch), 0);
    MUST(hf_timer_end(queue, &batch), HF_E_EXITING);
    cr_assert_eq(hf_timer_run(queue), 0);
    cr_assert_eq(hf_timer_next_us(queue), NEVER);
    MUST(hf_timer_queue_shutdown(queue, HF_FOREVER), HF_E_EXITING);
    hf_timer_queue_destroy(queue);
    cr_assert(data.calls == 0 && data.frees == 0 && fresh.frees == 0);
    cr_assert_eq(reports_total(), 0);
}

static void exit_now(load *self, const hf_timer_event *event)
{
    (void)self;
    (void)event;
    hf_process_exiting();
}

Test(queue_exiting, latch_set_in_a_batch_ends_it)
{
    load loads[3] = {{.number = 0}, {.inside = exit_now}, {.number = 2}};
    hf_timer_batch batch;
    hf_timer_queue *queue = timers_create(NULL);
    for (unsigned i = 0; i < 3; i++)
        MUST_OK(hf_timer_set(queue, timer_open(queue, &loads[i]), 0, 0));
    MUST_OK(hf_timer_begin(queue, &batch));
    cr_assert_eq(hf_timer_handle(queue, &batch), 2);
    MUST(hf_timer_end(queue, &batch), HF_E_EXITING);
    cr_assert_eq(loads[2].calls, 0);
}

static _Atomic unsigned ticks;

static void tick(const hf_timer_event *event)
{
    (void)event;
    ticks++;
}

Test(queue_exiting, driver_stops)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_options each = HF_TIMER_OPTIONS_INIT;
    hf_timer_queue *queue;
    options.threaded = true;
    each.function = tick;
    MUST_OK(hf_timer_queue_create(&options, &queue));
    MUST_OK(hf_timer_set(queue, timer_open_with(queue, &each), 0, 100));
    while (ticks < 3)
        sched_yield();
    hf_process_exiting();
    hf_timer_queue_destroy(queue);
    /* At most the one that was being called. */
    unsigned seen = ticks;
    for (unsigned i = 0; i < 2000; i++)
        sched_yield();
    cr_assert_leq(ticks, seen + 1);
}

/* Periods, missed ticks, order of calls, and time at its edges. */
#include "timer_support.h"

static hf_timer_queue *queue;
static load data;

static void set_up(void)
{
    clock_reset();
    reports_start();
    data = (load){.number = 0};
    queue = timers_create(NULL);
}

static void tear_down(void)
{
    hf_timer_queue_destroy(queue);
    cr_assert_eq(reports_total(), 0);
}

TestSuite(periods, .init = set_up, .fini = tear_down);

static hf_timer open_missed(hf_timer_missed missed)
{
    hf_timer_options options = load_options(&data);
    options.missed = missed;
    return timer_open_with(queue, &options);
}

/* Due at 1,100, then every 10; the clock jumps to 1,135. */
static hf_timer jump(hf_timer_missed missed)
{
    hf_timer timer = open_missed(missed);
    MUST_OK(hf_timer_set(queue, timer, 100, 10));
    clock_set(1135);
    return timer;
}

Test(periods, skip_calls_once_for_the_latest_tick)
{
    hf_timer timer = jump(HF_TIMER_SKIP);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.last.deadline_us, 1130);
    cr_assert_eq(data.last.now_us, 1135);
    cr_assert_eq(data.last.missed, 3);
    cr_assert_eq(timer_deadline(queue, timer), 1140);
    clock_set(1140);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.last.missed, 0);
}

Test(periods, catch_up_calls_once_for_each)
{
    hf_timer timer = jump(HF_TIMER_CATCH_UP);
    cr_assert_eq(hf_timer_run(queue), 4);
    cr_assert_eq(data.last.deadline_us, 1130);
    cr_assert_eq(data.last.missed, 0);
    cr_assert_eq(timer_deadline(queue, timer), 1140);
}

Test(periods, delay_counts_from_the_dispatch)
{
    hf_timer timer = jump(HF_TIMER_DELAY);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.last.deadline_us, 1100);
    cr_assert_eq(data.last.missed, 3);
    cr_assert_eq(timer_deadline(queue, timer), 1145);
}

static void take_long(load *self, const hf_timer_event *event)
{
    (void)self;
    clock_set(event->now_us + 25);
}

Test(periods, slow_function_skips_what_passed_meanwhile)
{
    hf_timer timer = open_missed(HF_TIMER_SKIP);
    data.inside = take_long;
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    clock_set(1010);
    cr_assert_eq(hf_timer_run(queue), 1, "not again in a run that began before the tick");
    cr_assert_eq(timer_deadline(queue, timer), 1020);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.last.deadline_us, 1030);
    cr_assert_eq(data.last.missed, 1);
}

Test(periods, no_drift_over_a_day)
{
    const int64_t day = INT64_C(24) * 3600 * 1000000;
    const int64_t period = 333333;
    hf_timer timer = open_missed(HF_TIMER_SKIP);
    MUST_OK(hf_timer_set_at(queue, timer, 2000, period));
    uint64_t missed = 0;
    /* Dispatched late each time, by up to a seventh of a second. */
    for (int64_t now = 2000; now < day; now = timer_deadline(queue, timer) + now % 142857) {
        clock_set(now);
        cr_assert_eq(hf_timer_run(queue), 1);
        cr_assert_eq((data.last.deadline_us - 2000) % period, 0);
        missed += data.last.missed;
    }
    cr_assert_eq((timer_deadline(queue, timer) - 2000) / period, (int64_t)(data.calls + missed));
}

Test(periods, equal_deadlines_in_the_order_of_arming)
{
    enum { TIMERS = 200 };
    static load many[TIMERS];
    static hf_timer timers[TIMERS];
    static unsigned order[TIMERS];
    for (unsigned i = 0; i < TIMERS; i++) {
        many[i] = (load){.number = i};
        timers[i] = timer_open(queue, &many[i]);
    }
    for (unsigned i = 0; i < TIMERS; i++) {
        order[i] = i * 77 % TIMERS;
        MUST_OK(hf_timer_set(queue, timers[order[i]], 50, 0));
    }
    clock_set(2000);
    for (unsigned i = 0; i < TIMERS;) {
        hf_timer_batch batch;
        MUST_OK(hf_timer_begin(queue, &batch));
        cr_assert_gt(batch.count, 0);
        for (unsigned j = 0; j < batch.count; j++)
            cr_assert_eq(batch.expiries_[j].handle, timers[order[i++]].handle.bits);
        cr_assert_eq(hf_timer_handle(queue, &batch), batch.handled);
        MUST_OK(hf_timer_end(queue, &batch));
    }
    cr_assert_eq(hf_timer_armed(queue), 0);
}

static void set_at_once(load *self, const hf_timer_event *event)
{
    if (self->calls < 100)
        MUST_OK(hf_timer_set(event->queue, event->timer, 0, 0));
}

Test(periods, run_leaves_what_is_armed_meanwhile_to_the_next)
{
    data.inside = set_at_once;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    for (unsigned i = 1; i <= 5; i++) {
        cr_assert_eq(hf_timer_run(queue), 1);
        cr_assert_eq(data.calls, i);
        cr_assert_eq(hf_timer_armed(queue), 1);
        cr_assert_leq(hf_timer_next_us(queue), 1000);
    }
}

static void set_and_cancel_others(load *self, const hf_timer_event *event)
{
    const hf_timer *others = self->argument;
    MUST_OK(hf_timer_set(event->queue, others[0], 0, 0));
    MUST_OK(hf_timer_set(event->queue, others[1], 0, 0));
    MUST_OK(hf_timer_set(event->queue, others[2], 0, 0));
    MUST_OK(hf_timer_set(event->queue, event->timer, 1, 0));
}

static void change_those_aside(load *self, const hf_timer_event *event)
{
    const hf_timer *others = self->argument;
    MUST_OK(hf_timer_cancel(event->queue, others[0], NULL));
    MUST_OK(hf_timer_close(event->queue, others[1]));
    MUST_OK(hf_timer_set(event->queue, others[2], 70, 0));
}

Test(periods, what_was_put_aside_can_be_cancelled_closed_and_set)
{
    enum { TIMERS = 70 };
    static load many[TIMERS];
    static hf_timer timers[TIMERS];
    for (unsigned i = 0; i < TIMERS; i++) {
        many[i] = (load){.argument = &timers[TIMERS - 3]};
        timers[i] = timer_open(queue, &many[i]);
        if (i < TIMERS - 3)
            MUST_OK(hf_timer_set(queue, timers[i], (int64_t)i, 0));
    }
    many[0].inside = set_and_cancel_others;       /* in the first batch */
    many[TIMERS - 4].inside = change_those_aside; /* in the second: they are aside by then */
    clock_set(2000);
    cr_assert_eq(hf_timer_run(queue), TIMERS - 3);
    cr_assert_eq(timer_deadline(queue, timers[TIMERS - 3]), NEVER);
    cr_assert_not(timer_is_open(queue, timers[TIMERS - 2]));
    cr_assert_eq(timer_deadline(queue, timers[TIMERS - 1]), 2070);
    cr_assert_eq(hf_timer_armed(queue), 2);
    many[0].inside = NULL;
    clock_set(3000);
    cr_assert_eq(hf_timer_run(queue), 2);
}

Test(periods, clock_that_goes_back_stands_still)
{
    hf_timer timer = timer_open(queue, &data);
    clock_set(5000);
    cr_assert_eq(hf_timer_now_us(queue), 5000);
    clock_set(10);
    cr_assert_eq(hf_timer_now_us(queue), 5000);
    MUST_OK(hf_timer_set(queue, timer, 100, 0));
    cr_assert_eq(timer_deadline(queue, timer), 5100);
    clock_set(5099);
    cr_assert_eq(hf_timer_run(queue), 0);
    clock_set(5100);
    cr_assert_eq(hf_timer_run(queue), 1);
    clock_set(-7);
    cr_assert_eq(hf_timer_now_us(queue), 5100);
    cr_assert_eq(hf_timer_run(queue), 0);
}

Test(periods, clock_below_zero_starts_above_it)
{
    clock_set(-100);
    hf_timer_queue *other = timers_create(NULL);
    cr_assert_gt(hf_timer_now_us(other), 0);
    hf_timer_queue_destroy(other);
}

Test(periods, enormous_delay_is_never)
{
    hf_timer timer = timer_open(queue, &data);
    const int64_t enormous[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX - 999};
    for (unsigned i = 0; i < sizeof(enormous) / sizeof(*enormous); i++) {
        MUST_OK(hf_timer_set(queue, timer, enormous[i], enormous[i]));
        cr_assert_eq(timer_deadline(queue, timer), NEVER);
        cr_assert_eq(hf_timer_armed(queue), 1);
    }
    clock_set(INT64_MAX);
    cr_assert_eq(hf_timer_run(queue), 0);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1, "at the end of time, at once is still at once");
}

Test(periods, enormous_period_ends_at_never)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 1, INT64_MAX));
    clock_set(1001);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(timer_deadline(queue, timer), NEVER);
    MUST_OK(hf_timer_set(queue, timer, 0, INT64_MAX - 2000));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(timer_deadline(queue, timer), INT64_MAX - 2000 + 1001);
}

Test(periods, negative_times_are_refused_and_change_nothing)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 100, 10));
    MUST(hf_timer_set(queue, timer, -1, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_set(queue, timer, 0, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_set(queue, timer, INT64_MIN, INT64_MIN), HF_E_INVALID_ARGUMENT);
    MUST(hf_timer_set_at(queue, timer, -1, 0), HF_E_INVALID_ARGUMENT);
    cr_assert_eq(timer_deadline(queue, timer), 1100);
}

Test(periods, deadline_that_has_passed_is_due_at_once)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set_at(queue, timer, 5, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.last.deadline_us, 5);
    MUST_OK(hf_timer_reset(queue, timer));
    cr_assert_eq(timer_deadline(queue, timer), 1000, "its delay was 0");
}

Test(periods, reset_of_a_timer_that_was_never_set_is_busy)
{
    hf_timer timer = timer_open(queue, &data);
    MUST(hf_timer_reset(queue, timer), HF_E_BUSY);
    cr_assert_eq(hf_timer_armed(queue), 0);
}

Test(periods, reset_keeps_period_and_moves_deadline)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 100, 30));
    clock_set(1090);
    MUST_OK(hf_timer_reset(queue, timer));
    clock_set(1189);
    cr_assert_eq(hf_timer_run(queue), 0);
    clock_set(1190);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(timer_deadline(queue, timer), 1220);
}

Test(periods, next_us_is_never_after_the_earliest)
{
    static load many[50];
    cr_assert_eq(hf_timer_next_us(queue), NEVER);
    for (int64_t i = 49; i >= 0; i--) {
        hf_timer timer = timer_open(queue, &many[i]);
        MUST_OK(hf_timer_set(queue, timer, 1 + i * i * i * 1000, 0));
    }
    uint64_t called = 0;
    for (int64_t next; (next = hf_timer_next_us(queue)) != NEVER;) {
        cr_assert_geq(next, hf_timer_now_us(queue));
        clock_set(next);
        called += hf_timer_run(queue);
        cr_assert_leq(hf_timer_now_us(queue), 1001 + INT64_C(49) * 49 * 49 * 1000);
    }
    cr_assert_eq(called, 50);
    for (unsigned i = 0; i < 50; i++)
        cr_assert_eq(many[i].last.now_us, many[i].last.deadline_us, "called at its very moment");
}

Test(periods, unhandled_expiries_are_due_again)
{
    hf_timer_batch batch;
    hf_timer timer = open_missed(HF_TIMER_SKIP);
    MUST_OK(hf_timer_set(queue, timer, 100, 10));
    clock_set(1125);
    MUST_OK(hf_timer_begin(queue, &batch));
    cr_assert_eq(batch.count, 1);
    cr_assert_eq(hf_timer_armed(queue), 1);
    MUST_OK(hf_timer_end(queue, &batch));
    cr_assert_eq(batch.count, 0);
    cr_assert_eq(timer_deadline(queue, timer), 1100);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.last.deadline_us, 1120);
    cr_assert_eq(data.last.missed, 2);
}

Test(periods, ended_batch_is_empty)
{
    hf_timer_batch batch;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 10));
    MUST_OK(hf_timer_begin(queue, &batch));
    cr_assert_eq(hf_timer_handle(queue, &batch), 1);
    cr_assert_eq(hf_timer_handle(queue, &batch), 0, "handled once");
    MUST_OK(hf_timer_end(queue, &batch));
    MUST_OK(hf_timer_end(queue, &batch));
    cr_assert_eq(hf_timer_handle(queue, &batch), 0);
    cr_assert_eq(hf_timer_armed(queue), 1);
}

Test(periods, of_two_batches_only_the_later_calls)
{
    hf_timer_batch earlier;
    hf_timer_batch later;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    MUST_OK(hf_timer_begin(queue, &earlier));
    clock_set(1010);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    MUST_OK(hf_timer_begin(queue, &later));
    cr_assert(earlier.count == 1 && later.count == 1);
    cr_assert_eq(hf_timer_handle(queue, &earlier), 0);
    MUST_OK(hf_timer_end(queue, &earlier));
    cr_assert_eq(hf_timer_handle(queue, &later), 1);
    cr_assert_eq(data.last.deadline_us, 1010);
    MUST_OK(hf_timer_end(queue, &later));
    cr_assert_eq(hf_timer_armed(queue), 0);
}

/* Another dispatch, at a later time, begins and ends within a run. */
static void begin_later(load *self, const hf_timer_event *event)
{
    hf_timer_batch batch;
    (void)self;
    clock_set(2000);
    MUST_OK(hf_timer_begin(event->queue, &batch));
    cr_assert_eq(batch.count, 1);
    MUST_OK(hf_timer_end(event->queue, &batch));
}

Test(periods, run_ends_with_what_was_due_when_it_began)
{
    load later = {.number = 1};
    data.inside = begin_later;
    MUST_OK(hf_timer_set(queue, timer_open(queue, &data), 0, 0));
    hf_timer timer = timer_open(queue, &later);
    MUST_OK(hf_timer_set_at(queue, timer, 1500, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(later.calls, 0);
    cr_assert_eq(timer_deadline(queue, timer), 1500);
    cr_assert_eq(hf_timer_run(queue), 1);
    MUST_OK(hf_timer_close(queue, timer));
}

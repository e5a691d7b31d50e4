/* Queues and timers where memory cannot be had: every allocation fails once, and nothing is lost.
 */
#include "platform/platform.h"
#include "timer_support.h"

static void set_up(void)
{
    hf_table *table;
    clock_reset();
    reports_start();
    /* What a thread's first call takes may fail unnoticed: only reports lack it. */
    MUST_OK(hf_table_create(NULL, &table));
    hf_table_destroy(table);
}

TestSuite(queue_memory, .init = set_up);

static hf_status try_create(const hf_timer_order *order, hf_timer_queue **out)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    options.clock = clock_read;
    options.order = order;
    options.capacity_timers = 5000;
    return hf_timer_queue_create(&options, out);
}

static bool is_want_of_memory(hf_status status)
{
    return status == HF_E_NO_MEMORY || status == HF_E_NO_ADDRESS_SPACE;
}

/* How many allocations succeeded before the queue could be made. */
static uint64_t create_after_failures(const hf_timer_order *order, hf_timer_queue **out)
{
    for (uint64_t nth = 1;; nth++) {
        (void)hf_os_fail_allocation(nth);
        hf_status status = try_create(order, out);
        uint64_t calls = hf_os_fail_allocation(0);
        if (status == HF_OK) {
            cr_assert_lt(calls, nth, "an allocation failed unnoticed");
            return nth - 1;
        }
        cr_assert(is_want_of_memory(status), "%s", hf_status_name(status));
    }
}

Test(queue_memory, creation)
{
    for (unsigned i = 0; i < TIMER_ORDERS; i++) {
        hf_timer_queue *queue;
        load data = {.number = 0};
        cr_assert_gt(create_after_failures(timer_order(i), &queue), 0);
        hf_timer timer = timer_open(queue, &data);
        MUST_OK(hf_timer_set(queue, timer, 0, 0));
        cr_assert_eq(hf_timer_run(queue), 1);
        hf_timer_queue_destroy(queue);
        cr_assert_eq(data.frees, 1);
    }
}

enum { TIMERS = 3000 };
static load loads[TIMERS];
static hf_timer timers[TIMERS];

/* Opens one timer; first the next allocation, if it needs any, fails. */
static unsigned open_after_failure(hf_timer_queue *queue, unsigned i)
{
    hf_timer_options options = load_options(&loads[i]);
    unsigned failures = 0;
    hf_status status;
    do {
        (void)hf_os_fail_allocation(failures + 1);
        status = hf_timer_open(queue, &options, &timers[i]);
        (void)hf_os_fail_allocation(0);
        cr_assert(status == HF_OK || is_want_of_memory(status), "%s", hf_status_name(status));
        cr_assert_eq(loads[i].frees, 0, "on failure the data stay the caller's");
        failures += status != HF_OK;
    } while (status != HF_OK);
    return failures;
}

Test(queue_memory, opening)
{
    for (unsigned order = 0; order < TIMER_ORDERS; order++) {
        hf_timer_queue *queue;
        unsigned failures = 0;
        MUST_OK(try_create(timer_order(order), &queue));
        for (unsigned i = 0; i < TIMERS; i++) {
            loads[i] = (load){.number = i};
            failures += open_after_failure(queue, i);
            MUST_OK(hf_timer_set(queue, timers[i], 100, 0));
        }
        cr_assert_gt(failures, 0);
        cr_assert_eq(hf_timer_armed(queue), TIMERS);
        clock_set(clock_read(NULL) + 100);
        cr_assert_eq(hf_timer_run(queue), TIMERS);
        hf_timer_queue_destroy(queue);
        for (unsigned i = 0; i < TIMERS; i++)
            cr_assert(loads[i].calls == 1 && loads[i].frees == 1);
    }
    cr_assert_eq(reports_total(), 0);
}

Test(queue_memory, nothing_but_opening_needs_any)
{
    hf_timer_queue *queue;
    load data = {.number = 0};
    load fresh = {.number = 1};
    MUST_OK(try_create(NULL, &queue));
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 10));
    cr_assert_eq(hf_timer_run(queue), 1); /* with that, this thread has its record */
    (void)hf_os_fail_allocation(1);
    for (int64_t i = 0; i < 1000; i++) {
        MUST_OK(hf_timer_set(queue, timer, i * i * i, 10));
        clock_set(clock_read(NULL) + i * 1000);
        (void)hf_timer_run(queue);
        MUST_OK(hf_timer_reset(queue, timer));
        MUST_OK(hf_timer_cancel(queue, timer, NULL));
    }
    MUST_OK(hf_timer_set_data(queue, timer, load_call, &fresh, load_free));
    MUST_OK(hf_timer_close(queue, timer));
    cr_assert_eq(hf_os_fail_allocation(0), 0);
    hf_timer_queue_destroy(queue);
    cr_assert(data.frees == 1 && fresh.frees == 1);
}

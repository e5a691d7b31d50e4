/* The life of a queue: its capacity, its shutdown and its end, also inside a timer's function. */
#include "timer/queue.h"

#include "actor.h"
#include "lifetimes_support.h"

#include <sched.h>

TestSuite(queue_life, .init = lifetimes_begin, .fini = lifetimes_end);

Test(queue_life, more_timers_than_the_capacity)
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

Test(queue_life, shutdown_closes_frees_and_refuses)
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

typedef struct opener {
    _Atomic bool begun;
    hf_status status;
} opener;

static void open_task(void *argument)
{
    opener *o = argument;
    hf_timer_options options = load_options(&others);
    hf_timer timer;
    o->begun = true;
    o->status = hf_timer_open(queue, &options, &timer);
}

/* Who opens has found the queue open, and waits for its lock; what shutdown does first comes
 * before. */
Test(queue_life, shutdown_begins_while_a_timer_is_opened)
{
    opener o = {.begun = false};
    actor *who = actor_start();
    cr_assert(hf_timer_lock(queue));
    actor_begin(who, open_task, &o);
    while (!o.begun)
        sched_yield();
    actor_until_asleep(who);
    __atomic_store_n(&queue->phase, HF_QUEUE_CLOSING, __ATOMIC_RELAXED);
    hf_timer_unlock(queue);
    actor_finish(who);
    actor_end(who);
    MUST(o.status, HF_E_CLOSING);
    cr_assert_eq(others.frees, 0, "what could not be opened stays the caller's");
    MUST_OK(hf_timer_queue_shutdown(queue, 0));
}

static void shut_down_inside(load *self, const hf_timer_event *event)
{
    (void)self;
    MUST(hf_timer_queue_shutdown(event->queue, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(others.frees, 1, "closed all the same");
    cr_assert_not(timer_is_open(event->queue, event->timer));
}

Test(queue_life, shutdown_in_own_callback_is_refused)
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

Test(queue_life, full_queue_that_closes_answers_closing)
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

Test(queue_life, destroy_in_own_callback_keeps_the_queue)
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

Test(queue_life, bad_arguments)
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

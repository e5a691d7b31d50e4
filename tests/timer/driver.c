/* Queues that are driven by a thread of their own, by a poll loop, and in a forked child. */
#include "actor.h"
#include "forked.h"
#include "platform/platform.h"
#include "timer/queue.h"
#include "timer_support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static hf_timer_queue *queue;

static hf_timer_queue *create(bool threaded)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *made = NULL;
    options.threaded = threaded;
    options.name = "own thread";
    MUST_OK(hf_timer_queue_create(&options, &made));
    return made;
}

static void set_up(void)
{
    reports_start();
    queue = create(true);
}

static void tear_down(void)
{
    hf_timer_queue_destroy(queue);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
}

TestSuite(driver, .init = set_up, .fini = tear_down);

/* What is counted on one thread and waited for on another. */
typedef struct tally {
    _Atomic unsigned calls;
    _Atomic unsigned frees;
    char thread[HF_OS_THREAD_NAME_SIZE];
    hf_status status;
} tally;

static void count_call(const hf_timer_event *event)
{
    tally *t = event->data;
    hf_os_thread_name(t->thread, sizeof(t->thread));
    t->calls++;
}

static void count_free(void *argument)
{
    ((tally *)argument)->frees++;
}

static hf_timer open_tally(hf_timer_queue *on, tally *t, hf_timer_function function)
{
    hf_timer_options options = HF_TIMER_OPTIONS_INIT;
    options.function = function;
    options.data = t;
    options.free_data = count_free;
    return timer_open_with(on, &options);
}

static void await(const _Atomic unsigned *count, unsigned least)
{
    while (*count < least)
        sched_yield();
}

Test(driver, calls_by_itself_on_its_named_thread)
{
    tally t = {.calls = 0};
    hf_timer timer = open_tally(queue, &t, count_call);
    MUST_OK(hf_timer_set(queue, timer, 0, 1000));
    await(&t.calls, 5);
    MUST_OK(hf_timer_close_wait(queue, timer, HF_FOREVER));
    cr_assert_eq(t.frees, 1);
    cr_assert_str_eq(t.thread, "own thread");
}

Test(driver, earlier_deadline_wakes_it)
{
    static tally later;
    static tally sooner;
    hf_timer first = open_tally(queue, &later, count_call);
    hf_timer second = open_tally(queue, &sooner, count_call);
    MUST_OK(hf_timer_set(queue, first, INT64_C(3600) * 1000000, 0));
    for (unsigned i = 1; i <= 50; i++) {
        MUST_OK(hf_timer_set(queue, second, i % 3 * 100, 0));
        await(&sooner.calls, i);
    }
    cr_assert_eq(later.calls, 0);
}

static void close_self_waiting(const hf_timer_event *event)
{
    tally *t = event->data;
    t->status = hf_timer_close_wait(event->queue, event->timer, HF_FOREVER);
    t->calls++;
}

Test(driver, close_wait_in_own_callback_is_refused)
{
    tally t = {.status = HF_OK};
    hf_timer timer = open_tally(queue, &t, close_self_waiting);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    await(&t.calls, 1);
    MUST_OK(hf_timer_close_wait(queue, timer, HF_FOREVER));
    MUST(t.status, HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert_str_eq(reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0)->operation, "hf_timer_close_wait");
}

static void shut_down(const hf_timer_event *event)
{
    tally *t = event->data;
    t->status = hf_timer_queue_shutdown(event->queue, HF_FOREVER);
    t->calls++;
}

Test(driver, shutdown_in_own_callback_is_refused_and_stops_it)
{
    tally t = {.status = HF_OK};
    hf_timer timer = open_tally(queue, &t, shut_down);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    await(&t.frees, 1);
    MUST(t.status, HF_E_POSSIBLE_DEADLOCK);
    MUST_OK(hf_timer_queue_shutdown(queue, HF_FOREVER));
}

static void destroy(const hf_timer_event *event)
{
    tally *t = event->data;
    hf_timer_queue_destroy(event->queue);
    t->calls++;
}

Test(driver, destroy_in_own_callback_ends_the_thread)
{
    tally t = {.calls = 0};
    hf_timer_queue *doomed = create(true);
    hf_timer timer = open_tally(doomed, &t, destroy);
    MUST_OK(hf_timer_set(doomed, timer, 0, 0));
    await(&t.calls, 1);
    await(&t.frees, 1);
    MUST(hf_timer_set(doomed, timer, 0, 0), HF_E_INVALID_ARGUMENT);
}

static _Atomic bool stays;

static void stay(const hf_timer_event *event)
{
    tally *t = event->data;
    t->calls++;
    while (stays)
        sched_yield();
}

Test(driver, shutdown_with_a_function_that_stays_times_out)
{
    tally t = {.calls = 0};
    hf_timer timer = open_tally(queue, &t, stay);
    stays = true;
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    await(&t.calls, 1);
    MUST(hf_timer_queue_shutdown(queue, HF_MILLISECONDS), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_RUNDOWN_TIMEOUT), 1);
    stays = false;
    MUST_OK(hf_timer_queue_shutdown(queue, HF_FOREVER));
    cr_assert_eq(t.frees, 1);
}

static void stay_after(void *context)
{
    (void)context;
    while (stays)
        sched_yield();
}

static void stay_after_return(const hf_timer_event *event)
{
    tally *t = event->data;
    MUST_OK(hf_after_return(event->self, stay_after, NULL));
    MUST_OK(hf_timer_close(event->queue, event->timer));
    t->calls++;
}

Test(driver, shutdown_waits_for_after_return_actions_too)
{
    tally t = {.calls = 0};
    hf_timer timer = open_tally(queue, &t, stay_after_return);
    stays = true;
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    await(&t.frees, 1);
    MUST(hf_timer_queue_shutdown(queue, HF_MILLISECONDS), HF_E_TIMED_OUT);
    stays = false;
    MUST_OK(hf_timer_queue_shutdown(queue, HF_FOREVER));
}

Test(driver, queues_are_made_and_ended_many_times)
{
    for (unsigned i = 0; i < 100; i++) {
        tally t = {.calls = 0};
        hf_timer_queue *brief = create(i % 2 == 0);
        hf_timer timer = open_tally(brief, &t, count_call);
        MUST_OK(hf_timer_set(brief, timer, 0, 0));
        hf_timer_queue_destroy(brief);
        cr_assert_eq(t.frees, 1);
    }
}

Test(driver, has_no_descriptor)
{
    hf_value descriptor;
    MUST(hf_timer_queue_descriptor(queue, &descriptor), HF_E_INVALID_ARGUMENT);
}

/* ---- a loop of the caller's ------------------------------------------------------------------ */

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, timeout_ms) == 1 && (one.revents & POLLIN) != 0;
}

static int descriptor_of(hf_timer_queue *of)
{
    hf_value descriptor = 0;
    MUST_OK(hf_timer_queue_descriptor(of, &descriptor));
    cr_assert_eq(fcntl((int)descriptor, F_GETFD), FD_CLOEXEC);
    return (int)descriptor;
}

Test(descriptor, polls_readable_when_a_timer_is_due)
{
    static tally t;
    queue = create(false);
    int fd = descriptor_of(queue);
    cr_assert_eq(fd, descriptor_of(queue), "the same each time");
    hf_timer timer = open_tally(queue, &t, count_call);
    cr_assert_not(is_readable(fd, 0));
    MUST_OK(hf_timer_set(queue, timer, INT64_C(3600) * 1000000, 0));
    cr_assert_not(is_readable(fd, 0));
    MUST_OK(hf_timer_set(queue, timer, 100, 0));
    while (t.calls == 0)
        if (is_readable(fd, -1))
            (void)hf_timer_run(queue);
    cr_assert_not(is_readable(fd, 0), "nothing is due any more");
    hf_timer_queue_destroy(queue);
    cr_assert_eq(fcntl(fd, F_GETFD), -1, "it went with the queue");
}

Test(descriptor, knows_what_was_armed_before_it)
{
    static tally t;
    queue = create(false);
    hf_timer timer = open_tally(queue, &t, count_call);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert(is_readable(descriptor_of(queue), -1));
    hf_timer_queue_destroy(queue);
}

Test(descriptor, is_not_readable_when_a_run_found_nothing_due)
{
    static tally t;
    queue = create(false);
    int fd = descriptor_of(queue);
    hf_timer timer = open_tally(queue, &t, count_call);
    MUST_OK(hf_timer_set(queue, timer, 1, 0));
    cr_assert(is_readable(fd, -1));
    MUST_OK(hf_timer_cancel(queue, timer, NULL));
    cr_assert_eq(hf_timer_run(queue), 0);
    cr_assert_not(is_readable(fd, 0));
    hf_timer_queue_destroy(queue);
}

Test(descriptor, drives_an_epoll_loop)
{
    enum { TIMERS = 20, TICKS = 100 };
    static tally tallies[TIMERS];
    queue = create(false);
    struct epoll_event wanted = {.events = EPOLLIN};
    int loop = epoll_create1(EPOLL_CLOEXEC);
    cr_assert_eq(epoll_ctl(loop, EPOLL_CTL_ADD, descriptor_of(queue), &wanted), 0);
    for (unsigned i = 0; i < TIMERS; i++) {
        hf_timer timer = open_tally(queue, &tallies[i], count_call);
        MUST_OK(hf_timer_set(queue, timer, (int64_t)i * 70, 200 + (int64_t)i * 30));
    }
    for (uint64_t called = 0; called < TICKS;) {
        struct epoll_event happened;
        cr_assert_eq(epoll_wait(loop, &happened, 1, -1), 1);
        called += hf_timer_run(queue);
    }
    (void)close(loop);
    hf_timer_queue_destroy(queue);
    for (unsigned i = 0; i < TIMERS; i++)
        cr_assert_eq(tallies[i].frees, 1);
}

Test(descriptor, not_with_a_clock_of_the_callers)
{
    hf_value descriptor;
    hf_timer_queue *virtual = timers_create(NULL);
    MUST(hf_timer_queue_descriptor(virtual, &descriptor), HF_E_INVALID_ARGUMENT);
    hf_timer_queue_destroy(virtual);
}

/* ---- fork -------------------------------------------------------------------------------------
 */

static tally forked_tally;
static hf_timer forked_timer;

#ifndef HF_TSAN_BUILD_ /* which allows no thread in the child of a process with threads */
/* The parent's thread is gone; the timers are what they were. */
static int child_of_a_driver(void *argument)
{
    int64_t deadline = 0;
    (void)argument;
    unsigned before = forked_tally.calls;
    if (hf_timer_deadline_us(queue, forked_timer, &deadline) != HF_OK || deadline == NEVER)
        return 1;
    await(&forked_tally.calls, before + 3);
    if (hf_timer_close_wait(queue, forked_timer, HF_FOREVER) != HF_OK || forked_tally.frees != 1)
        return 2;
    hf_timer_queue_destroy(queue);
    return 0;
}

Test(driver, starts_anew_in_a_forked_child)
{
    forked_tally = (tally){.calls = 0};
    forked_timer = open_tally(queue, &forked_tally, count_call);
    MUST_OK(hf_timer_set(queue, forked_timer, 0, 500));
    for (unsigned i = 0; i < 20; i++) {
        await(&forked_tally.calls, i * 3);
        cr_assert_eq(forked(child_of_a_driver, NULL), 0);
    }
    cr_assert_eq(forked_tally.frees, 0, "the parent's own");
}

static void *arm_for_ever(void *argument)
{
    while (stays)
        MUST_OK(hf_timer_set(queue, *(hf_timer *)argument, 1000000, 0));
    return NULL;
}

static int child_arms(void *argument)
{
    (void)argument;
    alarm(30);
    return hf_timer_set(queue, forked_timer, 100, 0) == HF_OK ? 0 : 1;
}

Test(driver, forked_while_others_hold_the_lock)
{
    enum { THREADS = 2 };
    pthread_t threads[THREADS];
    static tally others[THREADS];
    hf_timer timers[THREADS];
    stays = true;
    forked_timer = open_tally(queue, &forked_tally, count_call);
    for (unsigned i = 0; i < THREADS; i++) {
        timers[i] = open_tally(queue, &others[i], count_call);
        cr_assert_eq(pthread_create(&threads[i], NULL, arm_for_ever, &timers[i]), 0);
    }
    for (unsigned i = 0; i < 200; i++)
        cr_assert_eq(forked(child_arms, NULL), 0);
    stays = false;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
#endif

static hf_timer_batch abandoned;

/* What another thread had begun and will not end in the child is due again there. */
static int child_of_a_batch(void *argument)
{
    tally *tallies = argument;
    if (hf_timer_run(queue) != 2 || tallies[0].calls != 1 || tallies[1].calls != 1)
        return 1;
    return hf_timer_armed(queue) == 1 ? 0 : 2;
}

static void begin_elsewhere(void *argument)
{
    (void)argument;
    MUST_OK(hf_timer_begin(queue, &abandoned));
}

Test(forks, batches_of_other_threads_are_due_again)
{
    static tally tallies[2];
    clock_reset();
    reports_start();
    queue = timers_create(NULL);
    hf_timer once = open_tally(queue, &tallies[0], count_call);
    hf_timer often = open_tally(queue, &tallies[1], count_call);
    MUST_OK(hf_timer_set(queue, once, 0, 0));
    MUST_OK(hf_timer_set(queue, often, 0, 10));
    actor *other = actor_start();
    actor_do(other, begin_elsewhere, NULL);
    cr_assert_eq(abandoned.count, 2);
    cr_assert_eq(forked(child_of_a_batch, tallies), 0);
    cr_assert_eq(hf_timer_handle(queue, &abandoned), 2, "the parent's batch is what it was");
    MUST_OK(hf_timer_end(queue, &abandoned));
    actor_end(other);
    hf_timer_queue_destroy(queue);
}

static int went_wrong;

static int child_in_callback(void *argument)
{
    const hf_timer_event *event = argument;
    tally *t = event->data;
    /* Its own function runs here too: not called again, and its data stay until it has returned. */
    if (hf_timer_set(event->queue, event->timer, 0, 0) != HF_OK || hf_timer_run(event->queue) != 0)
        return 1;
    if (hf_timer_set_data(event->queue, event->timer, count_call, NULL, NULL) != HF_OK ||
        t->frees != 0)
        return 2;
    return hf_timer_close_wait(event->queue, event->timer, HF_FOREVER) == HF_E_POSSIBLE_DEADLOCK
               ? 0
               : 3;
}

static void fork_inside(const hf_timer_event *event)
{
    went_wrong = forked(child_in_callback, (void *)(uintptr_t)event);
}

Test(forks, own_callback_goes_on_in_the_child)
{
    static tally t;
    clock_reset();
    reports_start();
    queue = timers_create(NULL);
    hf_timer timer = open_tally(queue, &t, fork_inside);
    MUST_OK(hf_timer_set(queue, timer, 0, 10));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(went_wrong, 0);
    hf_timer_queue_destroy(queue);
}

static int child_of_a_descriptor(void *argument)
{
    int fd = *(int *)argument;
    /* The child's own: what it sets does not reach the parent. */
    return hf_timer_set(queue, forked_timer, 0, 0) == HF_OK && is_readable(fd, -1) &&
                   hf_timer_run(queue) == 1 && !is_readable(fd, 0)
               ? 0
               : 1;
}

Test(forks, descriptor_is_the_childs_own)
{
    reports_start();
    queue = create(false);
    int fd = descriptor_of(queue);
    forked_timer = open_tally(queue, &forked_tally, count_call);
    cr_assert_eq(forked(child_of_a_descriptor, &fd), 0);
    cr_assert_not(is_readable(fd, 0));
    hf_timer_queue_destroy(queue);
}

/* Gives the lock back when the forking thread has begun to wait for it. */
static void hold_lock_for_a_while(void *argument)
{
    _Atomic bool *held = argument;
    if (!hf_timer_lock(queue))
        abort();
    *held = true;
    for (int i = 0;
         i < 1000 && __atomic_load_n(&queue->lock.word, __ATOMIC_RELAXED) == hf_os_thread_number();
         i++)
        (void)poll(NULL, 0, 1);
    hf_timer_unlock(queue);
}

static int child_of_a_busy_queue(void *argument)
{
    (void)argument;
    return hf_timer_set(queue, forked_timer, 0, 0) == HF_OK && hf_timer_run(queue) == 1 ? 0 : 1;
}

Test(forks, lock_that_another_thread_holds_is_free_in_the_child)
{
    _Atomic bool held = false;
    reports_start();
    queue = create(false);
    forked_timer = open_tally(queue, &forked_tally, count_call);
    actor *other = actor_start();
    actor_begin(other, hold_lock_for_a_while, (void *)&held);
    while (!held)
        sched_yield();
    cr_assert_eq(forked(child_of_a_busy_queue, NULL), 0);
    actor_finish(other);
    actor_end(other);
    MUST_OK(hf_timer_set(queue, forked_timer, 0, 0));
    hf_timer_queue_destroy(queue);
}

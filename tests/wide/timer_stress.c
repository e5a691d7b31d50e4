/* A queue with a thread of its own, while four threads set, cancel, close, and give new data to
 * timers that fire all the time: data are freed exactly once and never used after that, a function
 * never runs twice at once, and a closed timer is never called. */
#include "fixture.h"
#include "spin_barrier.h"

#include <holdfast/timer.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = 4, SHARED = 24, ROUNDS_MS = 1500, CALLS = 8000 };

/* What a timer works on.  `content` is a plain word on purpose: ThreadSanitizer sees a use that is
 * not ordered before the free. */
typedef struct context {
    uint64_t content;
    struct shared *at;
} context;

typedef struct shared {
    _Atomic uint64_t handle;
    _Atomic unsigned running; /* functions of the timer that is here now */
} shared;

static hf_timer_queue *queue;
static shared places[SHARED];
static _Atomic uint64_t made, freed, called, wrong;
static _Atomic bool over;

static context *make_context(shared *at)
{
    context *c = malloc(sizeof(*c));
    *c = (context){.content = 1, .at = at};
    made++;
    return c;
}

static void free_context(void *data)
{
    context *c = data;
    wrong += c->content == 0;
    c->content = 0;
    freed++;
    free(c); /* twice, or a use after it: AddressSanitizer tells */
}

typedef struct sailor {
    uint64_t random;
    spin_barrier *barrier;
} sailor;

static uint64_t roll(uint64_t *random, uint64_t limit)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (*random >> 33) % limit;
}

/* Inside the function: it also does to itself what the others do to it. */
static void fire(const hf_timer_event *event)
{
    static __thread uint64_t random = 77;
    context *c = event->data;
    wrong += c->content == 0;
    c->content++;
    called++;
    switch (roll(&random, 8)) {
    case 0:
        (void)hf_timer_set(event->queue, event->timer, (int64_t)roll(&random, 200), 0);
        break;
    case 1:
        (void)hf_timer_close(event->queue, event->timer);
        break;
    case 2: {
        context *fresh = make_context(c->at);
        if (hf_timer_set_data(event->queue, event->timer, fire, fresh, free_context) != HF_OK)
            free_context(fresh);
        break;
    }
    case 3:
        wrong += hf_timer_close_wait(event->queue, event->timer, HF_FOREVER) == HF_OK;
        break;
    default:
        break;
    }
    wrong += c->content == 0;
}

static hf_timer timer_at(const shared *at)
{
    return hf_timer_from((hf_handle){at->handle});
}

static void open_at(shared *at, uint64_t *random)
{
    hf_timer_options options = HF_TIMER_OPTIONS_INIT;
    hf_timer timer;
    options.function = fire;
    options.data = make_context(at);
    options.free_data = free_context;
    options.missed = (hf_timer_missed)roll(random, 3);
    options.close_when_done = roll(random, 4) == 0;
    if (hf_timer_open(queue, &options, &timer) != HF_OK) {
        free_context(options.data);
        wrong++;
        return;
    }
    (void)hf_timer_set(queue, timer, (int64_t)roll(random, 300), (int64_t)roll(random, 2) * 50);
    uint64_t old = atomic_exchange(&at->handle, timer.handle.bits);
    if (old != 0)
        (void)hf_timer_close(queue, hf_timer_from((hf_handle){old}));
}

static void renew(shared *at)
{
    context *fresh = make_context(at);
    if (hf_timer_set_data(queue, timer_at(at), fire, fresh, free_context) != HF_OK)
        free_context(fresh);
}

static void act(shared *at, uint64_t *random)
{
    switch (roll(random, 10)) {
    case 0:
        open_at(at, random);
        break;
    case 1:
        (void)hf_timer_close(queue, timer_at(at));
        break;
    case 2:
        (void)!hf_timer_close_wait(queue, timer_at(at), (hf_timeout)roll(random, 2) * HF_SECONDS);
        break;
    case 3:
        renew(at);
        break;
    case 4:
        (void)hf_timer_cancel(queue, timer_at(at), NULL);
        break;
    case 5:
        (void)hf_timer_reset(queue, timer_at(at));
        break;
    default:
        (void)hf_timer_set(queue, timer_at(at), (int64_t)roll(random, 300),
                           (int64_t)roll(random, 3) * 40);
    }
}

static void *sail(void *argument)
{
    sailor *self = argument;
    spin_barrier_wait(self->barrier);
    while (!over)
        act(&places[roll(&self->random, SHARED)], &self->random);
    return NULL;
}

static void storm(bool threaded, const hf_timer_order *order)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    spin_barrier barrier = {.threads = THREADS};
    sailor sailors[THREADS];
    pthread_t threads[THREADS];
    MUST_OK(hf_set_policy(HF_REPORT_DOUBLE_CLOSE, HF_POLICY_IGNORE)); /* all of these may be */
    MUST_OK(hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_IGNORE));
    MUST_OK(hf_set_policy(HF_REPORT_HANDLE_REUSE, HF_POLICY_IGNORE));
    MUST_OK(hf_set_policy(HF_REPORT_POSSIBLE_DEADLOCK, HF_POLICY_IGNORE));
    MUST_OK(hf_set_policy(HF_REPORT_RUNDOWN_TIMEOUT, HF_POLICY_IGNORE));
    options.threaded = threaded;
    options.order = order;
    MUST_OK(hf_timer_queue_create(&options, &queue));
    for (unsigned i = 0; i < SHARED; i++)
        open_at(&places[i], &(uint64_t){i});
    for (unsigned i = 0; i < THREADS; i++) {
        sailors[i] = (sailor){.random = 1000 + i, .barrier = &barrier};
        cr_assert_eq(pthread_create(&threads[i], NULL, sail, &sailors[i]), 0);
    }
    struct timespec span = {.tv_sec = ROUNDS_MS / 1000, .tv_nsec = ROUNDS_MS % 1000 * 1000000};
    if (threaded)
        nanosleep(&span, NULL);
    else
        while (called < CALLS)
            (void)hf_timer_run(queue);
    over = true;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    hf_timer_queue_destroy(queue);
    cr_assert_gt(called, 0);
    cr_assert_eq(wrong, 0);
    cr_assert_eq(made, freed);
}

Test(timer_stress, driver_and_wheel)
{
    storm(true, &hf_timer_wheel);
}

Test(timer_stress, driver_and_heap)
{
    storm(true, &hf_timer_heap);
}

Test(timer_stress, callers_loop)
{
    storm(false, NULL);
}

/* Several threads dispatch one queue at once: a function never runs on two of them. */
static void fire_alone(const hf_timer_event *event)
{
    shared *at = event->data;
    wrong += at->running++ != 0;
    called++;
    if (called % 3 == 0)
        (void)hf_timer_set(event->queue, event->timer, 0, called % 2 * 10);
    for (unsigned i = 0; i < called % 5; i++)
        sched_yield();
    at->running--;
}

static void *dispatch(void *argument)
{
    sailor *self = argument;
    spin_barrier_wait(self->barrier);
    while (!over) {
        hf_timer_batch batch;
        if (roll(&self->random, 2) == 0) {
            (void)hf_timer_run(queue);
            continue;
        }
        if (hf_timer_begin(queue, &batch) != HF_OK)
            wrong++;
        (void)hf_timer_handle(queue, &batch);
        if (hf_timer_end(queue, &batch) != HF_OK)
            wrong++;
    }
    return NULL;
}

Test(timer_stress, several_dispatchers)
{
    spin_barrier barrier = {.threads = THREADS};
    sailor sailors[THREADS];
    pthread_t threads[THREADS];
    MUST_OK(hf_timer_queue_create(NULL, &queue));
    for (unsigned i = 0; i < SHARED; i++) {
        hf_timer_options options = HF_TIMER_OPTIONS_INIT;
        hf_timer timer;
        options.function = fire_alone;
        options.data = &places[i];
        MUST_OK(hf_timer_open(queue, &options, &timer));
        MUST_OK(hf_timer_set(queue, timer, 0, i % 3 == 0 ? 1 : 7));
        places[i].handle = timer.handle.bits;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        sailors[i] = (sailor){.random = 1000 + i, .barrier = &barrier};
        cr_assert_eq(pthread_create(&threads[i], NULL, dispatch, &sailors[i]), 0);
    }
    for (uint64_t i = 0, random = 5; called < 20000; i++)
        (void)hf_timer_set(queue, timer_at(&places[roll(&random, SHARED)]), 0, i % 2 * 20);
    over = true;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(hf_timer_armed(queue) <= SHARED, true);
    hf_timer_queue_destroy(queue);
    cr_assert_eq(wrong, 0);
}

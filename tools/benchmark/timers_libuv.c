/* libuv: uv_timer_start and uv_timer_stop on a loop of its own, run without waiting.
 *
 * libuv has no clock to be injected.  Timers count from the loop's idea of the time, which only
 * running the loop brings up to date; so that is set back by the longest delay, as in a loop that
 * was busy so long, and when it is run all are due.  Its clock ticks in milliseconds. */
#include "timers.h"

#include <stdlib.h>
#include <uv.h>

enum { US_PER_MS = 1000 };

typedef struct population {
    uv_loop_t loop;
    uint64_t called;
    uv_timer_t timers[];
} population;

static void count_call(uv_timer_t *timer)
{
    ((population *)timer->data)->called++;
}

static void set_back(population *all)
{
    uv_update_time(&all->loop);
    all->loop.time -= BENCH_DELAY_US / US_PER_MS + 1;
}

static void *make(uint64_t count)
{
    population *all = calloc(1, sizeof(*all) + count * sizeof(all->timers[0]));
    if (all == NULL || uv_loop_init(&all->loop) != 0) {
        free(all);
        return NULL;
    }
    for (uint64_t i = 0; i < count; i++) {
        (void)uv_timer_init(&all->loop, &all->timers[i]); /* cannot fail */
        all->timers[i].data = all;
    }
    set_back(all);
    return all;
}

static uint64_t arm(void *subject, uint64_t timer, uint64_t delay_us)
{
    population *all = subject;
    return uv_timer_start(&all->timers[timer], count_call, delay_us / US_PER_MS, 0) == 0;
}

static uint64_t cancel(void *subject, uint64_t timer)
{
    population *all = subject;
    return uv_timer_stop(&all->timers[timer]) == 0;
}

static uint64_t fire(void *subject)
{
    population *all = subject;
    uint64_t before = all->called;
    (void)uv_run(&all->loop, UV_RUN_NOWAIT);
    set_back(all);
    return all->called - before;
}

const bench_timers bench_timers_libuv = {
    .name = "libuv",
    .most = 10000000,
    .make = make,
    .arm = arm,
    .arm_due = arm,
    .cancel = cancel,
    .fire = fire,
};

/* Holdfast's timer queue with either order, driven with a clock of the benchmark's own. */
#include "timers.h"

#include <holdfast/timer.h>

#include <stdlib.h>

typedef struct population {
    hf_timer_queue *queue;
    int64_t now_us;
    uint64_t called;
    hf_timer timers[];
} population;

static int64_t tell_time(void *context)
{
    return ((const population *)context)->now_us;
}

static void count_call(const hf_timer_event *event)
{
    ((population *)event->data)->called++;
}

static void *population_make(const hf_timer_order *order, uint64_t count)
{
    population *all = calloc(1, sizeof(*all) + count * sizeof(all->timers[0]));
    if (all == NULL)
        return NULL;
    hf_timer_queue_options queue = HF_TIMER_QUEUE_OPTIONS_INIT;
    queue.order = order;
    queue.clock = tell_time;
    queue.clock_context = all;
    hf_timer_options timer = HF_TIMER_OPTIONS_INIT;
    timer.function = count_call;
    timer.data = all;
    all->now_us = 1;
    hf_status status = hf_timer_queue_create(&queue, &all->queue);
    for (uint64_t i = 0; i < count && status == HF_OK; i++)
        status = hf_timer_open(all->queue, &timer, &all->timers[i]);
    return status == HF_OK ? all : NULL;
}

static void *wheel_make(uint64_t count)
{
    return population_make(&hf_timer_wheel, count);
}

static void *heap_make(uint64_t count)
{
    return population_make(&hf_timer_heap, count);
}

static uint64_t arm(void *subject, uint64_t timer, uint64_t delay_us)
{
    population *all = subject;
    return hf_timer_set(all->queue, all->timers[timer], (int64_t)delay_us, 0) == HF_OK;
}

static uint64_t cancel(void *subject, uint64_t timer)
{
    population *all = subject;
    return hf_timer_cancel(all->queue, all->timers[timer], NULL) == HF_OK;
}

static uint64_t fire(void *subject)
{
    population *all = subject;
    uint64_t before = all->called;
    all->now_us += (int64_t)BENCH_DELAY_US;
    (void)hf_timer_run(all->queue);
    return all->called - before;
}

const bench_timers bench_timers_wheel = {
    .name = "holdfast-wheel",
    .most = 10000000,
    .make = wheel_make,
    .arm = arm,
    .arm_due = arm,
    .cancel = cancel,
    .fire = fire,
};
const bench_timers bench_timers_heap = {
    .name = "holdfast-heap",
    .most = 1000000,
    .make = heap_make,
    .arm = arm,
    .arm_due = arm,
    .cancel = cancel,
    .fire = fire,
};

/* The orders of Holdfast's timers alone: what a queue cannot do without. */
#include "timers.h"

#include <holdfast/timer_order.h>

#include <stdlib.h>

typedef struct node {
    hf_timer_link link;
    bool armed;
} node;

typedef struct population {
    const hf_timer_order *order;
    void *links;
    int64_t now_us;
    node nodes[];
} population;

static void *population_make(const hf_timer_order *order, uint64_t count)
{
    population *all = calloc(1, sizeof(*all) + count * sizeof(all->nodes[0]));
    if (all == NULL)
        return NULL;
    all->order = order;
    all->now_us = 1;
    if (order->create(count, all->now_us, &all->links) != HF_OK ||
        order->reserve(all->links, count) != HF_OK)
        return NULL;
    return all;
}

static void *wheel_make(uint64_t count)
{
    return population_make(&hf_timer_wheel, count);
}

static void *heap_make(uint64_t count)
{
    return population_make(&hf_timer_heap, count);
}

static uint64_t cancel(void *subject, uint64_t timer)
{
    population *all = subject;
    node *one = &all->nodes[timer];
    if (one->armed)
        all->order->remove(all->links, &one->link);
    one->armed = false;
    return 1;
}

static uint64_t arm(void *subject, uint64_t timer, uint64_t delay_us)
{
    population *all = subject;
    node *one = &all->nodes[timer];
    (void)cancel(all, timer);
    one->armed = true;
    one->link.deadline_us = all->now_us + (int64_t)delay_us;
    all->order->insert(all->links, &one->link);
    return 1;
}

static uint64_t fire(void *subject)
{
    population *all = subject;
    uint64_t fired = 0;
    all->now_us += (int64_t)BENCH_DELAY_US;
    for (hf_timer_link *due; (due = all->order->expire(all->links, all->now_us)) != NULL; fired++)
        ((node *)(void *)due)->armed = false;
    return fired;
}

const bench_timers bench_timers_wheel_alone = {
    .name = "wheel-alone",
    .most = 10000000,
    .make = wheel_make,
    .arm = arm,
    .arm_due = arm,
    .cancel = cancel,
    .fire = fire,
};
const bench_timers bench_timers_heap_alone = {
    .name = "heap-alone",
    .most = 10000000,
    .make = heap_make,
    .arm = arm,
    .arm_due = arm,
    .cancel = cancel,
    .fire = fire,
};

/* The virtual clock, the list, the loads. */
#include "timer_support.h"

#include <stdlib.h>

/* ---- the clock ------------------------------------------------------------------------------ */

static int64_t virtual_now = 1000;

void clock_reset(void)
{
    clock_set(1000);
}

void clock_set(int64_t now_us)
{
    __atomic_store_n(&virtual_now, now_us, __ATOMIC_RELAXED);
}

int64_t clock_read(void *context)
{
    (void)context;
    return __atomic_load_n(&virtual_now, __ATOMIC_RELAXED);
}

hf_timer_queue *timers_create(const hf_timer_order *order)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *queue = NULL;
    options.clock = clock_read;
    options.order = order;
    options.name = "test timers";
    MUST_OK(hf_timer_queue_create(&options, &queue));
    return queue;
}

const hf_timer_order *timer_order(unsigned number)
{
    const hf_timer_order *orders[TIMER_ORDERS] = {&list_order, &hf_timer_heap, &hf_timer_wheel};
    return orders[number];
}

/* ---- loads ---------------------------------------------------------------------------------- */

void load_call(const hf_timer_event *event)
{
    load *self = event->data;
    cr_assert_eq(self->frees, 0, "called with data that were freed");
    self->calls++;
    self->last = *event;
    if (self->inside != NULL)
        self->inside(self, event);
    cr_assert_eq(self->frees, 0, "freed while its function ran");
}

void load_free(void *data)
{
    ((load *)data)->frees++;
}

hf_timer_options load_options(load *data)
{
    hf_timer_options options = HF_TIMER_OPTIONS_INIT;
    options.function = load_call;
    options.data = data;
    options.free_data = load_free;
    return options;
}

hf_timer timer_open_with(hf_timer_queue *queue, const hf_timer_options *options)
{
    hf_timer timer = {HF_NULL_HANDLE};
    MUST_OK(hf_timer_open(queue, options, &timer));
    return timer;
}

hf_timer timer_open(hf_timer_queue *queue, load *data)
{
    hf_timer_options options = load_options(data);
    return timer_open_with(queue, &options);
}

bool timer_is_open(hf_timer_queue *queue, hf_timer timer)
{
    return hf_is_live(hf_timer_queue_table(queue), timer.handle);
}

int64_t timer_deadline(hf_timer_queue *queue, hf_timer timer)
{
    int64_t deadline = 0;
    if (timer_is_open(queue, timer))
        MUST_OK(hf_timer_deadline_us(queue, timer, &deadline));
    return deadline;
}

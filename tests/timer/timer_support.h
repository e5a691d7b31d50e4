/* What the tests of timer queues share: a clock that stands still until it is told otherwise, an
 * order of their own, and data that know what was done with them. */
#ifndef TESTS_TIMER_SUPPORT_H
#define TESTS_TIMER_SUPPORT_H

#include "fixture.h"
#include "list_order.h"

#include <holdfast/timer.h>

enum { TIMER_ORDERS = 3 };
#define NEVER INT64_MAX

/* A sorted list, the two of the library. */
const hf_timer_order *timer_order(unsigned number);

/* The clock of queues made below.  It starts at 1,000. */
void clock_reset(void);
void clock_set(int64_t now_us);
int64_t clock_read(void *context);

/* A queue with that clock, driven by the caller.  NULL: the default order. */
hf_timer_queue *timers_create(const hf_timer_order *order);

/* One `data` of a timer. */
typedef struct load {
    unsigned calls;
    unsigned frees;
    hf_timer_event last;                                            /* what it was called with */
    void (*inside)(struct load *self, const hf_timer_event *event); /* or NULL: done in the call */
    void *argument;
    unsigned number;
} load;

/* The function and the free_data of loads. */
void load_call(const hf_timer_event *event);
void load_free(void *data);

/* A timer with a load; it is not armed. */
hf_timer_options load_options(load *data);
hf_timer timer_open(hf_timer_queue *queue, load *data);
hf_timer timer_open_with(hf_timer_queue *queue, const hf_timer_options *options);

/* When it is due; 0 when it is not open any more. */
int64_t timer_deadline(hf_timer_queue *queue, hf_timer timer);

/* Whether the handle is open. */
bool timer_is_open(hf_timer_queue *queue, hf_timer timer);

#endif

/* An order of timers that cannot be wrong: a sorted list. */
#ifndef FUZZ_TIMER_LIST_ORDER_H
#define FUZZ_TIMER_LIST_ORDER_H

#include <holdfast/timer_order.h>

extern const hf_timer_order list_order;

#endif

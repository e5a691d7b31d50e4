/* An order of timers such as a user might plug in, and that cannot be wrong: a sorted list. */
#ifndef TESTS_LIST_ORDER_H
#define TESTS_LIST_ORDER_H

#include <holdfast/timer_order.h>

extern const hf_timer_order list_order;

#endif

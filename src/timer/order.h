/* The two orders of timers from inside: their predicates, and the heap's functions by name, because
 * the wheel keeps what is overdue in a heap. */
#ifndef HF_TIMER_ORDER_INTERNAL_H
#define HF_TIMER_ORDER_INTERNAL_H

#include <holdfast/timer_order.h>

hf_status hf_heap_create(uint64_t capacity, int64_t now_us, void **order);
void hf_heap_destroy(void *order);
hf_status hf_heap_reserve(void *order, uint64_t count);
void hf_heap_insert(void *order, hf_timer_link *link);
void hf_heap_remove(void *order, hf_timer_link *link);
hf_timer_link *hf_heap_expire(void *order, int64_t now_us);
int64_t hf_heap_next_us(const void *order);

/* Whether all is as the prose in heap.c and wheel.c says.  Looks at every link. */
bool hf_heap_is_valid(const void *order);
bool hf_wheel_is_valid(const void *order);

#endif

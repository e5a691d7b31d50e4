/* The queue and the loads. */
#include "lifetimes_support.h"

hf_timer_queue *queue;
load data;
load others;

void lifetimes_begin(void)
{
    clock_reset();
    reports_start();
    data = others = (load){.number = 0};
    queue = timers_create(NULL);
}

void lifetimes_end(void)
{
    hf_timer_queue_destroy(queue);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
}

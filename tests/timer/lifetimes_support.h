/* What the tests of lifetimes share: a queue that nobody drives but the test, and two loads. */
#ifndef TESTS_LIFETIMES_SUPPORT_H
#define TESTS_LIFETIMES_SUPPORT_H

#include "timer_support.h"

extern hf_timer_queue *queue;
extern load data;
extern load others;

/* For suites. */
void lifetimes_begin(void);
void lifetimes_end(void);

#endif

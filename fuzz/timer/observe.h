/* Comparing what the library shows with the model, and a digest of it, by which the orders of
 * timers are compared with each other. */
#ifndef FUZZ_TIMER_OBSERVE_H
#define FUZZ_TIMER_OBSERVE_H

#include "model.h"

void observe_prepare(void);
void observe_begin(const hf_timer_order *order);

/* Something that must be the same with every order. */
void observe(uint64_t word);
void observe_status(const char *what, hf_status got, hf_status expected);

/* All that can be asked and has been told, at any moment in between. */
void observe_state(hf_timer_queue *queue);

/* When the queue is gone: all data are freed.  Answers the digest. */
uint64_t observe_end(void);

#endif

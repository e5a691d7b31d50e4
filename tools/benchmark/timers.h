/* What every contestant of the timer benchmarks offers: a population of timers of which each can be
 * armed and cancelled, and made to fire.
 *
 * Delays are microseconds; a contestant whose clock is coarser rounds them.  No contestant waits
 * for a deadline: each arranges in its own way that time has passed. */
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_DELAY_US UINT64_C(30000000) /* no delay is longer */

typedef struct bench_timers {
    const char *name;
    uint64_t most;                  /* timers that it is run with */
    bool (*allows)(uint64_t count); /* or NULL; false: this machine has no room for so many */
    void *(*make)(uint64_t count);  /* none is armed; NULL: cannot be.  Kept until the end */

    /* These answer 1 if it was done. */
    uint64_t (*arm)(void *subject, uint64_t timer, uint64_t delay_us); /* replaces */
    uint64_t (*arm_due)(void *subject, uint64_t timer, uint64_t delay_us);
    uint64_t (*cancel)(void *subject, uint64_t timer);

    /* Fires all that were armed by arm_due; answers how many functions were called. */
    uint64_t (*fire)(void *subject);
} bench_timers;

/* timers_holdfast.c: the queue; timers_order.c: its orders without it */
extern const bench_timers bench_timers_wheel;
extern const bench_timers bench_timers_heap;
extern const bench_timers bench_timers_wheel_alone;
extern const bench_timers bench_timers_heap_alone;

/* Each only where its library was found. */
extern const bench_timers bench_timers_libuv;
extern const bench_timers bench_timers_glib;
extern const bench_timers bench_timers_timerfd;

#ifdef __cplusplus
}
#endif

#endif

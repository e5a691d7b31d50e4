/* A place where one thread stops, so that another can look at what is under way.  In the child of a
 * fork whoever stood there is gone. */
#ifndef TESTS_STOPPED_H
#define TESTS_STOPPED_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct stopping_place {
    _Atomic bool reached;
    _Atomic bool passed; /* set: nobody stops there (any more) */
} stopping_place;

static inline void stop_here(stopping_place *at)
{
    /* Release and acquire: what comes before is seen by who waits, and the other way round. */
    atomic_store_explicit(&at->reached, true, memory_order_release);
    while (!atomic_load_explicit(&at->passed, memory_order_acquire))
        sched_yield();
}

static inline void wait_until_stopped(stopping_place *at)
{
    while (!atomic_load_explicit(&at->reached, memory_order_acquire))
        sched_yield();
}

static inline void let_pass(stopping_place *at)
{
    atomic_store_explicit(&at->passed, true, memory_order_release);
}

#endif

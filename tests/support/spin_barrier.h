/* A barrier that spins: unlike one of the system's it brings threads so close together that races
 * between them show. */
#ifndef TESTS_SPIN_BARRIER_H
#define TESTS_SPIN_BARRIER_H

#include <sched.h>
#include <stdatomic.h>

typedef struct spin_barrier {
    unsigned threads;
    _Atomic unsigned arrived;
    _Atomic unsigned round;
} spin_barrier;

static inline void spin_barrier_wait(spin_barrier *barrier)
{
    unsigned round = atomic_load_explicit(&barrier->round, memory_order_relaxed);
    /* Acquire and release: the last to arrive has seen what all did, and passes it on below. */
    unsigned arrived = atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1;
    if (arrived == barrier->threads) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        /* Release: partner of the acquire of those who spin. */
        atomic_store_explicit(&barrier->round, round + 1, memory_order_release);
        return;
    }
    for (unsigned spins = 0; atomic_load_explicit(&barrier->round, memory_order_acquire) == round;
         spins++) {
        if (spins > 200)
            sched_yield();
    }
}

#endif

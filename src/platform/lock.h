/* The library's only lock: held for short work, never while a function of the user runs, and never
 * waited for without a bound.
 *
 * It knows its holder by thread id.  Where the holder is no thread of this process (it was killed,
 * or was left behind by fork), or does not give the lock back in time (it is stopped for ever), the
 * one who waits is told so and must do without: what the lock guards may be half-changed.  One
 * waits in vain for all: until the holder gives it back, nobody waits for him again. */
#ifndef HF_PLATFORM_LOCK_H
#define HF_PLATFORM_LOCK_H

#include "platform/platform.h"

typedef struct hf_lock {
    uint32_t word; /* the holder's thread number, and the flags below; 0: free */
} hf_lock;

/* May be set without a waiter; must not be clear while one sleeps for more than a time slice. */
#define HF_LOCK_AWAITED (UINT32_C(1) << 31)

/* Somebody waited for this holder as long as HF_LOCK_BOUND_NS, or found him gone.  May be clear all
 * the same. */
#define HF_LOCK_GIVEN_UP (UINT32_C(1) << 30)

/* Long enough for any work that is done under a lock. */
#define HF_LOCK_BOUND_NS INT64_C(1000000000)

/* For hf_lock_take. */
bool hf_lock_take_slow(hf_lock *lock, int64_t bound_ns);
void hf_lock_wake(hf_lock *lock);

/* False, after bound_ns (0: at once): the holder keeps it, is gone, or is this thread.  False at
 * once where HF_LOCK_GIVEN_UP.  A bound of HF_LOCK_BOUND_NS or more is for one holding of the lock:
 * who is merely out-run by others waits on. */
static inline bool hf_lock_take(hf_lock *lock, int64_t bound_ns)
{
    uint32_t none = 0;
    /* Acquire: what the last holder did comes before.  Partner: the release in hf_lock_give. */
    return __builtin_expect(__atomic_compare_exchange_n(&lock->word, &none, hf_os_thread_number(),
                                                        false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
                            1) ||
           hf_lock_take_slow(lock, bound_ns);
}

static inline void hf_lock_give(hf_lock *lock)
{
    /* Release: partner is the acquire in hf_lock_take. */
    if ((__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) & HF_LOCK_AWAITED) != 0)
        hf_lock_wake(lock);
}

/* Makes the lock free, in a forked child whose only thread does not hold it. */
static inline void hf_lock_reset(hf_lock *lock)
{
    __atomic_store_n(&lock->word, 0, __ATOMIC_RELAXED);
}

#endif

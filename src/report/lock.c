/* A lock that survives fork. */
#include "report/lock.h"

#include "platform/platform.h"

/* A waiter looks again this often, should a wake be lost to a change of hands. */
static const int64_t look_again_ns = 50 * 1000 * 1000;

void hf_lock_take(hf_lock *lock)
{
    uint32_t self = (uint32_t)hf_os_process_id();
    for (;;) {
        uint32_t seen = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);
        if (seen == self)
            hf_os_wait(&lock->holder, seen, look_again_ns);
        /* Acquire: what the last holder did comes before.  Partner: the release in hf_lock_give.
         * A holder of another process was copied here by fork and will never let go. */
        else if (__atomic_compare_exchange_n(&lock->holder, &seen, self, false, __ATOMIC_ACQUIRE,
                                             __ATOMIC_RELAXED))
            return;
    }
}

void hf_lock_give(hf_lock *lock)
{
    /* Release.  Partner: the acquire in hf_lock_take. */
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
    hf_os_wake_all(&lock->holder);
}

/* Waiting for a lock whose holder may never give it back. */
#include "platform/lock.h"

/* How long a waiter sleeps before he looks whether the holder still exists. */
static const int64_t slice_ns = 10 * 1000 * 1000;

void hf_lock_wake(hf_lock *lock)
{
    hf_os_wake_all(&lock->word);
}

/* Takes a free lock, as one who may leave other waiters behind. */
static bool take_free(hf_lock *lock)
{
    uint32_t none = 0;
    /* Acquire: partner is the release in hf_lock_give. */
    return __atomic_compare_exchange_n(&lock->word, &none, hf_os_thread_number() | HF_LOCK_AWAITED,
                                       false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Marks the lock as awaited; false when its holder has changed. */
static bool mark(hf_lock *lock, uint32_t word)
{
    return (word & HF_LOCK_AWAITED) != 0 ||
           __atomic_compare_exchange_n(&lock->word, &word, word | HF_LOCK_AWAITED, false,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static uint32_t holder_of(uint32_t word)
{
    return word & ~(HF_LOCK_AWAITED | HF_LOCK_GIVEN_UP);
}

/* Not this thread, and nobody who was waited for in vain before. */
static bool is_worth_waiting_for(uint32_t word)
{
    return holder_of(word) != hf_os_thread_number() && (word & HF_LOCK_GIVEN_UP) == 0;
}

/* Spares the others the wait for this holder.  False: the word has changed since it was looked at,
 * so that what was found out about him says nothing about who holds the lock now: he may have given
 * it back and ended. */
static bool give_up(hf_lock *lock, uint32_t word)
{
    return __atomic_compare_exchange_n(&lock->word, &word, word | HF_LOCK_GIVEN_UP, false,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Whoever has a full bound is only out-run while the lock changes hands: his time begins anew with
 * each change that he sees.  One is that the flag is gone that he has set. */
bool hf_lock_take_slow(hf_lock *lock, int64_t bound_ns)
{
    int64_t start = hf_os_now_ns();
    uint32_t seen = 0;
    bool slept = false;
    while (!take_free(lock)) {
        uint32_t word = __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
        if (word == 0)
            continue;
        if (!is_worth_waiting_for(word))
            return false;
        if (word != seen && bound_ns >= HF_LOCK_BOUND_NS)
            start = hf_os_now_ns();
        seen = word | HF_LOCK_AWAITED;
        int64_t left = bound_ns - (hf_os_now_ns() - start);
        bool gone = slept && !hf_os_thread_lives(holder_of(word));
        if (gone || (left <= 0 && bound_ns >= HF_LOCK_BOUND_NS)) {
            if (give_up(lock, word))
                return false;
            continue;
        }
        if (left <= 0)
            return false;
        if (mark(lock, word))
            hf_os_wait(&lock->word, word | HF_LOCK_AWAITED, left < slice_ns ? left : slice_ns);
        slept = true;
    }
    return true;
}

/* Fences.  ThreadSanitizer does not know them: in its builds a seq_cst exchange on a word of the
 * thread's own stands for each.  Every use names its partner. */
#ifndef HF_PLATFORM_FENCE_H
#define HF_PLATFORM_FENCE_H

#include <holdfast/base.h>

#ifdef HF_TSAN_BUILD_
static inline void hf_fence(int kind)
{
    uint32_t word = 0;
    (void)kind;
    (void)__atomic_exchange_n(&word, 1, __ATOMIC_SEQ_CST);
}
#else
#define hf_fence(order) __atomic_thread_fence(order)
#endif

#define hf_full_fence()    hf_fence(__ATOMIC_SEQ_CST)
#define hf_release_fence() hf_fence(__ATOMIC_RELEASE)
#define hf_acquire_fence() hf_fence(__ATOMIC_ACQUIRE)

/* A full fence between what this thread has changed by read-modify-writes and its later loads.  On
 * x86 those are ordered as it is, by the locked instruction, and only the compiler must be told. */
#if defined(__x86_64__) && !defined(HF_TSAN_BUILD_)
#define hf_full_fence_after_rmw() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#else
#define hf_full_fence_after_rmw() hf_full_fence()
#endif

#endif

/* The asymmetric barrier: membarrier(PRIVATE_EXPEDITED) interrupts every processor that runs a
 * thread of this process, so that the threads themselves need no fence.  Where the kernel lacks it,
 * and under ThreadSanitizer, which cannot see it, both sides use a fence instead. */
#include "platform/fence.h"
#include "platform/platform.h"

#include <holdfast/base.h>

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Without the C library's function where that is easy: its return would be one more that the
 * processor does not foresee (see hf_record_barrier_after_rmw), and errno would have to be kept. */
static bool membarrier(int command)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_membarrier), "D"(command), "S"(0), "d"(0)
                     : "rcx", "r11", "memory");
#else
    int saved = errno;
    long result = syscall(SYS_membarrier, command, 0, 0);
    errno = saved;
#endif
    return result == 0;
}

#if defined(HF_FENCES) || defined(HF_TSAN_BUILD_)
bool hf_os_barrier_is_asymmetric(void)
{
    return false;
}
#else
enum { UNKNOWN, SYMMETRIC, ASYMMETRIC };
static int kind = UNKNOWN;

bool hf_os_barrier_is_asymmetric(void)
{
    int known = __atomic_load_n(&kind, __ATOMIC_RELAXED);
    if (known == UNKNOWN) {
        /* Registering twice does no harm, so two first callers need not agree on who does it. */
        known = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) ? ASYMMETRIC : SYMMETRIC;
        __atomic_store_n(&kind, known, __ATOMIC_RELAXED);
    }
    return known == ASYMMETRIC;
}
#endif

void hf_os_barrier_heavy(void)
{
    if (!hf_os_barrier_is_asymmetric()) {
        /* Partner: the seq_cst exchange in hf_hazard_store of every thread (core/record.c). */
        hf_full_fence();
        return;
    }
    (void)membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

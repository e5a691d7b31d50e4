/* Holdfast's own system calls in the target: made directly, so that neither the sanitizers nor
 * other preloaded libraries take them for the program's; and on x86-64 in line, because a return
 * after a system call is foreseen wrongly by processors of which Linux guards the returns. */
#ifndef RUN_KERNEL_H
#define RUN_KERNEL_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "real.h"

#if defined(__x86_64__) && defined(__LP64__) && !defined(HF_FAULT_INJECTION)
static inline long run_kernel_call(long number, long first, long second, long third, long fourth)
{
    register long in_r10 __asm__("r10") = fourth;
    long answer;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "0"(number), "D"(first), "S"(second), "d"(third), "r"(in_r10)
                     : "rcx", "r11", "memory");
    if (__builtin_expect((unsigned long)answer > -4096UL, 0)) {
        errno = (int)-answer;
        return -1;
    }
    return answer;
}
#else
RUN_DECLARE_REAL(long, syscall, (long number, ...)) /* which tests put another in the place of */

static inline long run_kernel_call(long number, long first, long second, long third, long fourth)
{
    return RUN_REAL(syscall)(number, first, second, third, fourth);
}
#endif

/* As the C library's functions: -1 and errno. */
static inline int run_kernel_close(int descriptor)
{
    return (int)run_kernel_call(SYS_close, descriptor, 0, 0, 0);
}

static inline int run_kernel_dup3(int from, int to, int flags)
{
    return (int)run_kernel_call(SYS_dup3, from, to, flags, 0);
}

static inline int run_kernel_fcntl(int descriptor, int command, long argument)
{
    return (int)run_kernel_call(SYS_fcntl, descriptor, command, argument, 0);
}

static inline int run_kernel_openat(int directory, const char *path, int flags)
{
    return (int)run_kernel_call(SYS_openat, directory, (long)path, flags, 0);
}

static inline long run_kernel_read(int descriptor, void *buffer, size_t size)
{
    return run_kernel_call(SYS_read, descriptor, (long)buffer, (long)size, 0);
}

static inline long run_kernel_pread(int descriptor, void *buffer, size_t size, long offset)
{
    return run_kernel_call(SYS_pread64, descriptor, (long)buffer, (long)size, offset);
}

/* -1 also where the system has no such call. */
static inline int run_kernel_close_range(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    return (int)run_kernel_call(SYS_close_range, (long)first, (long)last, 0, 0);
#else
    (void)first;
    (void)last;
    return -1;
#endif
}

#endif

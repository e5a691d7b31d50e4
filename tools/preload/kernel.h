/* Holdfast's own system calls in the target: made directly, so that neither the sanitizers nor
 * other preloaded libraries take them for the program's. */
#ifndef RUN_KERNEL_H
#define RUN_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "real.h"

RUN_DECLARE_REAL(long, syscall, (long number, ...))

/* As the C library's functions: -1 and errno. */
static inline int run_kernel_close(int descriptor)
{
    return (int)RUN_REAL(syscall)(SYS_close, (long)descriptor);
}

static inline int run_kernel_dup3(int from, int to, int flags)
{
    return (int)RUN_REAL(syscall)(SYS_dup3, (long)from, (long)to, (long)flags);
}

static inline int run_kernel_fcntl(int descriptor, int command, long argument)
{
    return (int)RUN_REAL(syscall)(SYS_fcntl, (long)descriptor, (long)command, argument);
}

static inline int run_kernel_openat(int directory, const char *path, int flags)
{
    return (int)RUN_REAL(syscall)(SYS_openat, (long)directory, path, (long)flags, 0L);
}

static inline long run_kernel_read(int descriptor, void *buffer, size_t size)
{
    return RUN_REAL(syscall)(SYS_read, (long)descriptor, buffer, size);
}

static inline long run_kernel_pread(int descriptor, void *buffer, size_t size, long offset)
{
    return RUN_REAL(syscall)(SYS_pread64, (long)descriptor, buffer, size, offset);
}

/* -1 also where the system has no such call. */
static inline int run_kernel_close_range(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    return (int)RUN_REAL(syscall)(SYS_close_range, (long)first, (long)last, 0L);
#else
    (void)first;
    (void)last;
    return -1;
#endif
}

#endif

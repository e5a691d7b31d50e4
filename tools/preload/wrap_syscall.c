/* syscall: for the numbers that open, use, copy or close descriptors, and those that fork, execute
 * and end.  All others go on with six arguments, which is what the C library's passes, too.
 * The entry is in syscall_entry.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "opening.h"
#include "process.h"
#include "runs.h"
#include "self.h"
#include "syscall.h"
#include "syscalls.h"
#include "uses.h"

RUN_DECLARE_REAL(long, syscall, (long, ...))

void *run_plain_syscall(void)
{
    void *next;
    run_real_type_syscall function = RUN_REAL(syscall);
    __builtin_memcpy(&next, &function, sizeof next);
    return next;
}

/* ---- what has no wrapper of its own ---------------------------------------------------------- */

static long pass(long number, const long *a)
{
    return RUN_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long open_as(const char *name, long number, const long *a)
{
    long opened;
    RUN_TRY(opened, pass(number, a));
    run_opened((int)opened, RUN_CHOSEN, name, "%s", name);
    return opened;
}

static long use_as(const char *name, long number, const long *a)
{
    run_use use;
    if (!run_use_begin(&use, (int)a[0], name))
        return -1;
    long result = pass(number, a);
    run_use_end(&use, result < 0);
    return result;
}

static long open_at2(const long *a)
{
    long opened;
    RUN_TRY(opened, pass(SYS_openat2, a));
    run_opened_path((int)opened, "openat2", (const char *)a[1]);
    return opened;
}

/* fork, or clone as fork: the C library's handlers are not called. */
static long fork_untold(long number, const long *a)
{
    run_process_will_fork();
    long child = pass(number, a);
    if (child == 0)
        run_process_forked_untold();
    return child;
}

static long end_process(const long *a)
{
    run_series_break();
    run_process_ends();
    return pass(SYS_exit_group, a);
}

static long confine(const long *a)
{
    if (a[0] == SECCOMP_SET_MODE_STRICT || a[0] == SECCOMP_SET_MODE_FILTER)
        run_process_confined();
    return pass(SYS_seccomp, a);
}

/* ---- which is which -------------------------------------------------------------------------- */

#define OPENING_CASE(number, name) \
    case number:                   \
        return open_as(name, number, a);
#define USING_CASE(number, name) \
    case number:                 \
        return use_as(name, number, a);

static long call_other(long number, const long *a)
{
    switch (number) {
        RUN_OPENING_CALLS(OPENING_CASE)
        RUN_USING_CALLS(USING_CASE)
    case SYS_openat2:
        return open_at2(a);
    case SYS_exit_group:
        return end_process(a);
    case SYS_mprotect:
        return mprotect((void *)a[0], (size_t)a[1], (int)a[2]);
    case SYS_pkey_mprotect:
        return pkey_mprotect((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3]);
    case SYS_prctl:
        return prctl((int)a[0], a[1], a[2], a[3], a[4]);
    case SYS_seccomp:
        return confine(a);
#ifdef SYS_fork
    case SYS_fork:
#endif
    case SYS_clone:
        return fork_untold(number, a);
    default:
        return pass(number, a);
    }
}

/* Those that only older machines have. */
static long call_old(long number, const long *a)
{
    switch (number) {
#ifdef SYS_open
    case SYS_open:
        return open((const char *)a[0], (int)a[1], (mode_t)a[2]);
    case SYS_creat:
        return creat((const char *)a[0], (mode_t)a[1]);
    case SYS_pipe:
        return pipe((int *)a[0]);
    case SYS_dup2:
        return dup2((int)a[0], (int)a[1]);
    case SYS_epoll_create:
        return open_as("epoll_create", number, a);
    case SYS_eventfd:
        return open_as("eventfd", number, a);
    case SYS_inotify_init:
        return open_as("inotify_init", number, a);
    case SYS_epoll_wait:
        return use_as("epoll_wait", number, a);
#endif
    default:
        return call_other(number, a);
    }
}

/* Those that have a wrapper. */
static long call_known(long number, const long *a)
{
    switch (number) {
    case SYS_openat:
        return openat((int)a[0], (const char *)a[1], (int)a[2], (mode_t)a[3]);
    case SYS_close:
        return close((int)a[0]);
    case SYS_close_range:
        return close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]);
    case SYS_dup:
        return dup((int)a[0]);
    case SYS_dup3:
        return dup3((int)a[0], (int)a[1], (int)a[2]);
    case SYS_fcntl:
        return fcntl((int)a[0], (int)a[1], a[2]);
    case SYS_ioctl:
        return ioctl((int)a[0], (unsigned long)a[1], a[2]);
    case SYS_pipe2:
        return pipe2((int *)a[0], (int)a[1]);
    case SYS_socket:
        return socket((int)a[0], (int)a[1], (int)a[2]);
    case SYS_socketpair:
        return socketpair((int)a[0], (int)a[1], (int)a[2], (int *)a[3]);
    case SYS_accept:
        return accept((int)a[0], (struct sockaddr *)a[1], (socklen_t *)a[2]);
    case SYS_accept4:
        return accept4((int)a[0], (struct sockaddr *)a[1], (socklen_t *)a[2], (int)a[3]);
    case SYS_recvmsg:
        return recvmsg((int)a[0], (struct msghdr *)a[1], (int)a[2]);
    case SYS_getdents64:
        return getdents64((int)a[0], (void *)a[1], (size_t)a[2]);
    case SYS_execve:
        return execve((const char *)a[0], (char *const *)a[1], (char *const *)a[2]);
    case SYS_execveat:
        return execveat((int)a[0], (const char *)a[1], (char *const *)a[2], (char *const *)a[3],
                        (int)a[4]);
    default:
        return call_old(number, a);
    }
}

static bool executes(long number)
{
    return number == SYS_execve || number == SYS_execveat;
}

long run_syscall(long number, ...)
{
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    /* A program that a vfork child executes is followed, too. */
    return run_is_on() || executes(number) ? call_known(number, a) : pass(number, a);
}

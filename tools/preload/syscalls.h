/* The system calls that syscall() is looked at for, besides those that have a wrapper with the same
 * arguments: X(number, "name").
 *
 * A list for each group; the numbers that a machine does not have are left out. */
#ifndef RUN_SYSCALLS_H
#define RUN_SYSCALLS_H

#include <sys/syscall.h>

/* Answer a descriptor. */
#define RUN_OPENING_CALLS(X)                      \
    X(SYS_epoll_create1, "epoll_create1")         \
    X(SYS_eventfd2, "eventfd")                    \
    X(SYS_fanotify_init, "fanotify_init")         \
    X(SYS_inotify_init1, "inotify_init1")         \
    X(SYS_io_uring_setup, "io_uring_setup")       \
    X(SYS_memfd_create, "memfd_create")           \
    X(SYS_mq_open, "mq_open")                     \
    X(SYS_open_by_handle_at, "open_by_handle_at") \
    X(SYS_perf_event_open, "perf_event_open")     \
    X(SYS_pidfd_getfd, "pidfd_getfd")             \
    X(SYS_pidfd_open, "pidfd_open")               \
    X(SYS_timerfd_create, "timerfd_create")       \
    X(SYS_userfaultfd, "userfaultfd")

/* Use the descriptor that is their first argument. */
#define RUN_USING_CALLS(X)                        \
    X(SYS_bind, "bind")                           \
    X(SYS_connect, "connect")                     \
    X(SYS_epoll_ctl, "epoll_ctl")                 \
    X(SYS_epoll_pwait, "epoll_pwait")             \
    X(SYS_fallocate, "fallocate")                 \
    X(SYS_fchdir, "fchdir")                       \
    X(SYS_fchmod, "fchmod")                       \
    X(SYS_fchown, "fchown")                       \
    X(SYS_fdatasync, "fdatasync")                 \
    X(SYS_flock, "flock")                         \
    X(SYS_fsync, "fsync")                         \
    X(SYS_ftruncate, "ftruncate")                 \
    X(SYS_getpeername, "getpeername")             \
    X(SYS_getsockname, "getsockname")             \
    X(SYS_getsockopt, "getsockopt")               \
    X(SYS_inotify_add_watch, "inotify_add_watch") \
    X(SYS_inotify_rm_watch, "inotify_rm_watch")   \
    X(SYS_listen, "listen")                       \
    X(SYS_lseek, "lseek")                         \
    X(SYS_pread64, "pread")                       \
    X(SYS_preadv, "preadv")                       \
    X(SYS_preadv2, "preadv2")                     \
    X(SYS_pwrite64, "pwrite")                     \
    X(SYS_pwritev, "pwritev")                     \
    X(SYS_pwritev2, "pwritev2")                   \
    X(SYS_read, "read")                           \
    X(SYS_readv, "readv")                         \
    X(SYS_recvfrom, "recvfrom")                   \
    X(SYS_sendmsg, "sendmsg")                     \
    X(SYS_sendto, "sendto")                       \
    X(SYS_setsockopt, "setsockopt")               \
    X(SYS_shutdown, "shutdown")                   \
    X(SYS_timerfd_gettime, "timerfd_gettime")     \
    X(SYS_timerfd_settime, "timerfd_settime")     \
    X(SYS_write, "write")                         \
    X(SYS_writev, "writev")

#endif

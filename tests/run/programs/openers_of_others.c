/* Each way to get a descriptor that is no file.
 *
 * expect: double-close now=twice_socket closed=once_socket opened=open_by_socket
 * expect: double-close now=twice_pair_first closed=once_pair_first opened=open_by_pair_first
 * expect: double-close now=twice_pair_second closed=once_pair_second opened=open_by_pair_second
 * expect: double-close now=twice_accept closed=once_accept opened=open_by_accept
 * expect: double-close now=twice_accept4 closed=once_accept4 opened=open_by_accept4
 * expect: double-close now=twice_pipe_read closed=once_pipe_read opened=open_by_pipe_read
 * expect: double-close now=twice_pipe_write closed=once_pipe_write opened=open_by_pipe_write
 * expect: double-close now=twice_pipe2_read closed=once_pipe2_read opened=open_by_pipe2_read
 * expect: double-close now=twice_pipe2_write closed=once_pipe2_write opened=open_by_pipe2_write
 * expect: double-close now=twice_epoll closed=once_epoll opened=open_by_epoll
 * expect: double-close now=twice_epoll1 closed=once_epoll1 opened=open_by_epoll1
 * expect: double-close now=twice_eventfd closed=once_eventfd opened=open_by_eventfd
 * expect: double-close now=twice_timerfd closed=once_timerfd opened=open_by_timerfd
 * expect: double-close now=twice_signalfd closed=once_signalfd opened=open_by_signalfd
 * expect: double-close now=twice_inotify closed=once_inotify opened=open_by_inotify
 * expect: double-close now=twice_inotify1 closed=once_inotify1 opened=open_by_inotify1
 * expect: double-close now=twice_pidfd_open closed=once_pidfd_open opened=open_by_pidfd_open
 * expect: double-close now=twice_raw_pidfd closed=once_raw_pidfd opened=open_by_raw_pidfd
 * expect: double-close now=twice_posix_openpt closed=once_posix_openpt opened=open_by_posix_openpt
 * expect: double-close now=twice_getpt closed=once_getpt opened=open_by_getpt
 * expect: double-close now=twice_pty_master closed=once_pty_master opened=open_by_pty_master
 * expect: double-close now=twice_pty_slave closed=once_pty_slave opened=open_by_pty_slave
 * expect: double-close now=twice_peer closed=once_peer opened=open_by_peer
 * may-expect: double-close now=twice_fanotify closed=once_fanotify opened=open_by_fanotify
 * may-expect: double-close now=twice_userfaultfd closed=once_userfaultfd opened=user_fault
 * may-expect: double-close now=twice_perf_event closed=once_perf_event opened=open_by_perf_event
 * expect: double-close now=twice_raw_socket closed=once_raw_socket opened=open_by_raw_socket
 * expect: double-close now=twice_raw_pipe2 closed=once_raw_pipe2 opened=open_by_raw_pipe2
 * expect: double-close now=twice_raw_memfd closed=once_raw_memfd opened=open_by_raw_memfd
 * expect: double-close now=twice_raw_accept4 closed=once_raw_accept4 opened=open_by_raw_accept4
 * expect: double-close now=twice_raw_eventfd2 closed=once_raw_eventfd2 opened=open_by_raw_eventfd2
 * run:
 * run: --quarantine=0 -- */
#include "openers.h"
#include <linux/perf_event.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define INLINED static inline __attribute__((always_inline))

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_size = sizeof address;
static sigset_t no_signals;
static int listening;
static int terminal;

static void connect_client(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    MUST(connect(client, (struct sockaddr *)&address, address_size) == 0);
    MUST(close(client) == 0);
}

INLINED int user_fault(void)
{
    return (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);
}

static struct perf_event_attr clock_event = {.type = PERF_TYPE_SOFTWARE,
                                             .size = sizeof clock_event,
                                             .config = PERF_COUNT_SW_CPU_CLOCK,
                                             .exclude_kernel = 1};

OPENER(socket, socket(AF_INET, SOCK_DGRAM, 0))
OPENER(pair_first, socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 ? ends[0] : -1)
OPENER(pair_second, socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 ? ends[1] : -1)
OPENER(accept, (connect_client(), accept(listening, NULL, NULL)))
OPENER(accept4, (connect_client(), accept4(listening, NULL, NULL, SOCK_CLOEXEC)))
OPENER(pipe_read, pipe(ends) == 0 ? ends[0] : -1)
OPENER(pipe_write, pipe(ends) == 0 ? ends[1] : -1)
OPENER(pipe2_read, pipe2(ends, O_CLOEXEC) == 0 ? ends[0] : -1)
OPENER(pipe2_write, pipe2(ends, O_CLOEXEC) == 0 ? ends[1] : -1)
OPENER(epoll, epoll_create(1))
OPENER(epoll1, epoll_create1(EPOLL_CLOEXEC))
OPENER(eventfd, eventfd(0, EFD_CLOEXEC))
OPENER(timerfd, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC))
OPENER(signalfd, signalfd(-1, &no_signals, SFD_CLOEXEC))
OPENER(inotify, inotify_init())
OPENER(inotify1, inotify_init1(IN_CLOEXEC))
OPENER(pidfd_open, pidfd_open(getpid(), 0))
OPENER(raw_pidfd, syscall(SYS_pidfd_open, getpid(), 0))
OPENER(posix_openpt, posix_openpt(O_RDWR | O_NOCTTY))
OPENER(getpt, getpt())
OPENER(pty_master, openpty(&ends[0], &ends[1], NULL, NULL, NULL) == 0 ? ends[0] : -1)
OPENER(pty_slave, openpty(&ends[0], &ends[1], NULL, NULL, NULL) == 0 ? ends[1] : -1)
OPENER(peer, ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY))
OPENER(fanotify, fanotify_init(FAN_CLASS_NOTIF, O_RDONLY))
OPENER(userfaultfd, user_fault())
OPENER(perf_event, syscall(SYS_perf_event_open, &clock_event, 0, -1, -1, 0))
OPENER(raw_socket, syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0))
OPENER(raw_pipe2, (int)syscall(SYS_pipe2, ends, 0) == 0 ? ends[0] : -1)
OPENER(raw_memfd, syscall(SYS_memfd_create, "memory", 0))
OPENER(raw_accept4, (connect_client(), syscall(SYS_accept4, listening, NULL, NULL, 0)))
OPENER(raw_eventfd2, syscall(SYS_eventfd2, 0, 0))

int main(void)
{
    listening = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(bind(listening, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
    MUST(getsockname(listening, (struct sockaddr *)&address, &address_size) == 0);
    MUST(listen(listening, 8) == 0);
    terminal = posix_openpt(O_RDWR | O_NOCTTY);
    MUST(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    twice_socket();
    twice_pair_first();
    twice_pair_second();
    twice_accept();
    twice_accept4();
    twice_pipe_read();
    twice_pipe_write();
    twice_pipe2_read();
    twice_pipe2_write();
    twice_epoll();
    twice_epoll1();
    twice_eventfd();
    twice_timerfd();
    twice_signalfd();
    twice_inotify();
    twice_inotify1();
    twice_pidfd_open();
    twice_raw_pidfd();
    twice_posix_openpt();
    twice_getpt();
    twice_pty_master();
    twice_pty_slave();
    twice_peer();
    twice_fanotify();
    twice_userfaultfd();
    twice_perf_event();
    twice_raw_socket();
    twice_raw_pipe2();
    twice_raw_memfd();
    twice_raw_accept4();
    twice_raw_eventfd2();
    puts("done");
    return 0;
}

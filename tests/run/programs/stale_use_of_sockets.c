/* Each call on a closed socket, and the calls that wait for descriptors.
 *
 * expect: stale-use now=by_send closed=close_it opened=open_it
 * expect: stale-use now=by_sendto closed=close_it opened=open_it
 * expect: stale-use now=by_sendmsg closed=close_it opened=open_it
 * expect: stale-use now=by_recv closed=close_it opened=open_it
 * expect: stale-use now=by_recvfrom closed=close_it opened=open_it
 * expect: stale-use now=by_recvmsg closed=close_it opened=open_it
 * expect: stale-use now=by_bind closed=close_it opened=open_it
 * expect: stale-use now=by_connect closed=close_it opened=open_it
 * expect: stale-use now=by_listen closed=close_it opened=open_it
 * expect: stale-use now=by_accept closed=close_it opened=open_it
 * expect: stale-use now=by_accept4 closed=close_it opened=open_it
 * expect: stale-use now=by_getsockname closed=close_it opened=open_it
 * expect: stale-use now=by_getpeername closed=close_it opened=open_it
 * expect: stale-use now=by_getsockopt closed=close_it opened=open_it
 * expect: stale-use now=by_setsockopt closed=close_it opened=open_it
 * expect: stale-use now=by_shutdown closed=close_it opened=open_it
 * expect: stale-use now=select_one closed=close_it opened=open_it
 * expect: stale-use now=pselect_one closed=close_it opened=open_it
 * expect: stale-use now=poll_one closed=close_it opened=open_it
 * expect: stale-use now=ppoll_one closed=close_it opened=open_it
 * expect: stale-use now=by_epoll_ctl_of closed=close_it opened=open_it
 * expect: stale-use now=by_epoll_ctl_add closed=close_it opened=open_it
 * expect: stale-use now=by_epoll_wait closed=close_it opened=open_it
 * expect: stale-use now=by_eventfd_write closed=close_it opened=open_it
 * expect: stale-use now=by_timerfd_settime closed=close_it opened=open_it
 * expect: stale-use now=by_inotify_add_watch closed=close_it opened=open_it
 * expect: stale-use now=by_isatty closed=close_it opened=open_it
 * expect: stale-use now=by_tcgetattr closed=close_it opened=open_it
 * expect: stale-use now=by_fdopen closed=close_it opened=open_it
 * expect: stale-use now=by_fdopendir closed=close_it opened=open_it
 * run:
 * run: --quarantine=0 --
 * run: with_thread
 * run: --quarantine=0 -- with_thread */
#include "program.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <termios.h>

static char buffer[16];
static struct iovec vector = {.iov_base = buffer, .iov_len = 1};
static struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
static struct sockaddr address = {.sa_family = AF_UNIX};
static socklen_t size = sizeof address;
static struct epoll_event event = {.events = EPOLLIN};
static struct itimerspec timer;
static struct termios terminal;
static uint64_t value = 1;
static int number;
static int set;

static inline __attribute__((always_inline)) int select_one(int descriptor)
{
    struct timeval none = {0, 0};
    fd_set descriptors;
    FD_ZERO(&descriptors);
    FD_SET(descriptor, &descriptors);
    return select(descriptor + 1, &descriptors, NULL, NULL, &none);
}

static inline __attribute__((always_inline)) int pselect_one(int descriptor)
{
    struct timespec none = {0, 0};
    fd_set descriptors;
    FD_ZERO(&descriptors);
    FD_SET(descriptor, &descriptors);
    return pselect(descriptor + 1, NULL, &descriptors, NULL, &none, NULL);
}

/* poll itself succeeds: the answer is in the one entry. */
static inline __attribute__((always_inline)) int poll_one(int descriptor)
{
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    MUST(poll(&one, 1, 0) == 1 && one.revents == POLLNVAL);
    errno = EBADF;
    return -1;
}

static inline __attribute__((always_inline)) int ppoll_one(int descriptor)
{
    struct timespec none = {0, 0};
    struct pollfd one = {.fd = descriptor, .events = POLLOUT};
    MUST(ppoll(&one, 1, &none, NULL) == 1 && one.revents == POLLNVAL);
    errno = EBADF;
    return -1;
}

#define OPENED socket(AF_UNIX, SOCK_STREAM, 0)
#define USE(name, call)         \
    STEP void by_##name(int d)  \
    {                           \
        errno = 0;              \
        MUST(is_refused(call)); \
    }
USE(send, send(d, buffer, 1, 0))
USE(sendto, sendto(d, buffer, 1, 0, NULL, 0))
USE(sendmsg, sendmsg(d, &message, 0))
USE(recv, recv(d, buffer, 1, 0))
USE(recvfrom, recvfrom(d, buffer, 1, 0, NULL, NULL))
USE(recvmsg, recvmsg(d, &message, 0))
USE(bind, bind(d, &address, sizeof address))
USE(connect, connect(d, &address, sizeof address))
USE(listen, listen(d, 1))
USE(accept, accept(d, NULL, NULL))
USE(accept4, accept4(d, NULL, NULL, SOCK_CLOEXEC))
USE(getsockname, getsockname(d, &address, &size))
USE(getpeername, getpeername(d, &address, &size))
USE(getsockopt, getsockopt(d, SOL_SOCKET, SO_ERROR, &number, &size))
USE(setsockopt, setsockopt(d, SOL_SOCKET, SO_KEEPALIVE, &number, sizeof number))
USE(shutdown, shutdown(d, SHUT_RDWR))
USE(select, select_one(d))
USE(pselect, pselect_one(d))
USE(poll, poll_one(d))
USE(ppoll, ppoll_one(d))
USE(epoll_ctl_of, epoll_ctl(d, EPOLL_CTL_ADD, 0, &event))
USE(epoll_ctl_add, epoll_ctl(set, EPOLL_CTL_ADD, d, &event))
USE(epoll_wait, epoll_wait(d, &event, 1, 0))
USE(eventfd_write, write(d, &value, sizeof value))
USE(timerfd_settime, timerfd_settime(d, 0, &timer, NULL))
USE(inotify_add_watch, inotify_add_watch(d, "/", IN_OPEN))
USE(isatty, isatty(d) == 1 ? 0 : -1)
USE(tcgetattr, tcgetattr(d, &terminal))
USE(fdopen, fdopen(d, "r") == NULL ? -1 : 0)
USE(fdopendir, fdopendir(d) == NULL ? -1 : 0)

STEP int open_it(void)
{
    return OPENED;
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

int main(int count, char **arguments)
{
    int descriptor;
    (void)arguments;
    if (count > 1)
        start_idle_thread();
    set = epoll_create1(EPOLL_CLOEXEC);
    descriptor = open_it();
    close_it(descriptor);
    by_send(descriptor);
    by_sendto(descriptor);
    by_sendmsg(descriptor);
    by_recv(descriptor);
    by_recvfrom(descriptor);
    by_recvmsg(descriptor);
    by_bind(descriptor);
    by_connect(descriptor);
    by_listen(descriptor);
    by_accept(descriptor);
    by_accept4(descriptor);
    by_getsockname(descriptor);
    by_getpeername(descriptor);
    by_getsockopt(descriptor);
    by_setsockopt(descriptor);
    by_shutdown(descriptor);
    by_select(descriptor);
    by_pselect(descriptor);
    by_poll(descriptor);
    by_ppoll(descriptor);
    by_epoll_ctl_of(descriptor);
    by_epoll_ctl_add(descriptor);
    by_epoll_wait(descriptor);
    by_eventfd_write(descriptor);
    by_timerfd_settime(descriptor);
    by_inotify_add_watch(descriptor);
    by_isatty(descriptor);
    by_tcgetattr(descriptor);
    by_fdopen(descriptor);
    by_fdopendir(descriptor);
    puts("done");
    return 0;
}

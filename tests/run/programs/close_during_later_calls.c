/* Threads wait in calls on what they have used before, and on what another thread has used, too,
 * when it is closed: the usual way of a use.
 *
 * expect: close-during-use now=close_read opened=open_them holder=reads
 * expect: close-during-use now=close_set opened=open_them holder=waits
 * expect: close-during-use now=close_received opened=open_them holder=receives
 * run:
 * run: --quarantine=0 -- */
#include "program.h"
#include <sys/epoll.h>
#include <sys/socket.h>

enum { THREADS = 3 };

static int ends[2];
static int sockets[2];
static int woken[2];
static int set;
static pid_t ids[THREADS];

STEP void open_them(void)
{
    MUST(pipe(ends) == 0);
    set = epoll_create1(0);
    MUST(set >= 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    MUST(pipe(woken) == 0);
}

STEP void close_read(void)
{
    MUST(close(ends[0]) == 0);
}

STEP void close_set(void)
{
    MUST(close(set) == 0);
}

STEP void close_received(void)
{
    MUST(close(sockets[0]) == 0);
}

STEP void *reads(void *unused)
{
    char byte;
    MUST(write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1);
    __atomic_store_n(&ids[0], gettid(), __ATOMIC_RELEASE);
    MUST(read(ends[0], &byte, 1) == 0);
    return unused;
}

STEP void *waits(void *unused)
{
    struct epoll_event event;
    MUST(epoll_wait(set, &event, 1, 0) == 0);
    __atomic_store_n(&ids[1], gettid(), __ATOMIC_RELEASE);
    MUST(epoll_wait(set, &event, 1, 5000) == 1);
    return unused;
}

STEP void *receives(void *unused)
{
    char byte;
    MUST(send(sockets[0], "x", 1, 0) == 1);
    __atomic_store_n(&ids[2], gettid(), __ATOMIC_RELEASE);
    MUST(recv(sockets[0], &byte, 1, 0) == 0);
    return unused;
}

static void use_before(void)
{
    char byte;
    struct epoll_event event = {.events = EPOLLIN};
    MUST(send(sockets[0], "x", 1, 0) == 1 && recv(sockets[1], &byte, 1, 0) == 1);
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, woken[0], &event) == 0);
}

int main(void)
{
    void *(*functions[THREADS])(void *) = {reads, waits, receives};
    pthread_t threads[THREADS];
    open_them();
    use_before();
    for (int i = 0; i < THREADS; i++) {
        pid_t id;
        MUST(pthread_create(&threads[i], NULL, functions[i], NULL) == 0);
        while ((id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE)) == 0)
            (void)usleep(1000);
        wait_until_asleep(id);
    }
    close_read();
    close_set();
    close_received();
    MUST(close(ends[1]) == 0);
    MUST(write(woken[1], "x", 1) == 1);
    MUST(shutdown(sockets[1], SHUT_RDWR) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    return 0;
}

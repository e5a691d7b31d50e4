/* Two threads wait, in poll and in epoll_wait, for what is closed.
 *
 * expect: close-during-use now=close_polled opened=open_it holder=polls
 * expect: close-during-use now=close_set opened=open_set holder=waits */
#include "program.h"
#include <poll.h>
#include <sys/epoll.h>

static int ends[2];
static int set;
static pid_t ids[2];

STEP void open_it(void)
{
    MUST(pipe(ends) == 0);
}

STEP void open_set(void)
{
    set = epoll_create1(0);
}

STEP void close_polled(void)
{
    MUST(close(ends[0]) == 0);
}

STEP void close_set(void)
{
    MUST(close(set) == 0);
}

STEP void *polls(void *unused)
{
    struct pollfd one = {.fd = ends[0], .events = POLLIN};
    __atomic_store_n(&ids[0], gettid(), __ATOMIC_RELEASE);
    MUST(poll(&one, 1, -1) == 1);
    return unused;
}

STEP void *waits(void *unused)
{
    struct epoll_event event;
    __atomic_store_n(&ids[1], gettid(), __ATOMIC_RELEASE);
    MUST(epoll_wait(set, &event, 1, 5000) == 1);
    return unused;
}

int main(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    void *(*functions[2])(void *) = {polls, waits};
    pthread_t threads[2];
    open_it();
    open_set();
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    for (int i = 0; i < 2; i++) {
        pid_t id;
        MUST(pthread_create(&threads[i], NULL, functions[i], NULL) == 0);
        while ((id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE)) == 0)
            (void)usleep(1000);
        wait_until_asleep(id);
    }
    MUST(dup(ends[0]) > 0);
    close_set();
    close_polled();
    MUST(write(ends[1], "x", 1) == 1);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    return 0;
}

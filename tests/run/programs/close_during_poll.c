/* Threads wait, in poll, select and epoll_wait, for what is closed.  That poll then finds closed
 * what was open when it began is no stale use.
 *
 * expect: close-during-use now=close_polled opened=open_it holder=polls
 * expect: close-during-use now=close_selected opened=open_selected holder=selects
 * expect: close-during-use now=close_set opened=open_set holder=waits
 * run: set_on_stack
 * run: --quarantine=0 -- set_on_stack
 * run: set_in_data
 * run: set_on_heap
 * run: set_mapped */
#include "program.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

enum { THREADS = 3, MANY = 20 };

static int ends[2];
static int selected[2];
static int woken[2];
static int set;
static pid_t ids[THREADS];
static struct pollfd in_data[MANY];
static struct pollfd *elsewhere;

STEP void open_it(void)
{
    MUST(pipe(ends) == 0);
}

STEP void open_selected(void)
{
    MUST(pipe(selected) == 0);
}

STEP void open_set(void)
{
    set = epoll_create1(0);
}

STEP void close_polled(void)
{
    MUST(close(ends[0]) == 0);
}

STEP void close_selected(void)
{
    MUST(close(selected[0]) == 0);
}

STEP void close_set(void)
{
    MUST(close(set) == 0);
}

STEP void *polls(void *unused)
{
    struct pollfd own[MANY];
    struct pollfd *all = elsewhere != NULL ? elsewhere : own;
    all[0] = (struct pollfd){.fd = -1};
    all[1] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    for (int i = 2; i < MANY; i++)
        all[i] = (struct pollfd){.fd = i % 2 != 0 ? ends[1] : -1};
    __atomic_store_n(&ids[0], gettid(), __ATOMIC_RELEASE);
    MUST(poll(all, MANY, -1) == 1);
    return unused;
}

STEP void *selects(void *unused)
{
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(selected[0], &readable);
    FD_SET(woken[0], &readable);
    __atomic_store_n(&ids[2], gettid(), __ATOMIC_RELEASE);
    MUST(select(woken[0] + 1, &readable, NULL, NULL, NULL) >= 1);
    return unused;
}

STEP void *waits(void *unused)
{
    struct epoll_event event;
    __atomic_store_n(&ids[1], gettid(), __ATOMIC_RELEASE);
    MUST(epoll_wait(set, &event, 1, 5000) == 1);
    return unused;
}

static void *place_of_set(const char *where)
{
    if (strcmp(where, "set_in_data") == 0)
        return in_data;
    if (strcmp(where, "set_on_heap") == 0)
        return malloc(sizeof in_data);
    if (strcmp(where, "set_mapped") == 0)
        return mmap(NULL, sizeof in_data, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0);
    return NULL;
}

int main(int count, char **arguments)
{
    struct epoll_event event = {.events = EPOLLIN};
    void *(*functions[THREADS])(void *) = {polls, waits, selects};
    pthread_t threads[THREADS];
    elsewhere = place_of_set(arguments[count - 1]);
    open_it();
    open_selected();
    open_set();
    MUST(pipe(woken) == 0);
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    for (int i = 0; i < THREADS; i++) {
        pid_t id;
        MUST(pthread_create(&threads[i], NULL, functions[i], NULL) == 0);
        while ((id = __atomic_load_n(&ids[i], __ATOMIC_ACQUIRE)) == 0)
            (void)usleep(1000);
        wait_until_asleep(id);
    }
    MUST(dup(ends[0]) > 0);
    close_selected();
    close_set();
    close_polled();
    MUST(write(ends[1], "x", 1) == 1);
    MUST(write(woken[1], "x", 1) == 1);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    return 0;
}

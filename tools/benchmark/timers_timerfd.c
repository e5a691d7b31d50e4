/* timerfd: each timer is a descriptor of the system's, all in one epoll set.  What fires is read,
 * as a program must.  Deadlines that are to be reached lie in the past. */
#include "timers.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { HOUR_S = 3600, US_PER_S = 1000000, NS_PER_US = 1000, EVENTS = 64, SPARE = 100 };

typedef struct population {
    uint64_t due; /* armed by arm_due */
    int set;
    int timers[];
} population;

/* Whether so many descriptors may be open. */
static bool allows(uint64_t count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return limit.rlim_max >= count + SPARE && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int add(population *all, uint64_t i)
{
    all->timers[i] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = all->timers[i]};
    return all->timers[i] >= 0 && epoll_ctl(all->set, EPOLL_CTL_ADD, all->timers[i], &event) == 0;
}

static void *make(uint64_t count)
{
    population *all = calloc(1, sizeof(*all) + count * sizeof(all->timers[0]));
    if (all == NULL)
        return NULL;
    all->set = epoll_create1(EPOLL_CLOEXEC);
    for (uint64_t i = 0; i < count; i++) {
        if (!add(all, i))
            return NULL;
    }
    return all;
}

static uint64_t arm(void *subject, uint64_t timer, uint64_t delay_us)
{
    const population *all = subject;
    struct itimerspec in = {.it_value = {.tv_sec = (time_t)(HOUR_S + delay_us / US_PER_S),
                                         .tv_nsec = (long)(delay_us % US_PER_S * NS_PER_US)}};
    return timerfd_settime(all->timers[timer], 0, &in, NULL) == 0;
}

static uint64_t arm_due(void *subject, uint64_t timer, uint64_t delay_us)
{
    population *all = subject;
    struct itimerspec at = {.it_value = {.tv_nsec = (long)(delay_us % US_PER_S * NS_PER_US) + 1}};
    all->due++;
    return timerfd_settime(all->timers[timer], TFD_TIMER_ABSTIME, &at, NULL) == 0;
}

static uint64_t cancel(void *subject, uint64_t timer)
{
    const population *all = subject;
    struct itimerspec never = {.it_value = {.tv_sec = 0}};
    return timerfd_settime(all->timers[timer], 0, &never, NULL) == 0;
}

static uint64_t read_all(const struct epoll_event *events, int count)
{
    uint64_t fired = 0;
    for (int i = 0; i < count; i++) {
        uint64_t expiries;
        fired += read(events[i].data.fd, &expiries, sizeof(expiries)) == sizeof(expiries);
    }
    return fired;
}

static uint64_t fire(void *subject)
{
    population *all = subject;
    uint64_t fired = 0;
    while (fired < all->due) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(all->set, events, EVENTS, 1000);
        if (ready <= 0)
            break;
        fired += read_all(events, ready);
    }
    all->due = 0;
    return fired;
}

const bench_timers bench_timers_timerfd = {
    .name = "timerfd",
    .most = 100000,
    .allows = allows,
    .make = make,
    .arm = arm,
    .arm_due = arm_due,
    .cancel = cancel,
    .fire = fire,
};

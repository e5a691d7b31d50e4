/* Moments as descriptors: timerfd. */
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_SECOND = 1000000000 };

int hf_os_timer_create(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

void hf_os_timer_set(int timer, int64_t moment_ns)
{
    int saved = errno;
    struct itimerspec at = {.it_value = {.tv_sec = 0, .tv_nsec = 0}}; /* never */
    if (moment_ns != INT64_MAX) {
        at.it_value.tv_sec = (time_t)(moment_ns / NS_PER_SECOND);
        at.it_value.tv_nsec = (long)(moment_ns % NS_PER_SECOND);
        if (at.it_value.tv_sec == 0 && at.it_value.tv_nsec == 0)
            at.it_value.tv_nsec = 1;
    }
    (void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    errno = saved;
}

bool hf_os_timer_renew(int timer)
{
    int saved = errno;
    int fresh = hf_os_timer_create();
    bool done = fresh >= 0 && dup3(fresh, timer, O_CLOEXEC) == timer;
    if (fresh >= 0)
        (void)close(fresh);
    errno = saved;
    return done;
}

void hf_os_timer_close(int timer)
{
    int saved = errno;
    (void)close(timer);
    errno = saved;
}

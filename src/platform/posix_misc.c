/* Time and randomness. */
#include "platform/platform.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

int64_t hf_os_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t hf_os_random(void)
{
    int saved = errno;
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits)
        bits = (uint64_t)hf_os_now_ns() * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)&bits;
    errno = saved;
    return bits;
}

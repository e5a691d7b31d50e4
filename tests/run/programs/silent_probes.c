/* Looking at the whole table: by fstat, fcntl, poll, dup2's error and more.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"
#include <poll.h>

enum { MOST = 100 };

static int by_fstat(void)
{
    struct stat status;
    int open_ones = 0;
    for (int i = 0; i < MOST; i++)
        open_ones += fstat(i, &status) == 0;
    return open_ones;
}

static int by_fcntl(int command)
{
    int open_ones = 0;
    for (int i = MOST - 1; i >= 0; i--)
        open_ones += fcntl(i, command) != -1;
    return open_ones;
}

static int by_poll(void)
{
    struct pollfd all[MOST];
    int closed_ones = 0;
    for (int i = 0; i < MOST; i++)
        all[i] = (struct pollfd){.fd = i};
    MUST(poll(all, MOST, 0) >= 0);
    for (int i = 0; i < MOST; i++)
        closed_ones += (all[i].revents & POLLNVAL) != 0;
    return MOST - closed_ones;
}

static int by_poll_each(void)
{
    int open_ones = 0;
    for (int i = 0; i < MOST; i++) {
        struct pollfd one = {.fd = i};
        MUST(poll(&one, 1, 0) >= 0);
        open_ones += (one.revents & POLLNVAL) == 0;
    }
    return open_ones;
}

int main(void)
{
    int opened[30];
    for (int i = 0; i < 30; i++)
        opened[i] = open("/etc/hostname", O_RDONLY);
    for (int i = 0; i < 30; i += 2)
        MUST(close(opened[i]) == 0);
    printf("%d", by_fstat());
    printf(" %d", by_fcntl(F_GETFD));
    printf(" %d", by_fcntl(F_GETFL));
    printf(" %d", by_poll());
    printf(" %d\n", by_poll_each());
    return 0;
}

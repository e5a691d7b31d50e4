/* Calls that a signal interrupts answer EINTR as they do without the tool.
 *
 * expect: nothing */
#include "program.h"
#include <poll.h>
#include <sys/time.h>

static void handler(int number)
{
    (void)number;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    struct itimerval often = {.it_value = {.tv_usec = 5000}, .it_interval = {.tv_usec = 5000}};
    struct pollfd one = {.events = POLLIN};
    int ends[2];
    char byte;
    MUST(pipe(ends) == 0);
    one.fd = ends[0];
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (int i = 0; i < 10; i++) {
        MUST(read(ends[0], &byte, 1) == -1 && errno == EINTR);
        MUST(poll(&one, 1, -1) == -1 && errno == EINTR);
    }
    MUST(close(ends[0]) == 0);
    MUST(close(ends[1]) == 0);
    return 0;
}

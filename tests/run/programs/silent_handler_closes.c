/* A signal handler closes what the interrupted call of its own thread is about: that thread knows.
 *
 * expect: nothing
 * run:
 * run: with_thread */
#include "program.h"
#include <sys/time.h>

static int ends[2];

static void handler(int number)
{
    (void)number;
    MUST(close(ends[0]) == 0);
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = handler};
    struct itimerval soon = {.it_value = {.tv_usec = 300000}};
    char byte;
    (void)arguments;
    if (count > 1)
        start_idle_thread();
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(pipe(ends) == 0);
    MUST(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    MUST(read(ends[0], &byte, 1) == -1 && errno == EINTR);
    MUST(close(ends[1]) == 0);
    return 0;
}

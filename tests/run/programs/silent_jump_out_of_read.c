/* A signal handler jumps out of a read that blocks; the descriptor is then nobody's, and closed.
 *
 * expect: nothing
 * run:
 * run: with_thread
 * run: --quarantine=0 -- with_thread */
#include "program.h"
#include <setjmp.h>
#include <sys/time.h>

static sigjmp_buf back;

static void handler(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

static void once(void)
{
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    int ends[2];
    char byte;
    MUST(pipe(ends) == 0);
    if (sigsetjmp(back, 1) == 0) {
        MUST(setitimer(ITIMER_REAL, &soon, NULL) == 0);
        (void)!read(ends[0], &byte, 1);
        MUST(false);
    }
    MUST(close(ends[0]) == 0);
    MUST(close(ends[1]) == 0);
}

int main(int count, char **arguments)
{
    struct sigaction action = {.sa_handler = handler};
    (void)arguments;
    if (count > 1)
        start_idle_thread();
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    for (int i = 0; i < 20; i++)
        once();
    puts("done");
    return 0;
}

/* A signal handler closes what was closed; errno is the interrupted code's.
 *
 * expect: double-close now=handler closed=close_it opened=open_it */
#include "program.h"

static int shared_descriptor;

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void handler(int number)
{
    int error = errno;
    (void)number;
    MUST(is_refused(close(shared_descriptor)));
    errno = error;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    shared_descriptor = open_it();
    close_it(shared_descriptor);
    errno = EXDEV;
    MUST(raise(SIGUSR1) == 0);
    MUST(errno == EXDEV);
    return 0;
}

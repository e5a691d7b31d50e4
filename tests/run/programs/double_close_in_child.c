/* A forked child closes what its parent had opened, twice.  The parent's own close is right.
 *
 * expect: double-close now=child_closes_again closed=child_closes opened=open_it */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void child_closes(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void child_closes_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open_it();
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        child_closes(descriptor);
        child_closes_again(descriptor);
        _exit(7);
    }
    MUST(status_of(child) == 7);
    MUST(close(descriptor) == 0);
    return 0;
}

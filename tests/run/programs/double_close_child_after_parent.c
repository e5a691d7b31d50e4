/* What the parent closed before it forked, the child closes again.
 *
 * expect: double-close now=child_closes_again closed=parent_closes opened=open_it */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void parent_closes(int descriptor)
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
    pid_t child;
    parent_closes(descriptor);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        child_closes_again(descriptor);
        exit(7);
    }
    MUST(status_of(child) == 7);
    return 0;
}

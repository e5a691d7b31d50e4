/* With follow=0 only the program itself is looked at, and its forked children.
 *
 * expect: double-close now=forked
 * run: --follow=0 -- */
#include "program.h"

STEP void forked(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0 && is_refused(close(descriptor)));
}

STEP void executed(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0 && is_refused(close(descriptor)));
}

int main(int count, char **arguments)
{
    pid_t child;
    if (count > 1) {
        executed();
        return 0;
    }
    child = fork();
    if (child == 0) {
        forked();
        (void)execl("/proc/self/exe", arguments[0], "executed", (char *)NULL);
        _exit(98);
    }
    MUST(status_of(child) == 0);
    return 0;
}

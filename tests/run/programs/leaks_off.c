/* Leaks are told only if asked for; where they are, not those of others: inherited by exec or fork.
 *
 * expect: nothing
 * run:
 * run: --leaks -- clean */
#include "program.h"

int main(int count, char **arguments)
{
    pid_t child;
    int descriptor;
    if (count == 1)
        MUST(open("/etc/hostname", O_RDONLY) > 2);
    if (count == 2) {
        /* Close-on-exec is not set: the new program inherits it, and leaves it open. */
        descriptor = open("/etc/hostname", O_RDONLY);
        child = fork();
        MUST(child >= 0);
        if (child == 0)
            exit(0);
        MUST(status_of(child) == 0);
        (void)descriptor;
        execl("/proc/self/exe", arguments[0], "after", "exec", (char *)NULL);
        return 99;
    }
    return 0;
}

/* A vfork child shares its parent's memory: what it closes stays open in the parent.
 *
 * expect: nothing
 * run:
 * run: with_thread */
#include "program.h"

static char byte;

int main(int count, char **arguments)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    int ends[2];
    pid_t child;
    if (count > 1)
        start_idle_thread();
    MUST(pipe(ends) == 0);
    (void)arguments;
    for (int i = 0; i < 50; i++) {
        child = vfork();
        if (child == 0) {
            (void)close(descriptor);
            (void)close(descriptor);
            (void)dup2(ends[1], 1);
            (void)close(ends[0]);
            (void)close(ends[1]);
            (void)open("/dev/null", O_RDONLY);
            if (i % 2 == 0)
                _exit(3);
            (void)execl("/bin/true", "true", (char *)NULL);
            _exit(98);
        }
        MUST(status_of(child) == (i % 2 == 0 ? 3 : 0));
    }
    MUST(read(descriptor, &byte, 1) == 1);
    MUST(close(descriptor) == 0);
    MUST(close(ends[0]) == 0);
    MUST(close(ends[1]) == 0);
    puts("done");
    return 0;
}

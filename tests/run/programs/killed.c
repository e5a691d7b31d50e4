/* Killed right after its mistake, in a manner that nobody can catch.
 *
 * expect: double-close now=close_again
 * status: signal 9 */
#include "program.h"

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    close_again(descriptor);
    (void)kill(getpid(), SIGKILL);
    return 0;
}

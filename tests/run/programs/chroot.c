/* Found although the process has changed its root, and its user, since it began.
 *
 * expect: double-close now=close_again closed=close_it opened=main
 * run:
 * run: --trace=trace --
 * needs: root */
#include "program.h"
#include <grp.h>

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor;
    MUST(chroot(".") == 0 && chdir("/") == 0);
    MUST(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
    for (int i = 0; i < 5000; i++) {
        descriptor = open("/", O_RDONLY);
        MUST(descriptor > 2 && close(descriptor) == 0);
    }
    descriptor = open("/", O_RDONLY);
    close_it(descriptor);
    close_again(descriptor);
    puts("done");
    return 0;
}

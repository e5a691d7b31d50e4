/* The plainest of all.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it label=*hostname*
 * run:
 * run: --quarantine=0 --
 * run: --quarantine=1 --
 * run: --trace=trace -- */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP int close_it(int descriptor)
{
    return close(descriptor);
}

STEP int close_again(int descriptor)
{
    return close(descriptor);
}

int main(void)
{
    int descriptor = open_it();
    MUST(descriptor > 2);
    MUST(close_it(descriptor) == 0);
    MUST(is_refused(close_again(descriptor)));
    puts("done");
    return 0;
}

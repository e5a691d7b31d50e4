/* At exit, from a function that was registered first and so comes last.
 *
 * expect: double-close now=at_the_end closed=main opened=main
 * status: 3 */
#include "program.h"

static int descriptor;

STEP void at_the_end(void)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    MUST(atexit(at_the_end) == 0);
    descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    exit(3);
}

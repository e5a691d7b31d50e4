/* The program has closed its standard error: findings are told all the same.
 *
 * expect: double-close now=close_again closed=close_it opened=main */
#include "program.h"

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
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(2) == 0);
    MUST(open("/dev/null", O_WRONLY) == 2);
    close_it(descriptor);
    close_again(descriptor);
    return 0;
}

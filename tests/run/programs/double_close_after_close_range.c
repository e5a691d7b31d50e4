/* close_range ends lives like any other close: who closes one of them afterwards closes it twice.
 *
 * expect: double-close now=close_again closed=close_by_range opened=open_it
 * expect: double-close now=close_after_closefrom closed=close_from opened=open_it */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void close_by_range(int descriptor)
{
    MUST(close_range((unsigned)descriptor, (unsigned)descriptor, 0) == 0);
}

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

STEP void close_from(int descriptor)
{
    closefrom(descriptor);
}

STEP void close_after_closefrom(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open_it();
    close_by_range(descriptor);
    close_again(descriptor);
    descriptor = open_it();
    close_from(descriptor);
    close_after_closefrom(descriptor);
    return 0;
}

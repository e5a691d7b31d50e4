/* Called from deep below: stacks are cut, and begin with the call.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it
 * run:
 * run: --stack-depth=1 --
 * run: --stack-depth=64 -- */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

STEP int down(int depth)
{
    if (depth == 0) {
        int descriptor = open_it();
        close_it(descriptor);
        close_again(descriptor);
        return 1;
    }
    return down(depth - 1) + 1;
}

int main(void)
{
    printf("%d\n", down(500));
    return 0;
}

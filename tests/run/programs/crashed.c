/* Crashes right after its mistake, as programs do.
 *
 * expect: double-close now=close_again closed=close_it opened=main
 * status: signal 11
 * skip-flavours: address thread */
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
    close_it(descriptor);
    close_again(descriptor);
    (void)signal(SIGSEGV, SIG_DFL);
    *(volatile char *)(uintptr_t)descriptor = 1;
    return 0;
}

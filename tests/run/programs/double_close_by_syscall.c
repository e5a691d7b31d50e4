/* close by syscall(), first and second.
 *
 * expect: double-close now=second_by_syscall closed=first_by_close opened=open_it
 * expect: double-close now=second_by_close closed=first_by_syscall opened=open_by_syscall */
#include "program.h"
#include <sys/syscall.h>

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP int open_by_syscall(void)
{
    return (int)syscall(SYS_openat, AT_FDCWD, "/etc/hostname", O_RDONLY, 0);
}

STEP void first_by_close(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void second_by_syscall(int descriptor)
{
    MUST(is_refused(syscall(SYS_close, descriptor)));
}

STEP void first_by_syscall(int descriptor)
{
    MUST(syscall(SYS_close, descriptor) == 0);
}

STEP void second_by_close(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open_it();
    first_by_close(descriptor);
    second_by_syscall(descriptor);
    descriptor = open_by_syscall();
    first_by_syscall(descriptor);
    second_by_close(descriptor);
    return 0;
}

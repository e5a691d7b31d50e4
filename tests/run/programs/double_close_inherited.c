/* Inherited over exec: nobody saw it opened, but it is closed twice.
 *
 * expect: double-close now=close_again closed=close_it */
#include "program.h"

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(int count, char **arguments)
{
    char number[16];
    int descriptor;
    if (count > 1) {
        descriptor = atoi(arguments[1]);
        close_it(descriptor);
        close_again(descriptor);
        return 0;
    }
    descriptor = open("/etc/hostname", O_RDONLY);
    (void)snprintf(number, sizeof number, "%d", descriptor);
    execl("/proc/self/exe", arguments[0], number, (char *)NULL);
    return 99;
}

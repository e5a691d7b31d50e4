/* Inherited over exec: unknown, so that closing it once is no finding, and using it none either.
 *
 * expect: nothing
 * run:
 * run: --leaks -- */
#include "program.h"

int main(int count, char **arguments)
{
    char number[16];
    char byte;
    int descriptor;
    if (count > 1) {
        descriptor = atoi(arguments[1]);
        MUST(read(descriptor, &byte, 1) == 1);
        MUST(close(descriptor) == 0);
        return 0;
    }
    descriptor = open("/etc/hostname", O_RDONLY);
    (void)snprintf(number, sizeof number, "%d", descriptor);
    execl("/proc/self/exe", arguments[0], number, (char *)NULL);
    return 99;
}

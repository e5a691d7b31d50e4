/* select() has room for 1024 numbers: a program that never has more open gets none beyond.
 *
 * expect: nothing
 * run:
 * run: --quarantine=5000 -- */
#include "program.h"
#include <sys/select.h>

int main(void)
{
    int held[700];
    fd_set descriptors;
    struct timeval none = {0, 0};
    for (int i = 0; i < 700; i++)
        held[i] = open("/dev/null", O_RDONLY);
    for (int i = 0; i < 3000; i++) {
        int descriptor = open("/dev/null", O_RDONLY);
        MUST(descriptor > 2 && descriptor < FD_SETSIZE);
        FD_ZERO(&descriptors);
        FD_SET(descriptor, &descriptors);
        none.tv_sec = 0;
        MUST(select(descriptor + 1, &descriptors, NULL, NULL, &none) == 1);
        MUST(FD_ISSET(descriptor, &descriptors));
        MUST(close(descriptor) == 0);
    }
    for (int i = 0; i < 700; i++)
        MUST(close(held[i]) == 0);
    return 0;
}

/* The same with probes=1.
 *
 * expect: stale-use now=asks closed=main opened=main
 * run: --probes --
 * run: --quarantine=0 --probes -- */
#include "program.h"

STEP void asks(int descriptor)
{
    MUST(is_refused(fcntl(descriptor, F_GETFD)));
}

int main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    asks(descriptor);
    return 0;
}

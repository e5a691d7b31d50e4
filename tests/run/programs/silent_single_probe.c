/* "Is it still open?", asked of one that was closed, is no use, unless probes=1.
 *
 * expect: nothing */
#include "program.h"

int main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    MUST(is_refused(fcntl(descriptor, F_GETFD)));
    MUST(is_refused(fcntl(descriptor, F_GETFL)));
    return 0;
}

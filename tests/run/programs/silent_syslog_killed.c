/* A close-all loop takes syslog's socket away, which the C library then opens anew by itself.
 *
 * expect: nothing */
#include "program.h"
#include <syslog.h>

int main(void)
{
    openlog("holdfast-test", LOG_NDELAY, LOG_USER);
    for (int i = 3; i < 64; i++)
        (void)close(i);
    for (int i = 0; i < 3; i++) {
        int descriptor = open("/etc/hostname", O_RDONLY);
        syslog(LOG_DEBUG, "hello");
        MUST(close(descriptor) == 0);
    }
    closelog();
    return 0;
}

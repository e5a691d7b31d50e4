/* poll() of all numbers from the first to the highest that is open, as xargs looks for what it has
 * inherited; and of the standard descriptors, fstat(), as git asks whether the user has closed one.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"
#include <poll.h>

int main(void)
{
    struct stat status;
    struct pollfd all[5];
    int closed_ones = 0;
    int opened = open("/etc/hostname", O_RDONLY);
    MUST(dup2(opened, 4) == 4);
    if (opened != 4)
        MUST(close(opened) == 0);
    MUST(dup2(4, 3) == 3);
    MUST(close(3) == 0);
    for (int i = 0; i < 5; i++)
        all[i] = (struct pollfd){.fd = i, .events = POLLIN | POLLOUT};
    MUST(poll(all, 5, 0) >= 0);
    for (int i = 0; i < 5; i++)
        closed_ones += (all[i].revents & POLLNVAL) != 0;
    MUST(close(0) == 0);
    MUST(is_refused(fstat(0, &status)));
    printf("%d\n", closed_ones);
    return 0;
}

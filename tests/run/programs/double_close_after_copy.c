/* A copy to another number in between makes no room, and saves nothing: a second close is one.
 *
 * expect: double-close now=twice closed=main times=2 */
#include "program.h"

STEP void twice(int number)
{
    MUST(is_refused(close(number)));
}

int main(void)
{
    int file = open("/etc/hostname", O_RDONLY);
    int other = open("/etc/hostname", O_RDONLY);
    MUST(close(file) == 0);
    twice(file);
    int copy = fcntl(1, F_DUPFD, 20);
    MUST(close(other) == 0);
    MUST(fcntl(copy, F_DUPFD, 20) >= 20);
    twice(other);
    return 0;
}

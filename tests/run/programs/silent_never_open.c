/* Numbers that were never open, and -1: what is unknown is not closed.
 *
 * expect: nothing */
#include "program.h"

int main(void)
{
    char byte;
    MUST(is_refused(close(-1)));
    MUST(is_refused(close(77)));
    MUST(is_refused(close(77)));
    MUST(is_refused(close(1 << 30)));
    MUST(is_refused(close(-77)));
    MUST(is_refused(read(88, &byte, 1)));
    MUST(is_refused(read(-1, &byte, 1)));
    MUST(is_refused(dup(99)));
    MUST(is_refused(dup2(99, 5)));
    MUST(is_refused(fcntl(66, F_DUPFD, 0)));
    MUST(fdopen(88, "r") == NULL && errno == EBADF);
    return 0;
}

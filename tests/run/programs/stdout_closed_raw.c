/* The standard streams own their descriptors, too.
 *
 * expect: foreign-close now=close_stream closed=close_raw */
#include "program.h"

STEP void close_raw(void)
{
    MUST(close(1) == 0);
}

STEP void close_stream(void)
{
    MUST(fclose(stdout) == EOF && errno == EBADF);
}

int main(void)
{
    close_raw();
    close_stream();
    return 0;
}

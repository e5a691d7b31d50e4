/* close_range is silent; that a stream's descriptor was among what it closed is told at fclose.
 *
 * expect: foreign-close now=close_stream opened=open_stream closed=close_everything */
#include "program.h"

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP void close_everything(void)
{
    MUST(close_range(3, ~0U, 0) == 0);
}

STEP void close_stream(FILE *stream)
{
    MUST(fclose(stream) == EOF && errno == EBADF);
}

int main(void)
{
    FILE *stream = open_stream();
    close_everything();
    close_stream(stream);
    return 0;
}

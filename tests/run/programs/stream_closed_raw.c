/* close of a stream's descriptor, which the stream owns.  Told once: not again by fclose.
 *
 * expect: foreign-close now=close_raw opened=open_stream
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP void close_raw(FILE *stream)
{
    MUST(close(fileno(stream)) == 0);
}

int main(void)
{
    FILE *stream = open_stream();
    close_raw(stream);
    MUST(fclose(stream) == EOF && errno == EBADF);
    return 0;
}

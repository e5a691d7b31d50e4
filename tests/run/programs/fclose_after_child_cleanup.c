/* In a forked child the raw close of a stream's descriptor is clean-up, and silent; an fclose after
 * it is not.
 *
 * expect: foreign-close now=close_stream opened=open_stream closed=clean_up */
#include "program.h"

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP void clean_up(FILE *stream)
{
    MUST(close(fileno(stream)) == 0);
}

STEP void close_stream(FILE *stream)
{
    MUST(fclose(stream) == EOF && errno == EBADF);
}

int main(void)
{
    FILE *stream = open_stream();
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        clean_up(stream);
        close_stream(stream);
        _exit(0);
    }
    MUST(status_of(child) == 0);
    MUST(fclose(stream) == 0);
    return 0;
}

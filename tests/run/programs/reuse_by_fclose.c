/* The stream's number belongs to another open when fclose closes it.
 *
 * expect: foreign-close now=close_raw opened=open_stream
 * expect: handle-reuse now=close_stream opened=open_stream closed=close_raw victim=open_victim
 * run: --quarantine=0 -- */
#include "program.h"

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP int open_victim(void)
{
    return open("/etc/passwd", O_RDONLY);
}

STEP void close_raw(FILE *stream)
{
    MUST(close(fileno(stream)) == 0);
}

STEP void close_stream(FILE *stream)
{
    MUST(fclose(stream) == 0);
}

int main(void)
{
    FILE *stream = open_stream();
    int number = fileno(stream);
    close_raw(stream);
    MUST(open_victim() == number);
    close_stream(stream);
    return 0;
}

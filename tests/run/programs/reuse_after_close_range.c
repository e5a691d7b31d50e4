/* close_range is silent, but then the stream's number goes to somebody else, and fclose closes it.
 *
 * expect: handle-reuse now=close_stream opened=open_stream closed=close_everything
 * victim=open_victim run: --quarantine=0 -- */
#include "program.h"

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP int open_victim(void)
{
    return open("/etc/passwd", O_RDONLY);
}

STEP void close_everything(unsigned from)
{
    MUST(close_range(from, ~0U, 0) == 0);
}

STEP void close_stream(FILE *stream)
{
    MUST(fclose(stream) == 0);
}

int main(void)
{
    FILE *stream = open_stream();
    int number = fileno(stream);
    close_everything((unsigned)number);
    MUST(open_victim() == number);
    close_stream(stream);
    return 0;
}

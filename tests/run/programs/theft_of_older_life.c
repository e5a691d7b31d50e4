/* A stream's descriptor is closed behind its back, and its number has had other lives since: what
 * was there in between is not what the stream's was.
 *
 * run: --quarantine=0 --
 * native: harms
 * expect: foreign-close now=close_raw opened=open_it label=*passwd*
 * expect: handle-reuse now=close_it closed=close_raw opened=open_it victim=open_victim label= */
#include "program.h"

STEP FILE *open_it(void)
{
    return fopen("/etc/passwd", "r");
}

STEP void close_raw(FILE *stream)
{
    MUST(close(fileno(stream)) == 0);
}

STEP int open_victim(void)
{
    return open("/etc/hosts", O_RDONLY);
}

STEP void close_it(FILE *stream)
{
    (void)fclose(stream);
}

int main(void)
{
    FILE *stream = open_it();
    close_raw(stream);
    for (int i = 0; i < 3; i++)
        MUST(close(open("/etc/group", O_RDONLY)) == 0);
    (void)open_victim();
    close_it(stream);
    return 0;
}

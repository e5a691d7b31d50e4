/* With the quarantine the stream's number stays apart: only the raw close is wrong.
 *
 * expect: foreign-close now=close_raw opened=open_stream
 * native: harms
 * prints: the stranger is unharmed */
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
    char byte;
    int stranger;
    close_raw(stream);
    stranger = open("/etc/passwd", O_RDONLY);
    (void)fclose(stream);
    puts(read(stranger, &byte, 1) == 1 ? "the stranger is unharmed" : "the stranger was closed");
    return 0;
}

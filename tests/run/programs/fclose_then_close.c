/* fdopen, fclose, and then close of the number: the usual misunderstanding of who owns it.
 *
 * expect: double-close now=close_number closed=close_stream
 * run:
 * run: --quarantine=0 -- */
#include "program.h"

STEP void close_stream(FILE *stream)
{
    MUST(fclose(stream) == 0);
}

STEP void close_number(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    FILE *stream = fdopen(descriptor, "r");
    MUST(stream != NULL);
    close_stream(stream);
    close_number(descriptor);
    return 0;
}

/* The number was the program's until fdopen took it over.
 *
 * expect: foreign-close now=close_raw */
#include "program.h"

STEP void close_raw(int descriptor)
{
    MUST(close(descriptor) == 0);
}

int main(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    FILE *stream = fdopen(descriptor, "r");
    close_raw(descriptor);
    MUST(fclose(stream) == EOF && errno == EBADF);
    return 0;
}

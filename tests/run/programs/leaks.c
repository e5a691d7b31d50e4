/* What is open at exit, by who opened it.  A stream's descriptor is no leak besides the stream.
 * (glibc's fcloseall flushes the streams and leaves them, and their descriptors, open.)
 *
 * expect: leak opened=open_three count=3
 * expect: leak opened=open_stream count=1
 * expect: leak opened=open_directory count=1
 * run: --leaks -- */
#include "program.h"

STEP void open_three(void)
{
    for (int i = 0; i < 3; i++)
        MUST(open("/etc/hostname", O_RDONLY) > 2);
}

STEP void open_and_close(void)
{
    for (int i = 0; i < 3; i++)
        MUST(close(open("/etc/hostname", O_RDONLY)) == 0);
}

STEP FILE *open_stream(void)
{
    return fopen("/etc/hostname", "r");
}

STEP DIR *open_directory(void)
{
    return opendir("/etc");
}

int main(void)
{
    open_three();
    open_and_close();
    MUST(open_stream() != NULL);
    MUST(open_directory() != NULL);
    MUST(fcloseall() == 0);
    return 0;
}

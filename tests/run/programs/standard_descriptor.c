/* 1 is closed, and later a file that is meant for something else lands there: what is printed goes
 * into it.
 *
 * expect: standard-descriptor now=open_data closed=close_output */
#include "program.h"

STEP void close_output(void)
{
    MUST(close(1) == 0);
}

STEP int open_data(void)
{
    return open("data", O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

int main(void)
{
    int other = open("/etc/hostname", O_RDONLY);
    char byte;
    close_output();
    MUST(read(other, &byte, 1) == 1 && close(other) == 0);
    MUST(open_data() == 1);
    return 0;
}

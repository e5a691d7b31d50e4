/* The second fclose would free what is freed; under the tool it is refused.
 *
 * native: crashes
 * expect: double-close now=close_again closed=close_it opened=open_it
 * prints: refused */
#include "program.h"

STEP FILE *open_it(void)
{
    return fopen("/etc/hostname", "r");
}

STEP int close_it(FILE *stream)
{
    return fclose(stream);
}

STEP int close_again(FILE *stream)
{
    return fclose(stream);
}

int main(void)
{
    FILE *stream = open_it();
    MUST(close_it(stream) == 0);
    puts(close_again(stream) == EOF && errno == EBADF ? "refused" : "not refused");
    return 0;
}

/* A number that was closed is the program's to put something onto: that ends the old story.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 --
 * run: --quarantine=1 -- */
#include "program.h"

int main(void)
{
    int from = open("/etc/hostname", O_RDONLY);
    char byte;
    for (int i = 0; i < 600; i++) {
        int number = open("/etc/passwd", O_RDONLY);
        MUST(close(number) == 0);
        MUST((i % 2 == 0 ? dup2(from, number) : dup3(from, number, O_CLOEXEC)) == number);
        MUST(pread(number, &byte, 1, 0) == 1);
        MUST(close(number) == 0);
    }
    MUST(close(from) == 0);
    return 0;
}

/* A second close would hit a stranger who got the number meanwhile; the quarantine keeps it apart.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it label=*hostname*
 * native: harms
 * prints: the stranger is unharmed */
#include "program.h"

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP int open_stranger(void)
{
    return open("/etc/passwd", O_RDONLY);
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void close_again(int descriptor)
{
    (void)close(descriptor);
}

int main(void)
{
    int descriptor = open_it();
    int stranger;
    char byte;
    close_it(descriptor);
    stranger = open_stranger();
    close_again(descriptor);
    puts(read(stranger, &byte, 1) == 1 ? "the stranger is unharmed" : "the stranger was closed");
    return close(stranger);
}

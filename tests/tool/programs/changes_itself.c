/* Replaces its own file by another one (its argument), or removes it, and then makes a mistake. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int failed = argc > 1 ? rename(argv[1], argv[0]) : unlink(argv[0]);
    int descriptor = open("/dev/null", O_RDONLY);
    (void)close(descriptor);
    (void)close(descriptor);
    return failed == 0 ? 0 : 1;
}

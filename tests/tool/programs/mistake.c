/* Closes a descriptor twice: mistake [exit status]. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static inline __attribute__((always_inline)) void close_it(int descriptor)
{
    (void)close(descriptor);
}

static __attribute__((noinline)) void stop_logging(int descriptor)
{
    close_it(descriptor);
}

int main(int argc, char **argv)
{
    int descriptor = open("/dev/null", O_RDONLY);
    stop_logging(descriptor);
    stop_logging(descriptor);
    return argc > 1 ? atoi(argv[1]) : 0;
}

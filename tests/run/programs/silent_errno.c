/* What succeeds leaves errno alone; what fails sets it as the system does.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 --
 * run: --trace=trace -- */
#include "program.h"
#include <sys/socket.h>

#define KEEPS(call)           \
    do {                      \
        errno = EXDEV;        \
        MUST((call) != -1);   \
        MUST(errno == EXDEV); \
    } while (0)

#define FAILS(error, call)      \
    do {                        \
        errno = EXDEV;          \
        MUST((call) == -1);     \
        MUST(errno == (error)); \
    } while (0)

int main(void)
{
    int ends[2];
    int descriptor;
    char byte = 'x';
    for (int i = 0; i < 600; i++) {
        KEEPS(descriptor = open("/etc/hostname", O_RDONLY));
        KEEPS(read(descriptor, &byte, 1));
        KEEPS(lseek(descriptor, 0, SEEK_SET));
        KEEPS(close(descriptor));
    }
    KEEPS(pipe(ends));
    KEEPS(write(ends[1], &byte, 1));
    KEEPS(dup2(ends[1], 200));
    KEEPS(fcntl(200, F_GETFD));
    KEEPS(close(200));
    KEEPS(close_range((unsigned)ends[0], (unsigned)ends[1], 0));
    FAILS(ENOENT, open("/nonexistent", O_RDONLY));
    FAILS(EISDIR, open("/etc", O_WRONLY));
    FAILS(EINVAL, dup3(0, 0, 0));
    FAILS(EBADF, close(500));
    FAILS(EBADF, dup2(500, 0));
    FAILS(EAFNOSUPPORT, socket(12345, SOCK_STREAM, 0));
    FAILS(ENOTSOCK, listen(0, 1));

    return 0;
}

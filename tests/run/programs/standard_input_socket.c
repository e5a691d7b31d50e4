/* 0 is closed, and a pair of sockets lands there.
 *
 * expect: standard-descriptor now=open_sockets closed=close_input */
#include "program.h"
#include <sys/socket.h>

STEP void close_input(void)
{
    MUST(close(0) == 0);
}

STEP void open_sockets(void)
{
    int sockets[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    MUST(sockets[0] == 0);
}

int main(void)
{
    struct stat status;
    close_input();
    MUST(stat("/etc", &status) == 0);
    MUST(getenv("PATH") != NULL);
    MUST(write(1, "", 0) == 0);
    open_sockets();
    return 0;
}

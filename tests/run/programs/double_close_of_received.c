/* Received over a socket, closed twice.
 *
 * expect: double-close now=close_again closed=close_it opened=receive */
#include "program.h"
#include <sys/socket.h>

union space {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_over(int socket, int descriptor)
{
    union space space;
    char byte = 'x';
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    memset(&space, 0, sizeof space);
    message.msg_control = space.bytes;
    message.msg_controllen = sizeof space.bytes;
    space.head.cmsg_level = SOL_SOCKET;
    space.head.cmsg_type = SCM_RIGHTS;
    space.head.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&space.head), &descriptor, sizeof descriptor);
    MUST(sendmsg(socket, &message, 0) == 1);
}

STEP int receive(int socket)
{
    union space space;
    char byte;
    int descriptor;
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    message.msg_control = space.bytes;
    message.msg_controllen = sizeof space.bytes;
    MUST(recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1);
    MUST(space.head.cmsg_type == SCM_RIGHTS);
    memcpy(&descriptor, CMSG_DATA(&space.head), sizeof descriptor);
    return descriptor;
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void close_again(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

int main(void)
{
    int sockets[2];
    int received;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    send_over(sockets[0], sockets[0]);
    received = receive(sockets[1]);
    close_it(received);
    close_again(received);
    return 0;
}

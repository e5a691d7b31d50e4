/* Descriptors that come by SCM_RIGHTS, more than there is room for, by recvmmsg, and into a number
 * that was closed before.
 *
 * expect: nothing
 * run:
 * run: --quarantine=0 -- */
#include "program.h"
#include <sys/socket.h>

enum { MANY = 10 };

union space {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(MANY * sizeof(int))];
};

static union space space;
static char byte;
static struct iovec vector = {.iov_base = &byte, .iov_len = 1};

static struct msghdr with_room(int count)
{
    memset(&space, 0, sizeof space);
    return (struct msghdr){.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = space.bytes,
                           .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
}

static void send_over(int socket, int count)
{
    struct msghdr message = with_room(count);
    int numbers[MANY] = {0};
    space.head.cmsg_level = SOL_SOCKET;
    space.head.cmsg_type = SCM_RIGHTS;
    space.head.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(&space.head), numbers, (size_t)count * sizeof(int));
    MUST(sendmsg(socket, &message, 0) == 1);
}

static int close_received(void)
{
    size_t count = (space.head.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int number;
        memcpy(&number, CMSG_DATA(&space.head) + i * sizeof(int), sizeof number);
        MUST(number > 2 && close(number) == 0);
    }
    return (int)count;
}

int main(void)
{
    int sockets[2];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0);
    for (int i = 0; i < 3; i++) {
        struct msghdr message;
        struct mmsghdr several;
        send_over(sockets[0], MANY);
        message = with_room(MANY);
        MUST(recvmsg(sockets[1], &message, 0) == 1);
        printf("%d\n", close_received());
        send_over(sockets[0], MANY);
        message = with_room(2);
        MUST(recvmsg(sockets[1], &message, 0) == 1);
        MUST((message.msg_flags & MSG_CTRUNC) != 0);
        printf("%d\n", close_received());
        send_over(sockets[0], 3);
        several = (struct mmsghdr){.msg_hdr = with_room(3)};
        MUST(recvmmsg(sockets[1], &several, 1, 0, NULL) == 1);
        printf("%d\n", close_received());
    }
    return 0;
}

/* The same as silent_limit_of_calls for sockets, and for what is received through them.
 *
 * expect: nothing
 * run: 64
 * run: 300
 * run: 1024
 * run: --quarantine=5000 -- 300
 * run: --trace=trace -- 64 */
#include "limits.h"
#include <sys/socket.h>
#include <sys/un.h>

static int by_socket(int *opened)
{
    return one(socket(AF_UNIX, SOCK_STREAM, 0), opened);
}

static int by_socketpair(int *opened)
{
    return two(socketpair(AF_UNIX, SOCK_STREAM, 0, opened));
}

static int listener;
static struct sockaddr_un place = {.sun_family = AF_UNIX};
static socklen_t place_size = sizeof place;

static void listen_there(void)
{
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(bind(listener, (struct sockaddr *)&place, sizeof(sa_family_t)) == 0);
    MUST(listen(listener, 5) == 0);
    MUST(getsockname(listener, (struct sockaddr *)&place, &place_size) == 0);
}

/* Another process connects all the time. */
static pid_t start_client(void)
{
    pid_t client = fork();
    while (client == 0) {
        int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
        MUST(connect(descriptor, (struct sockaddr *)&place, place_size) == 0);
        MUST(close(descriptor) == 0);
    }
    return client;
}

static int by_accept(int *opened)
{
    return one(accept(listener, NULL, NULL), opened);
}

static int by_accept4(int *opened)
{
    return one(accept4(listener, NULL, NULL, SOCK_CLOEXEC), opened);
}

static int ends[2]; /* of what descriptors are sent through */

typedef union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(3 * sizeof(int))];
} control;

static void send_input(int count)
{
    control rights = {.bytes = {0}};
    struct iovec byte = {(char[]){'x'}, 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &rights};
    message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
    rights.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    rights.header.cmsg_level = SOL_SOCKET;
    rights.header.cmsg_type = SCM_RIGHTS;
    MUST(sendmsg(ends[0], &message, 0) == 1); /* the descriptor 0, that often */
}

/* Here there is no error: what finds no room is lost. */
static int taken_of(const struct msghdr *message, int sent, int *opened)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR(message);
    size_t size = header != NULL ? header->cmsg_len - CMSG_LEN(0) : 0;
    int count = (int)(size / sizeof(int));
    MUST(((message->msg_flags & MSG_CTRUNC) == 0) == (count == sent));
    if (header != NULL)
        memcpy(opened, CMSG_DATA(header), size);
    return count;
}

static int receive(int sent, int *opened)
{
    control rights;
    char byte;
    struct iovec into = {&byte, 1};
    struct mmsghdr all = {.msg_hdr = {.msg_iov = &into, .msg_iovlen = 1}};
    all.msg_hdr.msg_control = &rights;
    all.msg_hdr.msg_controllen = sizeof rights;
    send_input(sent);
    if (sent == 3)
        MUST(recvmmsg(ends[1], &all, 1, 0, NULL) == 1);
    else
        MUST(recvmsg(ends[1], &all.msg_hdr, 0) == 1);
    return taken_of(&all.msg_hdr, sent, opened);
}

static int by_recvmsg(int *opened)
{
    return receive(1, opened);
}

static int by_recvmsg_of_two(int *opened)
{
    return receive(2, opened);
}

static int by_recvmmsg(int *opened)
{
    return receive(3, opened);
}

int main(int count, char **arguments)
{
    limit_descriptors(arguments[count - 1]);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    listen_there();
    pid_t client = start_client();
    TRY(socket);
    TRY(socketpair);
    TRY(accept);
    TRY(accept4);
    TRY(recvmsg);
    TRY(recvmsg_of_two);
    TRY(recvmmsg);
    (void)kill(client, SIGKILL);
    MUST(status_of(client) == 256 + SIGKILL);
    return 0;
}

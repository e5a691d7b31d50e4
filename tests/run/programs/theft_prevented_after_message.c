/* Where there is room enough, the quarantine keeps what it has: also for a message that may bring
 * many descriptors, and for a walk.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it
 * native: harms
 * prints: the stranger is unharmed */
#include "program.h"
#include <sys/resource.h>
#include <sys/socket.h>

STEP int open_it(void)
{
    return open("/etc/hostname", O_RDONLY);
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

STEP void close_again(int descriptor)
{
    (void)close(descriptor);
}

static void receive(const int *ends)
{
    char control[4096];
    char byte;
    struct iovec into = {&byte, 1};
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = control};
    message.msg_controllen = sizeof control;
    MUST(write(ends[0], "x", 1) == 1 && recvmsg(ends[1], &message, 0) == 1);
}

static void walk(void)
{
    struct dirent **entries;
    int count = scandir("/etc", &entries, NULL, NULL);
    while (count > 0)
        free(entries[--count]);
    free(entries);
}

int main(void)
{
    struct rlimit limit = {1024, 1024};
    int ends[2];
    int stranger;
    char byte;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    int descriptor = open_it();
    close_it(descriptor);
    receive(ends);
    walk();
    stranger = open("/etc/passwd", O_RDONLY);
    close_again(descriptor);
    puts(read(stranger, &byte, 1) == 1 ? "the stranger is unharmed" : "the stranger was closed");
    return close(stranger);
}

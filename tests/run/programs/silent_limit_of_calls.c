/* Whichever call opens until there is no room, it gets as many descriptors as without the tool; and
 * after some were closed, as many more.
 *
 * expect: nothing
 * run: 64
 * run: 300
 * run: 1024
 * run: --quarantine=5000 -- 300
 * run: --trace=trace -- 64 */
#include "program.h"
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>

enum { MOST = 1200 };

/* Opens one, or two, and answers how many; or 0, if there is no room for them. */
typedef int opener(int *opened);

static int one(int descriptor, int *opened)
{
    MUST(descriptor >= 0 || errno == EMFILE);
    *opened = descriptor;
    return descriptor >= 0;
}

static int two(int result)
{
    MUST(result == 0 || errno == EMFILE);
    return result == 0 ? 2 : 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int by_open(int *opened)
{
    return one(open("/dev/null", O_RDWR), opened);
}

static int by_openat(int *opened)
{
    return one(openat(AT_FDCWD, "/dev/null", O_RDWR), opened);
}

static int by_creat(int *opened)
{
    return one(creat("file", 0600), opened);
}

static int by_mkstemp(int *opened)
{
    char name[] = "temporary-XXXXXX";
    int descriptor = mkstemp(name);
    MUST(descriptor < 0 || unlink(name) == 0);
    return one(descriptor, opened);
}

static int by_memfd_create(int *opened)
{
    return one(memfd_create("memory", 0), opened);
}

static int by_shm_open(int *opened)
{
    char name[64];
    (void)snprintf(name, sizeof name, "/silent_limit_of_calls.%d", (int)getpid());
    int descriptor = shm_open(name, O_RDWR | O_CREAT, 0600);
    MUST(descriptor < 0 || shm_unlink(name) == 0);
    return one(descriptor, opened);
}

static int by_syscall(int *opened)
{
    return one((int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY), opened);
}

/* ---- streams and directories ---------------------------------------------------------------- */

/* By the descriptors that they own. */
static FILE *streams[MOST];
static DIR *directories[MOST];

static int one_stream(FILE *stream, int *opened)
{
    int descriptor = stream != NULL ? fileno(stream) : -1;
    if (descriptor >= 0)
        streams[descriptor] = stream;
    return one(descriptor, opened);
}

static int by_fopen(int *opened)
{
    return one_stream(fopen("/dev/null", "r"), opened);
}

static int by_tmpfile(int *opened)
{
    return one_stream(tmpfile(), opened);
}

static int by_opendir(int *opened)
{
    DIR *directory = opendir("/");
    int descriptor = directory != NULL ? dirfd(directory) : -1;
    if (descriptor >= 0)
        directories[descriptor] = directory;
    return one(descriptor, opened);
}

static void close_whatever(int descriptor)
{
    FILE *stream = streams[descriptor];
    DIR *directory = directories[descriptor];
    streams[descriptor] = NULL;
    directories[descriptor] = NULL;
    if (stream != NULL)
        MUST(fclose(stream) == 0);
    else if (directory != NULL)
        MUST(closedir(directory) == 0);
    else
        MUST(close(descriptor) == 0);
}

/* ---- copies --------------------------------------------------------------------------------- */

static int by_dup(int *opened)
{
    return one(dup(0), opened);
}

static int by_fcntl(int *opened)
{
    return one(fcntl(0, F_DUPFD, 0), opened);
}

static int by_fcntl_cloexec(int *opened)
{
    return one(fcntl(0, F_DUPFD_CLOEXEC, 3), opened);
}

/* ---- what is no file ------------------------------------------------------------------------ */

static int by_pipe(int *opened)
{
    return two(pipe(opened));
}

static int by_pipe2(int *opened)
{
    return two(pipe2(opened, O_CLOEXEC));
}

static int by_epoll_create1(int *opened)
{
    return one(epoll_create1(0), opened);
}

static int by_eventfd(int *opened)
{
    return one(eventfd(0, 0), opened);
}

static int by_timerfd_create(int *opened)
{
    return one(timerfd_create(CLOCK_MONOTONIC, 0), opened);
}

static int by_signalfd(int *opened)
{
    sigset_t none;
    (void)sigemptyset(&none);
    return one(signalfd(-1, &none, 0), opened);
}

/* Of these a user, or the system, has few: every eighth is one. */
static bool is_at_turn(void)
{
    static unsigned turns;
    return turns++ % 8 == 0;
}

static int by_inotify_init(int *opened)
{
    return one(is_at_turn() ? inotify_init1(0) : dup(0), opened);
}

static int by_openpt(int *opened)
{
    return one(is_at_turn() ? posix_openpt(O_RDWR | O_NOCTTY) : dup(0), opened);
}

static int by_openpty(int *opened)
{
    return two(is_at_turn() ? openpty(&opened[0], &opened[1], NULL, NULL, NULL) : pipe(opened));
}

/* ---- sockets -------------------------------------------------------------------------------- */

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

/* ---- all of them ---------------------------------------------------------------------------- */

static int opened[MOST];

/* Answers how many. */
static int fill(opener *function, int count)
{
    int more;
    while ((more = function(&opened[count])) > 0)
        count += more;
    return count;
}

static void close_all(int count)
{
    for (int i = 0; i < count; i++)
        close_whatever(opened[i]);
}

static void close_some(void)
{
    int some[16];
    for (int i = 0; i < 16; i++)
        some[i] = open("/dev/null", O_RDONLY);
    for (int i = 0; i < 16; i++)
        MUST(close(some[i]) == 0);
}

/* How many numbers are free. */
static int room_left(void)
{
    struct rlimit limit;
    DIR *directory = opendir("/proc/self/fd");
    int taken = -3; /* ".", ".." and the directory itself */
    while (readdir(directory) != NULL)
        taken++;
    MUST(closedir(directory) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    return (int)limit.rlim_cur - taken;
}

/* One is free, no call has failed yet, and the lowest is closed. */
static void use_the_last(opener *function)
{
    int count = 0;
    for (int i = room_left(); i > 1; i--)
        MUST(by_dup(&opened[count++]) == 1);
    close_whatever(opened[0]);
    opened[0] = opened[--count];
    int before = count;
    count = fill(function, count);
    printf(" %d;", count - before);
    close_all(count);
}

/* All is full; makes room, of which others take some. */
static int use_room(opener *function, int count, int room, int others)
{
    for (int i = 0; i < room; i++)
        close_whatever(opened[--count]);
    for (int i = 0; i < others; i++)
        MUST(by_dup(&opened[count++]) == 1);
    int before = count;
    count = fill(function, count);
    printf(" %d", count - before);
    return fill(by_dup, count);
}

static void try_call(const char *name, opener *function)
{
    printf("%s:", name);
    close_some();
    use_the_last(function);
    int count = fill(function, 0);
    printf(" %d", count);
    close_whatever(opened[--count]);
    close_whatever(opened[--count]);
    count = fill(function, count);
    printf(" %d;", count);
    count = fill(by_dup, count);
    for (int room = 1; room <= 6; room++)
        for (int others = 0; others < 3 && others < room; others++)
            count = use_room(function, count, room, others);
    printf("\n");
    close_all(count);
}

/* Each in a process of its own, which has closed little before. */
static void try_in_child(const char *name, opener *function)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        try_call(name, function);
        (void)fflush(stdout);
        _exit(0);
    }
    MUST(status_of(child) == 0);
}

#define TRY(name) try_in_child(#name, by_##name)

int main(int count, char **arguments)
{
    rlim_t most = (rlim_t)atoi(arguments[count - 1]);
    struct rlimit limit = {most, most};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    listen_there();
    pid_t client = start_client();
    TRY(open);
    TRY(openat);
    TRY(creat);
    TRY(mkstemp);
    TRY(memfd_create);
    TRY(shm_open);
    TRY(syscall);
    TRY(fopen);
    TRY(tmpfile);
    TRY(opendir);
    TRY(dup);
    TRY(fcntl);
    TRY(fcntl_cloexec);
    TRY(pipe);
    TRY(pipe2);
    TRY(epoll_create1);
    TRY(eventfd);
    TRY(timerfd_create);
    TRY(signalfd);
    TRY(inotify_init);
    TRY(openpt);
    TRY(openpty);
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

/* Whichever call opens until there is no room, it gets as many descriptors as without the tool; and
 * after some were closed, as many more.
 *
 * expect: nothing
 * run: 64
 * run: 300
 * run: 1024
 * run: --quarantine=5000 -- 300
 * run: --trace=trace -- 64 */
#include "limits.h"
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

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

/* ---- copies --------------------------------------------------------------------------------- */

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

/* Of these a user, or the system, has few: some are. */
static bool is_at_turn(void)
{
    static unsigned turns;
    return turns++ % 64 == 0;
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

int main(int count, char **arguments)
{
    limit_descriptors(arguments[count - 1]);
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
    return 0;
}

/* The linker turns each call of close by the harness and by the library into __wrap_close, so that
 * calls are counted, and may fail as on a file system with a deferred write error.  The C library's
 * own calls go past it. */
#include "world.h"

#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int __real_close(int fd);
int __wrap_close(int fd);

enum { CALLS = 64 };

typedef struct number {
    bool open;
    bool beneath;
    hf_identity who;
} number;

static struct {
    number numbers[WORLD_NUMBERS];
    int expected[CALLS];
    unsigned expected_count;
    int called[CALLS];
    unsigned called_count;
    int planted;
    int foreseen;    /* the planted error, until it is expected */
    unsigned before; /* how many descriptors this process had */
} world;

int __wrap_close(int fd)
{
    if (world.called_count < CALLS)
        world.called[world.called_count++] = fd;
    int answer = __real_close(fd);
    if (answer != 0 || world.planted == 0)
        return answer;
    errno = world.planted;
    world.planted = 0;
    return -1;
}

static bool is_number(int fd)
{
    return fd >= 0 && fd < WORLD_NUMBERS;
}

/* As <holdfast/posix.h> tells it: device, inode and kind. */
static bool look_at(int fd, hf_identity *out)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return false;
    *out =
        (hf_identity){.device = file.st_dev,
                      .object = file.st_ino,
                      .kind = (uint64_t)(file.st_mode & S_IFMT) ^ ((uint64_t)file.st_rdev << 16)};
    return true;
}

static bool is_same(const hf_identity *one, const hf_identity *two)
{
    return one->device == two->device && one->object == two->object && one->kind == two->kind;
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *all = opendir("/proc/self/fd");
    while (all != NULL && readdir(all) != NULL)
        count++;
    if (all != NULL)
        (void)closedir(all);
    return count;
}

void world_start(void)
{
    memset(&world, 0, sizeof(world));
    world.before = count_descriptors();
}

void world_end(void)
{
    for (int fd = 0; fd < WORLD_NUMBERS; fd++)
        if (world.numbers[fd].open)
            world_close(fd);
    unsigned after = count_descriptors();
    if (after != world.before)
        fuzz_fail("%u descriptors were open before, %u are now", world.before, after);
}

void world_note(int fd)
{
    if (!is_number(fd) || !look_at(fd, &world.numbers[fd].who))
        fuzz_fail("descriptor %d is not there: %s", fd, strerror(errno));
    if (world.numbers[fd].open)
        fuzz_fail("descriptor %d of an innocent owner was closed, and is somebody else's", fd);
    world.numbers[fd].open = true;
    world.numbers[fd].beneath = false;
}

void world_note_beneath(int fd)
{
    world_note(fd);
    world.numbers[fd].beneath = true;
}

bool world_is_beneath(int fd)
{
    return world_is_open(fd) && world.numbers[fd].beneath;
}

static int open_pipe(unsigned variant)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    (void)__real_close(ends[1 - variant % 2]);
    return ends[variant % 2];
}

static int open_socket(int *peer)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    *peer = ends[1];
    world_note(ends[1]);
    return ends[0];
}

static int open_what(world_what what, unsigned variant, int *peer)
{
    switch (what) {
    case WORLD_PIPE:
        return open_pipe(variant);
    case WORLD_SOCKET:
        return open_socket(peer);
    case WORLD_DEVICE:
        return open(variant % 2 == 0 ? "/dev/null" : "/dev/zero", O_RDWR | O_CLOEXEC);
    case WORLD_EVENT:
        return eventfd(0, EFD_CLOEXEC);
    case WORLD_PROCESS:
        return (int)syscall(SYS_pidfd_open, variant % 2 == 0 ? getpid() : getppid(), 0);
    default:
        return memfd_create("posix", MFD_CLOEXEC);
    }
}

int world_open(world_what what, unsigned variant, int *peer)
{
    *peer = -1;
    int fd = open_what(what, variant, peer);
    if (fd < 0 && what == WORLD_PROCESS) /* an older kernel, or a parent that cannot be seen */
        fd = open_what(WORLD_MEMORY, variant, peer);
    world_note(fd);
    return fd;
}

void world_close(int fd)
{
    (void)__real_close(fd);
    world.numbers[fd].open = false;
}

bool world_is_open(int fd)
{
    return is_number(fd) && world.numbers[fd].open;
}

bool world_identity(int fd, hf_identity *out)
{
    if (!world_is_open(fd))
        return false;
    *out = world.numbers[fd].who;
    return true;
}

int world_any(unsigned from)
{
    for (unsigned i = 0; i < WORLD_NUMBERS; i++) {
        int fd = (int)((from + i) % WORLD_NUMBERS);
        if (world.numbers[fd].open && !world.numbers[fd].beneath)
            return fd;
    }
    return -1;
}

int world_expect_close(int fd)
{
    if (world.expected_count == CALLS)
        fuzz_fail("too many calls of close in one step");
    world.expected[world.expected_count++] = fd;
    if (!world_is_open(fd))
        return EBADF;
    world.numbers[fd].open = false;
    int error = world.foreseen;
    world.foreseen = 0;
    return error;
}

void world_expect_end(int fd)
{
    world.numbers[fd].open = false;
}

void world_plant(int error)
{
    world.planted = world.foreseen = error;
}

bool world_is_shut(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLRDHUP};
    return world_is_open(fd) && poll(&look, 1, 0) > 0 && (look.revents & POLLRDHUP) != 0;
}

static void check_calls(void)
{
    for (unsigned i = 0; i < world.expected_count || i < world.called_count; i++) {
        if (i == world.expected_count)
            fuzz_fail("close(%d) was called, and should not be", world.called[i]);
        if (i == world.called_count || world.called[i] != world.expected[i])
            fuzz_fail("descriptor %d should have been closed next, but %d was", world.expected[i],
                      i < world.called_count ? world.called[i] : -2);
    }
    world.expected_count = world.called_count = 0;
    world.planted = world.foreseen = 0;
}

static void check_number(int fd)
{
    hf_identity now;
    bool open = look_at(fd, &now);
    if (world.numbers[fd].open && (!open || !is_same(&now, &world.numbers[fd].who)))
        fuzz_fail("descriptor %d of an innocent owner was closed", fd);
}

void world_check(void)
{
    check_calls();
    for (int fd = 0; fd < WORLD_NUMBERS; fd++)
        if (world.numbers[fd].open)
            check_number(fd);
}

static int by_number(const void *one, const void *two)
{
    int left = *(const int *)one;
    int right = *(const int *)two;
    return (left > right) - (left < right);
}

void world_check_in_any_order(void)
{
    qsort(world.expected, world.expected_count, sizeof(world.expected[0]), by_number);
    qsort(world.called, world.called_count, sizeof(world.called[0]), by_number);
    world_check();
}

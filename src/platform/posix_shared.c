/* A file that processes share in memory.
 *
 * What concerns a descriptor of ours is done by system calls by number: so these are no points of
 * cancellation; and a sanitizer, which saw nobody open the descriptor, does not take a use of it
 * for one of the next file with that number.  A new file gets its name when it is whole, by a
 * rename: whoever writes to one that had the name before keeps that one.
 *
 * Whether anybody writes to a file the system knows, and tells who wants a lease for reading: that
 * is refused while there is a descriptor for writing, or memory shared with such a one.  Where it
 * gives no lease to us, or none at all, the answer is no. */
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t hf_os_realtime_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t hf_os_parent_id(void)
{
    return (uint64_t)getppid();
}

bool hf_os_process_lives(uint64_t id)
{
    int saved = errno;
    bool lives = id != 0 && id <= INT_MAX && (kill((pid_t)id, 0) == 0 || errno == EPERM);
    errno = saved;
    return lives;
}

static int open_file(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC | O_NOCTTY, 0600);
}

/* Keeps the error. */
static void close_file(int descriptor)
{
    int saved = errno;
    if (descriptor >= 0)
        (void)syscall(SYS_close, descriptor);
    errno = saved;
}

static bool get_status(int descriptor, struct stat *status)
{
#if defined(__LP64__) && defined(SYS_fstat)
    return syscall(SYS_fstat, descriptor, status) == 0; /* the kernel's structure is the same */
#else
    return fstat(descriptor, status) == 0;
#endif
}

/* Found out once: later there may be no /proc any more, or no leave to read it. */
static char program_path[1024];
static uint32_t program_path_state; /* 0, 1: being written, 2: written */

static bool find_program_path(char *buffer, size_t size)
{
    int saved = errno;
    ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
    buffer[length > 0 ? length : 0] = '\0';
    errno = saved;
    return length > 0;
}

void hf_os_program_path(char *buffer, size_t size)
{
    uint32_t state = 0;
    /* Acquire: the path is written.  Partner: the release below. */
    if (__atomic_load_n(&program_path_state, __ATOMIC_ACQUIRE) == 2) {
        size_t known = strnlen(program_path, size - 1); /* snprintf takes 2 KiB of the stack */
        memcpy(buffer, program_path, known);
        buffer[known] = '\0';
        return;
    }
    if (!find_program_path(buffer, size) ||
        !__atomic_compare_exchange_n(&program_path_state, &state, 1, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED))
        return;
    size_t length = strnlen(buffer, sizeof program_path - 1);
    memcpy(program_path, buffer, length);
    __atomic_store_n(&program_path_state, 2, __ATOMIC_RELEASE);
}

size_t hf_os_arguments(char *buffer, size_t size)
{
    int saved = errno;
    size_t length = 0;
    long got = 0;
    int descriptor = open_file("/proc/self/cmdline", O_RDONLY);
    while (descriptor >= 0 && length < size &&
           (got = syscall(SYS_read, descriptor, buffer + length, size - length)) > 0)
        length += (size_t)got;
    close_file(descriptor);
    errno = saved;
    return length;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Beyond this limit the system would send a signal. */
static bool is_within_limit(uint64_t end)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        end <= limit.rlim_cur)
        return true;
    errno = EFBIG;
    return false;
}

static bool allocate(int descriptor, uint64_t from, uint64_t to)
{
    int state = PTHREAD_CANCEL_ENABLE;
    int failed;
    if (!is_within_limit(to))
        return false;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    do {
        failed = fallocate(descriptor, 0, (off_t)from, (off_t)(to - from));
    } while (failed != 0 && errno == EINTR);
    int error = errno;
    (void)pthread_setcancelstate(state, NULL);
    errno = error;
    return failed == 0;
}

/* Where the file system cannot reserve blocks: writes zeros. */
static bool fill_with_zeros(int descriptor, uint64_t bytes)
{
    static const char zeros[1 << 16];
    uint64_t done = 0;
    while (done < bytes) {
        size_t part = bytes - done < sizeof zeros ? (size_t)(bytes - done) : sizeof zeros;
        long written = syscall(SYS_write, descriptor, zeros, part);
        if (written <= 0 && errno != EINTR)
            return false;
        done += written > 0 ? (uint64_t)written : 0;
    }
    return true;
}

/* Blocks for a new file: those that are wanted, or if they cannot be had by and by, all. */
static bool allocate_new(int descriptor, uint64_t capacity, uint64_t *allocated)
{
    if (allocate(descriptor, 0, *allocated))
        return true;
    if (errno != EOPNOTSUPP || !is_within_limit(capacity))
        return false;
    *allocated = capacity;
    return fill_with_zeros(descriptor, capacity);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_file(const struct stat *status)
{
    if (S_ISREG(status->st_mode))
        return true;
    errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
    return false;
}

static bool map(int descriptor, const struct stat *status, uint64_t capacity, hf_os_shared *out)
{
    void *memory = capacity <= SIZE_MAX / 2 ? mmap(NULL, (size_t)capacity, PROT_READ | PROT_WRITE,
                                                   MAP_SHARED | MAP_NORESERVE, descriptor, 0)
                                            : MAP_FAILED;
    if (memory == MAP_FAILED)
        return false;
    out->memory = memory;
    out->capacity = capacity;
    out->device = status->st_dev;
    out->file = status->st_ino;
    return true;
}

void hf_os_shared_close(const hf_os_shared *file)
{
    hf_os_unreserve(file->memory, (size_t)file->capacity);
}

/* The path is free, or a file's, which will be replaced. */
static bool may_replace(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0)
        return is_file(&status);
    return errno == ENOENT;
}

/* Makes it under a name of its own, which is taken away again if anything fails. */
static bool make(const char *name, uint64_t *allocated,
                 void (*fill)(const hf_os_shared *, const void *), const void *with,
                 hf_os_shared *out)
{
    struct stat status;
    int descriptor = open_file(name, O_RDWR | O_CREAT | O_EXCL);
    if (descriptor < 0)
        return false;
    bool mapped = allocate_new(descriptor, out->capacity, allocated) &&
                  get_status(descriptor, &status) && map(descriptor, &status, out->capacity, out);
    close_file(descriptor);
    if (mapped) {
        fill(out, with);
        if (rename(name, out->path) == 0)
            return true;
        int error = errno;
        hf_os_shared_close(out);
        errno = error;
    }
    int error = errno;
    (void)unlink(name);
    errno = error;
    return false;
}

bool hf_os_shared_create(const char *path, uint64_t capacity, uint64_t *allocated,
                         void (*fill)(const hf_os_shared *file, const void *with), const void *with,
                         hf_os_shared *out)
{
    char name[sizeof out->path + 32];
    *out = (hf_os_shared){.capacity = capacity};
    if (!hf_os_absolute_path(path, strlen(path), out->path, sizeof out->path) ||
        !may_replace(out->path))
        return false;
    (void)snprintf(name, sizeof name, "%s.%llx", out->path,
                   (unsigned long long)hf_os_random() & 0xffffffffffU);
    return make(name, allocated, fill, with, out);
}

/* How many bytes to map of an opened file; 0, with the error set: none.  Its length is asked for
 * last: it only grows, and what the beginning tells of it may have grown in between, too. */
static uint64_t judge_file(int descriptor, uint64_t (*judge)(const void *head, uint64_t bytes),
                           struct stat *status)
{
    uint64_t head[HF_OS_SHARED_HEAD / sizeof(uint64_t)] = {0};
    if (!get_status(descriptor, status) || !is_file(status) ||
        syscall(SYS_read, descriptor, head, sizeof head) < 0 || !get_status(descriptor, status))
        return 0;
    uint64_t wanted = judge(head, (uint64_t)status->st_size);
    if (wanted == 0)
        errno = EINVAL;
    return wanted;
}

/* Were somebody to open it just then, he would wait for as long as we have the lease, and we would
 * be told by SIGIO, which would end the process; SIGURG does not. */
static bool has_writers(int descriptor)
{
    if (fcntl(descriptor, F_SETSIG, SIGURG) != 0)
        return false;
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN;
    (void)fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return false;
}

bool hf_os_shared_is_written(const char *path, uint64_t (*judge)(const void *head, uint64_t bytes))
{
    struct stat status;
    int descriptor = open_file(path, O_RDONLY | O_NONBLOCK);
    bool written = descriptor >= 0 && get_status(descriptor, &status) &&
                   judge_file(descriptor, judge, &status) != 0 && has_writers(descriptor);
    close_file(descriptor);
    return written;
}

bool hf_os_shared_open(const char *path, uint64_t (*judge)(const void *head, uint64_t bytes),
                       hf_os_shared *out)
{
    struct stat status;
    *out = (hf_os_shared){.memory = NULL};
    if (!hf_os_absolute_path(path, strlen(path), out->path, sizeof out->path))
        return false;
    int descriptor = open_file(out->path, O_RDWR);
    if (descriptor < 0)
        return false;
    uint64_t wanted = get_status(descriptor, &status) ? judge_file(descriptor, judge, &status) : 0;
    bool mapped = wanted != 0 && map(descriptor, &status, wanted, out);
    close_file(descriptor);
    return mapped;
}

/* And nobody has cut it off. */
static bool is_the_same(const struct stat *status, const hf_os_shared *file, uint64_t allocated)
{
    return status->st_dev == file->device && status->st_ino == file->file &&
           (uint64_t)status->st_size >= allocated;
}

bool hf_os_shared_grow(const hf_os_shared *file, uint64_t from, uint64_t to)
{
    struct stat status;
    int descriptor = open_file(file->path, O_RDWR);
    if (descriptor < 0)
        return false;
    bool grown = get_status(descriptor, &status);
    if (grown && !is_the_same(&status, file, from)) {
        errno = ESTALE;
        grown = false;
    }
    grown = grown && allocate(descriptor, from, to);
    close_file(descriptor);
    return grown;
}

/* Temporary traces, and those that were left.
 *
 * Whoever uses one holds a shared lock on it, which the system takes from a process that ends.  A
 * file whose lock can be had exclusively is left.  Except that it may have been made just now, and
 * is to be locked next: so only files of some age are touched.  Whoever is stopped for that long
 * between the two finds his file without a name when he has the lock (own_trace_hold), and gives
 * up.
 *
 * Where a file system has no such locks, nothing is removed.  What is removed is no user's: it has
 * a name as own_trace_name makes them (or with the ending of one that was being made), is the
 * user's own, and begins as a trace does, or with zeros. */
#include "own_trace.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "report/trace_format.h"

#define PREFIX "holdfast-run."

enum { DIGITS = 16, SECONDS_OF_MAKING = 10 };

bool own_trace_name(const char *folder, char *path, size_t size)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint64_t)time(NULL) << 32 | (uint64_t)getpid();
    int length = snprintf(path, size, "%s/" PREFIX "%0*llx", folder, (int)DIGITS,
                          (unsigned long long)random);
    return length > 0 && (size_t)length < size;
}

/* The descriptor stays open: the lock is its. */
bool own_trace_hold(const char *path)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return false;
    (void)flock(file, LOCK_SH | LOCK_NB);
    return fstat(file, &status) == 0 && status.st_nlink > 0;
}

/* ---- what was left --------------------------------------------------------------------------- */

static size_t digits(const char *text)
{
    size_t count = 0;
    while (isxdigit((unsigned char)text[count]))
        count++;
    return count;
}

static bool has_own_name(const char *name)
{
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || digits(name + strlen(PREFIX)) != DIGITS)
        return false;
    const char *ending = name + strlen(PREFIX) + DIGITS;
    return ending[0] == '\0' || (ending[0] == '.' && ending[1 + digits(ending + 1)] == '\0');
}

static bool is_left(int file)
{
    struct stat status;
    uint64_t magic = 0;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           status.st_mtime < time(NULL) - SECONDS_OF_MAKING &&
           pread(file, &magic, sizeof magic, 0) >= 0 && (magic == HF_TRACE_MAGIC || magic == 0) &&
           flock(file, LOCK_EX | LOCK_NB) == 0;
}

void own_trace_tidy(const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    DIR *list = opendir(folder);
    for (const struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        if (!has_own_name(entry->d_name))
            continue;
        int file = openat(dirfd(list), entry->d_name,
                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (file >= 0 && is_left(file))
            (void)unlinkat(dirfd(list), entry->d_name, 0);
        if (file >= 0)
            (void)close(file);
    }
    if (list != NULL)
        (void)closedir(list);
}

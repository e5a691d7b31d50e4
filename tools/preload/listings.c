/* How /proc/self/fd is known: by the file system it lies in and by the path that the system gives
 * for it, which is /proc/PID/fd, /proc/PID/task/TID/fd, or fdinfo.  The names that lead there are
 * many (/dev/fd, /proc/thread-self/fd, relative ones), but the last component is mostly one of the
 * two, so nothing is asked of the system about other directories. */
#include "listings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "numbers.h"
#include "real.h"
#include "self.h"

RUN_DECLARE_REAL(int, fstatfs, (int, struct statfs *))
RUN_DECLARE_REAL(int, openat, (int, const char *, int, ...))
RUN_DECLARE_REAL(int, close, (int))
RUN_DECLARE_REAL(ssize_t, readlink, (const char *, char *, size_t))

enum { PROC_FILE_SYSTEM = 0x9fa0 };

static bool is_name(const char *text, size_t length)
{
    return (length == 2 && memcmp(text, "fd", 2) == 0) ||
           (length == 6 && memcmp(text, "fdinfo", 6) == 0);
}

bool run_listing_is_likely(const char *path)
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return is_name(path + start, end - start);
}

/* Reads a decimal number and goes behind it; -1: there is none. */
static long read_number(const char **text)
{
    char *end;
    if (**text < '0' || **text > '9')
        return -1;
    errno = 0;
    long number = strtol(*text, &end, 10);
    *text = end;
    return errno == 0 ? number : -1;
}

static bool skip(const char **text, const char *what)
{
    size_t length = strlen(what);
    if (strncmp(*text, what, length) != 0)
        return false;
    *text += length;
    return true;
}

/* As the system gives it, without its beginning "/proc". */
static bool is_own_path(const char *path)
{
    if (!skip(&path, "/") || read_number(&path) != getpid())
        return false;
    if (skip(&path, "/task/") && read_number(&path) < 0)
        return false;
    return skip(&path, "/") && is_name(path, strlen(path));
}

static bool leads_to_own(int descriptor)
{
    char link[sizeof "/proc/self/fd/" + 3 * sizeof(int)];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = RUN_REAL(readlink)(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = 0;
    const char *rest = path;
    while (*rest != 0 && !is_own_path(rest)) /* wherever the file system is mounted */
        rest++;
    return *rest != 0;
}

bool run_listing_is(int descriptor)
{
    int saved = errno;
    struct statfs of;
    bool is = !run_is_confined() && RUN_REAL(fstatfs)(descriptor, &of) == 0 &&
              of.f_type == PROC_FILE_SYSTEM && leads_to_own(descriptor);
    errno = saved;
    return is;
}

static bool is_own_folder(int directory, const char *path)
{
    int saved = errno;
    int descriptor = run_is_confined()
                         ? -1
                         : RUN_REAL(openat)(directory, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool is = descriptor >= 0 && run_listing_is(descriptor);
    if (descriptor >= 0)
        (void)RUN_REAL(close)(descriptor);
    errno = saved;
    return is;
}

bool run_listing_is_at(int directory, const char *path)
{
    return run_listing_is_likely(path) && is_own_folder(directory, path);
}

static bool is_hidden(long number)
{
    if (number < 0 || number > INT_MAX)
        return false;
    switch (run_state_of((int)number)) {
    case RUN_TOMB:
    case RUN_LEAVING:
    case RUN_OWN:
        return true;
    default:
        return false;
    }
}

bool run_listing_hides(const char *name)
{
    int saved = errno;
    long number = read_number(&name);
    errno = saved;
    return *name == 0 && is_hidden(number);
}

bool run_listing_hides_in(const char *path, size_t length, const char *name)
{
    char folder[PATH_MAX] = ".";
    if (!run_listing_hides(name) || length >= sizeof folder)
        return false;
    if (length != 0) {
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    return is_own_folder(AT_FDCWD, folder);
}

static void skip_slashes(const char **path)
{
    while (**path == '/')
        (*path)++;
}

/* A component, and what separates it from the next. */
static bool skip_component(const char **path, const char *name)
{
    const char *at = *path;
    if (!skip(&at, name) || *at != '/')
        return false;
    skip_slashes(&at);
    *path = at;
    return true;
}

static bool skip_own_id(const char **path)
{
    const char *at = *path;
    if (read_number(&at) != getpid() || *at != '/')
        return false;
    skip_slashes(&at);
    *path = at;
    return true;
}

static bool skip_thread(const char **path)
{
    const char *at = *path;
    if (!skip_component(&at, "task"))
        return true;
    if (read_number(&at) < 0 || *at != '/')
        return false;
    skip_slashes(&at);
    *path = at;
    return true;
}

/* /dev/fd/, /proc/self/fd/ and so on. */
static bool skip_folder(const char **path)
{
    skip_slashes(path);
    if (skip_component(path, "dev"))
        return skip_component(path, "fd");
    if (!skip_component(path, "proc"))
        return false;
    if (!skip_component(path, "thread-self") &&
        !((skip_component(path, "self") || skip_own_id(path)) && skip_thread(path)))
        return false;
    return skip_component(path, "fd") || skip_component(path, "fdinfo");
}

bool run_path_is_hidden(const char *path)
{
    int saved = errno;
    bool hidden = run_is_on() && skip_folder(&path) && is_hidden(read_number(&path)) &&
                  (*path == '\0' || *path == '/');
    errno = saved;
    return hidden;
}

int run_nowhere(int opened)
{
    (void)RUN_REAL(close)(opened);
    errno = ENOENT;
    return -1;
}

/* What getdents64 answers: see its manual page. */
static struct dirent64 *entry_at(void *entries, size_t at)
{
    return (struct dirent64 *)(void *)((char *)entries + at);
}

size_t run_listing_filter(void *entries, size_t size)
{
    size_t kept = 0;
    size_t at = 0;
    while (at < size) {
        const struct dirent64 *entry = entry_at(entries, at);
        size_t length = entry->d_reclen;
        if (!run_listing_hides(entry->d_name)) {
            memmove(entry_at(entries, kept), entry, length);
            kept += length;
        }
        at += length;
    }
    return kept;
}

bool run_listing_wants_filter(int descriptor)
{
    const char *what = run_what_of(descriptor);
    return (*what == 0 || run_listing_is_likely(what)) && run_listing_is(descriptor);
}

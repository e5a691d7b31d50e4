/* Paths that begin at a directory's descriptor.  (openat and its kin open something besides, and
 * are in wrap_open.c.)  A tombstone is a directory, too, so these must not reach it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "listings.h"
#include "wrap_use.h"

/* Newer systems take NULL with AT_EMPTY_PATH, whatever the C library declares. */
__attribute__((noinline)) static long answer_of_path(long answer, const char *path)
{
    return path == NULL ? answer : run_answer_of_path(answer, path);
}

/* What only looks may be asked about a tombstone by its path: see listings.h. */
#define WRAP_LOOK_AT(result, name, text, parameters, arguments)       \
    RUN_WRAP_JUMPING(result, name, parameters)                        \
    {                                                                 \
        run_use use = {.announced = false};                           \
        bool plain = run_way_of_use(directory) == RUN_PLAIN;          \
        if (!plain && !run_use_begin_at(&use, directory, path, text)) \
            return -1;                                                \
        result answer = RUN_REAL(name) arguments;                     \
        if (!plain)                                                   \
            run_use_end(&use, answer < 0);                            \
        return (result)answer_of_path(answer, path);                  \
    }

/* clang-format off */

WRAP_LOOK_AT(int, fstatat, "fstatat", (int directory, const char *path, struct stat *into, int flags), (directory, path, into, flags))
WRAP_LOOK_AT(int, fstatat64, "fstatat64", (int directory, const char *path, struct stat64 *into, int flags), (directory, path, into, flags))
WRAP_LOOK_AT(int, __fxstatat, "fstatat", (int version, int directory, const char *path, struct stat *into, int flags), (version, directory, path, into, flags))
WRAP_LOOK_AT(int, __fxstatat64, "fstatat64", (int version, int directory, const char *path, struct stat64 *into, int flags), (version, directory, path, into, flags))
WRAP_LOOK_AT(int, statx, "statx", (int directory, const char *path, int flags, unsigned mask, struct statx *into), (directory, path, flags, mask, into))
WRAP_LOOK_AT(int, faccessat, "faccessat", (int directory, const char *path, int mode, int flags), (directory, path, mode, flags))
RUN_WRAP_AT(int, fchmodat, (int directory, const char *path, mode_t mode, int flags), (directory, path, mode, flags))
RUN_WRAP_AT(int, fchownat, (int directory, const char *path, uid_t owner, gid_t group, int flags), (directory, path, owner, group, flags))
RUN_WRAP_AT(int, futimesat, (int directory, const char *path, const struct timeval times[2]), (directory, path, times))
RUN_WRAP_AT(int, utimensat, (int directory, const char *path, const struct timespec times[2], int flags), (directory, path, times, flags))
RUN_WRAP_AT(int, mkdirat, (int directory, const char *path, mode_t mode), (directory, path, mode))
RUN_WRAP_AT(int, mkfifoat, (int directory, const char *path, mode_t mode), (directory, path, mode))
RUN_WRAP_AT(int, mknodat, (int directory, const char *path, mode_t mode, dev_t device), (directory, path, mode, device))
RUN_WRAP_AT_AS(int, __xmknodat, "mknodat", (int version, int directory, const char *path, mode_t mode, dev_t *device), (version, directory, path, mode, device))
RUN_WRAP_AT(int, unlinkat, (int directory, const char *path, int flags), (directory, path, flags))
RUN_WRAP_AT(int, symlinkat, (const char *target, int directory, const char *path), (target, directory, path))
WRAP_LOOK_AT(ssize_t, readlinkat, "readlinkat", (int directory, const char *restrict path, char *restrict into, size_t size), (directory, path, into, size))
WRAP_LOOK_AT(ssize_t, __readlinkat_chk, "readlinkat", (int directory, const char *restrict path, char *restrict into, size_t size, size_t room), (directory, path, into, size, room))
RUN_WRAP_AT(int, name_to_handle_at, (int directory, const char *path, struct file_handle *into, int *mount, int flags), (directory, path, into, mount, flags))

/* clang-format on */

/* ---- two directories ------------------------------------------------------------------------ */

#define WRAP_TWO_AT(name, parameters, arguments)                      \
    RUN_WRAP(int, name, parameters)                                   \
    {                                                                 \
        run_use from;                                                 \
        run_use to;                                                   \
        if (!run_use_begin_at(&from, old_directory, old_path, #name)) \
            return -1;                                                \
        if (!run_use_begin_at(&to, new_directory, new_path, #name)) { \
            run_use_end(&from, false);                                \
            return -1;                                                \
        }                                                             \
        int answer = RUN_REAL(name) arguments;                        \
        run_use_end(&to, answer < 0);                                 \
        run_use_end(&from, answer < 0);                               \
        return answer;                                                \
    }
WRAP_TWO_AT(renameat,
            (int old_directory, const char *old_path, int new_directory, const char *new_path),
            (old_directory, old_path, new_directory, new_path))
WRAP_TWO_AT(renameat2,
            (int old_directory, const char *old_path, int new_directory, const char *new_path,
             unsigned flags),
            (old_directory, old_path, new_directory, new_path, flags))
WRAP_TWO_AT(linkat,
            (int old_directory, const char *old_path, int new_directory, const char *new_path,
             int flags),
            (old_directory, old_path, new_directory, new_path, flags))

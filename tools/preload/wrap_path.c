/* What is asked about a path, which may be that of a tombstone: see listings.h.  (What opens one is
 * in wrap_open.c, wrap_stream.c and wrap_dir.c; what begins at a directory in wrap_at.c.) */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listings.h"
#include "returns.h"

#define WRAP_PATH(result, name, parameters, arguments)                       \
    RUN_WRAP_JUMPING(result, name, parameters)                               \
    {                                                                        \
        return (result)run_answer_of_path(RUN_REAL(name) arguments, (path)); \
    }

/* clang-format off */

WRAP_PATH(int, stat, (const char *restrict path, struct stat *restrict into), (path, into))
WRAP_PATH(int, stat64, (const char *restrict path, struct stat64 *restrict into), (path, into))
WRAP_PATH(int, lstat, (const char *restrict path, struct stat *restrict into), (path, into))
WRAP_PATH(int, lstat64, (const char *restrict path, struct stat64 *restrict into), (path, into))
WRAP_PATH(int, __xstat, (int version, const char *path, struct stat *into), (version, path, into))
WRAP_PATH(int, __xstat64, (int version, const char *path, struct stat64 *into), (version, path, into))
WRAP_PATH(int, __lxstat, (int version, const char *path, struct stat *into), (version, path, into))
WRAP_PATH(int, __lxstat64, (int version, const char *path, struct stat64 *into), (version, path, into))
WRAP_PATH(int, access, (const char *path, int mode), (path, mode))
WRAP_PATH(ssize_t, readlink, (const char *restrict path, char *restrict into, size_t size), (path, into, size))
WRAP_PATH(ssize_t, __readlink_chk, (const char *restrict path, char *restrict into, size_t size, size_t room), (path, into, size, room))

/* clang-format on */

/* ---- realpath ------------------------------------------------------------------------------- */

static char *unless_nowhere(char *found, const char *path, const char *into)
{
    bool is_nowhere = found != NULL && run_answer_of_path(0, path) < 0;
    if (is_nowhere && into == NULL)
        free(found);
    if (is_nowhere)
        errno = ENOENT;
    return is_nowhere ? NULL : found;
}

RUN_WRAP(char *, realpath, (const char *restrict path, char *restrict into))
{
    return unless_nowhere(RUN_REAL(realpath)(path, into), path, into);
}

RUN_WRAP(char *, __realpath_chk, (const char *restrict path, char *restrict into, size_t room))
{
    return unless_nowhere(RUN_REAL(__realpath_chk)(path, into, room), path, into);
}

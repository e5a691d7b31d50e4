/* open and its kin. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "opening.h"
#include "self.h"
#include "uses.h"

/* The mode is an argument only where a file may be made. */
#define TAKE_MODE(mode, flags)                                            \
    do {                                                                  \
        if (((flags)&O_CREAT) != 0 || ((flags)&O_TMPFILE) == O_TMPFILE) { \
            va_list arguments_;                                           \
            va_start(arguments_, flags);                                  \
            (mode) = va_arg(arguments_, mode_t);                          \
            va_end(arguments_);                                           \
        }                                                                 \
    } while (0)

RUN_WRAP_JUMPING(int, open, (const char *path, int flags, ...))
{
    mode_t mode = 0;
    TAKE_MODE(mode, flags);
    RUN_OPENING_FILE(open, (path, flags, mode), "open", path, flags);
}

RUN_WRAP_JUMPING(int, open64, (const char *path, int flags, ...))
{
    mode_t mode = 0;
    TAKE_MODE(mode, flags);
    RUN_OPENING_FILE(open64, (path, flags, mode), "open", path, flags);
}

RUN_WRAP_JUMPING(int, __open, (const char *path, int flags, ...))
{
    mode_t mode = 0;
    TAKE_MODE(mode, flags);
    RUN_OPENING_FILE(__open, (path, flags, mode), "open", path, flags);
}

RUN_WRAP_JUMPING(int, __open64, (const char *path, int flags, ...))
{
    mode_t mode = 0;
    TAKE_MODE(mode, flags);
    RUN_OPENING_FILE(__open64, (path, flags, mode), "open", path, flags);
}

RUN_WRAP_JUMPING(int, creat, (const char *path, mode_t mode))
{
    RUN_OPENING_FILE(creat, (path, mode), "creat", path, O_WRONLY);
}

RUN_WRAP_JUMPING(int, creat64, (const char *path, mode_t mode))
{
    RUN_OPENING_FILE(creat64, (path, mode), "creat", path, O_WRONLY);
}

/* What _FORTIFY_SOURCE makes of open. */
RUN_WRAP_JUMPING(int, __open_2, (const char *path, int flags))
{
    RUN_OPENING_FILE(__open_2, (path, flags), "open", path, flags);
}

RUN_WRAP_JUMPING(int, __open64_2, (const char *path, int flags))
{
    RUN_OPENING_FILE(__open64_2, (path, flags), "open", path, flags);
}

/* ---- relative to a directory ---------------------------------------------------------------- */

#define RUN_OPENING_AT(name, directory, arguments, path, flags)                        \
    do {                                                                               \
        run_use use_;                                                                  \
        int opened_;                                                                   \
        int closed_ = run_self.last_closed;                                            \
        bool looks_ = (directory) >= 0 && !run_is_harmless(run_state_of(directory)) && \
                      run_path_uses((directory), (path));                              \
        if (looks_ && !run_use_begin(&use_, (directory), "openat"))                    \
            return -1;                                                                 \
        RUN_TRY(opened_, RUN_REAL(name) arguments);                                    \
        if (looks_)                                                                    \
            run_use_end(&use_, opened_ < 0);                                           \
        opened_ = run_opened_of_path(opened_, (path));                                 \
        run_self.last_closed = closed_; /* nothing came between */                     \
        run_opened_path(opened_, "openat", (path));                                    \
        if (((flags)&O_ACCMODE) != O_RDONLY)                                           \
            run_opened_to_write(opened_);                                              \
        return opened_;                                                                \
    } while (0)

RUN_WRAP_JUMPING(int, openat, (int directory, const char *path, int flags, ...))
{
    mode_t mode = 0;
    TAKE_MODE(mode, flags);
    RUN_OPENING_AT(openat, directory, (directory, path, flags, mode), path, flags);
}

RUN_WRAP_JUMPING(int, openat64, (int directory, const char *path, int flags, ...))
{
    mode_t mode = 0;
    TAKE_MODE(mode, flags);
    RUN_OPENING_AT(openat64, directory, (directory, path, flags, mode), path, flags);
}

RUN_WRAP_JUMPING(int, __openat_2, (int directory, const char *path, int flags))
{
    RUN_OPENING_AT(__openat_2, directory, (directory, path, flags), path, flags);
}

RUN_WRAP_JUMPING(int, __openat64_2, (int directory, const char *path, int flags))
{
    RUN_OPENING_AT(__openat64_2, directory, (directory, path, flags), path, flags);
}

/* ---- temporary files: the name is in the template afterwards -------------------------------- */

/* Whether to try once more; what a failed try has made of the template is undone. */
static bool again(char *name, int suffix, unsigned *tries)
{
    if (!run_try_again(tries))
        return false;
    memset(name + strlen(name) - (size_t)suffix - 6, 'X', 6);
    return true;
}

#define RUN_OPENING_TEMPORARY(function, arguments, name, suffix, operation) \
    do {                                                                    \
        unsigned tries_ = 0;                                                \
        int opened_ = RUN_REAL(function) arguments;                         \
        while (opened_ < 0 && again((name), (suffix), &tries_))             \
            opened_ = RUN_REAL(function) arguments;                         \
        run_opened_path(opened_, (operation), (name));                      \
        run_opened_to_write(opened_);                                       \
        return opened_;                                                     \
    } while (0)

RUN_WRAP(int, mkstemp, (char *name))
{
    RUN_OPENING_TEMPORARY(mkstemp, (name), name, 0, "mkstemp");
}

RUN_WRAP(int, mkstemp64, (char *name))
{
    RUN_OPENING_TEMPORARY(mkstemp64, (name), name, 0, "mkstemp");
}

RUN_WRAP(int, mkostemp, (char *name, int flags))
{
    RUN_OPENING_TEMPORARY(mkostemp, (name, flags), name, 0, "mkostemp");
}

RUN_WRAP(int, mkostemp64, (char *name, int flags))
{
    RUN_OPENING_TEMPORARY(mkostemp64, (name, flags), name, 0, "mkostemp");
}

RUN_WRAP(int, mkstemps, (char *name, int suffix))
{
    RUN_OPENING_TEMPORARY(mkstemps, (name, suffix), name, suffix, "mkstemps");
}

RUN_WRAP(int, mkstemps64, (char *name, int suffix))
{
    RUN_OPENING_TEMPORARY(mkstemps64, (name, suffix), name, suffix, "mkstemps");
}

RUN_WRAP(int, mkostemps, (char *name, int suffix, int flags))
{
    RUN_OPENING_TEMPORARY(mkostemps, (name, suffix, flags), name, suffix, "mkostemps");
}

RUN_WRAP(int, mkostemps64, (char *name, int suffix, int flags))
{
    RUN_OPENING_TEMPORARY(mkostemps64, (name, suffix, flags), name, suffix, "mkostemps");
}

/* ---- by other names ------------------------------------------------------------------------- */

RUN_WRAP(int, memfd_create, (const char *name, unsigned flags))
{
    RUN_OPENING(memfd_create, (name, flags), "memfd_create", name);
}

RUN_WRAP(int, shm_open, (const char *name, int flags, mode_t mode))
{
    RUN_OPENING(shm_open, (name, flags, mode), "shm_open", name);
}

RUN_WRAP(mqd_t, mq_open, (const char *name, int flags, ...))
{
    mode_t mode = 0;
    struct mq_attr *attributes = NULL;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        attributes = va_arg(arguments, struct mq_attr *);
        va_end(arguments);
    }
    RUN_OPENING(mq_open, (name, flags, mode, attributes), "mq_open", name);
}

/* A queue's descriptor is a descriptor. */
RUN_EXPORT int mq_close(mqd_t queue)
{
    return run_close(queue, "mq_close");
}

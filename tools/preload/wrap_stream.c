/* Streams: fopen and its kin, fclose, pclose, freopen.
 *
 * Only pointers that the C library has just answered are given to fileno; one that a program closes
 * is looked up, and never into.  The standard streams are known only from their first fclose or
 * freopen on: until then they are what the C library made them.
 *
 * fcloseall needs no wrapper: glibc's flushes, and leaves every stream and descriptor open. */
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <wchar.h>

#include "environment.h"
#include "numbers.h"
#include "opening.h"
#include "owners.h"
#include "real.h"
#include "self.h"
#include "uses.h"

/* glibc's own objects: a program may assign to stdin, stdout and stderr. */
/* NOLINTBEGIN(cert-fio38-c): nobody copies them. */
extern FILE _IO_2_1_stdin_;
extern FILE _IO_2_1_stdout_;
extern FILE _IO_2_1_stderr_;
/* NOLINTEND(cert-fio38-c) */

/* How glibc lets others walk over all streams that are open. */
typedef FILE *stream_iterator;
stream_iterator _IO_iter_begin(void) __attribute__((weak));
stream_iterator _IO_iter_end(void) __attribute__((weak));
stream_iterator _IO_iter_next(stream_iterator) __attribute__((weak));
FILE *_IO_iter_file(stream_iterator) __attribute__((weak));
void _IO_list_lock(void) __attribute__((weak));
void _IO_list_unlock(void) __attribute__((weak));

/* ---- what is common ------------------------------------------------------------------------- */

static bool is_standard(const FILE *stream)
{
    return stream == &_IO_2_1_stdin_ || stream == &_IO_2_1_stdout_ || stream == &_IO_2_1_stderr_;
}

/* Keeps errno: it fails for a standard stream that was closed. */
static int descriptor_of(FILE *stream)
{
    int saved = errno;
    int descriptor = fileno(stream);
    errno = saved;
    return descriptor;
}

/* A stream that has a descriptor which nobody else has seen yet. */
static FILE *opened(FILE *stream, const char *operation, const char *what)
{
    if (stream == NULL || !run_is_on())
        return stream;
    int descriptor = descriptor_of(stream);
    run_opened_path(descriptor, operation, what);
    run_owner_opened(stream, &run_type_stream, descriptor, operation, NULL);
    return stream;
}

/* A stream without one. */
static FILE *opened_bare(FILE *stream, const char *operation, const char *what)
{
    if (stream != NULL && run_is_on())
        run_owner_opened(stream, &run_type_stream, -1, operation, what);
    return stream;
}

static bool is_worth_another_try(const FILE *stream, unsigned *tries)
{
    return stream == NULL && run_is_on() && run_try_again(tries);
}

/* ---- opening -------------------------------------------------------------------------------- */

#define WRAP_TEMPORARY(name)                            \
    RUN_WRAP(FILE *, name, (void))                      \
    {                                                   \
        unsigned tries = 0;                             \
        FILE *stream = RUN_REAL(name)();                \
        while (is_worth_another_try(stream, &tries))    \
            stream = RUN_REAL(name)();                  \
        return opened(stream, #name, "temporary file"); \
    }
WRAP_TEMPORARY(tmpfile)
WRAP_TEMPORARY(tmpfile64)

RUN_WRAP(FILE *, fdopen, (int descriptor, const char *mode))
{
    run_use use;
    if (!run_use_begin(&use, descriptor, "fdopen"))
        return NULL;
    FILE *stream = RUN_REAL(fdopen)(descriptor, mode);
    run_use_end(&use, stream == NULL);
    if (stream != NULL && run_is_on())
        run_owner_opened(stream, &run_type_stream, descriptor, "fdopen", NULL);
    return stream;
}

/* The shell is to be traced, too. */
static FILE *open_process(FILE *(*real)(const char *, const char *), const char *command,
                          const char *mode)
{
    run_environment_swap swap;
    run_environment_extended_begin(&swap);
    FILE *stream = real(command, mode);
    run_environment_extended_end(&swap);
    return stream;
}

RUN_WRAP(FILE *, popen, (const char *command, const char *mode))
{
    unsigned tries = 0;
    if (!run_is_on())
        return RUN_REAL(popen)(command, mode);
    FILE *stream = open_process(RUN_REAL(popen), command, mode);
    while (is_worth_another_try(stream, &tries))
        stream = open_process(RUN_REAL(popen), command, mode);
    if (stream == NULL)
        return NULL;
    int descriptor = descriptor_of(stream);
    run_opened(descriptor, RUN_CHOSEN, "popen", "pipe of `%s`", command);
    run_owner_opened(stream, &run_type_stream, descriptor, "popen", NULL);
    return stream;
}

RUN_WRAP(FILE *, fopencookie, (void *cookie, const char *mode, cookie_io_functions_t functions))
{
    return opened_bare(RUN_REAL(fopencookie)(cookie, mode, functions), "fopencookie",
                       "stream with functions of its own");
}

RUN_WRAP(FILE *, fmemopen, (void *buffer, size_t size, const char *mode))
{
    return opened_bare(RUN_REAL(fmemopen)(buffer, size, mode), "fmemopen", "memory stream");
}

RUN_WRAP(FILE *, open_memstream, (char **buffer, size_t *size))
{
    return opened_bare(RUN_REAL(open_memstream)(buffer, size), "open_memstream", "memory stream");
}

RUN_WRAP(FILE *, open_wmemstream, (wchar_t * *buffer, size_t *size))
{
    return opened_bare(RUN_REAL(open_wmemstream)(buffer, size), "open_wmemstream", "memory stream");
}

/* ---- closing -------------------------------------------------------------------------------- */

/* Of a stream that we take for closed: whether the C library has it among those that are open.  It
 * may have opened it at the same address unseen; then it is as if it were unknown.  Takes the lock
 * of the C library's list, as fclose is going to do. */
static bool is_open_after_all(const FILE *stream)
{
    bool found = false;
    if (_IO_iter_begin == NULL || _IO_list_lock == NULL)
        return false;
    _IO_list_lock();
    for (stream_iterator i = _IO_iter_begin(); i != _IO_iter_end() && !found; i = _IO_iter_next(i))
        found = _IO_iter_file(i) == stream;
    _IO_list_unlock();
    return found;
}

static const char *name_of_standard(const FILE *stream)
{
    return stream == &_IO_2_1_stdin_ ? "stdin" : stream == &_IO_2_1_stdout_ ? "stdout" : "stderr";
}

/* A standard stream that the program closes for the first time. */
static void meet_standard(FILE *stream)
{
    int descriptor = is_standard(stream) ? descriptor_of(stream) : -1;
    if (descriptor >= 0 && !run_owner_is_open(stream))
        run_owner_adopted(stream, &run_type_stream, descriptor, name_of_standard(stream));
}

/* Whether to give it to the C library. */
static bool ends(run_owner_end *end, FILE *stream, const char *operation)
{
    *end = (run_owner_end){.descriptor = -1};
    if (!run_is_on())
        return true;
    run_series_break();
    run_self.last_closed = -1;
    if (is_standard(stream)) {
        int saved = errno;
        meet_standard(stream);
        (void)run_owner_ends(end, stream, &run_type_stream, operation);
        errno = saved;
        return true; /* it lies in no heap, so to close it twice does no harm */
    }
    if (run_owner_is_closed(stream) && is_open_after_all(stream))
        return true;
    return run_owner_ends(end, stream, &run_type_stream, operation);
}

#define WRAP_CLOSING(name)                                    \
    RUN_WRAP(int, name, (FILE * stream))                      \
    {                                                         \
        run_owner_end end;                                    \
        if (!ends(&end, stream, #name))                       \
            return EOF;                                       \
        return run_owner_ended(&end, RUN_REAL(name)(stream)); \
    }
WRAP_CLOSING(fclose)
WRAP_CLOSING(pclose)

RUN_WRAP(int, endmntent, (FILE * stream))
{
    run_owner_end end;
    if (ends(&end, stream, "endmntent"))
        (void)run_owner_ended(&end, RUN_REAL(endmntent)(stream));
    return 1; /* always */
}

/* ---- opening by a path ---------------------------------------------------------------------- */

static FILE *unless_nowhere(FILE *stream, const char *path)
{
    bool is_nowhere = run_answer_of_path(stream != NULL ? 0 : -1, path) < 0;
    if (!is_nowhere || stream == NULL)
        return stream;
    (void)RUN_REAL(fclose)(stream);
    errno = ENOENT;
    return NULL;
}

#define WRAP_OPENING(name)                                        \
    RUN_WRAP(FILE *, name, (const char *path, const char *mode))  \
    {                                                             \
        unsigned tries = 0;                                       \
        FILE *stream = RUN_REAL(name)(path, mode);                \
        while (is_worth_another_try(stream, &tries))              \
            stream = RUN_REAL(name)(path, mode);                  \
        return opened(unless_nowhere(stream, path), #name, path); \
    }
WRAP_OPENING(fopen)
WRAP_OPENING(fopen64)
WRAP_OPENING(setmntent)

/* ---- freopen -------------------------------------------------------------------------------- */

static void reopened(const run_owner_end *end, bool known, FILE *stream, const char *path)
{
    int descriptor = descriptor_of(stream);
    if (descriptor >= 0 && descriptor == end->descriptor)
        run_opened(descriptor, RUN_PLACED, "freopen", "%s", path);
    else
        run_opened_path(descriptor, "freopen", path);
    if (known)
        run_owner_reopened(end, stream, descriptor);
    else
        run_owner_opened(stream, &run_type_stream, descriptor, "freopen", NULL);
}

/* The stream is closed now.  Programs close the standard ones again when they exit, without asking
 * what became of them, and no harm comes of it. */
static void not_reopened(const run_owner_end *end, bool known, FILE *stream)
{
    if (known)
        run_owner_not_reopened(end, stream, "freopen");
    if (is_standard(stream))
        run_owner_forget(stream);
}

static FILE *reopen(FILE *(*real)(const char *, const char *, FILE *), const char *path,
                    const char *mode, FILE *stream)
{
    run_owner_end end;
    if (!run_is_on())
        return real(path, mode, stream);
    run_series_break();
    meet_standard(stream);
    bool known = run_owner_reopens(&end, stream, "freopen");
    FILE *answer = real(path, mode, stream);
    if (answer != NULL)
        reopened(&end, known, answer, path != NULL ? path : "the same file, opened again");
    else
        not_reopened(&end, known, stream);
    return answer;
}

RUN_WRAP(FILE *, freopen, (const char *path, const char *mode, FILE *stream))
{
    return reopen(RUN_REAL(freopen), path, mode, stream);
}

RUN_WRAP(FILE *, freopen64, (const char *path, const char *mode, FILE *stream))
{
    return reopen(RUN_REAL(freopen64), path, mode, stream);
}

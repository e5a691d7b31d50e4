/* exec and posix_spawn: the new program is followed.
 *
 * A vfork child comes here: nothing is written but its own stack.  The arguments of execl and its
 * kin are gathered there, as the C library does; environment.h says what becomes of a large
 * environment.  Should the three variables be what makes it too large (E2BIG), the program is
 * executed without them. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

#include "environment.h"
#include "executable.h"
#include "findings.h"
#include "real.h"
#include "runs.h"
#include "self.h"
#include "uses.h"

RUN_DECLARE_REAL(int, execve, (const char *, char *const[], char *const[]))
RUN_DECLARE_REAL(int, execvpe, (const char *, char *const[], char *const[]))
RUN_DECLARE_REAL(int, fexecve, (int, char *const[], char *const[]))
RUN_DECLARE_REAL(int, execveat, (int, const char *, char *const[], char *const[], int))

/* One of the four, and what it is called with. */
typedef struct execution {
    int (*start)(const struct execution *, char *const *environment);
    bool (*takes_us)(const struct execution *);
    const char *path;
    char *const *arguments;
    int descriptor;
    int flags;
} execution;

static bool path_takes_us(const execution *of)
{
    return run_executable_takes_us(AT_FDCWD, of->path);
}

static int by_path(const execution *of, char *const *environment)
{
    return RUN_REAL(execve)(of->path, of->arguments, environment);
}

static bool found_takes_us(const execution *of)
{
    return run_executable_found_takes_us(of->path);
}

static int by_search(const execution *of, char *const *environment)
{
    return RUN_REAL(execvpe)(of->path, of->arguments, environment);
}

static bool descriptor_takes_us(const execution *of)
{
    return run_executable_takes_us(of->descriptor, "");
}

static int by_descriptor(const execution *of, char *const *environment)
{
    return RUN_REAL(fexecve)(of->descriptor, of->arguments, environment);
}

static bool place_takes_us(const execution *of)
{
    return run_executable_takes_us(of->descriptor, of->path);
}

static int by_place(const execution *of, char *const *environment)
{
    return RUN_REAL(execveat)(of->descriptor, of->path, of->arguments, environment, of->flags);
}

static int execute(const execution *of, char *const *environment)
{
    run_extended extended;
    if (run_is_on()) {
        run_series_break();
        run_findings_flush_all();
    }
    RUN_EXTEND(&extended, environment, of->takes_us(of));
    int result = of->start(of, extended.environment);
    if (errno == E2BIG && extended.environment != environment)
        result = of->start(of, environment);
    run_extend_end(&extended);
    return result;
}

/* ---- the functions -------------------------------------------------------------------------- */

RUN_EXPORT int execve(const char *path, char *const arguments[], char *const environment[])
{
    const execution of = {
        .start = by_path, .takes_us = path_takes_us, .path = path, .arguments = arguments};
    return execute(&of, environment);
}

RUN_EXPORT int execv(const char *path, char *const arguments[])
{
    const execution of = {
        .start = by_path, .takes_us = path_takes_us, .path = path, .arguments = arguments};
    return execute(&of, environ);
}

RUN_EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[])
{
    const execution of = {
        .start = by_search, .takes_us = found_takes_us, .path = file, .arguments = arguments};
    return execute(&of, environment);
}

RUN_EXPORT int execvp(const char *file, char *const arguments[])
{
    const execution of = {
        .start = by_search, .takes_us = found_takes_us, .path = file, .arguments = arguments};
    return execute(&of, environ);
}

RUN_EXPORT int fexecve(int descriptor, char *const arguments[], char *const environment[])
{
    const execution of = {.start = by_descriptor,
                          .takes_us = descriptor_takes_us,
                          .descriptor = descriptor,
                          .arguments = arguments};
    run_use use;
    if (!run_use_begin(&use, descriptor, "fexecve"))
        return -1;
    int result = execute(&of, environment);
    run_use_end(&use, true);
    return result;
}

RUN_EXPORT int execveat(int directory, const char *path, char *const arguments[],
                        char *const environment[], int flags)
{
    const execution of = {.start = by_place,
                          .takes_us = place_takes_us,
                          .path = path,
                          .arguments = arguments,
                          .descriptor = directory,
                          .flags = flags};
    run_use use;
    if (!run_use_begin_at(&use, directory, path, "execveat"))
        return -1;
    int result = execute(&of, environment);
    run_use_end(&use, true);
    return result;
}

/* ---- those that list their arguments -------------------------------------------------------- */

/* How many there are, the first included, without the NULL at the end. */
static size_t count_arguments(const char *first, va_list rest)
{
    size_t count = 0;
    for (const char *next = first; next != NULL; next = va_arg(rest, const char *))
        count++;
    return count;
}

/* Those after the first, and the NULL; what is behind them is then next in the caller's list, which
 * some machines would pass as a copy. */
static void gather_arguments(char **arguments, size_t count, const char *first, va_list *rest)
{
    union {
        const char *given;
        char *passed; /* exec does not write to it */
    } text = {.given = first};
    for (size_t i = 0; i <= count; i++) {
        arguments[i] = text.passed;
        if (i < count)
            text.given = va_arg(*rest, const char *);
    }
}

/* Defines `arguments`, on the stack of the caller, whose last named parameter is `first`; `rest` is
 * left behind them. */
#define GATHER(arguments, first, rest)                                  \
    va_start(rest, first);                                              \
    size_t count_ = count_arguments(first, rest);                       \
    va_end(rest);                                                       \
    char **arguments = __builtin_alloca((count_ + 1) * sizeof(char *)); \
    va_start(rest, first);                                              \
    gather_arguments(arguments, count_, first, &rest)

RUN_EXPORT int execl(const char *path, const char *first, ...)
{
    va_list rest;
    GATHER(arguments, first, rest);
    va_end(rest);
    const execution of = {
        .start = by_path, .takes_us = path_takes_us, .path = path, .arguments = arguments};
    return execute(&of, environ);
}

RUN_EXPORT int execle(const char *path, const char *first, ...)
{
    va_list rest;
    GATHER(arguments, first, rest);
    char *const *environment = va_arg(rest, char *const *);
    va_end(rest);
    const execution of = {
        .start = by_path, .takes_us = path_takes_us, .path = path, .arguments = arguments};
    return execute(&of, environment);
}

RUN_EXPORT int execlp(const char *file, const char *first, ...)
{
    va_list rest;
    GATHER(arguments, first, rest);
    va_end(rest);
    const execution of = {
        .start = by_search, .takes_us = found_takes_us, .path = file, .arguments = arguments};
    return execute(&of, environ);
}

/* ---- posix_spawn ---------------------------------------------------------------------------- */

typedef int spawn_function(pid_t *restrict, const char *restrict,
                           const posix_spawn_file_actions_t *, const posix_spawnattr_t *restrict,
                           char *const[restrict], char *const[restrict]);

typedef struct spawning {
    spawn_function *start;
    bool searches;
    pid_t *child;
    const char *path;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
    char *const *arguments;
} spawning;

static int start_spawning(const spawning *of, char *const *environment)
{
    return of->start(of->child, of->path, of->actions, of->attributes, of->arguments, environment);
}

static bool spawned_takes_us(const spawning *of)
{
    return of->searches ? run_executable_found_takes_us(of->path)
                        : run_executable_takes_us(AT_FDCWD, of->path);
}

static int spawn(const spawning *of, char *const *environment)
{
    run_extended extended;
    if (run_is_on())
        run_series_break();
    RUN_EXTEND(&extended, environment, spawned_takes_us(of));
    int error = start_spawning(of, extended.environment);
    if (error == E2BIG && extended.environment != environment)
        error = start_spawning(of, environment);
    run_extend_end(&extended);
    return error;
}

RUN_WRAP(int, posix_spawn,
         (pid_t *restrict child, const char *restrict path,
          const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attributes,
          char *const arguments[restrict], char *const environment[restrict]))
{
    const spawning of = {RUN_REAL(posix_spawn), false, child, path, actions, attributes, arguments};
    return spawn(&of, environment);
}

RUN_WRAP(int, posix_spawnp,
         (pid_t *restrict child, const char *restrict file,
          const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attributes,
          char *const arguments[restrict], char *const environment[restrict]))
{
    const spawning of = {RUN_REAL(posix_spawnp), true, child, file, actions, attributes, arguments};
    return spawn(&of, environment);
}

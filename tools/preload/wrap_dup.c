/* Copies of descriptors, chosen by the kernel or placed by the program; and the other commands of
 * the two calls that make them, fcntl and ioctl. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "opening.h"
#include "uses.h"

/* The copy is of the same file. */
static void inherit(int copy, int from)
{
    const run_number *source = run_number_of(from);
    run_number *number = run_number_of(copy);
    if (source != NULL && number != NULL)
        __atomic_store_n(&number->tells, __atomic_load_n(&source->tells, __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
}

/* The source is used, and what it is, its copy is. */
static int copied(run_use *use, int from, int copy, int closed, const char *operation)
{
    run_use_end(use, copy < 0);
    run_self.last_closed = closed; /* "close(1); dup(n)": nothing came in between */
    run_opened_path(copy, operation, run_what_of(from));
    inherit(copy, from);
    return copy;
}

RUN_WRAP(int, dup, (int from))
{
    run_use use;
    int copy;
    int closed = run_self.last_closed;
    if (!run_use_begin(&use, from, "dup"))
        return -1;
    RUN_TRY(copy, RUN_REAL(dup)(from));
    return copied(&use, from, copy, closed, "dup");
}

/* ---- placed --------------------------------------------------------------------------------- */

/* After the call. */
static int placed(run_use *use, int from, int to, int result, const char *operation)
{
    run_use_end(use, result < 0);
    if (result < 0)
        run_not_placed(to);
    else
        run_opened(to, RUN_PLACED, operation, "%s", run_what_of(from));
    inherit(result, from);
    return result;
}

RUN_WRAP(int, dup2, (int from, int to))
{
    run_use use;
    if (!run_use_begin(&use, from, "dup2"))
        return -1;
    if (from == to) { /* only asks whether it is open */
        int same = RUN_REAL(dup2)(from, to);
        run_use_end(&use, same < 0);
        return same;
    }
    run_placing(to);
    return placed(&use, from, to, RUN_REAL(dup2)(from, to), "dup2");
}

RUN_WRAP(int, dup3, (int from, int to, int flags))
{
    run_use use;
    if (!run_use_begin(&use, from, "dup3"))
        return -1;
    run_placing(to);
    return placed(&use, from, to, RUN_REAL(dup3)(from, to, flags), "dup3");
}

/* ---- fcntl ---------------------------------------------------------------------------------- */

typedef int fcntl_function(int descriptor, int command, ...);

static bool copies(int command)
{
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
}

/* The numbers below are for scripts to choose, those from here on for the shell (POSIX). */
enum { OF_SHELLS = 10 };

/* Loops over the table ask, and set close-on-exec.  Shells save what may not be open, before they
 * redirect. */
static bool begin(run_use *use, int descriptor, int command, int argument)
{
    if (command == F_GETFD || command == F_SETFD || command == F_GETFL)
        return run_probe_begin(use, descriptor, "fcntl");
    if (copies(command) && argument >= OF_SHELLS)
        return descriptor < OF_SHELLS ? run_save_begin(use, descriptor, "fcntl")
                                      : run_probe_begin(use, descriptor, "fcntl");
    if (copies(command))
        run_series_makes_room(argument);
    return run_use_begin(use, descriptor, "fcntl");
}

static int control(fcntl_function *real, int descriptor, int command, void *argument)
{
    run_use use;
    int closed = run_self.last_closed;
    int wanted = (int)(intptr_t)argument;
    if (!begin(&use, descriptor, command, wanted))
        return -1;
    if (copies(command)) {
        int copy;
        run_quarantine_free(wanted); /* "close(n); fcntl(m, F_DUPFD, n)" */
        RUN_TRY(copy, real(descriptor, command, argument));
        return copied(&use, descriptor, copy, copy == wanted ? copy : closed, "fcntl");
    }
    int result = real(descriptor, command, argument);
    run_use_end(&use, result < 0);
    return result;
}

/* Whatever the argument is, it is handed on as the C library does it. */
#define TAKE_ARGUMENT(argument, last)            \
    do {                                         \
        va_list arguments_;                      \
        va_start(arguments_, last);              \
        (argument) = va_arg(arguments_, void *); \
        va_end(arguments_);                      \
    } while (0)

RUN_WRAP(int, fcntl, (int descriptor, int command, ...))
{
    void *argument;
    TAKE_ARGUMENT(argument, command);
    return control(RUN_REAL(fcntl), descriptor, command, argument);
}

RUN_WRAP(int, fcntl64, (int descriptor, int command, ...))
{
    void *argument;
    TAKE_ARGUMENT(argument, command);
    return control(RUN_REAL(fcntl64), descriptor, command, argument);
}

/* ---- ioctl ---------------------------------------------------------------------------------- */

RUN_WRAP(int, ioctl, (int descriptor, unsigned long request, ...))
{
    run_use use;
    void *argument;
    TAKE_ARGUMENT(argument, request);
    if (!run_use_begin(&use, descriptor, "ioctl"))
        return -1;
#ifdef TIOCGPTPEER
    if (request == TIOCGPTPEER) {
        int peer;
        RUN_TRY(peer, RUN_REAL(ioctl)(descriptor, request, argument));
        return copied(&use, descriptor, peer, -1, "ioctl");
    }
#endif
    int result = RUN_REAL(ioctl)(descriptor, request, argument);
    run_use_end(&use, result < 0);
    return result;
}

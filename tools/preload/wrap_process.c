/* The ends of processes, forks that nobody is told of, daemon, and dlclose.
 *
 * What waits to be told is told before the process ends; after a fatal signal that nobody catches
 * one finding may be missing.  exit itself is not here: see start.c.
 *
 * What was loaded by dlopen (see wrap_lookup.c) is noticed when an address is met that lies in no
 * known object; only that one is gone must be told. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "findings.h"
#include "numbers.h"
#include "process.h"
#include "real.h"
#include "report/stacks.h"
#include "report/trace.h"
#include "runs.h"
#include "self.h"

/* ---- ends ----------------------------------------------------------------------------------- */

static void end_if_on(void)
{
    if (run_is_on()) {
        run_series_break();
        run_process_ends();
    }
}

RUN_DECLARE_REAL(void, _exit, (int))
RUN_DECLARE_REAL(void, quick_exit, (int))
RUN_DECLARE_REAL(void, abort, (void))

RUN_EXPORT _Noreturn void _exit(int status)
{
    end_if_on();
    RUN_REAL(_exit)(status);
    __builtin_unreachable();
}

RUN_EXPORT _Noreturn void _Exit(int status)
{
    end_if_on();
    RUN_REAL(_exit)(status);
    __builtin_unreachable();
}

RUN_EXPORT _Noreturn void quick_exit(int status)
{
    end_if_on();
    RUN_REAL(quick_exit)(status);
    __builtin_unreachable();
}

RUN_EXPORT _Noreturn void abort(void)
{
    if (run_is_on()) {
        run_series_break();
        run_findings_flush_all();
    }
    RUN_REAL(abort)();
    __builtin_unreachable();
}

/* ---- forks ---------------------------------------------------------------------------------- */

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
RUN_WRAP(pid_t, _Fork, (void))
{
    run_process_will_fork();
    pid_t child = RUN_REAL(_Fork)();
    if (child == 0)
        run_process_forked_untold();
    return child;
}
#endif

/* It forks, and puts /dev/null onto 0, 1 and 2, within the C library. */
RUN_WRAP(int, daemon, (int keeps_directory, int keeps_streams))
{
    int result = RUN_REAL(daemon)(keeps_directory, keeps_streams);
    if (result != 0 || keeps_streams || !run_is_on())
        return result;
    for (int i = 0; i <= 2; i++) {
        run_placing(i);
        run_opened(i, RUN_PLACED, "daemon", "%s", "/dev/null");
    }
    return result;
}

/* ---- code ----------------------------------------------------------------------------------- */

RUN_WRAP(int, dlclose, (void *handle))
{
    int result = RUN_REAL(dlclose)(handle);
    if (run_is_on()) {
        hf_stacks_code_changed();
        hf_trace_code_changed();
    }
    return result;
}

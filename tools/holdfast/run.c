/* `holdfast run`. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"
#include "launch.h"
#include "library.h"
#include "live.h"
#include "options.h"
#include "own_trace.h"
#include "quote.h"
#include "report/trace.h"
#include "returns.h"
#include "target.h"
#include "tool.h"
#include "verdict.h"
#include "writers.h"

enum { FIRST_POLL_MS = 5, POLL_MS = 50, FINDINGS_MIB = 64 };

typedef struct run {
    options from;
    target program;
    verdict judged;
    launch started;
    live trace;
    char *command;
    char **environment; /* until the end: the texts are the program's */
    char **with_shell;
    char trace_path[PATH_MAX];
    char library_path[PATH_MAX];
    bool trace_is_ours; /* removed at the end */
} run;

/* ---- the trace ------------------------------------------------------------------------------ */

/* A file that is larger than the user allows cannot be; a small one holds some findings, too. */
static uint64_t trace_bytes(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    return limit.rlim_cur < wanted ? limit.rlim_cur : wanted;
}

static bool make_trace_at(run *of, uint64_t mib, uint32_t wants)
{
    return hf_trace_create(of->trace_path, trace_bytes(mib << 20), wants);
}

/* Memory, unless the user wants it elsewhere.  Containers have little of it, and others may have
 * filled it: then a disk will do. */
static void make_own_trace(run *of)
{
    const char *folders[] = {getenv("TMPDIR"), "/dev/shm", "/tmp"};
    of->trace_is_ours = true;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (folders[i] == NULL || folders[i][0] == '\0' ||
            !own_trace_name(folders[i], of->trace_path, sizeof of->trace_path))
            continue;
        if (!make_trace_at(of, FINDINGS_MIB, HF_TRACE_WANTS_FINDINGS))
            continue;
        if (!own_trace_hold(of->trace_path))
            tool_fail("the trace '%s' has disappeared", of->trace_path);
        return;
    }
    tool_fail("cannot make a temporary file: %s", strerror(errno));
}

static void make_asked_trace(run *of, const char *path)
{
    tool_expand(path, of->trace_path, sizeof of->trace_path);
    writers_refuse(of->trace_path);
    if (strlen(of->trace_path) + 1 == sizeof of->trace_path)
        errno = ENAMETOOLONG;
    else if (make_trace_at(of, of->from.numbers[OPTION_TRACE_SIZE],
                           HF_TRACE_WANTS_FINDINGS | HF_TRACE_WANTS_EVENTS))
        return;
    tool_fail("cannot make the trace '%s': %s", of->trace_path, strerror(errno));
}

static void describe_trace(const run *of)
{
    char settings[HF_TRACE_SETTINGS_BYTES];
    options_settings(&of->from, settings, sizeof settings);
    size_t length = strlen(settings);
    (void)snprintf(settings + length, sizeof settings - length, ":" RUN_JUMP_BACK "=%d",
                   returns_are_spoilt(RETURNS_OVERFLOW));
    hf_trace_describe(settings, of->command);
}

static void make_trace(run *of)
{
    if (of->from.texts[OPTION_TRACE] != NULL)
        make_asked_trace(of, of->from.texts[OPTION_TRACE]);
    else
        make_own_trace(of);
    (void)hf_trace_guard();
    describe_trace(of);
    char *whole = realpath(of->trace_path, NULL);
    if (whole == NULL || strlen(whole) >= sizeof of->trace_path)
        tool_fail("the trace '%s': %s", of->trace_path, strerror(errno));
    strcpy(of->trace_path, whole);
    free(whole);
}

static void tell_of_trace(run *of)
{
    if (hf_reader_is_cut_off(of->trace.reader)) {
        output_tell(
            &of->judged.out,
            "somebody has cut off the trace '%s' while it was written: what was found since "
            "then is lost",
            of->trace_path);
        return;
    }
    uint64_t dropped = hf_reader_header(of->trace.reader)->dropped;
    if (dropped > 0)
        output_tell(&of->judged.out, "%llu records found no room in the trace",
                    (unsigned long long)dropped);
    if (of->trace.process_count == 0)
        output_tell(&of->judged.out,
                    "the program was not looked into: it ended, or executed another one, before "
                    "the preloaded library was there, or this had no room (ulimit -v)");
}

/* ---- the program ---------------------------------------------------------------------------- */

static int start(run *of)
{
    char **argv = of->from.program;
    size_t count = 0;
    while (argv[count] != NULL)
        count++;
    of->with_shell = calloc(count + 2, sizeof *of->with_shell);
    of->environment = environment_create(of->library_path, of->trace_path, of->program.path);
    if (of->with_shell == NULL || of->environment == NULL)
        tool_fail("no memory");
    if (!of->program.needs_shell)
        return launch_start(&of->started, of->program.path, argv, of->environment);
    of->with_shell[0] = argv[0];
    of->with_shell[1] = of->program.path;
    memcpy(of->with_shell + 2, argv + 1, (count - 1) * sizeof *argv);
    return launch_start(&of->started, "/bin/sh", of->with_shell, of->environment);
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Follows the program to its end.  Answers how the tool is to end.  What takes time is done while
 * the program runs; and what one that ends at once does not need, is not done for it. */
static int follow(run *of)
{
    int status = 0;
    int timeout_ms = FIRST_POLL_MS;
    double began = seconds_now();
    if (of->trace_is_ours)
        own_trace_tidy(of->trace_path);
    while (!launch_wait(&of->started, timeout_ms, &status)) {
        if (timeout_ms == POLL_MS)
            hf_trace_grow_ahead();
        live_poll(&of->trace);
        timeout_ms = POLL_MS;
    }
    live_poll_last(&of->trace);
    tell_of_trace(of);
    return verdict_fini(&of->judged, of->command, status, of->trace.process_count,
                        seconds_now() - began);
}

static run state;

/* Also when the tool fails. */
static void remove_trace(void)
{
    if (state.trace_is_ours)
        (void)unlink(state.trace_path);
    state.trace_is_ours = false;
}

int command_run(int argc, char **argv)
{
    options_read(&state.from, argc, argv);
    int status = target_find(state.from.program[0], &state.program);
    if (status != 0)
        return status;
    library_find(state.library_path, sizeof state.library_path);
    launch_init(&state.started);
    state.command = quote_command(state.from.program);
    verdict_init(&state.judged, &state.from);
    (void)atexit(remove_trace);
    make_trace(&state);
    live_init(&state.trace, state.trace_path, &state.judged);
    int failed = start(&state);
    int ended = failed == 0 ? follow(&state) : W_EXITCODE(failed, 0);
    live_fini(&state.trace);
    free(state.command);
    remove_trace();
    launch_end_like(ended);
}

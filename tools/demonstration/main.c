/* Shows on real files what Holdfast is for.  tools/demo builds and runs this; it looks at the
 * options and gives them in a fixed order.
 *
 * Exit status: 0, all went well; 1, a guarded read hit the wrong file, or the machine refused
 * something; 2, an argument is wrong. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pass.h"
#include "progress.h"
#include "summary.h"

enum {
    SECONDS_LIMIT = 600,
    FILES_WANTED = 256,
    FILES_SPARE = 24, /* for standard streams, and what reports are made of */
    PLACES_LEAST = 2
};

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out >= least &&
           *out <= most;
}

static bool read_arguments(int count, char **arguments, pass_plan *plan)
{
    uint64_t readers;
    uint64_t seconds;
    if (count != 5 || !read_number(arguments[2], 1, READERS_LIMIT, &readers) ||
        !read_number(arguments[3], 1, SECONDS_LIMIT, &seconds) ||
        !read_number(arguments[4], 0, UINT64_MAX, &plan->seed))
        return false;
    plan->readers = (unsigned)readers;
    plan->seconds = (unsigned)seconds;
    return true;
}

/* A double close of a raw descriptor must never meet a standard stream: no file may get its number,
 * though the program was started without it. */
static bool occupy_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

/* Answers how many files may be open. */
static uint64_t raise_files_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FILES_WANTED;
    if (limit.rlim_cur < FILES_WANTED && limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur;
}

/* Each reader may keep one file open that was closed meanwhile. */
static bool choose_places(pass_plan *plan)
{
    uint64_t limit = raise_files_limit();
    uint64_t spare = FILES_SPARE + plan->readers;
    if (limit < spare + PLACES_LEAST) {
        fprintf(stderr,
                "demo: %" PRIu64 " open files are too few (ulimit -n), %" PRIu64 " are needed\n",
                limit, spare + PLACES_LEAST);
        return false;
    }
    plan->places = limit - spare < SHELF_PLACES ? (uint32_t)(limit - spare) : SHELF_PLACES;
    return true;
}

/* The raw pass makes as many steps as the guarded one did. */
static bool run_passes(pass_plan *plan, pass_result *guarded, pass_result *raw, uint64_t *findings)
{
    if (!guarded_begin(plan->seed))
        return false;
    bool done = pass_run(&access_guarded, plan, guarded);
    *findings = guarded_end();
    plan->steps = guarded->counts[TALLY_STEPS];
    return done && *findings != UINT64_MAX && pass_run(&access_raw, plan, raw);
}

static int demonstrate(pass_plan *plan)
{
    pass_result guarded;
    pass_result raw;
    uint64_t findings;
    if (!run_passes(plan, &guarded, &raw, &findings))
        return EXIT_FAILURE;
    summary_compare(&guarded, &raw);
    if (plan->files->count == 1)
        puts("With a single file no read can hit another one: name a directory with more.");
    summary_report(guarded_report(), findings);
    return guarded.counts[TALLY_READS_WRONG] == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
    survey files;
    pass_plan plan = {.files = &files};
    if (!read_arguments(count, arguments, &plan)) {
        fputs("Usage: holdfast_demo DIRECTORY THREADS SECONDS SEED; see tools/demo --help\n",
              stderr);
        return 2;
    }
    if (!occupy_standard_streams() || !choose_places(&plan))
        return EXIT_FAILURE;
    summary_introduce(arguments[1], &plan);
    progress_begin();
    bool made = survey_make(&files, arguments[1]);
    progress_end();
    int status = EXIT_FAILURE;
    if (!made) {
        fputs("demo: out of memory\n", stderr);
    } else if (files.count == 0) {
        fprintf(stderr, "demo: no file below '%s' has content and can be read\n", arguments[1]);
        status = 2;
    } else {
        summary_survey(&files);
        status = demonstrate(&plan);
    }
    survey_free(&files);
    return status;
}

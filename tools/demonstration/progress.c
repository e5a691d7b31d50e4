/* Time and terminal of the progress line.  Only the main thread calls this. */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "number.h"

static bool on_terminal;
static double next_time; /* 0: nothing was told of this stage yet */

double progress_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void progress_begin(void)
{
    on_terminal = isatty(STDERR_FILENO) == 1;
}

static bool is_time(void)
{
    double now = progress_clock();
    if (now < next_time)
        return false;
    next_time = now + (on_terminal ? 0.1 : 2.0);
    return true;
}

static void tell(const char *line)
{
    fprintf(stderr, on_terminal ? "\r\033[K%s" : "%s\n", line);
}

void progress_survey(uint32_t files)
{
    char line[80];
    number_text count;
    if (!is_time())
        return;
    snprintf(line, sizeof line, "reading each file once: %s so far", number_write(&count, files));
    tell(line);
}

void progress_pass(const char *name, double seconds, unsigned total, uint64_t reads, uint64_t wrong)
{
    char line[120];
    number_text done;
    number_text hits;
    if (!is_time())
        return;
    snprintf(line, sizeof line, "%s: %.0f of %u s, %s reads, %s hit the wrong file", name,
             seconds < total ? seconds : total, total, number_write(&done, reads),
             number_write(&hits, wrong));
    tell(line);
}

void progress_end(void)
{
    next_time = 0;
    if (on_terminal)
        fputs("\r\033[K", stderr);
}

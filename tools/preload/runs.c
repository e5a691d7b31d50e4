/* See runs.h.
 *
 * A loop may leave some numbers out, which it wants to keep: a gap of a few does not end the
 * series.
 *
 * One loop in the source may be several calls in the code, one behind the other, as compilers
 * unroll loops.  So a call from nearby continues the series; but calls that are written one by one
 * have rising addresses, and only what jumps back, or stays, is a loop.
 *
 * A signal handler that closes something comes in between: its calls are a series of their own, and
 * end the one that they interrupt, half-way through a step at worst.  Then what was taken for a
 * loop is taken for none, or the other way round, as any mixture of the fields is one or the other.
 */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

#include "findings.h"

enum {
    SERIES_LENGTH = 3, /* from which on it may be a loop */
    SERIES_GAP = 16,
    SERIES_CODE = 256 /* bytes from one call to the next */
};

/* The direction in which the descriptor continues the series; 0: it does not. */
static int continuation(const run_series *series, int descriptor)
{
    long step = (long)descriptor - series->last;
    if (step == 0 || labs(step) > SERIES_GAP)
        return 0;
    int direction = step > 0 ? 1 : -1;
    return series->direction == 0 || series->direction == direction ? direction : 0;
}

static bool is_near(const void *one, const void *other)
{
    uintptr_t apart = (uintptr_t)one - (uintptr_t)other + SERIES_CODE;
    return apart <= 2 * SERIES_CODE;
}

static bool belongs(const run_series *series, run_operation operation, const void *site)
{
    return series->length != 0 && series->operation == operation && is_near(series->site, site);
}

static bool is_loop(const run_series *series)
{
    return series->length >= SERIES_LENGTH && series->saw_unknown && series->went_back;
}

/* Of what there was a copy made, or tried. */
static bool is_saved(const run_series *series, int descriptor)
{
    return series->length == 1 && series->operation == RUN_SAVING && series->last == descriptor;
}

void run_series_go_on(run_operation operation, int descriptor, const void *site, bool unknown)
{
    run_series *series = &run_self.series;
    bool saved = operation == RUN_CLOSING && is_saved(series, descriptor);
    int direction = belongs(series, operation, site) ? continuation(series, descriptor) : 0;
    if (direction == 0) {
        run_series_break();
        *series = (run_series){.operation = (uint8_t)operation, .classified = saved};
    } else if ((uintptr_t)site <= (uintptr_t)series->site) {
        series->went_back = true;
    }
    series->site = site;
    series->direction = (int8_t)direction;
    series->last = descriptor;
    series->length++;
    series->saw_unknown |= unknown;
    if (!series->classified && is_loop(series)) {
        series->classified = true;
        run_findings_drop();
    }
}

void run_series_makes_room(int descriptor)
{
    const run_series *series = &run_self.series;
    if (series->length == 1 && series->operation == RUN_CLOSING && series->last == descriptor)
        run_findings_drop();
}

run_verdict run_series_verdict(void)
{
    const run_series *series = &run_self.series;
    if (series->length == 0)
        return RUN_TELL;
    return series->classified ? RUN_DROP : RUN_WAIT;
}

void run_series_end(void)
{
    run_self.series.length = 0;
    run_findings_flush();
}

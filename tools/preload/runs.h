/* Loops over the whole table: "for (i = 3; i < max; i++) close(i);", and probes by fstat or fcntl
 * in the same manner.  They hit closed numbers by design and are silent.
 *
 * A *series* is a run of calls of one operation, from about one place in the program (a compiler
 * may have unrolled the loop), on one thread, on descriptors that follow each other upwards or
 * downwards.  A finding made in a series waits, in the trace, until the series ends or is
 * classified:
 *
 *   - it is a loop over the table once it has three calls or more, has come back to where it was in
 *     the code, and touches a number that was never seen open, or passes the highest number ever
 *     seen: its findings are withdrawn, and the rest of it is silent;
 *   - a series that ends before is none, also where the process ends: a batch of double closes is a
 *     finding.
 *
 * What a shell closes right after it tried to save it by a copy, is silent, too: it is a number
 * that the script has chosen, and need not be open.
 *
 * The series ends with the thread's next tracked call that does not continue it.  All calls of the
 * wrappers for close and for probes come through here, but for fstat of what is open while there is
 * no series (run_way_of_look); others only look whether one is open. */
#ifndef RUN_RUNS_H
#define RUN_RUNS_H

#include <stdbool.h>

#include "self.h"

typedef enum run_operation { RUN_CLOSING = 1, RUN_PROBING, RUN_SAVING } run_operation;

/* This thread closes, probes or saves the descriptor, from this return address.  To be called
 * before the finding that it may make. */
void run_series_go_on(run_operation operation, int descriptor, const void *site, bool unknown);

static inline void run_series_step(run_operation operation, int descriptor, const void *site,
                                   bool unknown)
{
    run_series *series = &run_self.series;
    if (HF_LIKELY(series->length == 0))
        *series = (run_series){.site = site,
                               .operation = (uint8_t)operation,
                               .saw_unknown = unknown,
                               .last = descriptor,
                               .length = 1};
    else
        run_series_go_on(operation, descriptor, site, unknown);
}

/* What becomes of a finding made in the open series now. */
typedef enum run_verdict { RUN_TELL, RUN_WAIT, RUN_DROP } run_verdict;
run_verdict run_series_verdict(void);

/* The thread is about to place a copy on `descriptor`.  If all that it did before was to close that
 * number, it made room there, and whether it was open did not matter: then nothing is found. */
void run_series_makes_room(int descriptor);

/* Another call of this thread: the series is over. */
void run_series_end(void);
static inline void run_series_break(void)
{
    if (__builtin_expect(run_self.series.length != 0, 0))
        run_series_end();
}

/* Whether this call is not to be compared with what the thread did before: no series is open, and
 * it closed nothing last. */
static inline bool run_thread_is_quiet(void)
{
    return (run_self.series.length | (uint32_t)(run_self.last_closed + 1)) == 0;
}

#endif

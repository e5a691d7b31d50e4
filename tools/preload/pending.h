/* Findings that wait until it is known whether they are part of a loop over the whole table: see
 * runs.h.  They are in the trace, as waiting, and the `holdfast` process tells them if this process
 * ends before they are settled.  Where they are is kept where others find it, for a thread may end,
 * or execute another program, before its next call. */
#ifndef RUN_PENDING_H
#define RUN_PENDING_H

#include <stdbool.h>
#include <stdint.h>

/* What waits of this thread lies there; NULL: nothing. */
struct run_pending_slot;
extern __thread struct run_pending_slot *run_pending_own __attribute__((tls_model("initial-exec")));

/* Tells or withdraws one. */
typedef void run_settle_function(uint32_t *waiting);

/* `ends` is called when a thread ends of which something waits. */
void run_pending_start(void (*ends)(void *));

/* What hf_trace_write_waiting answered is this thread's to settle.  False: there is no room. */
bool run_pending_add(uint32_t *waiting);

/* Settles what waits of this thread. */
void run_pending_settle(run_settle_function *settle);

/* Settles what waits of all threads: the process ends, or executes another program. */
void run_pending_settle_all(run_settle_function *settle);

/* In a forked child: what waits is the parent's to settle. */
void run_pending_forget(void);

#endif

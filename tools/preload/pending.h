/* Findings that wait until it is known whether they are part of a loop over the whole table: see
 * runs.h.  They lie where others find them, for a thread may end, or the process, before its next
 * call. */
#ifndef RUN_PENDING_H
#define RUN_PENDING_H

#include <stdbool.h>

#include <holdfast/report.h>

/* What waits of this thread lies there; NULL: nothing. */
struct run_pending_slot;
extern __thread struct run_pending_slot *run_pending_own __attribute__((tls_model("initial-exec")));

typedef void run_tell_function(const hf_report *report);

/* `ends` is called when a thread ends of which something waits. */
void run_pending_start(void (*ends)(void *));

/* Keeps a copy, without the holders, for this thread.  All else that a report points to is kept for
 * ever.  False: there is no room. */
bool run_pending_add(const hf_report *report);

/* Tells, or forgets, what waits of this thread. */
void run_pending_tell(run_tell_function *tell);
void run_pending_drop(void);

/* Tells what waits of all threads: the process ends, or executes another program. */
void run_pending_tell_all(run_tell_function *tell);

/* In a forked child: what waits is told by the parent. */
void run_pending_forget(void);

#endif

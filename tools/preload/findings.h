/* From what the table reports to what is told.
 *
 * Findings are made by the library (hf_close of a stale handle, hf_enter of one, ...) or by the
 * functions below, through hf_event_raise, with its policies and its de-duplication.  The report
 * hook takes them all: it asks runs.h whether the call is part of a loop over the whole table, and
 * writes the rest into the trace, what is not known yet as waiting.  The `holdfast` process reads
 * them there, names their frames and prints them. */
#ifndef RUN_FINDINGS_H
#define RUN_FINDINGS_H

#include <stdbool.h>

#include <holdfast/holdfast.h>

#include "core/event.h"

void run_findings_start(void); /* installs the hook */

/* The call that is wrong now: set by each wrapper's entry, so that stacks begin with the program's
 * call and findings name the function. */
#define RUN_SITE() HF_SITE()

/* A stale close or use.  `victim` is the handle that has the number now, or null: then it is
 * handle-reuse and names its opener. */
void run_find_stale(hf_report_kind kind, hf_handle stale, hf_handle victim, const char *operation,
                    hf_site site);

/* foreign-close: `owner` is the handle of the stream or directory whose descriptor it is. */
void run_find_foreign(hf_handle descriptor, hf_handle owner, const char *operation, hf_site site);

/* close-during-use, clobber, standard-descriptor. */
void run_find_kind(hf_report_kind kind, hf_handle subject, hf_handle other, const char *other_role,
                   const char *operation, hf_site site);

/* Tells what waits to be classified: before fork, when the thread ends, and by its next call that
 * does not continue the run. */
void run_findings_flush(void);

/* The same for all threads: before exec and exit. */
void run_findings_flush_all(void);

/* Withdraws them: it was a loop over the table. */
void run_findings_drop(void);

/* Whether a handle's opener and the caller at `site` belong to different modules: then they are
 * taken for different owners.  (Threads of one module share what they open: one that rotates a log
 * file replaces what another opened, by design.) */
bool run_is_strange(hf_handle opened, hf_site site);

#endif

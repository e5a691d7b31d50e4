/* Writing a trace: see trace_format.h.
 *
 * Every function may be called by any thread, in a signal handler, in a forked child and while the
 * process exits; takes no lock, allocates nothing (stacks and threads are the report side's), keeps
 * errno, and does nothing when no trace is written.  A trace that cannot grow (disk full) stops;
 * the program goes on. */
#ifndef HF_REPORT_TRACE_H
#define HF_REPORT_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast/report.h>

#include "core/event.h"
#include "report/trace_format.h"

/* Makes a file and writes to it from now on.  False, with the error set: it cannot be made.  Not
 * async-signal-safe. */
bool hf_trace_create(const char *path, uint64_t capacity, uint32_t wants);

/* Whether there is a file that hf_trace_attach may join whose maker still runs. */
bool hf_trace_is_written(const char *path);

/* Whether any process writes to a file yet, which is not to be replaced then.  (Where the system
 * does not tell that, it is asked of the maker alone.) */
bool hf_trace_has_writers(const char *path);

/* Joins a file that another process made, which keeps its path.  False: there is none, or it is no
 * trace of this version.  Not async-signal-safe. */
bool hf_trace_attach(const char *path);

/* A process writes to one file in its life: a second create or attach is refused.
 *
 * For whoever made the file: writes the settings and the command line into its header, each cut if
 * it is too long.  To be called before another process attaches. */
void hf_trace_describe(const char *settings, const char *command);

/* The same: has the file grow before it is needed, so that those who write need not. */
void hf_trace_grow_ahead(void);

/* For a file that its user has named, and may cut off while it is written: then the trace is lost,
 * and the process lives.  False: the program handles SIGBUS itself.  Not async-signal-safe. */
bool hf_trace_guard(void);

/* The header of the file that is written, or NULL. */
const hf_trace_header *hf_trace_header_now(void);

/* hf_trace_header.wants, 0 when no trace is written.  One load. */
static inline uint32_t hf_trace_wants(void)
{
    return hf_event_wanted();
}

/* From now on only others have the file grow: this process gives up the system calls for it. */
void hf_trace_grow_no_more(void);

/* This process is there: after attaching.  In a forked child hf_event_forked calls it; again is
 * harmless.  `arguments`: those that main will get, for who has them; NULL: the system is asked. */
void hf_trace_process_begins(hf_trace_beginning beginning, char *const *arguments);
void hf_trace_process_ends(const hf_trace_exit *totals);

/* For who has walked a stack that was not seen before: tells what it takes to name its frames,
 * while its code is loaded for certain; nothing if its modules are known (trace_modules.h). */
void hf_trace_stack_walked(uint32_t stack, bool modules_known);

/* Something became known of a handle. */
void hf_trace_note_text(hf_handle handle, const char *text);

/* A finding.  `holder` may be NULL.  Writes MODULE records for the modules of its frames first. */
typedef struct hf_trace_holder {
    hf_report_event moment;
    const char *operation;
} hf_trace_holder;
void hf_trace_write_finding(const hf_report *report, const hf_trace_holder *holder, bool in_tool);

/* The same for one that waits to be told or withdrawn.  Answers the place of its state, to be given
 * to hf_trace_settle by the process that wrote it; NULL: it was not written. */
uint32_t *hf_trace_write_waiting(const hf_report *report, const hf_trace_holder *holder);
void hf_trace_settle(uint32_t *waiting, hf_trace_finding_state state);

/* Objects were unloaded (dlclose): what lies where is looked up anew.  Where this is not called,
 * it is noticed when another object comes to lie there.  Loading needs no call. */
void hf_trace_code_changed(void);

#endif

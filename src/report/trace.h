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

/* Joins a file that another process made, which keeps its path.  False: there is none, or it is no
 * trace of this version.  Not async-signal-safe. */
bool hf_trace_attach(const char *path);

/* The header of the file that is written, or NULL. */
const hf_trace_header *hf_trace_header_now(void);

/* hf_trace_header.wants, 0 when no trace is written.  One load. */
extern uint32_t hf_trace_wants_now;
static inline uint32_t hf_trace_wants(void)
{
    /* Acquire: the mapping may be used.  Partner: the release at the end of create and attach. */
    return __atomic_load_n(&hf_trace_wants_now, __ATOMIC_ACQUIRE);
}

/* This process is there: after attaching, and in each forked child. */
void hf_trace_process_begins(hf_trace_beginning beginning);
void hf_trace_process_ends(const hf_trace_exit *totals);

/* Something became known of a handle. */
void hf_trace_note_text(hf_handle handle, const char *text);

/* A finding.  `holder` may be NULL.  Writes MODULE records for the modules of its frames first. */
typedef struct hf_trace_holder {
    hf_report_event moment;
    const char *operation;
} hf_trace_holder;
void hf_trace_write_finding(const hf_report *report, const hf_trace_holder *holder, bool in_tool);

/* Objects were loaded or unloaded (dlopen, dlclose): what lies where is looked up anew. */
void hf_trace_code_changed(void);

#endif

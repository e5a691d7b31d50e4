/* Where reports and messages go. */
#ifndef HF_REPORT_OUTPUT_H
#define HF_REPORT_OUTPUT_H

#include <holdfast/report.h>

#include "core/event.h"
#include "report/buffer.h"
#include "report/grammar.h"

/* Writes a report as the options say, with one write, so that reports of several threads do not
 * mix.  Holds no lock while it names addresses or formats. */
void hf_output_report(const hf_report *report);

/* The same for what is known of an address. */
void hf_output_history(const hf_event_description *description);

/* In the child of a fork: the lock is free, unless this very thread has it. */
void hf_output_forked(void);

/* Writes a line "Holdfast: ..." to standard error; the second only if the very same line was not
 * written before. */
void hf_tell(const char *format, ...) HF_PRINTF(1, 2);
void hf_tell_once(const char *format, ...) HF_PRINTF(1, 2);

/* Sets the file that reports are appended to; if not `replace`, only where none was set.  A token
 * without text stands for standard error when nothing was set, and changes nothing otherwise.
 * False, and told, if the file cannot be written: reports then go where they went. */
bool hf_output_set_log_path(hf_token path, bool replace);

/* Adds a path with the process's id for each %p in it. */
void hf_output_expand(hf_buffer *to, const char *path);

/* "stderr", or the path with %p in it. */
const char *hf_output_log_path(void);

#endif

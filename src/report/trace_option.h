/* The option trace=FILE: any program that uses Holdfast can write a trace. */
#ifndef HF_REPORT_TRACE_OPTION_H
#define HF_REPORT_TRACE_OPTION_H

#include <holdfast/report.h>

#include "report/grammar.h"

/* Begins the trace, if the token has a text and none is written: in a new file, or one that another
 * process is writing to that was given the same option.  False, and told: it cannot be. */
bool hf_trace_option_set(hf_token path);

/* The path as it was given; "" if none is written. */
const char *hf_trace_option_path(void);

/* A finding; the process's exit.  They do nothing unless the option began the trace. */
void hf_trace_option_report(const hf_report *report);
void hf_trace_option_exit(void);

#endif

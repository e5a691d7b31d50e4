/* The findings of a history as the tool shows them. */
#ifndef TOOL_HISTORY_FINDING_H
#define TOOL_HISTORY_FINDING_H

#include "finding.h"
#include "history.h"

/* With everything but frames, whose stacks the history has: for sentences.  It shares the history's
 * texts. */
finding history_finding(const hf_history *history, uint32_t number);

/* Nanoseconds since the history's first record; 0 for what a damaged trace puts before it. */
uint64_t history_elapsed_ns(const hf_history *history, uint64_t time_ns);

/* "closed", "handed out", "open at the end of the process", "open at the end of the recording" */
const char *history_end_of(const hf_history *history, const hf_history_life *life);

#endif

/* What reports owe to a sanitizer's runtime that is in the process: its options, its output, and
 * its turn to speak. */
#ifndef HF_REPORT_SANITIZERS_H
#define HF_REPORT_SANITIZERS_H

#include <stdbool.h>
#include <stdint.h>

/* HF_COLOR_* as the runtime's options have it; auto if they have nothing. */
uint32_t hf_sanitizers_colour(void);

/* Whether the runtime writes somewhere else than to standard error.  May open its log file. */
bool hf_sanitizers_write_elsewhere(void);

/* Ends the process after a finding whose policy is abort. */
_Noreturn void hf_sanitizers_end_process(void);

/* Says that this very thread is inside a report of AddressSanitizer's, in its callback. */
void hf_sanitizers_report_is_here(void);

/* Whether it is. */
bool hf_sanitizers_are_reporting_here(void);

/* Bracket the making and writing of a report.  Before it is written, await: until AddressSanitizer
 * is done with its own.  They nest. */
void hf_sanitizers_turn_begin(void);
void hf_sanitizers_turn_await(void);
void hf_sanitizers_turn_end(void);

/* AddressSanitizer's report is written, by this thread, and so is what follows it: lets those go
 * first that wait for their turn, because the process may end. */
void hf_sanitizers_report_is_out(void);

/* In the child of a fork: nobody else waits. */
void hf_sanitizers_forked(void);

#endif

/* What the program tells while it works, on standard error: one line that is updated on a terminal,
 * plain lines otherwise. */
#ifndef DEMONSTRATION_PROGRESS_H
#define DEMONSTRATION_PROGRESS_H

#include <stdint.h>

/* Seconds, from no particular moment. */
double progress_clock(void);

/* Looks what kind of thing standard error is. */
void progress_begin(void);

/* Each may be called as often as one likes; it writes when it is time to. */
void progress_survey(uint32_t files);
void progress_pass(const char *name, double seconds, unsigned total, uint64_t reads,
                   uint64_t wrong);

/* Ends a stage: clears the line that was being updated. */
void progress_end(void);

#endif

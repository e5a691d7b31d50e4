/* What reports must do without while the process is exiting. */
#ifndef HF_REPORT_EXIT_H
#define HF_REPORT_EXIT_H

#include <stdbool.h>

/* Whether to do without all that takes a lock of the C library without a bound: the loader's (to
 * load libdw or the unwinder, to ask for a symbol), malloc's, a stream's.  So it is when the
 * process is exiting, unless this is its only thread: another may have stopped for ever with such a
 * lock. */
bool hf_must_not_wait(void);

#endif

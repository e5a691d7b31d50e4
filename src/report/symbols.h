/* Names for addresses, one thread at a time. */
#ifndef HF_REPORT_SYMBOLS_H
#define HF_REPORT_SYMBOLS_H

#include <holdfast/report.h>

#include "platform/platform.h"

/* Bracket the naming of many addresses: what it opens stays open in between.  They nest, in any
 * number of threads. */
void hf_symbols_begin(void);
void hf_symbols_end(void);

/* Names a return address.  Only its module and offset are found if the option symbolize=0 says so,
 * if this thread is naming addresses already (a finding made meanwhile must not wait for itself),
 * or if nothing must be waited for (see report/exit.h). */
void hf_symbols_find(uintptr_t return_address, hf_os_symbol *out);

/* In the child of a fork: the lock is free, unless this very thread has it. */
void hf_symbols_forked(void);

/* How many innermost frames of a stack lie in the library itself; 0 if all do. */
uint32_t hf_symbols_own_frames(const hf_report_event *event);

#endif

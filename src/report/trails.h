/* Stacks found again by the words that an earlier walk read. */
#ifndef HF_REPORT_TRAILS_H
#define HF_REPORT_TRAILS_H

#include "platform/platform.h"

/* The number of the stack that a walk from there would find, of at most `depth` frames; 0 if it is
 * not known. */
uint32_t hf_trail_recall(const hf_os_walk_from *from, uint32_t depth);

/* The same from a site that lies on the stack of this thread, whose end is known. */
uint32_t hf_trail_recall_here(uintptr_t site, uintptr_t stack_high, uint32_t depth);

/* Notes what was found.  The first return address is not 0. */
void hf_trail_remember(const hf_os_walk_from *from, uint32_t depth, const hf_os_trail *trail,
                       uint32_t stack);

/* Forgets all: code was unloaded. */
void hf_trail_forget(void);

#endif

/* Stacks as raw return addresses, captured cheaply and kept once. */
#ifndef HF_REPORT_STACKS_H
#define HF_REPORT_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

enum { HF_STACK_DEPTH_MAX = 64 };

/* The number of the stack that led to `site`; 0 if there is none or no memory for it. */
uint32_t hf_stack_capture(hf_site site);

/* To be called after code was unloaded; else a stack that was seen before may be taken for one of
 * code that was loaded in its place.  Any thread; takes no lock. */
void hf_stacks_code_changed(void);

#ifdef HF_FAULT_INJECTION
/* For tests: as on systems that cannot walk by tables. */
extern bool hf_stacks_without_tables;
#endif

/* The frames of a stack, innermost first; NULL and 0 for the number 0.  Valid for ever. */
const uintptr_t *hf_stack_frames(uint32_t stack, uint32_t *count);

#endif

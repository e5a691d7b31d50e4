/* Which object files the trace was told of. */
#ifndef HF_REPORT_TRACE_MODULES_H
#define HF_REPORT_TRACE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Tells the trace of the modules that these return addresses lie in, as far as it does not know
 * them yet.  Lock-free. */
void hf_trace_tell_modules(const uintptr_t *frames, uint32_t count);

/* Tells of modules that are no longer there.  True: there were such. */
bool hf_trace_tell_unloaded(void);

/* A number that changes whenever a module turned out to be gone. */
uint32_t hf_trace_unloads(void);

#endif

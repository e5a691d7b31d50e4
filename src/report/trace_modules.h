/* Which object files the trace was told of. */
#ifndef HF_REPORT_TRACE_MODULES_H
#define HF_REPORT_TRACE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Tells the trace of the modules that these return addresses lie in, as far as it does not know
 * them yet.  Lock-free. */
void hf_trace_tell_modules(const uintptr_t *frames, uint32_t count);

/* Whether they lie in modules that the trace was told of, each the very same as then: by its build
 * id.  Since it was told of a module, no rule for walking (hf_os_code_changed) is remembered of
 * what lay in that place before. */
bool hf_trace_knows_modules(const uintptr_t *frames, uint32_t count);

/* Tells of modules that are no longer there.  True: there were such. */
bool hf_trace_tell_unloaded(void);

/* A number that changes whenever a module turned out to be gone. */
uint32_t hf_trace_unloads(void);

#endif

/* What the writers of records share. */
#ifndef HF_REPORT_TRACE_PARTS_H
#define HF_REPORT_TRACE_PARTS_H

#include "report/trace_file.h"

/* The time, the process and the thread; tells the trace of the thread if it does not know it. */
hf_trace_common hf_trace_common_now(void);

/* A record's fixed part, which begins with a hf_trace_common, whose head stays as it is. */
static inline void hf_trace_put_body(hf_trace_record *record, const void *body, size_t bytes)
{
    hf_trace_put(record, (const char *)body + sizeof(uint64_t), bytes - sizeof(uint64_t));
}

/* Return addresses, 64 bits each. */
void hf_trace_put_frames(hf_trace_record *record, const uintptr_t *frames, uint32_t count);

#endif

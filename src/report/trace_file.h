/* The file that a trace is written to: room in it, and records put together there. */
#ifndef HF_REPORT_TRACE_FILE_H
#define HF_REPORT_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/trace_format.h"

/* A record that is being written. */
typedef struct hf_trace_record {
    char *bytes; /* NULL: there was no room */
    uint64_t at;
    uint64_t size;
    uint64_t filled;
} hf_trace_record;

/* Shares out room for a record of `bytes` bytes, with the head of an unfinished one.  The last
 * eighth of the file is kept for findings and what they need (`vital`).  Lock-free. */
bool hf_trace_begin(hf_trace_record *record, size_t bytes, bool vital);

/* Appends to it.  Only as much as was asked room for is written. */
void hf_trace_put(hf_trace_record *record, const void *from, size_t bytes);
void hf_trace_put_text(hf_trace_record *record, const char *text);

/* The bytes that a text takes. */
size_t hf_trace_text_bytes(const char *text);

/* It is whole: readers may have it. */
void hf_trace_end(const hf_trace_record *record, hf_trace_record_kind kind);

/* A finding was written. */
void hf_trace_count_finding(void);

#endif

/* Traces for tests: a folder to make them in, records to put into them, and all that a reader gets.
 */
#ifndef TESTS_TRACE_SCENE_H
#define TESTS_TRACE_SCENE_H

#include "history.h"
#include "report/trace.h"
#include "trace_reader.h"

/* A path in a new folder, which is removed when the process ends.  Valid until then. */
const char *scene_path(void);

/* The same in a folder of the caller's. */
const char *scene_path_in(const char *folder);

/* Makes a trace that wants everything; the test fails if it cannot be. */
void scene_trace(const char *path, uint64_t capacity);

/* A life, with this thread's stack. */
void scene_open(uint64_t handle, uint64_t value, const char *label);
void scene_close(uint64_t handle);
void scene_find(hf_report_kind kind, uint64_t handle);
uint32_t *scene_find_waiting(hf_report_kind kind, uint64_t handle);

/* What a reader found, in its order. */
typedef struct seen {
    hf_reader_status status; /* of opening */
    hf_reader_tally tally;
    uint64_t kinds[HF_TRACE_RECORD_KIND_COUNT];
    uint64_t last_at;
    uint32_t pending; /* how often it had to be told to go on */
} seen;

/* Reads to the end, and tells `visit`, if there is one, of each record. */
typedef void scene_visitor(const hf_reader_record *record, void *context);
seen scene_read(const char *path, scene_visitor *visit, void *context);
seen scene_read_memory(const void *bytes, size_t size, scene_visitor *visit, void *context);

/* The history of the trace at scene_path. */
hf_history *scene_history(void);

/* A file's bytes, to be freed. */
char *scene_bytes(const char *path, size_t *size);

/* How many descriptors the process has. */
unsigned scene_descriptors(void);

#endif

/* Reading a trace: see src/report/trace_format.h.
 *
 *     hf_reader *reader;
 *     hf_reader_status status = hf_reader_open(path, &reader);      // HF_READER_OK, or why not
 *     hf_reader_record record;
 *     while (hf_reader_next(reader, &record) == HF_READER_RECORD)
 *         ...
 *     hf_reader_close(reader);
 *
 * A file that is still written to is read on: after HF_READER_END or HF_READER_PENDING, call again
 * later.  A record that another process is writing just now stops the reader (PENDING), because
 * what lies behind may refer to it; if its writer does not finish (it was killed), the caller loses
 * patience and calls hf_reader_skip.  In a file that nobody writes to any more, call it at once.
 *
 * The reader copies records out of the file, and believes nothing: a record that it hands out is
 * within the file, its counts fit into its size, its texts are terminated, its kind is known.  What
 * is damaged is skipped, and counted.  It never changes the file.  One thread. */
#ifndef HOLDFAST_TRACE_READER_H
#define HOLDFAST_TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/trace_format.h"

typedef struct hf_reader hf_reader;

/* X(NAME, "what is wrong") */
#define HF_READER_STATUSES(X)                                             \
    X(OK, "")                                                             \
    X(RECORD, "")                                                         \
    X(END, "")                                                            \
    X(PENDING, "a record is being written")                               \
    X(CANNOT_OPEN, "cannot be opened") /* errno says why */               \
    X(EMPTY, "is empty")                                                  \
    X(TRUNCATED, "is cut off within its header")                          \
    X(NOT_A_TRACE, "is not a trace")                                      \
    X(OTHER_BYTE_ORDER, "was written on a machine of another byte order") \
    X(OTHER_VERSION, "is a trace of another version of holdfast")         \
    X(NO_MEMORY, "does not fit into memory")

typedef enum hf_reader_status {
#define HF_READER_ENUMERATOR_(NAME, text) HF_READER_##NAME,
    HF_READER_STATUSES(HF_READER_ENUMERATOR_)
#undef HF_READER_ENUMERATOR_
} hf_reader_status;

/* "is not a trace": to be put behind the path. */
const char *hf_reader_status_text(hf_reader_status status);

/* A record's parts.  Texts are "" where there are none; pointers are valid until the next call of
 * hf_reader_next. */
enum { HF_READER_TEXTS = 8 };

typedef struct hf_reader_record {
    hf_trace_record_kind kind;
    uint64_t at; /* its place in the file */
    union {      /* `common` is the beginning of each */
        const hf_trace_common *common;
        const hf_trace_process *process; /* texts: path, command line */
        const hf_trace_module *module;   /* texts: path */
        const hf_trace_unload *unload;
        const hf_trace_thread *thread;
        const hf_trace_stack *stack;
        const hf_trace_open *open;   /* texts: type, label, operation */
        const hf_trace_close *close; /* texts: operation */
        const hf_trace_note *note;   /* texts: what became known */
        const hf_trace_finding *finding;
        const hf_trace_exit *exit;
    } body;
    /* Of a stack [0]; of a finding one of each moment (HF_TRACE_NOW ...).  The counts are in the
     * body: stack->count, finding->moments[i].frames. */
    const uint64_t *frames[HF_TRACE_MOMENTS];
    const char *texts[HF_READER_TEXTS];
} hf_reader_record;

/* The texts of a finding, in texts[]. */
enum {
    HF_FINDING_OPERATION,
    HF_FINDING_TABLE,
    HF_FINDING_TYPE,
    HF_FINDING_LABEL,
    HF_FINDING_OTHER_ROLE,
    HF_FINDING_OTHER_TYPE,
    HF_FINDING_OTHER_LABEL,
    HF_FINDING_HOLDER_OPERATION
};

hf_reader_status hf_reader_open(const char *path, hf_reader **out);

/* The same for bytes in memory, which stay the caller's and unchanged until close. */
hf_reader_status hf_reader_open_memory(const void *bytes, size_t size, hf_reader **out);
void hf_reader_close(hf_reader *reader);

/* A copy of the header as it is now; its texts are terminated. */
const hf_trace_header *hf_reader_header(hf_reader *reader);

/* RECORD, END (nothing more yet) or PENDING. */
hf_reader_status hf_reader_next(hf_reader *reader, hf_reader_record *out);

/* After PENDING: goes on behind what is unfinished. */
void hf_reader_skip(hf_reader *reader);

/* What a finding that was read before is now, by its place. */
hf_trace_finding_state hf_reader_finding_state(const hf_reader *reader, uint64_t at);

/* Whether somebody has cut the file off, or written over its beginning. */
bool hf_reader_is_cut_off(const hf_reader *reader);

/* What the reader has come across. */
typedef struct hf_reader_tally {
    uint64_t records;
    uint64_t unfinished;    /* records whose writer did not come to their end */
    uint64_t damaged;       /* records with a good head whose body makes no sense */
    uint64_t bytes_skipped; /* where there was no record's head */
    uint64_t bytes_missing; /* of what header.used tells, and the file does not have */
} hf_reader_tally;
const hf_reader_tally *hf_reader_tally_now(const hf_reader *reader);

#endif

/* A whole trace as a model: processes, threads, stacks, lives, findings.
 *
 * Everything is found by its number, in arrays that are complete and stay as they are after
 * hf_history_read.  Times are those of the records; hf_history.first_ns is the earliest. */
#ifndef HOLDFAST_HISTORY_H
#define HOLDFAST_HISTORY_H

#include "code.h"

#define HF_HISTORY_NONE UINT32_MAX

/* Frames, innermost first, without holdfast's own. */
typedef struct hf_history_stack {
    const hf_code_place *frames;
    uint32_t count; /* 0: not recorded */
} hf_history_stack;

typedef struct hf_history_thread {
    uint32_t process; /* its number, as everywhere below: not the system's id */
    uint64_t system;  /* the system's id */
    char name[HF_TRACE_THREAD_NAME_BYTES]; /* the last that is known, terminated */
} hf_history_thread;

typedef struct hf_history_process {
    uint32_t id;     /* the system's */
    uint32_t parent; /* number, or HF_HISTORY_NONE */
    hf_trace_beginning beginning;
    uint64_t began_ns;
    uint64_t ended_ns; /* of its EXIT record, or its last record */
    bool exited;       /* there was an EXIT record: it ended in an orderly way */
    hf_trace_exit totals;
    const char *path;
    const char *command;
} hf_history_process;

/* One handle in one process.  A handle that was open when a process forked has a life there, too:
 * `copy_of` is the one that it is a copy of. */
typedef struct hf_history_life {
    uint32_t process;
    uint32_t copy_of; /* or HF_HISTORY_NONE */
    uint64_t handle;
    uint64_t value; /* a descriptor's number, a pointer */
    const char *type;
    const char *label; /* what it is */
    bool borrowed;
    bool is_closed;
    bool detached;
    bool open_unknown; /* its OPEN record is missing */
    uint64_t opened_ns;
    uint64_t closed_ns;     /* where !is_closed: its process's end */
    uint32_t opened_thread; /* number, or HF_HISTORY_NONE */
    uint32_t closed_thread;
    uint32_t opened_stack; /* number; 0 is the empty one */
    uint32_t closed_stack;
    const char *opened_operation;
    const char *closed_operation; /* "" where !is_closed */
    uint32_t first_note;          /* in notes[], linked by .next; or HF_HISTORY_NONE */
    uint32_t last_note;
    uint32_t finding_count; /* findings that name it */
} hf_history_life;

typedef struct hf_history_note {
    uint64_t time_ns;
    uint32_t thread;
    uint32_t next;
    const char *text;
} hf_history_note;

typedef struct hf_history_moment {
    uint64_t thread; /* the system's id; 0: not recorded */
    char name[HF_TRACE_THREAD_NAME_BYTES];
    uint32_t stack;
} hf_history_moment;

typedef struct hf_history_finding {
    uint32_t kind; /* hf_report_kind, always one of them */
    uint32_t process;
    uint32_t thread; /* number, or HF_HISTORY_NONE */
    uint64_t time_ns;
    int32_t error;
    uint32_t count;
    bool in_tool;
    uint64_t handle;
    uint64_t value;
    uint64_t other_handle; /* 0: no other party */
    uint64_t other_value;
    uint32_t life; /* number, or HF_HISTORY_NONE where it is not known */
    uint32_t other_life;
    hf_history_moment moments[HF_TRACE_MOMENTS];
    const char *texts[HF_READER_TEXTS]; /* HF_FINDING_OPERATION ... */
} hf_history_finding;

typedef struct hf_history {
    hf_trace_header header;
    hf_reader_tally tally;
    uint64_t first_ns;
    uint64_t last_ns;
    const hf_code *code; /* as of the end */
    const hf_history_process *processes;
    uint32_t process_count;
    const hf_history_thread *threads;
    uint32_t thread_count;
    const hf_history_stack *stacks;
    uint32_t stack_count;
    const hf_history_life *lives; /* in the order of their opening */
    uint32_t life_count;
    const hf_history_note *notes;
    uint32_t note_count;
    const hf_history_finding *findings; /* in the order of the trace */
    uint32_t finding_count;
} hf_history;

/* Reads all that there is now.  HF_READER_OK, or NO_MEMORY. */
hf_reader_status hf_history_read(hf_reader *reader, hf_history **out);
void hf_history_free(hf_history *history);

#endif

/* The trace: a compact binary log of every handle's life and of every finding, in a file that the
 * traced processes share in memory, so that it survives a crash or `kill -9` of any of them.
 *
 *   file = header (HF_TRACE_HEADER_BYTES), then records up to header.used
 *
 * All numbers are little-endian; offsets and sizes are bytes, multiples of 8.  Any number of
 * threads of any number of processes append at the same time:
 *
 *   1. at = header.used += size (fetch-and-add; relaxed: it only shares out room).  What does not
 *      fit is counted in header.dropped.
 *   2. head at `at` := hf_trace_head(at, size, HF_TRACE_UNFINISHED), then the record's body.
 *   3. head := hf_trace_head(at, size, kind), a release store.  Partner: the reader's acquire load.
 *
 * A process that dies between the steps leaves an unfinished record, or room that is still zero;
 * one that cannot have the file grow (disk full, no such path for it any more) writes nothing
 * beyond header.allocated.  A head carries a check of its own place, so a reader that finds no head
 * goes on by 8 bytes until it finds one; the same takes it over damage.  A reader believes nothing
 * else either: sizes, counts, texts and times are checked against the record and the file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HF_REPORT_TRACE_FORMAT_H
#define HF_REPORT_TRACE_FORMAT_H

#include <stdint.h>

#define HF_TRACE_MAGIC UINT64_C(0x0a31454341525446) /* "FTRACE1\n" */

enum {
    HF_TRACE_VERSION = 1,
    HF_TRACE_HEADER_BYTES = 8192,
    HF_TRACE_SETTINGS_BYTES = 2048,
    HF_TRACE_COMMAND_BYTES = 4096,
    HF_TRACE_RECORD_BYTES_MAX = 32768,
    HF_TRACE_THREAD_NAME_BYTES = 16,
    HF_TRACE_TEXT_BYTES_MAX = 4096 /* of a text, its end included; longer ones are cut */
};

/* header.wants */
enum {
    HF_TRACE_WANTS_FINDINGS = 1, /* findings, and what it takes to name their frames */
    HF_TRACE_WANTS_EVENTS = 2    /* + opens, closes and notes, with their stacks */
};

typedef struct hf_trace_header {
    uint64_t magic; /* written last, by whoever made the file */
    uint32_t version;
    uint32_t header_bytes;
    uint64_t capacity;   /* bytes that the file may come to have, header included */
    uint64_t allocated;  /* bytes that the file is known to have blocks for: see hf_trace's grow */
    uint64_t used;       /* bytes shared out, header included; may exceed capacity */
    uint64_t dropped;    /* records that found no room */
    uint64_t findings;   /* FINDING records finished */
    uint64_t started_ns; /* monotonic clock, as the records' times */
    uint64_t started_realtime_ns;
    uint32_t wants;
    uint32_t maker;                         /* process id of whoever made the file */
    char settings[HF_TRACE_SETTINGS_BYTES]; /* "key=value:...", for the traced processes */
    char command[HF_TRACE_COMMAND_BYTES];   /* the command line, shell-quoted */
} hf_trace_header;

/* The kinds of records. */
#define HF_TRACE_RECORDS(X)                                                             \
    X(UNFINISHED, 0, "unfinished") /* being written, or its writer died */              \
    X(PROCESS, 1, "process")       /* a process joined: started, forked or executed */  \
    X(MODULE, 2, "module")         /* an object file is loaded */                       \
    X(UNLOAD, 3, "unload")         /* ... and is no longer */                           \
    X(THREAD, 4, "thread")         /* a number for a thread */                          \
    X(STACK, 5, "stack")           /* a number for a stack */                           \
    X(OPEN, 6, "open")             /* a handle's life begins */                         \
    X(CLOSE, 7, "close")           /* its close was asked for */                        \
    X(NOTE, 8, "note")             /* something became known of it: connected to ... */ \
    X(FINDING, 9, "finding")                                                            \
    X(EXIT, 10, "exit") /* a process ends in an orderly way */

typedef enum hf_trace_record_kind {
#define HF_TRACE_ENUMERATOR_(NAME, number, name) HF_TRACE_##NAME = number,
    HF_TRACE_RECORDS(HF_TRACE_ENUMERATOR_)
#undef HF_TRACE_ENUMERATOR_
        HF_TRACE_RECORD_KIND_COUNT
} hf_trace_record_kind;

/* head:  | check 32 | size in words 24 | kind 8 | */
static inline uint32_t hf_trace_check(uint64_t at, uint64_t size, unsigned kind)
{
    uint64_t mixed = (at ^ (size << 20) ^ kind) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) | 1; /* never 0, so that no head is */
}

static inline uint64_t hf_trace_head(uint64_t at, uint64_t size, unsigned kind)
{
    return (uint64_t)hf_trace_check(at, size, kind) << 32 | size / 8 << 8 | kind;
}

/* What each record begins with. */
typedef struct hf_trace_common {
    uint64_t head;
    uint64_t time_ns; /* monotonic */
    uint32_t process;
    uint32_t thread; /* the number in a THREAD record of this process, 0: unknown */
} hf_trace_common;

/* Texts stand at a record's end, each ended by a zero, in the order of the comment; the record is
 * filled up with zeros. */

typedef enum hf_trace_beginning { HF_TRACE_STARTED, HF_TRACE_FORKED } hf_trace_beginning;

typedef struct hf_trace_process { /* texts: path of the executable, command line */
    hf_trace_common common;
    uint32_t parent;
    uint32_t beginning; /* hf_trace_beginning.  STARTED: by exec, whoever the process was before.
                           FORKED: it has a copy of its parent's handles, under the same bits, of
                           its numbers of stacks, and of its modules: they are not told again */
} hf_trace_process;

typedef struct hf_trace_module { /* texts: path */
    hf_trace_common common;
    uint64_t start; /* where it lies: [start, end) */
    uint64_t end;
    uint64_t bias;     /* address in memory minus address in the file's headers */
    uint32_t id_bytes; /* of the build id, at most 32; 0: it has none */
    uint32_t is_tool;  /* 1: it is holdfast's own, and its frames are left out */
    uint8_t id[32];
} hf_trace_module;

typedef struct hf_trace_unload {
    hf_trace_common common;
    uint64_t start;
    uint64_t end;
} hf_trace_unload;

typedef struct hf_trace_thread {
    hf_trace_common common; /* .thread: its number */
    uint64_t system;        /* the system's id */
    char name[HF_TRACE_THREAD_NAME_BYTES];
} hf_trace_thread;

typedef struct hf_trace_stack { /* count frames follow: return addresses, innermost first */
    hf_trace_common common;
    uint32_t number;
    uint32_t count;
} hf_trace_stack;

typedef struct hf_trace_open { /* texts: type, label (what it is: a path, an address), operation */
    hf_trace_common common;
    uint64_t handle;
    uint64_t value;
    uint32_t stack;
    uint32_t borrowed;
} hf_trace_open;

typedef struct hf_trace_close { /* texts: operation */
    hf_trace_common common;
    uint64_t handle;
    uint32_t stack;
    uint32_t detached; /* 1: its value was handed out, and may live on */
} hf_trace_close;

typedef struct hf_trace_note { /* texts: what became known */
    hf_trace_common common;
    uint64_t handle;
} hf_trace_note;

/* The moments of a finding. */
enum {
    HF_TRACE_NOW,
    HF_TRACE_OPENED,
    HF_TRACE_CLOSED,
    HF_TRACE_OTHER_OPENED,
    HF_TRACE_OTHER_CLOSED,
    HF_TRACE_HOLDER, /* close-during-use: the thread that is inside a call */
    HF_TRACE_MOMENTS
};

typedef struct hf_trace_moment {
    uint64_t thread; /* the system's id; 0: not recorded */
    char name[HF_TRACE_THREAD_NAME_BYTES];
    uint32_t frames; /* how many */
    uint32_t reserved;
} hf_trace_moment;

/* A finding that may be taken back is written at once, for the process may be killed next; its
 * writer changes the state later, by one store.  Whoever reads when the process has ended takes
 * what still waits as told. */
typedef enum hf_trace_finding_state {
    HF_TRACE_TOLD,
    HF_TRACE_WAITING,
    HF_TRACE_WITHDRAWN
} hf_trace_finding_state;

/* Whole in itself.  The frames of all moments follow, in their order, then the texts: operation,
 * table, type, label, other's role, other's type, other's label, and the holder's operation. */
typedef struct hf_trace_finding {
    hf_trace_common common;
    uint32_t kind; /* hf_report_kind */
    int32_t error;
    uint32_t count;   /* how many handles it stands for (leak), else 1 */
    uint32_t in_tool; /* 1: found by `holdfast run`: values are numbers, streams, directories */
    uint32_t state;   /* hf_trace_finding_state */
    uint32_t reserved;
    uint64_t handle;
    uint64_t value;
    uint64_t other_handle; /* 0: there is no other party */
    uint64_t other_value;
    hf_trace_moment moments[HF_TRACE_MOMENTS];
} hf_trace_finding;

#define HF_TRACE_UNCOUNTED UINT64_MAX

typedef struct hf_trace_exit { /* HF_TRACE_UNCOUNTED where it is not known */
    hf_trace_common common;
    uint64_t opened;
    uint64_t closed;
    uint64_t live;
    uint64_t reports; /* findings, repeated ones included */
} hf_trace_exit;

#endif

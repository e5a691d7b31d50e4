/* The trace of a program that runs: its findings, as they come. */
#ifndef TOOL_LIVE_H
#define TOOL_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "code.h"
#include "symbols.h"
#include "trace_reader.h"
#include "verdict.h"

/* A finding that may be withdrawn yet, and its record's place. */
typedef struct live_waiting {
    finding *made;
    uint64_t at;
} live_waiting;

typedef struct live {
    hf_reader *reader;
    hf_code *code;
    symbols *names;
    verdict *to;
    void *processes; /* tree of ids */
    unsigned process_count;
    live_waiting *waiting; /* in the order of the trace */
    size_t waiting_count;
    size_t waiting_capacity;
    uint64_t pending_records; /* how many records there were when one was found unfinished */
    int64_t pending_since_ns; /* 0: none is */
} live;

/* What is wrong ends the tool. */
void live_init(live *of, const char *path, verdict *to);
void live_fini(live *of);

/* Reads what has come since. */
void live_poll(live *of);

/* The program has ended: what is unfinished stays so, and what still waits is told. */
void live_poll_last(live *of);

#endif

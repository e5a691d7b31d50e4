/* The trace of a program that runs: its findings, as they come. */
#ifndef TOOL_LIVE_H
#define TOOL_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "code.h"
#include "symbols.h"
#include "trace_reader.h"
#include "verdict.h"

typedef struct live {
    hf_reader *reader;
    hf_code *code;
    symbols *names;
    verdict *to;
    void *processes; /* tree of ids */
    unsigned process_count;
    uint64_t pending_records; /* how many records there were when one was found unfinished */
    int64_t pending_since_ns; /* 0: none is */
} live;

/* What is wrong ends the tool. */
void live_init(live *of, const char *path, verdict *to);
void live_fini(live *of);

/* Reads what has come since. */
void live_poll(live *of);

/* The program has ended: what is unfinished stays so. */
void live_poll_last(live *of);

#endif

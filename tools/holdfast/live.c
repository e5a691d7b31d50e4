/* Reading along.  A record that is being written is waited for a second: its writer may be slow, or
 * stopped, and if it was killed nobody will finish it. */
#include "live.h"

#include <search.h>
#include <stdlib.h>
#include <time.h>

#include "tool.h"

#define PATIENCE_NS INT64_C(1000000000)

void live_init(live *of, const char *path, verdict *to)
{
    *of = (live){.to = to, .code = hf_code_create(), .names = symbols_create()};
    hf_reader_status status = hf_reader_open(path, &of->reader);
    if (status != HF_READER_OK)
        tool_fail("the trace '%s' %s", path, hf_reader_status_text(status));
    if (of->code == NULL || of->names == NULL)
        tool_fail("no memory");
}

void live_fini(live *of)
{
    for (size_t i = 0; i < of->waiting_count; i++)
        finding_destroy(of->waiting[i].made);
    free(of->waiting);
    hf_reader_close(of->reader);
    hf_code_destroy(of->code);
    symbols_destroy(of->names);
    tdestroy(of->processes, free);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void count_process(live *of, uint32_t id)
{
    uint32_t *own = malloc(sizeof *own);
    if (own == NULL)
        return;
    *own = id;
    uint32_t **node = tsearch(own, &of->processes, compare);
    if (node != NULL && *node == own)
        of->process_count++;
    else
        free(own);
}

static void keep(live *of, finding *made, uint64_t at)
{
    if (of->waiting_count == of->waiting_capacity) {
        size_t capacity = of->waiting_capacity * 2 + 16;
        live_waiting *grown = reallocarray(of->waiting, capacity, sizeof *grown);
        if (grown == NULL)
            tool_fail("no memory");
        of->waiting = grown;
        of->waiting_capacity = capacity;
    }
    of->waiting[of->waiting_count++] = (live_waiting){made, at};
}

/* What has been told or withdrawn meanwhile; at the end, all of it. */
static void take_waiting(live *of, bool at_end)
{
    size_t kept = 0;
    for (size_t i = 0; i < of->waiting_count; i++) {
        live_waiting waiting = of->waiting[i];
        hf_trace_finding_state state = hf_reader_finding_state(of->reader, waiting.at);
        if (state == HF_TRACE_WAITING && !at_end) {
            of->waiting[kept++] = waiting;
            continue;
        }
        if (state != HF_TRACE_WITHDRAWN)
            verdict_take(of->to, waiting.made);
        finding_destroy(waiting.made);
    }
    of->waiting_count = kept;
}

/* Its frames are named now: its modules may be gone later. */
static void take_finding(live *of, const hf_reader_record *record)
{
    hf_trace_finding_state state = (hf_trace_finding_state)record->body.finding->state;
    if (state == HF_TRACE_WITHDRAWN)
        return;
    finding *made = finding_create(record, of->code, of->names);
    if (made == NULL)
        tool_fail("no memory");
    if (state == HF_TRACE_WAITING) {
        keep(of, made, record->at);
        return;
    }
    verdict_take(of->to, made);
    finding_destroy(made);
}

static void take(live *of, const hf_reader_record *record)
{
    if (!hf_code_feed(of->code, record))
        tool_fail("no memory");
    if (record->kind == HF_TRACE_PROCESS)
        count_process(of, record->body.common->process);
    else if (record->kind == HF_TRACE_FINDING)
        take_finding(of, record);
}

/* Answers whether it ended at an unfinished record. */
static bool read_on(live *of)
{
    hf_reader_record record;
    hf_reader_status status;
    while ((status = hf_reader_next(of->reader, &record)) == HF_READER_RECORD)
        take(of, &record);
    if (status == HF_READER_NO_MEMORY)
        tool_fail("no memory");
    return status == HF_READER_PENDING;
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Until something is unfinished that may yet be finished. */
static void read_patiently(live *of)
{
    while (read_on(of)) {
        uint64_t records = hf_reader_tally_now(of->reader)->records;
        int64_t now = now_ns();
        if (of->pending_since_ns == 0 || of->pending_records != records) {
            of->pending_since_ns = now;
            of->pending_records = records;
        }
        if (now - of->pending_since_ns < PATIENCE_NS)
            return;
        hf_reader_skip(of->reader);
        of->pending_since_ns = 0;
    }
    of->pending_since_ns = 0;
}

void live_poll(live *of)
{
    read_patiently(of);
    take_waiting(of, false);
}

void live_poll_last(live *of)
{
    while (read_on(of))
        hf_reader_skip(of->reader);
    take_waiting(of, true);
}

/* The page's data.  Lives are many, so each is a row of numbers, without names for its parts; texts
 * and stacks are numbers in tables that stand at the end.  Times are nanoseconds since the trace's
 * first record.  -1 stands for what there is not. */
#include "page_data.h"

#include <inttypes.h>

#include "escape.h"
#include "history_finding.h"
#include "json.h"
#include "page_tables.h"
#include "report/kinds.h"
#include "sentence.h"

/* Bits of a life: page/data.js has the same. */
enum {
    LIFE_CLOSED = 1,
    LIFE_DETACHED = 2,
    LIFE_BORROWED = 4,
    LIFE_OPEN_UNKNOWN = 8,
    LIFE_ORDERLY = 16 /* not closed, and its process ended in an orderly way */
};

typedef struct writer {
    const hf_history *history;
    page_tables tables;
    FILE *to;
} writer;

static void put_index(const writer *by, uint32_t number)
{
    fprintf(by->to, ",%" PRId64, number != HF_HISTORY_NONE ? (int64_t)number : -1);
}

static void put_text(writer *by, const char *text)
{
    fprintf(by->to, ",%" PRIu32, page_text(&by->tables, text));
}

static void put_stack(writer *by, uint32_t stack)
{
    fprintf(by->to, ",%" PRIu32, page_stack_number(&by->tables, &by->history->stacks[stack]));
}

/* More than 2^53 would lose digits, and is no time that anything took. */
static void put_time(const writer *by, uint64_t time_ns)
{
    uint64_t most = UINT64_C(1) << 53;
    uint64_t elapsed = history_elapsed_ns(by->history, time_ns);
    fprintf(by->to, ",%" PRIu64, elapsed < most ? elapsed : most);
}

static void put_value(const writer *by, uint64_t value)
{
    fprintf(by->to, value < 65536 ? ",%" PRIu64 : ",\"0x%" PRIx64 "\"", value);
}

/* ---- the rows -------------------------------------------------------------------------------- */

/* [the system's id, parent, forked, began, ended, orderly, path, command] */
static void put_process(writer *by, uint32_t number)
{
    const hf_history_process *of = &by->history->processes[number];
    fprintf(by->to, "[%" PRIu32, of->id);
    put_index(by, of->parent);
    fprintf(by->to, ",%d", of->beginning == HF_TRACE_FORKED);
    put_time(by, of->began_ns);
    put_time(by, of->ended_ns);
    fprintf(by->to, ",%d", of->exited);
    put_text(by, of->path);
    put_text(by, of->command);
    (void)fputc(']', by->to);
}

/* [process, the system's id, name] */
static void put_thread(writer *by, uint32_t number)
{
    const hf_history_thread *of = &by->history->threads[number];
    fprintf(by->to, "[%" PRIu32 ",\"%" PRIu64 "\"", of->process, of->system);
    put_text(by, of->name);
    (void)fputc(']', by->to);
}

static int bits_of(const hf_history *history, const hf_history_life *of)
{
    return (of->is_closed ? LIFE_CLOSED : 0) | (of->detached ? LIFE_DETACHED : 0) |
           (of->borrowed ? LIFE_BORROWED : 0) | (of->open_unknown ? LIFE_OPEN_UNKNOWN : 0) |
           (!of->is_closed && history->processes[of->process].exited ? LIFE_ORDERLY : 0);
}

/* [process, copy of, bits, type, label, value, handle, opened: time, thread, stack, operation,
 * closed: the same] */
static void put_life(writer *by, uint32_t number)
{
    const hf_history_life *of = &by->history->lives[number];
    fprintf(by->to, "[%" PRIu32, of->process);
    put_index(by, of->copy_of);
    fprintf(by->to, ",%d", bits_of(by->history, of));
    put_text(by, of->type);
    put_text(by, of->label);
    put_value(by, of->value);
    fprintf(by->to, ",\"0x%" PRIx64 "\"", of->handle);
    put_time(by, of->opened_ns);
    put_index(by, of->opened_thread);
    put_stack(by, of->opened_stack);
    put_text(by, of->opened_operation);
    put_time(by, of->closed_ns);
    put_index(by, of->closed_thread);
    put_stack(by, of->closed_stack);
    put_text(by, of->closed_operation);
    (void)fputc(']', by->to);
}

/* [life, time, text], for all notes of a life. */
static void put_notes(writer *by, uint32_t life, const char **separator)
{
    uint32_t at = by->history->lives[life].first_note;
    for (; at != HF_HISTORY_NONE; at = by->history->notes[at].next) {
        const hf_history_note *note = &by->history->notes[at];
        fprintf(by->to, "%s\n[%" PRIu32, *separator, life);
        put_time(by, note->time_ns);
        put_text(by, note->text);
        (void)fputc(']', by->to);
        *separator = ",";
    }
}

static void put_rows(writer *by, const char *key, uint32_t count,
                     void (*put)(writer *by, uint32_t number))
{
    fprintf(by->to, "\"%s\":[", key);
    for (uint32_t i = 0; i < count; i++) {
        (void)fputs(i != 0 ? ",\n" : "\n", by->to);
        put(by, i);
    }
    (void)fputs("],\n", by->to);
}

/* ---- findings -------------------------------------------------------------------------------- */

/* [system's thread, name, stack], or 0. */
static void put_moment(writer *by, const hf_history_moment *of)
{
    if (of->thread == 0 && of->stack == 0) {
        (void)fputs(",0", by->to);
        return;
    }
    fprintf(by->to, ",[\"%" PRIu64 "\"", of->thread);
    put_text(by, of->name);
    put_stack(by, of->stack);
    (void)fputc(']', by->to);
}

/* An object: findings are few.  The moments are in the order of HF_TRACE_NOW ... */
static void put_finding(writer *by, uint32_t number)
{
    const hf_history_finding *of = &by->history->findings[number];
    finding shown = history_finding(by->history, number);
    fprintf(by->to, "{\"process\":%" PRIu32, of->process);
    json_put_text(by->to, "kind", hf_report_kind_name(shown.kind));
    json_put_message(by->to, &shown);
    json_put_text(by->to, "advice", sentence_advice(&shown));
    json_put_text(by->to, "operation", shown.operation);
    json_put_text(by->to, "role", shown.other_role);
    json_put_text(by->to, "holding", shown.holder_operation);
    fprintf(by->to, ",\"handles\":%" PRIu32 ",\"place\":[%" PRId64, shown.handles,
            of->thread != HF_HISTORY_NONE ? (int64_t)of->thread : -1);
    put_index(by, of->life);
    put_index(by, of->other_life);
    put_time(by, of->time_ns);
    put_value(by, of->value);
    fprintf(by->to, ",%d", hf_kind_blames_opener(shown.kind));
    (void)fputs("],\"moments\":[0", by->to);
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++)
        put_moment(by, &of->moments[i]);
    (void)fputs("]}", by->to);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void put_trace(const writer *by, const char *path)
{
    const hf_history *history = by->history;
    const hf_reader_tally *tally = &history->tally;
    fprintf(by->to, "{\"version\":1,\n\"trace\":{\"ns\":%" PRIu64,
            history_elapsed_ns(history, history->last_ns));
    json_put_text(by->to, "path", path);
    json_put_text(by->to, "command", history->header.command);
    fprintf(by->to, ",\"started_ms\":%" PRIu64, history->header.started_realtime_ns / 1000000);
    fprintf(by->to, ",\"has_events\":%s",
            (history->header.wants & HF_TRACE_WANTS_EVENTS) != 0 ? "true" : "false");
    fprintf(by->to, ",\"dropped\":%" PRIu64 ",\"unfinished\":%" PRIu64 ",\"damaged\":%" PRIu64,
            history->header.dropped, tally->unfinished, tally->damaged);
    fprintf(by->to, ",\"bytes_skipped\":%" PRIu64 ",\"bytes_missing\":%" PRIu64 "},\n",
            tally->bytes_skipped, tally->bytes_missing);
}

static void put_all_notes(writer *by)
{
    const char *separator = "";
    (void)fputs("\"notes\":[", by->to);
    for (uint32_t i = 0; i < by->history->life_count; i++)
        put_notes(by, i, &separator);
    (void)fputs("],\n", by->to);
}

bool page_data_write(const hf_history *history, symbols *names, const char *path, FILE *to)
{
    writer by = {.history = history, .to = to};
    page_tables_init(&by.tables);
    put_trace(&by, path);
    put_rows(&by, "processes", history->process_count, put_process);
    put_rows(&by, "threads", history->thread_count, put_thread);
    put_rows(&by, "lives", history->life_count, put_life);
    put_all_notes(&by);
    put_rows(&by, "findings", history->finding_count, put_finding);
    page_tables_write(&by.tables, names, to);
    (void)fputs("}\n", to);
    bool done = !by.tables.failed;
    page_tables_fini(&by.tables);
    return done;
}

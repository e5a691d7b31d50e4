/* A trace for Perfetto and Chrome: https://ui.perfetto.dev, chrome://tracing.  The format is the
 * Trace Event Format: one JSON object with a list of events, times in microseconds.
 *
 * A life is an async slice, a pair of events that its number in the history ties together; lives
 * overlap as they like, which slices of a thread must not.  A finding is an instant of its thread.
 */
#include <inttypes.h>
#include <string.h>

#include "escape.h"
#include "history_finding.h"
#include "json.h"
#include "report.h"
#include "report/buffer.h"
#include "sentence.h"

typedef struct writer {
    const hf_history *history;
    symbols *names;
    FILE *to;
    const char *separator;
} writer;

/* An event up to its process: the rest, and the brace, are its own. */
static void begin_event(writer *by, const char *phase, uint32_t process)
{
    fprintf(by->to, "%s{\"ph\":\"%s\",\"pid\":%" PRIu32, by->separator, phase,
            by->history->processes[process].id);
    by->separator = ",\n";
}

/* Identifiers of threads are small on Linux.  What a damaged trace has instead is cut. */
static void put_thread(const writer *by, uint32_t process, uint32_t thread)
{
    uint64_t system = thread != HF_HISTORY_NONE ? by->history->threads[thread].system
                                                : by->history->processes[process].id;
    fprintf(by->to, ",\"tid\":%" PRIu64, system & INT32_MAX);
}

static void put_time(const writer *by, uint64_t time_ns)
{
    uint64_t elapsed = history_elapsed_ns(by->history, time_ns);
    fprintf(by->to, ",\"ts\":%" PRIu64 ".%03u", elapsed / 1000, (unsigned)(elapsed % 1000));
}

/* ---- places ---------------------------------------------------------------------------------- */

/* "open_log at log.c:12", "/usr/bin/bash+0x4d177" */
static void put_frame(const writer *by, const symbols_frame *name, const finding_frame *frame)
{
    char text[1024];
    hf_buffer buffer = HF_BUFFER(text);
    if (name->function[0] != '\0')
        hf_buffer_print(&buffer, "%s", name->function);
    if (name->file[0] != '\0')
        hf_buffer_print(&buffer, " at %s:%" PRIu32, name->file, name->line);
    else if (frame->module[0] != '\0')
        hf_buffer_print(&buffer, "%s%s+0x%" PRIx64, name->function[0] != '\0' ? " in " : "",
                        frame->module, frame->offset);
    else
        hf_buffer_print(&buffer, "0x%" PRIx64, frame->address);
    escape_json(by->to, hf_buffer_end(&buffer));
}

/* The innermost place of a stack; nothing if there is no stack. */
static void put_place(const writer *by, const char *key, uint32_t stack)
{
    const hf_history_stack *from = &by->history->stacks[stack];
    if (from->count == 0)
        return;
    finding_frame frame = finding_frame_of(&from->frames[0], by->names);
    fprintf(by->to, ",\"%s\":", key);
    put_frame(by, &frame.place->frames[0], &frame);
}

static void put_stack(const writer *by, const char *key, uint32_t stack)
{
    const hf_history_stack *from = &by->history->stacks[stack];
    const char *separator = "";
    if (from->count == 0)
        return;
    fprintf(by->to, ",\"%s\":[", key);
    for (uint32_t i = 0; i < from->count; i++) {
        finding_frame frame = finding_frame_of(&from->frames[i], by->names);
        for (uint32_t which = 0; which < frame.place->count; which++) {
            (void)fputs(separator, by->to);
            put_frame(by, &frame.place->frames[which], &frame);
            separator = ",";
        }
    }
    (void)fputc(']', by->to);
}

/* ---- processes and threads ------------------------------------------------------------------- */

static void name_process(writer *by, uint32_t number)
{
    const hf_history_process *process = &by->history->processes[number];
    begin_event(by, "M", number);
    (void)fputs(",\"name\":\"process_name\",\"args\":{\"name\":", by->to);
    escape_json(by->to, process->command[0] != '\0' ? process->command : process->path);
    (void)fputs("}}", by->to);
}

static void name_thread(writer *by, uint32_t number)
{
    const hf_history_thread *thread = &by->history->threads[number];
    begin_event(by, "M", thread->process);
    put_thread(by, thread->process, number);
    (void)fputs(",\"name\":\"thread_name\",\"args\":{\"name\":", by->to);
    escape_json(by->to, thread->name);
    (void)fputs("}}", by->to);
}

/* ---- lives ----------------------------------------------------------------------------------- */

static void put_identity(const writer *by, uint32_t number)
{
    const hf_history_life *life = &by->history->lives[number];
    char name[512];
    hf_buffer buffer = HF_BUFFER(name);
    if (strcmp(life->type, "descriptor") != 0)
        hf_buffer_print(&buffer, "%s ", life->type[0] != '\0' ? life->type : "handle");
    hf_buffer_print(&buffer, life->value < 65536 ? "%" PRIu64 : "0x%" PRIx64, life->value);
    if (life->label[0] != '\0')
        hf_buffer_print(&buffer, ": %s", life->label);
    (void)fputs(",\"cat\":", by->to);
    escape_json(by->to, life->type[0] != '\0' ? life->type : "handle");
    fprintf(by->to, ",\"id\":\"%" PRIu32 "\",\"name\":", number);
    escape_json(by->to, hf_buffer_end(&buffer));
}

static void put_notes(const writer *by, const hf_history_life *life)
{
    const char *separator = "";
    if (life->first_note == HF_HISTORY_NONE)
        return;
    (void)fputs(",\"notes\":[", by->to);
    for (uint32_t at = life->first_note; at != HF_HISTORY_NONE; at = by->history->notes[at].next) {
        (void)fputs(separator, by->to);
        escape_json(by->to, by->history->notes[at].text);
        separator = ",";
    }
    (void)fputc(']', by->to);
}

static void put_life_arguments(const writer *by, const hf_history_life *life)
{
    fprintf(by->to, ",\"args\":{\"findings\":%" PRIu32, life->finding_count);
    json_put_hex(by->to, "handle", life->handle);
    json_put_text(by->to, "what", life->label);
    if (life->copy_of != HF_HISTORY_NONE)
        json_put_text(by->to, "came", "from its parent process, by fork");
    else if (life->open_unknown)
        json_put_text(by->to, "came", "before the trace tells of it");
    json_put_text(by->to, "opened with", life->opened_operation);
    put_place(by, "opened by", life->opened_stack);
    json_put_text(by->to, "end", history_end_of(by->history, life));
    if (life->is_closed)
        json_put_text(by->to, "closed with", life->closed_operation);
    put_place(by, "closed by", life->closed_stack);
    put_notes(by, life);
    (void)fputc('}', by->to);
}

/* A copy begins with its process, and in its first thread. */
static void put_life(writer *by, uint32_t number)
{
    const hf_history_life *life = &by->history->lives[number];
    const hf_history_process *process = &by->history->processes[life->process];
    bool is_copy = life->copy_of != HF_HISTORY_NONE;
    uint32_t thread = is_copy ? HF_HISTORY_NONE : life->opened_thread;
    uint64_t begun = is_copy ? process->began_ns : life->opened_ns;
    begin_event(by, "b", life->process);
    put_thread(by, life->process, thread);
    put_time(by, begun);
    put_identity(by, number);
    put_life_arguments(by, life);
    (void)fputc('}', by->to);
    begin_event(by, "e", life->process);
    put_thread(by, life->process, thread);
    put_time(by, life->closed_ns > begun ? life->closed_ns : begun);
    put_identity(by, number);
    (void)fputc('}', by->to);
}

/* ---- findings -------------------------------------------------------------------------------- */

static void put_finding(writer *by, uint32_t number)
{
    const hf_history_finding *from = &by->history->findings[number];
    finding shown = history_finding(by->history, number);
    begin_event(by, "i", from->process);
    put_thread(by, from->process, from->thread);
    put_time(by, from->time_ns);
    (void)fputs(",\"s\":\"t\",\"cat\":\"finding\"", by->to);
    json_put_text(by->to, "name", hf_report_kind_name(shown.kind));
    fprintf(by->to, ",\"args\":{\"handles\":%" PRIu32, shown.handles);
    json_put_message(by->to, &shown);
    json_put_text(by->to, "advice", sentence_advice(&shown));
    json_put_text(by->to, "operation", shown.operation);
    json_put_hex(by->to, "handle", shown.subject.handle);
    put_stack(by, "now", from->moments[HF_TRACE_NOW].stack);
    put_stack(by, "closed", from->moments[HF_TRACE_CLOSED].stack);
    put_stack(by, "opened", from->moments[HF_TRACE_OPENED].stack);
    put_stack(by, "other opened", from->moments[HF_TRACE_OTHER_OPENED].stack);
    put_stack(by, "other closed", from->moments[HF_TRACE_OTHER_CLOSED].stack);
    put_stack(by, "holder", from->moments[HF_TRACE_HOLDER].stack);
    (void)fputs("}}", by->to);
}

void report_perfetto(const hf_history *history, symbols *names, FILE *to)
{
    writer by = {.history = history, .names = names, .to = to, .separator = "\n"};
    (void)fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"tool\":\"holdfast\"", to);
    json_put_text(to, "command", history->header.command);
    (void)fputs("},\"traceEvents\":[", to);
    for (uint32_t i = 0; i < history->process_count; i++)
        name_process(&by, i);
    for (uint32_t i = 0; i < history->thread_count; i++)
        name_thread(&by, i);
    for (uint32_t i = 0; i < history->life_count; i++)
        put_life(&by, i);
    for (uint32_t i = 0; i < history->finding_count; i++)
        put_finding(&by, i);
    (void)fputs("\n]}\n", to);
}

/* Lives: what a handle was, who opened and closed it, what became known, and what it is blamed for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <holdfast/report.h>

#include "escape.h"
#include "json.h"
#include "report.h"
#include "text.h"

typedef struct writer {
    const hf_history *history;
    symbols *names;
    bool json;
    FILE *to;
} writer;

/* Of `holdfast run`; of a program that uses the library itself. */
static bool is_descriptor(const char *type)
{
    return strcmp(type, "descriptor") == 0 || strcmp(type, "fd") == 0;
}

static bool is_chosen(const hf_history *history, const hf_history_life *life,
                      const report_choice *choice)
{
    if (choice->has_process && history->processes[life->process].id != choice->process)
        return false;
    if (choice->has_descriptor && (life->value != choice->descriptor || !is_descriptor(life->type)))
        return false;
    return !choice->has_handle || life->handle == choice->handle || life->value == choice->handle;
}

/* Seconds since the trace's first record. */
static double seconds(const hf_history *history, uint64_t time_ns)
{
    return (double)(time_ns - history->first_ns) / 1e9;
}

/* A moment with its names; its frames are to be freed. */
static finding_moment make_moment(const writer *by, uint32_t thread, uint32_t stack)
{
    const hf_history_stack *from = &by->history->stacks[stack];
    finding_moment made = {.frames = calloc(from->count + 1, sizeof(finding_frame))};
    if (thread != HF_HISTORY_NONE) {
        const hf_history_thread *of = &by->history->threads[thread];
        made.thread = of->system;
        memcpy(made.thread_name, of->name, sizeof of->name);
    }
    for (; made.frames != NULL && made.count < from->count; made.count++)
        made.frames[made.count] = finding_frame_of(&from->frames[made.count], by->names);
    return made;
}

/* The findings that name a life: each number in turn, from `from` on; UINT32_MAX: no more. */
static uint32_t next_finding(const hf_history *history, uint32_t life, uint32_t from)
{
    for (uint32_t i = from; i < history->finding_count; i++)
        if (history->findings[i].life == life || history->findings[i].other_life == life)
            return i;
    return HF_HISTORY_NONE;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void put_title(const writer *by, const hf_history_life *life)
{
    const hf_history_process *process = &by->history->processes[life->process];
    escape_plain(by->to, life->type[0] != '\0' ? life->type : "handle");
    fprintf(by->to, life->value < 1 << 20 ? " %" PRIu64 : " 0x%" PRIx64, life->value);
    if (life->label[0] != '\0') {
        (void)fputs(" (", by->to);
        escape_plain(by->to, life->label);
        (void)fputc(')', by->to);
    }
    fprintf(by->to, ", handle 0x%" PRIx64 ", in process %" PRIu32, life->handle, process->id);
    if (process->command[0] != '\0') {
        (void)fputs(": ", by->to);
        escape_plain(by->to, process->command);
    }
    (void)fputc('\n', by->to);
}

static void put_text_moment(const writer *by, const char *what, const char *operation,
                            uint64_t time_ns, uint32_t thread, uint32_t stack)
{
    char title[128];
    finding_moment moment = make_moment(by, thread, stack);
    (void)snprintf(title, sizeof title, "%s after %.6f s%s%.60s,", what,
                   seconds(by->history, time_ns), operation[0] != '\0' ? " with " : "", operation);
    if (moment.thread == 0 && moment.count == 0)
        fprintf(by->to, "  %s\n", title);
    text_put_moment(by->to, title, &moment);
    free(moment.frames);
}

static void put_text_notes(const writer *by, const hf_history_life *life)
{
    uint32_t at = life->first_note;
    while (at != HF_HISTORY_NONE) {
        const hf_history_note *note = &by->history->notes[at];
        fprintf(by->to, "  after %.6f s: ", seconds(by->history, note->time_ns));
        escape_plain(by->to, note->text);
        (void)fputc('\n', by->to);
        at = note->next;
    }
    if (life->first_note != HF_HISTORY_NONE)
        (void)fputc('\n', by->to);
}

static void put_text_end(const writer *by, const hf_history_life *life)
{
    if (life->is_closed)
        put_text_moment(by, life->detached ? "handed out" : "closed", life->closed_operation,
                        life->closed_ns, life->closed_thread, life->closed_stack);
    else
        fprintf(by->to, "  open to the end of %s\n\n",
                by->history->processes[life->process].exited ? "the process" : "what is recorded");
}

static void put_text_findings(const writer *by, uint32_t number)
{
    uint32_t at = next_finding(by->history, number, 0);
    for (; at != HF_HISTORY_NONE; at = next_finding(by->history, number, at + 1)) {
        const hf_history_finding *found = &by->history->findings[at];
        finding_moment now = make_moment(by, found->thread, found->moments[HF_TRACE_NOW].stack);
        char title[160];
        (void)snprintf(title, sizeof title, "%s after %.6f s: %.60s,",
                       hf_report_kind_name((hf_report_kind)found->kind),
                       seconds(by->history, found->time_ns), found->texts[HF_FINDING_OPERATION]);
        text_put_moment(by->to, title, &now);
        free(now.frames);
    }
}

static void put_text(const writer *by, uint32_t number)
{
    const hf_history_life *life = &by->history->lives[number];
    put_title(by, life);
    if (life->copy_of != HF_HISTORY_NONE)
        (void)fputs("  came from its parent process by fork\n", by->to);
    if (life->open_unknown)
        (void)fputs("  was opened before the trace tells of it\n\n", by->to);
    else
        put_text_moment(by, life->borrowed ? "opened, borrowed," : "opened", life->opened_operation,
                        life->opened_ns, life->opened_thread, life->opened_stack);
    put_text_notes(by, life);
    put_text_end(by, life);
    if (life->finding_count != 0)
        put_text_findings(by, number);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_json_moment(const writer *by, const char *key, uint32_t thread, uint32_t stack)
{
    finding_moment moment = make_moment(by, thread, stack);
    json_put_moment(by->to, key, &moment);
    free(moment.frames);
}

static void put_json_time(const writer *by, const char *key, uint64_t time_ns)
{
    fprintf(by->to, ",\"%s\":%.9f", key, seconds(by->history, time_ns));
}

static void put_json_notes(const writer *by, const hf_history_life *life)
{
    const char *separator = "";
    (void)fputs(",\"notes\":[", by->to);
    for (uint32_t at = life->first_note; at != HF_HISTORY_NONE; at = by->history->notes[at].next) {
        const hf_history_note *note = &by->history->notes[at];
        fprintf(by->to, "%s{\"s\":%.9f", separator, seconds(by->history, note->time_ns));
        json_put_text(by->to, "text", note->text);
        (void)fputc('}', by->to);
        separator = ",";
    }
    (void)fputs("],\"findings\":[", by->to);
}

static void put_json_findings(const writer *by, uint32_t number)
{
    const char *separator = "";
    uint32_t at = next_finding(by->history, number, 0);
    for (; at != HF_HISTORY_NONE; at = next_finding(by->history, number, at + 1)) {
        const hf_history_finding *found = &by->history->findings[at];
        fprintf(by->to, "%s{\"s\":%.9f", separator, seconds(by->history, found->time_ns));
        json_put_text(by->to, "kind", hf_report_kind_name((hf_report_kind)found->kind));
        json_put_text(by->to, "operation", found->texts[HF_FINDING_OPERATION]);
        put_json_moment(by, "now", found->thread, found->moments[HF_TRACE_NOW].stack);
        (void)fputc('}', by->to);
        separator = ",";
    }
}

static void put_json(const writer *by, uint32_t number)
{
    const hf_history_life *life = &by->history->lives[number];
    const hf_history_process *process = &by->history->processes[life->process];
    fprintf(by->to, "{\"pid\":%" PRIu32, process->id);
    json_put_text(by->to, "command", process->command);
    json_put_hex(by->to, "handle", life->handle);
    json_put_hex(by->to, "value", life->value);
    json_put_text(by->to, "type", life->type);
    json_put_text(by->to, "label", life->label);
    fprintf(by->to, ",\"borrowed\":%s,\"copied_by_fork\":%s,\"detached\":%s,\"open_unknown\":%s",
            life->borrowed ? "true" : "false", life->copy_of != HF_HISTORY_NONE ? "true" : "false",
            life->detached ? "true" : "false", life->open_unknown ? "true" : "false");
    put_json_time(by, "opened_s", life->opened_ns);
    json_put_text(by->to, "opened_with", life->opened_operation);
    put_json_moment(by, "opened", life->opened_thread, life->opened_stack);
    if (life->is_closed) {
        put_json_time(by, "closed_s", life->closed_ns);
        json_put_text(by->to, "closed_with", life->closed_operation);
    }
    put_json_moment(by, "closed", life->closed_thread, life->closed_stack);
    put_json_notes(by, life);
    if (life->finding_count != 0)
        put_json_findings(by, number);
    (void)fputc(']', by->to);
    (void)fputs("}\n", by->to);
}

void report_lives(const hf_history *history, symbols *names, const report_choice *choice, bool json,
                  FILE *to)
{
    const writer by = {.history = history, .names = names, .json = json, .to = to};
    uint32_t count = 0;
    for (uint32_t i = 0; i < history->life_count; i++) {
        if (!is_chosen(history, &history->lives[i], choice))
            continue;
        count++;
        if (json)
            put_json(&by, i);
        else
            put_text(&by, i);
    }
    if (count == 0 && !json)
        (void)fputs("nothing is recorded of that\n", to);
}

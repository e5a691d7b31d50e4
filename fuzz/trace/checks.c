/* What holds of anything that is read from a trace. */
#include "checks.h"

#include <string.h>

#include <holdfast/report.h>

#include "harness.h"

static uint64_t touched; /* what was read is used, so that it is read */

static uint32_t frames_of(const hf_reader_record *record, unsigned moment)
{
    if (record->kind == HF_TRACE_STACK)
        return moment == 0 ? record->body.stack->count : 0;
    return record->kind == HF_TRACE_FINDING ? record->body.finding->moments[moment].frames : 0;
}

static void touch(const hf_reader_record *record)
{
    for (unsigned moment = 0; moment < HF_TRACE_MOMENTS; moment++)
        for (uint32_t i = 0; i < frames_of(record, moment); i++)
            touched += record->frames[moment][i];
    for (unsigned i = 0; i < HF_READER_TEXTS; i++)
        touched += strlen(record->texts[i]);
    if (record->kind == HF_TRACE_THREAD)
        touched += strlen(record->body.thread->name);
}

void check_records(hf_reader *reader)
{
    hf_reader_record record;
    hf_reader_status status;
    uint64_t last = 0;
    uint64_t records = 0;
    while ((status = hf_reader_next(reader, &record)) != HF_READER_END) {
        if (status == HF_READER_PENDING) {
            hf_reader_skip(reader);
            continue;
        }
        if (status != HF_READER_RECORD || record.at <= last || record.at % 8 != 0)
            fuzz_fail("the reader does not go forwards");
        if (record.kind == HF_TRACE_UNFINISHED || record.kind >= HF_TRACE_RECORD_KIND_COUNT)
            fuzz_fail("there is no such kind of record");
        last = record.at;
        records++;
        touch(&record);
    }
    if (records != hf_reader_tally_now(reader)->records)
        fuzz_fail("the reader miscounts");
    if (hf_reader_next(reader, &record) != HF_READER_END)
        fuzz_fail("there is something behind the end");
}

/* ---- histories ------------------------------------------------------------------------------- */

static void check_number(uint32_t number, uint32_t count, const char *what)
{
    if (number != HF_HISTORY_NONE && number >= count)
        fuzz_fail("there is no such %s", what);
}

static void check_needed(uint32_t number, uint32_t count, const char *what)
{
    if (number >= count)
        fuzz_fail("there is no such %s", what);
}

static void check_life(const hf_history *history, uint32_t number)
{
    const hf_history_life *life = &history->lives[number];
    check_needed(life->process, history->process_count, "process");
    check_number(life->opened_thread, history->thread_count, "thread");
    check_number(life->closed_thread, history->thread_count, "thread");
    check_needed(life->opened_stack, history->stack_count, "stack");
    check_needed(life->closed_stack, history->stack_count, "stack");
    check_number(life->copy_of, number, "life to be a copy of");
    if (life->closed_ns < life->opened_ns)
        fuzz_fail("a life ends before it begins");
    touched += strlen(life->type) + strlen(life->label) + strlen(life->opened_operation) +
               strlen(life->closed_operation);
    for (uint32_t at = life->first_note; at != HF_HISTORY_NONE; at = history->notes[at].next) {
        check_needed(at, history->note_count, "note");
        if (history->notes[at].next <= at)
            fuzz_fail("notes go round in a circle");
        touched += strlen(history->notes[at].text);
    }
}

static void check_finding(const hf_history *history, const hf_history_finding *finding)
{
    if (finding->kind >= HF_REPORT_KIND_COUNT)
        fuzz_fail("there is no such kind of finding");
    check_needed(finding->process, history->process_count, "process");
    check_number(finding->thread, history->thread_count, "thread");
    check_number(finding->life, history->life_count, "life");
    check_number(finding->other_life, history->life_count, "life");
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++)
        check_needed(finding->moments[i].stack, history->stack_count, "stack");
    for (unsigned i = 0; i < HF_READER_TEXTS; i++)
        touched += strlen(finding->texts[i]);
}

static void check_stack(const hf_history_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++)
        touched += stack->frames[i].file != NULL ? strlen(stack->frames[i].file->path) : 1;
    if (stack->count != 0 && stack->frames[0].file != NULL && stack->frames[0].file->is_tool)
        fuzz_fail("holdfast's own frames are not left out");
}

void check_history(const hf_history *history)
{
    for (uint32_t i = 0; i < history->process_count; i++) {
        check_number(history->processes[i].parent, history->process_count, "process");
        touched += strlen(history->processes[i].path) + strlen(history->processes[i].command);
    }
    for (uint32_t i = 0; i < history->thread_count; i++) {
        check_needed(history->threads[i].process, history->process_count, "process");
        touched += strlen(history->threads[i].name);
    }
    for (uint32_t i = 0; i < history->stack_count; i++)
        check_stack(&history->stacks[i]);
    for (uint32_t i = 0; i < history->life_count; i++)
        check_life(history, i);
    for (uint32_t i = 0; i < history->finding_count; i++)
        check_finding(history, &history->findings[i]);
    if (history->last_ns < history->first_ns)
        fuzz_fail("time goes backwards");
}

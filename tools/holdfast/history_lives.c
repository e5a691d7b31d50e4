/* Lives, what became known of them, and findings. */
#include <string.h>

#include <holdfast/report.h>

#include "history_build.h"

static uint32_t add_life(hf_build *build, uint32_t process, uint64_t handle)
{
    void *lives = build->lives;
    hf_history_life *added =
        hf_array_add(&lives, &build->history.life_count, &build->life_capacity, sizeof *added);
    build->lives = lives;
    uint32_t number = build->history.life_count - 1;
    if (added == NULL || !hf_index_set(&build->life_of, process, handle, number)) {
        build->failed = true;
        return HF_HISTORY_NONE;
    }
    *added = (hf_history_life){.process = process,
                               .copy_of = HF_HISTORY_NONE,
                               .handle = handle,
                               .type = "",
                               .label = "",
                               .open_unknown = true,
                               .opened_thread = HF_HISTORY_NONE,
                               .closed_thread = HF_HISTORY_NONE,
                               .opened_operation = "",
                               .closed_operation = "",
                               .first_note = HF_HISTORY_NONE};
    return number;
}

/* In the child: the same as in the parent, as if it had not been closed there. */
static uint32_t copy_life(hf_build *build, uint32_t process, uint32_t original)
{
    uint32_t number = add_life(build, process, build->lives[original].handle);
    if (number == HF_HISTORY_NONE)
        return number;
    hf_history_life *copy = &build->lives[number];
    *copy = build->lives[original];
    copy->process = process;
    copy->copy_of = original;
    copy->is_closed = false;
    copy->detached = false;
    copy->closed_ns = 0;
    copy->closed_thread = HF_HISTORY_NONE;
    copy->closed_stack = 0;
    copy->closed_operation = "";
    copy->first_note = HF_HISTORY_NONE;
    copy->finding_count = 0;
    return number;
}

/* Of the nearest forebear by fork that has it. */
static uint32_t inherited_life(hf_build *build, uint32_t process, uint64_t handle)
{
    for (unsigned i = 0; i < HF_BUILD_FOREBEARS; i++) {
        uint32_t parent = hf_build_forebear(build, process);
        if (parent == HF_HISTORY_NONE)
            break;
        uint32_t number = hf_index_get(&build->life_of, parent, handle);
        if (number != HF_HISTORY_NONE)
            return build->lives[number].opened_ns <= build->processes[process].began_ns
                       ? number
                       : HF_HISTORY_NONE;
        process = parent;
    }
    return HF_HISTORY_NONE;
}

/* Whether it was closed when a process came to be: then that has it closed, too. */
static bool was_closed(const hf_build *build, uint32_t life, uint32_t process)
{
    const hf_history_life *of = &build->lives[life];
    return of->is_closed && of->closed_ns < build->processes[process].began_ns;
}

uint32_t hf_build_life(hf_build *build, uint32_t process, uint64_t handle)
{
    uint32_t number = hf_index_get(&build->life_of, process, handle);
    if (number != HF_HISTORY_NONE || process == HF_HISTORY_NONE || handle == 0)
        return number;
    uint32_t original = inherited_life(build, process, handle);
    if (original == HF_HISTORY_NONE || was_closed(build, original, process))
        return original;
    return copy_life(build, process, original);
}

/* What a process closes, or learns of, is open in it, even if its parent has closed it meanwhile: a
 * forked process may be told of long after it began. */
static uint32_t open_life_of(hf_build *build, uint32_t process, uint64_t handle)
{
    uint32_t number = hf_index_get(&build->life_of, process, handle);
    if (number != HF_HISTORY_NONE || process == HF_HISTORY_NONE || handle == 0)
        return number;
    uint32_t original = inherited_life(build, process, handle);
    return original != HF_HISTORY_NONE ? copy_life(build, process, original) : original;
}

/* Of a handle that is told of: what has no life yet was opened before the trace, or its record is
 * lost. */
static uint32_t known_life(hf_build *build, const hf_trace_common *by, uint64_t handle)
{
    uint32_t process = hf_build_process(build, by);
    uint32_t number = open_life_of(build, process, handle);
    if (number == HF_HISTORY_NONE && process != HF_HISTORY_NONE && handle != 0) {
        number = add_life(build, process, handle);
        if (number != HF_HISTORY_NONE)
            build->lives[number].opened_ns = by->time_ns;
    }
    return number;
}

static void open_life(hf_build *build, const hf_reader_record *record)
{
    const hf_trace_open *body = record->body.open;
    uint32_t process = hf_build_process(build, &body->common);
    if (process == HF_HISTORY_NONE)
        return;
    uint32_t number = hf_index_get(&build->life_of, process, body->handle);
    if (number == HF_HISTORY_NONE || !build->lives[number].open_unknown)
        number = add_life(build, process, body->handle);
    if (number == HF_HISTORY_NONE)
        return;
    uint32_t stack = hf_build_stack(build, process, body->stack);
    hf_history_life *life = &build->lives[number];
    life->open_unknown = false;
    life->opened_ns = body->common.time_ns;
    life->opened_thread = hf_build_thread(build, process, body->common.thread);
    life->opened_stack = stack;
    life->value = body->value;
    life->borrowed = body->borrowed != 0;
    life->type = hf_build_text(build, record->texts[0]);
    life->label = hf_build_text(build, record->texts[1]);
    life->opened_operation = hf_build_text(build, record->texts[2]);
}

static void close_life(hf_build *build, const hf_reader_record *record)
{
    const hf_trace_close *body = record->body.close;
    uint32_t number = known_life(build, &body->common, body->handle);
    if (number == HF_HISTORY_NONE)
        return;
    hf_history_life *life = &build->lives[number];
    life->is_closed = true;
    life->detached = body->detached != 0;
    life->closed_ns = body->common.time_ns;
    life->closed_thread = hf_build_thread(build, life->process, body->common.thread);
    life->closed_stack = hf_build_stack(build, life->process, body->stack);
    life->closed_operation = hf_build_text(build, record->texts[0]);
}

static void note_life(hf_build *build, const hf_reader_record *record)
{
    uint32_t number = known_life(build, record->body.common, record->body.note->handle);
    void *notes = build->notes;
    hf_history_note *added =
        number != HF_HISTORY_NONE
            ? hf_array_add(&notes, &build->history.note_count, &build->note_capacity, sizeof *added)
            : NULL;
    build->notes = notes;
    if (added == NULL) {
        build->failed |= number != HF_HISTORY_NONE;
        return;
    }
    hf_history_life *life = &build->lives[number];
    *added = (hf_history_note){
        .time_ns = record->body.common->time_ns,
        .thread = hf_build_thread(build, life->process, record->body.common->thread),
        .next = HF_HISTORY_NONE,
        .text = hf_build_text(build, record->texts[0])};
    if (life->first_note == HF_HISTORY_NONE)
        life->first_note = build->history.note_count - 1;
    else
        build->notes[life->last_note].next = build->history.note_count - 1;
    life->last_note = build->history.note_count - 1;
}

void hf_build_lives(hf_build *build, const hf_reader_record *record)
{
    switch (record->kind) {
    case HF_TRACE_OPEN:
        open_life(build, record);
        break;
    case HF_TRACE_CLOSE:
        close_life(build, record);
        break;
    case HF_TRACE_NOTE:
        note_life(build, record);
        break;
    default:
        break;
    }
}

/* ---- findings -------------------------------------------------------------------------------- */

static void set_moments(hf_build *build, hf_history_finding *to, const hf_reader_record *record)
{
    const hf_trace_finding *body = record->body.finding;
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++) {
        to->moments[i].thread = body->moments[i].thread;
        memcpy(to->moments[i].name, body->moments[i].name, sizeof to->moments[i].name);
        to->moments[i].stack = hf_build_frames(build, body->common.process, record->frames[i],
                                               body->moments[i].frames);
    }
    for (unsigned i = 0; i < HF_READER_TEXTS; i++)
        to->texts[i] = hf_build_text(build, record->texts[i]);
}

static uint32_t blamed_life(hf_build *build, uint32_t process, uint64_t handle)
{
    uint32_t number = handle != 0 ? hf_build_life(build, process, handle) : HF_HISTORY_NONE;
    if (number != HF_HISTORY_NONE)
        build->lives[number].finding_count++;
    return number;
}

void hf_build_finding(hf_build *build, const hf_reader_record *record)
{
    const hf_trace_finding *body = record->body.finding;
    uint32_t process = hf_build_process(build, &body->common);
    void *findings = build->findings;
    hf_history_finding *added = process != HF_HISTORY_NONE
                                    ? hf_array_add(&findings, &build->history.finding_count,
                                                   &build->finding_capacity, sizeof *added)
                                    : NULL;
    build->findings = findings;
    if (added == NULL) {
        build->failed = true;
        return;
    }
    *added = (hf_history_finding){.kind = body->kind,
                                  .process = process,
                                  .thread = hf_build_thread(build, process, body->common.thread),
                                  .time_ns = body->common.time_ns,
                                  .error = body->error,
                                  .count = body->count,
                                  .in_tool = body->in_tool != 0,
                                  .handle = body->handle,
                                  .value = body->value,
                                  .other_handle = body->other_handle,
                                  .other_value = body->other_value,
                                  .life = blamed_life(build, process, body->handle),
                                  .other_life = blamed_life(build, process, body->other_handle)};
    set_moments(build, added, record);
}

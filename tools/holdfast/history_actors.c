/* Processes, threads and stacks. */
#include <stdlib.h>
#include <string.h>

#include "history_build.h"

const char *hf_build_text(hf_build *build, const char *text)
{
    const char *kept = hf_texts_keep(&build->texts, text);
    build->failed |= kept == NULL;
    return kept != NULL ? kept : "";
}

static void set(hf_build *build, hf_index *index, uint64_t major, uint64_t minor, uint32_t value)
{
    build->failed |= !hf_index_set(index, major, minor, value);
}

/* ---- processes ------------------------------------------------------------------------------- */

static uint32_t add_process(hf_build *build, const hf_trace_common *of)
{
    void *processes = build->processes;
    hf_history_process *added = hf_array_add(&processes, &build->history.process_count,
                                             &build->process_capacity, sizeof *added);
    build->processes = processes;
    if (added == NULL) {
        build->failed = true;
        return HF_HISTORY_NONE;
    }
    *added = (hf_history_process){.id = of->process,
                                  .parent = HF_HISTORY_NONE,
                                  .began_ns = of->time_ns,
                                  .ended_ns = of->time_ns,
                                  .path = "",
                                  .command = ""};
    uint32_t number = build->history.process_count - 1;
    set(build, &build->process_of, 0, of->process, number);
    return number;
}

uint32_t hf_build_process(hf_build *build, const hf_trace_common *of)
{
    uint32_t number = hf_index_get(&build->process_of, 0, of->process);
    if (number == HF_HISTORY_NONE)
        number = add_process(build, of);
    if (number != HF_HISTORY_NONE && build->processes[number].ended_ns < of->time_ns)
        build->processes[number].ended_ns = of->time_ns;
    return number;
}

static void begin_process(hf_build *build, const hf_reader_record *record)
{
    const hf_trace_process *body = record->body.process;
    /* A record of another thread, or that of its thread, may have come first. */
    uint32_t parent = hf_index_get(&build->process_of, 0, body->parent);
    uint32_t number = hf_index_get(&build->process_of, 0, body->common.process);
    if (number == HF_HISTORY_NONE || build->processes[number].path[0] != '\0')
        number = add_process(build, &body->common);
    if (number == HF_HISTORY_NONE)
        return;
    hf_history_process *process = &build->processes[number];
    process->parent = parent != number ? parent : HF_HISTORY_NONE;
    process->beginning = (hf_trace_beginning)body->beginning;
    process->path = hf_build_text(build, record->texts[0][0] != '\0' ? record->texts[0] : "?");
    process->command = hf_build_text(build, record->texts[1]);
}

static void end_process(hf_build *build, const hf_trace_exit *body)
{
    uint32_t number = hf_build_process(build, &body->common);
    if (number == HF_HISTORY_NONE)
        return;
    build->processes[number].exited = true;
    build->processes[number].totals = *body;
}

/* ---- threads --------------------------------------------------------------------------------- */

static uint32_t add_thread(hf_build *build, uint32_t process, uint64_t system)
{
    void *threads = build->threads;
    hf_history_thread *added = hf_array_add(&threads, &build->history.thread_count,
                                            &build->thread_capacity, sizeof *added);
    build->threads = threads;
    if (added == NULL) {
        build->failed = true;
        return HF_HISTORY_NONE;
    }
    added->process = process;
    added->system = system;
    uint32_t number = build->history.thread_count - 1;
    set(build, &build->system_of, process, system, number);
    return number;
}

/* A thread that takes another name has another number, and is the same. */
static void tell_thread(hf_build *build, const hf_trace_thread *body)
{
    uint32_t process = hf_build_process(build, &body->common);
    if (process == HF_HISTORY_NONE)
        return;
    uint32_t number = hf_index_get(&build->system_of, process, body->system);
    if (number == HF_HISTORY_NONE)
        number = add_thread(build, process, body->system);
    if (number == HF_HISTORY_NONE)
        return;
    memcpy(build->threads[number].name, body->name, sizeof body->name);
    set(build, &build->thread_of, process, body->common.thread, number);
}

uint32_t hf_build_thread(hf_build *build, uint32_t process, uint32_t number)
{
    return number == 0 ? HF_HISTORY_NONE : hf_index_get(&build->thread_of, process, number);
}

/* ---- stacks ---------------------------------------------------------------------------------- */

uint32_t hf_build_frames(hf_build *build, uint32_t id, const uint64_t *frames, uint32_t count)
{
    void *stacks = build->stacks;
    if (count == 0)
        return 0;
    hf_history_stack *added =
        hf_array_add(&stacks, &build->history.stack_count, &build->stack_capacity, sizeof *added);
    hf_code_place *places = malloc(count * sizeof *places);
    build->stacks = stacks;
    if (added != NULL)
        added->frames = places;
    if (added == NULL || places == NULL) {
        free(added == NULL ? places : NULL);
        build->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        hf_code_place place = hf_code_find(build->code, id, frames[i]);
        if (place.file == NULL || !place.file->is_tool)
            places[added->count++] = place;
    }
    return build->history.stack_count - 1;
}

static void tell_stack(hf_build *build, const hf_reader_record *record)
{
    const hf_trace_stack *body = record->body.stack;
    uint32_t process = hf_build_process(build, &body->common);
    uint32_t number = hf_build_frames(build, body->common.process, record->frames[0], body->count);
    if (process != HF_HISTORY_NONE)
        set(build, &build->stack_of, process, body->number, number);
}

uint32_t hf_build_forebear(const hf_build *build, uint32_t process)
{
    const hf_history_process *of = &build->processes[process];
    return of->beginning == HF_TRACE_FORKED && of->parent < process ? of->parent : HF_HISTORY_NONE;
}

/* A forked process has its parent's numbers, until it tells them anew. */
uint32_t hf_build_stack(hf_build *build, uint32_t process, uint32_t number)
{
    uint32_t asked = process;
    uint32_t found = HF_HISTORY_NONE;
    if (number == 0)
        return 0;
    while (process != HF_HISTORY_NONE && found == HF_HISTORY_NONE) {
        const hf_history_process *of = &build->processes[process];
        found = hf_index_get(&build->stack_of, process, number);
        process =
            of->beginning == HF_TRACE_FORKED && of->parent < process ? of->parent : HF_HISTORY_NONE;
    }
    if (found == HF_HISTORY_NONE)
        return 0;
    set(build, &build->stack_of, asked, number, found);
    return found;
}

void hf_build_actors(hf_build *build, const hf_reader_record *record)
{
    switch (record->kind) {
    case HF_TRACE_PROCESS:
        begin_process(build, record);
        break;
    case HF_TRACE_THREAD:
        tell_thread(build, record->body.thread);
        break;
    case HF_TRACE_STACK:
        tell_stack(build, record);
        break;
    case HF_TRACE_EXIT:
        end_process(build, record->body.exit);
        break;
    default:
        break;
    }
}

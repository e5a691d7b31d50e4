/* Putting a history together, record by record, in the order of the trace. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "history_build.h"

static void feed(hf_build *build, const hf_reader_record *record)
{
    hf_history *history = &build->history;
    uint64_t time = record->body.common->time_ns;
    if (time < history->first_ns)
        history->first_ns = time;
    if (time > history->last_ns)
        history->last_ns = time;
    build->failed |= !hf_code_feed(build->code, record);
    hf_build_actors(build, record);
    hf_build_lives(build, record);
    if (record->kind == HF_TRACE_FINDING && record->body.finding->state != HF_TRACE_WITHDRAWN)
        hf_build_finding(build, record);
}

static void read_all(hf_build *build, hf_reader *reader)
{
    hf_reader_record record;
    hf_reader_status status;
    while (!build->failed && (status = hf_reader_next(reader, &record)) != HF_READER_END) {
        if (status == HF_READER_PENDING)
            hf_reader_skip(reader);
        else
            feed(build, &record);
    }
}

/* Of what was never closed: when its process ended. */
static void end_lives(hf_build *build)
{
    for (uint32_t i = 0; i < build->history.life_count; i++) {
        hf_history_life *life = &build->lives[i];
        if (!life->is_closed)
            life->closed_ns = build->processes[life->process].ended_ns;
        if (life->closed_ns < life->opened_ns)
            life->closed_ns = life->opened_ns;
    }
}

static void give_out(hf_build *build)
{
    hf_history *history = &build->history;
    if (history->first_ns > history->last_ns)
        history->first_ns = history->last_ns;
    history->code = build->code;
    history->processes = build->processes;
    history->threads = build->threads;
    history->stacks = build->stacks;
    history->lives = build->lives;
    history->notes = build->notes;
    history->findings = build->findings;
}

hf_reader_status hf_history_read(hf_reader *reader, hf_history **out)
{
    hf_build *build = calloc(1, sizeof *build);
    void *stacks = NULL;
    if (build == NULL)
        return HF_READER_NO_MEMORY;
    build->code = hf_code_create();
    build->failed = build->code == NULL || /* stack 0 is the empty one */
                    hf_array_add(&stacks, &build->history.stack_count, &build->stack_capacity,
                                 sizeof *build->stacks) == NULL;
    build->stacks = stacks;
    build->history.header = *hf_reader_header(reader);
    build->history.first_ns = UINT64_MAX;
    read_all(build, reader);
    build->history.tally = *hf_reader_tally_now(reader);
    if (build->failed) {
        hf_history_free(&build->history);
        return HF_READER_NO_MEMORY;
    }
    end_lives(build);
    give_out(build);
    *out = &build->history;
    return HF_READER_OK;
}

void hf_history_free(hf_history *history)
{
    hf_build *build = (hf_build *)(void *)history; /* its first member */
    if (history == NULL)
        return;
    for (uint32_t i = 0; i < history->stack_count; i++)
        free((void *)(uintptr_t)build->stacks[i].frames);
    free(build->stacks);
    free(build->processes);
    free(build->threads);
    free(build->lives);
    free(build->notes);
    free(build->findings);
    hf_index_free(&build->process_of);
    hf_index_free(&build->thread_of);
    hf_index_free(&build->system_of);
    hf_index_free(&build->stack_of);
    hf_index_free(&build->life_of);
    hf_texts_free(&build->texts);
    hf_code_destroy(build->code);
    free(build);
}

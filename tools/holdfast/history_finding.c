/* Findings out of a history. */
#include "history_finding.h"

#include <string.h>

static void set_moment(const hf_history_finding *from, unsigned which, finding_moment *out)
{
    const hf_history_moment *moment = &from->moments[which];
    out->thread = moment->thread;
    memcpy(out->thread_name, moment->name, sizeof moment->name);
}

static void set_moments(const hf_history_finding *from, finding *out)
{
    set_moment(from, HF_TRACE_NOW, &out->now);
    set_moment(from, HF_TRACE_OPENED, &out->subject.opened);
    set_moment(from, HF_TRACE_CLOSED, &out->subject.closed);
    set_moment(from, HF_TRACE_OTHER_OPENED, &out->other.opened);
    set_moment(from, HF_TRACE_OTHER_CLOSED, &out->other.closed);
    set_moment(from, HF_TRACE_HOLDER, &out->holder);
}

finding history_finding(const hf_history *history, uint32_t number)
{
    const hf_history_finding *from = &history->findings[number];
    const char *const *texts = from->texts;
    finding made = {.kind = (hf_report_kind)from->kind,
                    .process = history->processes[from->process].id,
                    .handles = from->count,
                    .error = from->error,
                    .in_tool = from->in_tool,
                    .operation = texts[HF_FINDING_OPERATION],
                    .table = texts[HF_FINDING_TABLE],
                    .subject = {.handle = from->handle,
                                .value = from->value,
                                .type = texts[HF_FINDING_TYPE],
                                .label = texts[HF_FINDING_LABEL]},
                    .other = {.handle = from->other_handle,
                              .value = from->other_value,
                              .type = texts[HF_FINDING_OTHER_TYPE],
                              .label = texts[HF_FINDING_OTHER_LABEL]},
                    .other_role = texts[HF_FINDING_OTHER_ROLE],
                    .holder_operation = texts[HF_FINDING_HOLDER_OPERATION]};
    set_moments(from, &made);
    return made;
}

uint64_t history_elapsed_ns(const hf_history *history, uint64_t time_ns)
{
    return time_ns > history->first_ns ? time_ns - history->first_ns : 0;
}

const char *history_end_of(const hf_history *history, const hf_history_life *life)
{
    if (life->is_closed)
        return life->detached ? "handed out" : "closed";
    return history->processes[life->process].exited ? "open at the end of the process"
                                                    : "open at the end of the recording";
}

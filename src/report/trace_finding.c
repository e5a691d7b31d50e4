/* FINDING records: whole in themselves. */
#include <stddef.h>
#include <string.h>

#include "report/kinds.h"
#include "report/moments.h"
#include "report/trace.h"
#include "report/trace_modules.h"
#include "report/trace_parts.h"

enum { FRAMES_MAX = 64, TEXTS = 8 };

/* What a record is made of, collected before its room is asked for. */
typedef struct finding_parts {
    hf_trace_finding body;
    const uintptr_t *frames[HF_TRACE_MOMENTS];
    const char *texts[TEXTS];
} finding_parts;

static void set_moment(finding_parts *parts, unsigned which, const hf_report_event *from)
{
    hf_trace_moment *to = &parts->body.moments[which];
    uint32_t count = from->frame_count < FRAMES_MAX ? from->frame_count : FRAMES_MAX;
    to->thread = from->thread;
    to->frames = count;
    parts->frames[which] = from->frames;
    if (from->thread_name != NULL)
        memcpy(to->name, from->thread_name, strnlen(from->thread_name, sizeof to->name - 1));
    hf_trace_tell_modules(from->frames, count);
}

/* Of a report's own holders the record has room for the first. */
static void set_holder(finding_parts *parts, const hf_report *report, const hf_trace_holder *holder)
{
    if (holder != NULL) {
        set_moment(parts, HF_TRACE_HOLDER, &holder->moment);
        parts->texts[7] = holder->operation;
    } else if (report->holder_count != 0) {
        set_moment(parts, HF_TRACE_HOLDER, &report->holders[0].entered);
        parts->texts[7] = hf_hold_name(report->holders[0].hold);
    }
}

static void set_parties(finding_parts *parts, const hf_report *report)
{
    const hf_report_party *subject = &report->subject;
    const hf_report_party *other = &report->other;
    set_moment(parts, HF_TRACE_NOW, &report->now);
    set_moment(parts, HF_TRACE_OPENED, &subject->opened);
    set_moment(parts, HF_TRACE_CLOSED, &subject->closed);
    if (hf_handle_is_null(other->handle))
        return;
    set_moment(parts, HF_TRACE_OTHER_OPENED, &other->opened);
    set_moment(parts, HF_TRACE_OTHER_CLOSED, &other->closed);
    parts->body.other_handle = other->handle.bits;
    parts->body.other_value = other->value;
    parts->texts[4] = report->other_role;
    parts->texts[5] = other->type_name;
    parts->texts[6] = other->label;
}

static size_t bytes_of(finding_parts *parts)
{
    size_t bytes = sizeof parts->body;
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++)
        bytes += parts->body.moments[i].frames * sizeof(uint64_t);
    for (unsigned i = 0; i < TEXTS; i++) {
        if (parts->texts[i] == NULL)
            parts->texts[i] = "";
        bytes += hf_trace_text_bytes(parts->texts[i]);
    }
    return bytes;
}

/* Answers where its state is; NULL: there was no room. */
static uint32_t *write_finding(finding_parts *parts)
{
    hf_trace_record record;
    if (!hf_trace_begin(&record, bytes_of(parts), true))
        return NULL;
    hf_trace_put_body(&record, &parts->body, sizeof parts->body);
    for (unsigned i = 0; i < HF_TRACE_MOMENTS; i++)
        hf_trace_put_frames(&record, parts->frames[i], parts->body.moments[i].frames);
    for (unsigned i = 0; i < TEXTS; i++)
        hf_trace_put_text(&record, parts->texts[i]);
    hf_trace_end(&record, HF_TRACE_FINDING);
    hf_trace_count_finding();
    return (uint32_t *)(void *)(record.bytes + offsetof(hf_trace_finding, state));
}

static uint32_t *write_as(const hf_report *report, const hf_trace_holder *holder, bool in_tool,
                          hf_trace_finding_state state)
{
    if (hf_trace_wants() == 0)
        return NULL;
    finding_parts parts = {.body = {.kind = (uint32_t)report->kind,
                                    .error = report->error,
                                    .count = report->group_count != 0 ? report->group_count : 1,
                                    .in_tool = in_tool,
                                    .state = (uint32_t)state,
                                    .handle = report->subject.handle.bits,
                                    .value = report->subject.value},
                           .texts = {report->operation, report->table_name,
                                     report->subject.type_name, report->subject.label}};
    set_parties(&parts, report);
    set_holder(&parts, report, holder);
    parts.body.common = hf_trace_common_now();
    return write_finding(&parts);
}

void hf_trace_write_finding(const hf_report *report, const hf_trace_holder *holder, bool in_tool)
{
    (void)write_as(report, holder, in_tool, HF_TRACE_TOLD);
}

uint32_t *hf_trace_write_waiting(const hf_report *report, const hf_trace_holder *holder)
{
    return write_as(report, holder, true, HF_TRACE_WAITING);
}

void hf_trace_settle(uint32_t *waiting, hf_trace_finding_state state)
{
    __atomic_store_n(waiting, (uint32_t)state, __ATOMIC_RELAXED); /* it says nothing of others */
}

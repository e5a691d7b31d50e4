/* What core recorded, made into what reports show. */
#include "report/moments.h"

#include "platform/sanitizer.h"
#include "report/stacks.h"
#include "report/threads.h"

const char *hf_make_text(const char *text)
{
    if (text == NULL)
        return "";
    return hf_sanitizer_forbids(text) ? "<freed>" : text;
}

hf_report_event hf_make_moment(hf_trace trace)
{
    hf_report_event event = {.thread = hf_event_thread_id(trace.thread),
                             .thread_name = hf_thread_name(trace.thread)};
    event.frames = hf_stack_frames(trace.stack, &event.frame_count);
    return event;
}

hf_report_party hf_make_party(const hf_event_party *from)
{
    return (hf_report_party){.handle = from->handle,
                             .value = from->value,
                             .type_name = hf_make_text(from->type_name),
                             .label = hf_make_text(from->label),
                             .group_name = hf_make_text(from->group_name),
                             .opened = hf_make_moment(from->opened),
                             .closed = hf_make_moment(from->closed)};
}

void hf_make_holders(const hf_event_holder *from, uint32_t count, hf_report_holder *out)
{
    for (uint32_t i = 0; i < count; i++)
        out[i] = (hf_report_holder){.entered = hf_make_moment(from[i].entered),
                                    .hold = from[i].hold,
                                    .held = from[i].held,
                                    .held_lock = from[i].held_lock,
                                    .waits = hf_make_moment(from[i].waits),
                                    .awaited = from[i].awaited,
                                    .awaited_lock = from[i].awaited_lock};
}

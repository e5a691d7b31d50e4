/* What becomes of a finding: it is judged by its kind's policy, compared with those before, made
 * into a report, and delivered. */
#include <string.h>

#include "core/event.h"
#include "platform/platform.h"
#include "report/dedup.h"
#include "report/hook.h"
#include "report/kinds.h"
#include "report/options.h"
#include "report/output.h"
#include "report/stacks.h"
#include "report/suppressions.h"
#include "report/symbols.h"
#include "report/threads.h"

enum { HOOK_DEPTH = 4, HOLDERS_SHOWN = 32 };

/* Kinds with the policy `once` that have been reported. */
static _Atomic bool told[HF_REPORT_KIND_COUNT];

/* ---- the report ----------------------------------------------------------------------------- */

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

static hf_report_event moment(hf_trace trace)
{
    hf_report_event event = {.thread = hf_event_thread_id(trace.thread),
                             .thread_name = hf_thread_name(trace.thread)};
    event.frames = hf_stack_frames(trace.stack, &event.frame_count);
    return event;
}

static hf_report_party party(const hf_event_party *from)
{
    return (hf_report_party){.handle = from->handle,
                             .value = from->value,
                             .type_name = text_of(from->type_name),
                             .label = text_of(from->label),
                             .group_name = text_of(from->group_name),
                             .opened = moment(from->opened),
                             .closed = moment(from->closed)};
}

static uint32_t copy_holders(const hf_event *event, hf_report_holder *holders)
{
    uint32_t count = event->holder_count < HOLDERS_SHOWN ? event->holder_count : HOLDERS_SHOWN;
    for (uint32_t i = 0; i < count; i++)
        holders[i] = (hf_report_holder){.entered = moment(event->holders[i].entered),
                                        .hold = event->holders[i].hold,
                                        .held = event->holders[i].held,
                                        .held_lock = event->holders[i].held_lock,
                                        .waits = moment(event->holders[i].waits),
                                        .awaited = event->holders[i].awaited,
                                        .awaited_lock = event->holders[i].awaited_lock};
    return count;
}

static hf_report make_report(const hf_event *event, hf_trace now)
{
    return (hf_report){.size = (uint32_t)sizeof(hf_report),
                       .kind = event->kind,
                       .kind_name = hf_report_kind_name(event->kind),
                       .message = hf_kind_message(event->kind),
                       .advice = hf_kind_advice(event->kind),
                       .operation = text_of(event->operation),
                       .table_name = text_of(event->table_name),
                       .issuer_name = text_of(event->issuer_name),
                       .now = moment(now),
                       .subject = party(&event->subject),
                       .other = party(&event->other),
                       .other_role = text_of(event->other_role),
                       .references = event->references,
                       .error = event->error,
                       .group_count = event->group_count};
}

/* ---- judging -------------------------------------------------------------------------------- */

/* What a finding is known by: its kind and the stack that is to blame.  Where no stack could be
 * recorded, the call and the type stand for it. */
static uint64_t finding_key(const hf_event *event, hf_trace now, hf_site site)
{
    const hf_event_party *subject = &event->subject;
    uint64_t kind = (uint64_t)event->kind + 1;
    if (hf_kind_blames_opener(event->kind) && subject->opened.stack != 0)
        return hf_dedup_key(kind, subject->opened.stack);
    uint64_t key = hf_dedup_key(kind, (uint64_t)now.stack << 32);
    if (now.stack == 0 && site != NULL)
        key = hf_dedup_key(key, ((const uintptr_t *)site)[1]);
    if (hf_kind_blames_opener(event->kind))
        key = hf_dedup_key(key, (uintptr_t)subject->type_name);
    return key;
}

/* Whether it is to be reported as far as earlier findings go. */
static bool is_news(uint64_t key)
{
    hf_dedup_answer answer = hf_dedup_add(key);
    if (answer == HF_DEDUP_FULL) {
        static _Atomic bool said;
        if (!atomic_exchange_explicit(&said, true, memory_order_relaxed))
            hf_tell("%u different findings were made: new ones are only counted from here on; "
                    "print_all=1 prints them",
                    (unsigned)HF_DEDUP_LIMIT);
    }
    return answer == HF_DEDUP_NEW;
}

/* ---- delivering ----------------------------------------------------------------------------- */

static void deliver(const hf_report *report)
{
    void *context;
    hf_report_hook hook = hf_hook_now(&context);
    if (hook != NULL && hf_self.hook_depth < HOOK_DEPTH) {
        hf_self.hook_depth++;
        bool handled = hook(report, context);
        hf_self.hook_depth--;
        if (handled)
            return;
    }
    hf_output_report(report);
}

static void judge(const hf_event *event, hf_site site, hf_policy policy)
{
    hf_report_holder holders[HOLDERS_SHOWN];
    if (policy == HF_POLICY_ONCE && atomic_load_explicit(&told[event->kind], memory_order_relaxed))
        return;
    hf_trace now = hf_event_trace(site);
    uint64_t key = finding_key(event, now, site);
    if (policy != HF_POLICY_ABORT && hf_option(HF_OPTION_PRINT_ALL) == 0 && !is_news(key))
        return;
    now.thread = hf_thread_refresh();
    hf_report report = make_report(event, now);
    report.holders = holders;
    report.holder_count = copy_holders(event, holders);
    if (hf_suppressions_match(&report, key))
        return;
    if (policy == HF_POLICY_ONCE &&
        atomic_exchange_explicit(&told[event->kind], true, memory_order_relaxed))
        return; /* another thread was first */
    deliver(&report);
    if (policy == HF_POLICY_ABORT)
        hf_os_abort();
}

void hf_event_raise(const hf_event *event, hf_site site)
{
    int error = hf_os_error();
    hf_policy policy = hf_get_policy(event->kind);
    if (policy >= HF_POLICY_REPORT)
        judge(event, site, policy);
    hf_os_set_error(error);
}

/* Stores and sets need nothing: each of their changes is one word, and whole at any moment. */
uint32_t hf_event_forked(void)
{
    hf_symbols_forked();
    hf_output_forked();
    return hf_thread_refresh();
}

/* What becomes of a finding: it is judged by its kind's policy, compared with those before, made
 * into a report, and delivered. */
#include <string.h>

#include "core/event.h"
#include "platform/platform.h"
#include "report/dedup.h"
#include "report/hook.h"
#include "report/kinds.h"
#include "report/moments.h"
#include "report/options.h"
#include "report/output.h"
#include "report/sanitizers.h"
#include "report/stacks.h"
#include "report/suppressions.h"
#include "report/symbols.h"
#include "report/threads.h"
#include "report/trace.h"
#include "report/trace_option.h"

enum { HOOK_DEPTH = 4, HOLDERS_SHOWN = 32 };

/* Kinds with the policy `once` that have been reported. */
static _Atomic bool told[HF_REPORT_KIND_COUNT];

/* ---- the report ----------------------------------------------------------------------------- */

static hf_report make_report(const hf_event *event, hf_trace now)
{
    return (hf_report){.size = (uint32_t)sizeof(hf_report),
                       .kind = event->kind,
                       .kind_name = hf_report_kind_name(event->kind),
                       .message = hf_kind_message(event->kind),
                       .advice = hf_kind_advice(event->kind),
                       .operation = hf_make_text(event->operation),
                       .table_name = hf_make_text(event->table_name),
                       .issuer_name = hf_make_text(event->issuer_name),
                       .now = hf_make_moment(now),
                       .subject = hf_make_party(&event->subject),
                       .other = hf_make_party(&event->other),
                       .other_role = hf_make_text(event->other_role),
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
    hf_trace_option_report(report);
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
    report.holder_count = event->holder_count < HOLDERS_SHOWN ? event->holder_count : HOLDERS_SHOWN;
    hf_make_holders(event->holders, report.holder_count, holders);
    if (hf_suppressions_match(&report, key))
        return;
    if (policy == HF_POLICY_ONCE &&
        atomic_exchange_explicit(&told[event->kind], true, memory_order_relaxed))
        return; /* another thread was first */
    deliver(&report);
    if (policy == HF_POLICY_ABORT)
        hf_sanitizers_end_process();
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
    hf_sanitizers_forked();
    uint32_t thread = hf_thread_refresh();
    hf_trace_process_begins(HF_TRACE_FORKED, NULL);
    return thread;
}

/* The report hook: what it is given, what it may do, and what happens when findings are made inside
 * it. */
#include "report/hook.h"
#include "finding.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static unsigned hook_calls;
static unsigned deepest;
static unsigned depth;

/* ---- what it is given -------------------------------------------------------------------------
 */

static bool check_everything(const hf_report *report, void *context)
{
    hook_calls++;
    cr_expect_eq(context, &depth);
    cr_expect_eq(report->size, sizeof *report);
    cr_expect_eq(report->kind, HF_REPORT_HANDLE_REUSE);
    cr_expect_str_eq(report->kind_name, "handle-reuse");
    cr_expect_neq(report->message[0], '\0');
    cr_expect_neq(report->advice[0], '\0');
    cr_expect_str_eq(report->operation, "hf_close");
    cr_expect_str_eq(report->table_name, "files");
    cr_expect_str_eq(report->issuer_name, "");
    cr_expect_gt(report->now.frame_count, 1);
    cr_expect_neq(report->now.thread, 0);
    cr_expect_eq(report->subject.handle.bits, 0x1234567);
    cr_expect_eq(report->subject.value, 5);
    cr_expect_str_eq(report->subject.type_name, "fd");
    cr_expect_str_eq(report->subject.label, "config");
    cr_expect_gt(report->subject.opened.frame_count, 1);
    cr_expect_gt(report->subject.closed.frame_count, 1);
    cr_expect_neq(report->subject.opened.frames[0], report->subject.closed.frames[0]);
    cr_expect_eq(report->other.handle.bits, 0x7654321);
    cr_expect_str_eq(report->other.label, "");
    cr_expect_eq(report->other.closed.frame_count, 0);
    cr_expect_str_eq(report->other_role, "its place now belongs to");
    cr_expect_eq(report->holder_count, 2);
    cr_expect_eq(report->holders[0].hold, HF_HOLD_COUNTED);
    cr_expect_gt(report->holders[0].entered.frame_count, 1);
    cr_expect_eq(report->holders[1].entered.frame_count, 0);
    cr_expect_eq(report->holders[1].entered.thread, report->now.thread);
    cr_expect_eq(report->references, 3);
    cr_expect_eq(report->error, EBADF);
    cr_expect_eq(report->group_count, 1);
    return true;
}

Test(hook, is_given_the_whole_finding)
{
    hf_event event = finding_full(HF_REPORT_HANDLE_REUSE);
    hf_set_report_hook(check_everything, &depth);
    finding_raise(&event);
    cr_expect_eq(hook_calls, 1);
}

static bool check_nothing_known(const hf_report *report, void *context)
{
    (void)context;
    hook_calls++;
    cr_expect_str_eq(report->operation, "");
    cr_expect_str_eq(report->table_name, "");
    cr_expect_str_eq(report->subject.type_name, "");
    cr_expect_str_eq(report->subject.label, "");
    cr_expect_str_eq(report->subject.opened.thread_name, "");
    cr_expect_eq(report->now.frame_count, 0);
    cr_expect_str_eq(report->other_role, "");
    return true;
}

Test(hook, is_given_empty_texts_where_nothing_is_known)
{
    hf_event event = {.kind = HF_REPORT_FORGED_HANDLE};
    hf_set_report_hook(check_nothing_known, NULL);
    hf_event_raise(&event, NULL);
    cr_expect_eq(hook_calls, 1);
}

static bool check_many_holders(const hf_report *report, void *context)
{
    (void)context;
    hook_calls++;
    cr_expect_gt(report->holder_count, 0);
    cr_expect_lt(report->holder_count, 100);
    cr_expect_eq(report->references, 100);
    for (uint32_t i = 0; i < report->holder_count; i++)
        cr_expect_neq(report->holders[i].entered.thread, 0);
    return true;
}

Test(hook, is_given_the_first_of_very_many_holders)
{
    hf_event_holder holders[100];
    hf_event event = finding_bare(HF_REPORT_RUNDOWN_TIMEOUT);
    for (int i = 0; i < 100; i++)
        holders[i] = (hf_event_holder){.entered = finding_trace()};
    event.holders = holders;
    event.holder_count = 100;
    event.references = 100;
    hf_set_report_hook(check_many_holders, NULL);
    finding_raise(&event);
    cr_expect_eq(hook_calls, 1);
}

/* ---- what it answers --------------------------------------------------------------------------
 */

static bool answer(const hf_report *report, void *context)
{
    (void)report;
    return context != NULL;
}

static void raise_handled(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    hf_set_report_hook(answer, &depth);
    finding_raise(&event);
}

static void raise_not_handled(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    hf_set_report_hook(answer, NULL);
    finding_raise(&event);
}

static void raise_after_hook_was_taken_away(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    hf_set_report_hook(answer, &depth);
    hf_set_report_hook(NULL, &depth);
    finding_raise(&event);
}

static bool count_call(const hf_report *report, void *context)
{
    (void)report;
    (void)context;
    hook_calls++;
    return true;
}

Test(hook, is_called_for_each_of_many_findings)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    hf_set_report_hook(count_call, NULL);
    for (unsigned i = 0; i < 20; i++)
        finding_raise_at(&event, i);
    cr_expect_eq(hook_calls, 20);
}

Test(hook, handled_is_not_printed)
{
    cr_expect_str_eq(outcome_of(NULL, raise_handled)->text, "");
}

Test(hook, not_handled_is_printed_too)
{
    cr_expect_eq(occurrences(outcome_of(NULL, raise_not_handled)->text, "SUMMARY: "), 1);
}

Test(hook, taken_away_is_not_called)
{
    const outcome *result = outcome_of(NULL, raise_after_hook_was_taken_away);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1);
}

/* ---- findings inside it -----------------------------------------------------------------------
 */

static bool raise_inside(const hf_report *report, void *context)
{
    (void)report;
    (void)context;
    hook_calls++;
    depth++;
    if (depth > deepest)
        deepest = depth;
    hf_event event = finding_full(HF_REPORT_DOUBLE_CLOSE);
    event.operation = depth == 4 ? "the_fifth" : "nested";
    finding_raise(&event);
    depth--;
    return true;
}

static void raise_endlessly(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    hf_set_report_hook(raise_inside, NULL);
    finding_raise(&event);
    if (hook_calls != 4 || deepest != 4)
        abort();
}

Test(hook, nested_findings_reach_it_four_deep_and_then_the_writer)
{
    const outcome *result = outcome_of(NULL, raise_endlessly);
    cr_expect(outcome_is_good(result), "%s", result->text);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1);
    cr_expect_eq(occurrences(result->text, "the_fifth"), 1);
}

static char text_inside[1 << 16];

static bool write_and_replace(const hf_report *report, void *context)
{
    (void)context;
    hook_calls++;
    hf_report_text(report, text_inside, sizeof text_inside);
    hf_set_report_hook(answer, &depth);
    (void)hf_set_options("stack_depth=3");
    return true;
}

Test(hook, may_write_the_report_and_replace_itself)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    hf_set_report_hook(write_and_replace, NULL);
    finding_raise(&event);
    finding_raise_at(&event, 0);
    cr_expect_eq(hook_calls, 1);
    cr_expect_eq(occurrences(text_inside, "SUMMARY: "), 1);
}

/* ---- hook and context belong together ---------------------------------------------------------
 */

enum { ROUNDS = 20000 };
static int left_context;
static int right_context;
static _Atomic bool stop;

static bool left_hook(const hf_report *report, void *context)
{
    (void)report;
    return context == &left_context;
}

static bool right_hook(const hf_report *report, void *context)
{
    (void)report;
    return context == &right_context;
}

static void *keep_setting(void *argument)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        hf_set_report_hook(left_hook, &left_context);
        hf_set_report_hook(right_hook, &right_context);
    }
    return argument;
}

Test(hook_stress, hook_and_context_are_never_mixed)
{
    pthread_t setters[2];
    unsigned seen = 0;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&setters[i], NULL, keep_setting, NULL), 0);
    while (seen < ROUNDS) {
        void *context;
        hf_report_hook hook = hf_hook_now(&context);
        if (hook == NULL)
            continue;
        seen++;
        cr_assert(hook(NULL, context), "round %u", seen);
    }
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (int i = 0; i < 2; i++)
        pthread_join(setters[i], NULL);
}

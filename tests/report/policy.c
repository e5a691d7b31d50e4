/* Policies: what becomes of a finding of each kind. */
#include "finding.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void raise_twice(void)
{
    hf_event event = finding_full(HF_REPORT_DOUBLE_CLOSE);
    finding_raise(&event);
    finding_raise(&event);
}

static unsigned calls_with(hf_policy policy)
{
    hf_set_report_hook(finding_count_calls, NULL);
    cr_assert_eq(hf_set_policy(HF_REPORT_DOUBLE_CLOSE, policy), HF_OK);
    finding_hook_calls = 0;
    raise_twice();
    return finding_hook_calls;
}

Test(policy, every_kind_is_reported_by_default)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        cr_expect_eq(hf_get_policy((hf_report_kind)kind), HF_POLICY_REPORT, "kind %u", kind);
}

Test(policy, ignored_kind_is_neither_counted_nor_reported)
{
    cr_expect_eq(calls_with(HF_POLICY_IGNORE), 0);
    cr_expect_not(hf_event_counts(HF_REPORT_DOUBLE_CLOSE));
    cr_expect(hf_event_counts(HF_REPORT_LEAK), "other kinds are counted");
}

Test(policy, counted_kind_is_not_reported)
{
    cr_expect_eq(calls_with(HF_POLICY_COUNT), 0);
    cr_expect(hf_event_counts(HF_REPORT_DOUBLE_CLOSE));
}

Test(policy, reported_kind_is_reported_at_each_place)
{
    cr_expect_eq(calls_with(HF_POLICY_REPORT), 2);
    cr_expect(hf_event_counts(HF_REPORT_DOUBLE_CLOSE));
}

Test(policy, once_is_once_in_the_process)
{
    cr_expect_eq(calls_with(HF_POLICY_ONCE), 1);
    raise_twice();
    cr_expect_eq(finding_hook_calls, 1);
}

Test(policy, once_is_once_a_kind)
{
    cr_expect_eq(calls_with(HF_POLICY_ONCE), 1);
    hf_event other = finding_full(HF_REPORT_STALE_USE);
    cr_assert_eq(hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_ONCE), HF_OK);
    finding_raise(&other);
    cr_expect_eq(finding_hook_calls, 2);
}

Test(policy, wrong_numbers_are_refused)
{
    hf_report_kind no_kind = HF_REPORT_KIND_COUNT;
    cr_expect_eq(hf_set_policy(no_kind, HF_POLICY_COUNT), HF_E_INVALID_ARGUMENT);
    cr_expect_eq(hf_set_policy((hf_report_kind)-1, HF_POLICY_COUNT), HF_E_INVALID_ARGUMENT);
    cr_expect_eq(hf_set_policy(HF_REPORT_LEAK, (hf_policy)(HF_POLICY_ABORT + 1)),
                 HF_E_INVALID_ARGUMENT);
    cr_expect_eq(hf_get_policy(HF_REPORT_LEAK), HF_POLICY_REPORT);
    cr_expect_eq(hf_get_policy(no_kind), HF_POLICY_IGNORE);
    cr_expect_not(hf_event_counts(no_kind));
}

Test(policy, finding_of_no_kind_is_nothing)
{
    hf_event event = finding_full(HF_REPORT_KIND_COUNT);
    hf_set_report_hook(finding_count_calls, NULL);
    finding_raise(&event);
    cr_expect_eq(finding_hook_calls, 0);
}

Test(policy, kinds_have_their_names)
{
    cr_expect_str_eq(hf_report_kind_name(HF_REPORT_RELEASE_FAILED), "release-failed");
    cr_expect_str_eq(hf_report_kind_name(HF_REPORT_RUNDOWN_TIMEOUT), "rundown-timeout");
    cr_expect_str_eq(hf_report_kind_name(HF_REPORT_KIND_COUNT), "unknown");
    cr_expect_str_eq(hf_report_kind_name((hf_report_kind)-1), "unknown");
}

/* ---- abort ---------------------------------------------------------------------------------- */

static bool died_by_abort(const outcome *result)
{
    return WIFSIGNALED(result->status) && WTERMSIG(result->status) == SIGABRT;
}

Test(policy, abort_reports_and_aborts)
{
    const outcome *result = outcome_of("double_close=abort", raise_twice);
    cr_expect(died_by_abort(result), "status %#x", (unsigned)result->status);
    cr_expect_eq(occurrences(result->text, "ERROR: Holdfast: double-close"), 1);
    cr_expect(occurrences(result->text, "SUMMARY: Holdfast: double-close") == 1,
              "the report is complete: %s", result->text);
}

static void raise_with_handling_hook(void)
{
    hf_set_report_hook(finding_count_calls, NULL);
    raise_twice();
}

Test(policy, abort_aborts_after_a_hook_that_handles)
{
    const outcome *result = outcome_of("double_close=abort", raise_with_handling_hook);
    cr_expect(died_by_abort(result));
    cr_expect_str_eq(result->text, "");
}

/* One place for all: a loop may be unrolled, and its calls be different ones. */
__attribute__((noinline)) static void raise_here(const hf_event *event)
{
    (void)hf_set_options("stack_depth=1");
    finding_raise(event);
}

static void raise_known_then_abort(void)
{
    hf_event event = finding_full(HF_REPORT_DOUBLE_CLOSE);
    raise_here(&event);
    raise_here(&event);
    (void)hf_set_policy(HF_REPORT_DOUBLE_CLOSE, HF_POLICY_ABORT);
    raise_here(&event);
}

Test(policy, abort_aborts_on_a_finding_that_was_reported_before)
{
    const outcome *result = outcome_of(NULL, raise_known_then_abort);
    cr_expect(died_by_abort(result));
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 2);
}

Test(policy, abort_leaves_other_kinds_alone)
{
    const outcome *result = outcome_of("stale_use=abort", raise_twice);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 2);
}

/* ---- errno ---------------------------------------------------------------------------------- */

static bool spoil_errno(const hf_report *report, void *context)
{
    (void)report;
    (void)context;
    errno = ENOSPC;
    return false;
}

static void raise_and_exit_with_errno(void)
{
    hf_event event = finding_full(HF_REPORT_DOUBLE_CLOSE);
    hf_set_report_hook(spoil_errno, NULL);
    errno = EXDEV;
    finding_raise(&event);
    if (errno != EXDEV)
        abort();
    hf_set_report_hook(NULL, NULL);
    if (hf_set_options("log_path=/nowhere/at/all") == HF_OK || errno != EXDEV)
        abort();
}

Test(policy, errno_survives_the_hook_and_the_writer)
{
    const outcome *result = outcome_of(NULL, raise_and_exit_with_errno);
    cr_expect(outcome_is_good(result), "%s", result->text);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1);
}

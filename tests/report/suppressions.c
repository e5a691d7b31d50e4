/* Suppressions: what a rule matches, and what becomes of rules that are none. */
#include "report/suppressions.h"
#include "finding.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

TestSuite(suppressions, .fini = temporary_remove);

static void raise_two_kinds(void)
{
    hf_event use = finding_full(HF_REPORT_STALE_USE);
    hf_event leak = finding_full(HF_REPORT_LEAK);
    finding_raise(&use);
    finding_raise(&leak);
}

static const outcome *outcome_with(const char *rules, const char *more, void (*function)(void))
{
    char options[256];
    snprintf(options, sizeof options, "suppressions=%s%s", temporary_file(rules), more);
    return outcome_of(options, function);
}

/* How many of two findings, of which one is a leak, are printed. */
static void expect_printed(const char *rules, bool use, bool leak)
{
    const outcome *result = outcome_with(rules, "", raise_two_kinds);
    cr_expect(outcome_is_good(result), "%s", rules);
    cr_expect_eq(occurrences(result->text, "SUMMARY: Holdfast: stale-use"), use, "%s\n%s", rules,
                 result->text);
    cr_expect_eq(occurrences(result->text, "SUMMARY: Holdfast: leak"), leak, "%s\n%s", rules,
                 result->text);
    temporary_remove();
}

Test(suppressions, function_of_the_wrong_call)
{
    expect_printed("stale-use:raise_two_kinds\n", false, true);
}

Test(suppressions, function_of_the_opener_and_of_the_closer)
{
    expect_printed("stale-use:opened_here\n", false, true);
    expect_printed("leak:closed_here\n", true, false);
}

Test(suppressions, pattern)
{
    expect_printed("stale-use:raise_*_kinds\n", false, true);
    expect_printed("stale-use:raise_t?o*\n", false, true);
    expect_printed("stale-use:*\n", false, true);
    expect_printed("stale-use:raise_\n", true, true);
    expect_printed("stale-use:aise_two_kinds\n", true, true);
    expect_printed("stale-use:raise_*_kindsx\n", true, true);
    expect_printed("stale-use:raise_two_kinds*\n", false, true);
    expect_printed("stale-use:raise_two_kinds?\n", true, true);
}

Test(suppressions, file_by_its_path_and_its_last_part)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    expect_printed("stale-use:suppressions.c\n", false, true);
    expect_printed("stale-use:*/tests/report/suppressions.c\n", false, true);
}

Test(suppressions, module_by_its_path_and_its_last_part)
{
    expect_printed("stale-use:report_tests\n", false, true);
    expect_printed("leak:*/report_tests\n", true, false);
}

Test(suppressions, any_kind)
{
    expect_printed("*:raise_two_kinds\n", false, false);
}

Test(suppressions, kind_may_be_spelt_as_the_option)
{
    expect_printed("stale_use:raise_two_kinds\n", false, true);
}

Test(suppressions, comments_empty_lines_and_margins_are_no_rules)
{
    expect_printed("# stale-use:*\n\n   \r\n  stale-use:nothing  \r\n  # *:*\n", true, true);
    expect_printed("\n\tleak:raise_two_kinds  \r\n", true, false);
}

Test(suppressions, last_line_may_end_with_the_file)
{
    expect_printed("leak:nothing\nleak:raise_two_kinds", true, false);
}

Test(suppressions, empty_file_suppresses_nothing)
{
    expect_printed("", true, true);
}

Test(suppressions, malformed_lines_are_told_with_their_numbers)
{
    const outcome *result = outcome_with("no_colon\n# fine\nno-such-kind:x\nstale-use:\n:x\n"
                                         "leak:raise_two_kinds\n",
                                         "", raise_two_kinds);
    static const unsigned bad_lines[] = {1, 3, 4, 5};
    for (int i = 0; i < 4; i++) {
        char place[100];
        snprintf(place, sizeof place, ":%u: ", bad_lines[i]);
        cr_expect_eq(occurrences(result->text, place), 1, "%s in %s", place, result->text);
    }
    cr_expect_eq(occurrences(result->text, "a suppression is kind:pattern"), 4);
    cr_expect_eq(occurrences(result->text, "SUMMARY: Holdfast: stale-use"), 1);
    cr_expect_eq(occurrences(result->text, "SUMMARY: Holdfast: leak"), 0);
}

Test(suppressions, unreadable_file_is_told)
{
    const outcome *result = outcome_of("suppressions=/nowhere/at/all", raise_two_kinds);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "cannot read '/nowhere/at/all': No such file"), 1, "%s",
                 result->text);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 2);
}

Test(suppressions, directory_is_no_file)
{
    const outcome *result = outcome_of("suppressions=/", raise_two_kinds);
    cr_expect_eq(occurrences(result->text, "cannot read '/'"), 1, "%s", result->text);
}

Test(suppressions, suppressed_finding_does_not_abort)
{
    const outcome *result =
        outcome_with("stale-use:raise_two_kinds\n", ":all=abort", raise_two_kinds);
    cr_expect(WIFSIGNALED(result->status) && WTERMSIG(result->status) == SIGABRT);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1, "only the leak did: %s", result->text);
}

Test(suppressions, suppressed_finding_is_counted_but_not_given_to_the_hook)
{
    char options[256];
    snprintf(options, sizeof options, "suppressions=%s:stale_use=once",
             temporary_file("stale-use:raise_two_kinds\n"));
    hf_set_report_hook(finding_count_calls, NULL);
    cr_assert_eq(hf_set_options(options), HF_OK);
    raise_two_kinds();
    cr_expect_eq(finding_hook_calls, 1);
    cr_expect(hf_event_counts(HF_REPORT_STALE_USE));
    hf_event elsewhere = finding_bare(HF_REPORT_STALE_USE);
    finding_raise(&elsewhere);
    cr_expect_eq(finding_hook_calls, 2, "it was not the one that policy once allows");
}

static _Atomic int rounds = 3; /* not to be unrolled: all are to have one stack */

static void raise_under_other_rules(void)
{
    hf_event use = finding_full(HF_REPORT_STALE_USE);
    char options[128];
    snprintf(options, sizeof options, "print_all=1:suppressions=%s", temporary_file("*:nobody\n"));
    for (int i = 0; i < rounds; i++) {
        finding_raise(&use);
        if (i == 1 && hf_set_options(options) != HF_OK)
            abort();
    }
}

Test(suppressions, verdict_of_other_rules_is_forgotten)
{
    const outcome *result =
        outcome_with("*:raise_under_other_rules\n", ":print_all=1", raise_under_other_rules);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1, "%s", result->text);
}

Test(suppressions, refused_file_leaves_the_rules_as_they_are)
{
    char options[256];
    snprintf(options, sizeof options, "suppressions=%s",
             temporary_file("stale-use:raise_two_kinds\n"));
    hf_set_report_hook(finding_count_calls, NULL);
    cr_assert_eq(hf_set_options(options), HF_OK);
    cr_expect_eq(hf_set_options("suppressions=/nowhere"), HF_E_INVALID_ARGUMENT);
    cr_expect_str_eq(hf_suppressions_path(), options + strlen("suppressions="));
    raise_two_kinds();
    cr_expect_eq(finding_hook_calls, 1);
}

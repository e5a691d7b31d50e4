/* Options: what is understood, what is refused and told, and that the rest is applied. */
#include "report/options.h"
#include "finding.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(options, .fini = temporary_remove);

/* ---- what is understood -----------------------------------------------------------------------
 */

static void expect_options(const char *text, unsigned level, unsigned stack_depth)
{
    cr_assert_eq(hf_set_options("level=0:stack_depth=16"), HF_OK);
    cr_expect_eq(hf_set_options(text), HF_OK, "'%s'", text);
    cr_expect_eq(hf_event_level(), level, "'%s'", text);
    cr_expect_eq(hf_option(HF_OPTION_STACK_DEPTH), stack_depth, "'%s'", text);
}

Test(options, separators_are_colon_comma_and_white_space)
{
    expect_options("", 0, 16);
    expect_options("level=2", 2, 16);
    expect_options("level=2:stack_depth=3", 2, 3);
    expect_options("level=2,stack_depth=3", 2, 3);
    expect_options("level=2 stack_depth=3", 2, 3);
    expect_options("\nlevel=2\t\r\nstack_depth=3\n", 2, 3);
    expect_options(":,: level=2 ::, stack_depth=3 ,", 2, 3);
}

Test(options, values_may_be_quoted)
{
    expect_options("level='2':stack_depth=\"3\"", 2, 3);
    expect_options("level='2'stack_depth=3", 2, 3);
}

Test(options, last_one_wins)
{
    expect_options("level=1:level=3", 3, 16);
}

Test(options, choices_and_truths_have_names)
{
    cr_expect_eq(hf_set_options("unwind=unwinder:format=json:color=never:print_all=yes"), HF_OK);
    cr_expect_eq(hf_option(HF_OPTION_UNWIND), HF_UNWIND_UNWINDER);
    cr_expect_eq(hf_option(HF_OPTION_FORMAT), HF_FORMAT_JSON);
    cr_expect_eq(hf_option(HF_OPTION_COLOR), HF_COLOR_NEVER);
    cr_expect_eq(hf_option(HF_OPTION_PRINT_ALL), 1);
    cr_expect_eq(hf_set_options("print_all=false"), HF_OK);
    cr_expect_eq(hf_option(HF_OPTION_PRINT_ALL), 0);
}

Test(options, each_kind_has_a_policy)
{
    static const char *const names[] = {"ignore", "count", "report", "once", "abort"};
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        for (unsigned policy = 0; policy <= HF_POLICY_ABORT; policy++) {
            char text[64];
            snprintf(text, sizeof text, "%s=%s", hf_report_kind_name((hf_report_kind)kind),
                     names[policy]);
            cr_expect_eq(hf_set_options(text), HF_OK, "'%s'", text);
            for (char *at = text; *at != '\0'; at++)
                *at = *at == '-' ? '_' : *at;
            cr_expect_eq(hf_set_options(text), HF_OK, "'%s'", text);
            cr_expect_eq((unsigned)hf_get_policy((hf_report_kind)kind), policy, "'%s'", text);
        }
    }
}

Test(options, all_is_for_every_kind_and_may_be_refined)
{
    cr_expect_eq(hf_set_options("leak=abort:all=count:double_close=once"), HF_OK);
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        cr_expect_eq(hf_get_policy((hf_report_kind)kind),
                     kind == HF_REPORT_DOUBLE_CLOSE ? HF_POLICY_ONCE : HF_POLICY_COUNT);
}

/* ---- the environment --------------------------------------------------------------------------
 */

static void check_environment(void)
{
    if (hf_event_level() != 3 || hf_get_policy(HF_REPORT_LEAK) != HF_POLICY_COUNT)
        abort();
}

Test(options, environment_is_read_at_first_need)
{
    const outcome *result = outcome_of("level=3:leak=count", check_environment);
    cr_expect(outcome_is_good(result));
    cr_expect_str_eq(result->text, "");
}

static void set_before_environment_is_read(void)
{
    if (hf_set_options("level=3") != HF_OK ||
        hf_set_policy(HF_REPORT_LEAK, HF_POLICY_COUNT) != HF_OK)
        abort();
    check_environment();
    if (hf_option(HF_OPTION_STACK_DEPTH) != 5)
        abort();
}

Test(options, program_overrides_environment_also_when_it_comes_first)
{
    cr_expect(outcome_is_good(
        outcome_of("level=1:leak=abort:stack_depth=5", set_before_environment_is_read)));
}

static void *read_one(void *argument)
{
    if (hf_event_level() != 3 || hf_get_policy(HF_REPORT_LEAK) != HF_POLICY_COUNT)
        abort();
    return argument;
}

static void read_by_many(void)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        if (pthread_create(&threads[i], NULL, read_one, NULL) != 0)
            abort();
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

Test(options, environment_read_by_many_threads_is_told_of_once)
{
    const outcome *result = outcome_here("level=3:leak=count:nonsense=1", read_by_many);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "nonsense"), 1, "%s", result->text);
}

/* ---- what is refused --------------------------------------------------------------------------
 */

static const char *bad_text;

static void set_bad(void)
{
    if (hf_set_options(bad_text) != HF_E_INVALID_ARGUMENT)
        abort();
    (void)hf_set_options(bad_text);
    if (hf_option(HF_OPTION_STACK_DEPTH) != 7) /* what stood around it is applied */
        abort();
}

static void expect_refused(const char *text, const char *message)
{
    bad_text = text;
    const outcome *result = outcome_of(NULL, set_bad);
    cr_expect(outcome_is_good(result), "'%s': %#x", text, (unsigned)result->status);
    cr_expect_eq(occurrences(result->text, message), 1, "'%s' said: %s", text, result->text);
    cr_expect_eq(occurrences(result->text, "known options:"), 1, "%s", result->text);
    cr_expect_neq(strstr(result->text, "stack_depth"), NULL);
    cr_expect_neq(strstr(result->text, "double_close"), NULL);
}

Test(options, unknown_key_is_told_once_with_the_list)
{
    expect_refused("stack_depth=7:frobnicate=1", "no option 'frobnicate'");
    expect_refused("frobnicate=1:stack_depth=7:frobnicate=1", "no option 'frobnicate'");
    expect_refused("=1:stack_depth=7", "no option ''");
}

Test(options, malformed_value_is_told_once_with_the_list)
{
    expect_refused("level=4:stack_depth=7", "malformed value '4'");
    expect_refused("level=-1:stack_depth=7", "malformed value '-1'");
    expect_refused("level=:stack_depth=7", "malformed value ''");
    expect_refused("level=1x:stack_depth=7", "malformed value '1x'");
    expect_refused("stack_depth=7:stack_depth=0", "malformed value '0'");
    expect_refused("stack_depth=7:stack_depth=65", "malformed value '65'");
    expect_refused("stack_depth=7:stack_depth=99999999999999999999", "malformed value '999999");
    expect_refused("stack_depth=7:leak=explode", "malformed value 'explode'");
    expect_refused("stack_depth=7:leak=abor", "malformed value 'abor'");
    expect_refused("stack_depth=7:color=autoo", "malformed value 'autoo'");
}

Test(options, malformed_pair_is_told_once_with_the_list)
{
    expect_refused("level:stack_depth=7", "no value for 'level'");
    expect_refused("stack_depth=7:level", "no value for 'level'");
    expect_refused("stack_depth=7:log_path='unfinished", "no closing quote after 'log_path'");
}

static void set_very_bad(void)
{
    static char text[100000];
    memset(text, 'k', sizeof text - 1);
    if (hf_set_options(text) == HF_OK)
        abort();
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)(i * 7919 % 255 + 1);
    if (hf_set_options(text) == HF_OK || hf_set_options(NULL) != HF_E_INVALID_ARGUMENT)
        abort();
}

Test(options, garbage_is_survived)
{
    const outcome *result = outcome_of("=:'=\":\x01=\x02 level='", set_very_bad);
    cr_expect(outcome_is_good(result), "%s", result->text);
}

/* ---- help -------------------------------------------------------------------------------------
 */

static void use_an_option(void)
{
    (void)hf_event_level();
    (void)hf_event_level();
}

Test(options, setting_them_preserves_errno)
{
    errno = 12345;
    cr_expect_eq(hf_set_options("log_path=/nowhere/at/all/report.log"), HF_E_INVALID_ARGUMENT);
    cr_expect_eq(errno, 12345);
}

Test(options, help_lists_every_option_with_its_value)
{
    const outcome *result = outcome_of("help=1:level=2:double_close=once", use_an_option);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "level=0..3 (now: 2)"), 1, "%s", result->text);
    cr_expect_eq(
        occurrences(result->text, "double_close=ignore|count|report|once|abort (now: once)"), 1);
    cr_expect_eq(occurrences(result->text, "log_path=FILE (now: stderr)"), 1);
    cr_expect_eq(occurrences(result->text, "(now: "), HF_OPTION_COUNT);
}

/* ---- the log file -----------------------------------------------------------------------------
 */

static void raise_two(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    finding_raise_at(&event, 0);
    finding_raise_at(&event, 1);
}

static const outcome *raise_into(const char *path, void (*function)(void))
{
    char text[256];
    snprintf(text, sizeof text, "log_path='%s':symbolize=0", path);
    return outcome_of(text, function);
}

Test(options, log_path_takes_the_reports)
{
    const char *path = temporary_file("before\n");
    const outcome *result = raise_into(path, raise_two);
    cr_expect(outcome_is_good(result));
    cr_expect_str_eq(result->text, "");
    cr_expect_eq(occurrences(file_content(path), "SUMMARY: "), 2);
    cr_expect_eq(strncmp(file_content(path), "before\n", 7), 0, "it is appended to");
}

static void raise_and_say_pid(void)
{
    raise_two();
    fprintf(stderr, "%d", (int)getpid());
}

Test(options, log_path_may_hold_the_process_id)
{
    char path[128];
    snprintf(path, sizeof path, "%s.%%p", temporary_file(NULL));
    const outcome *result = raise_into(path, raise_and_say_pid);
    snprintf(strchr(path, '%'), 16, "%.15s", result->text);
    cr_expect_eq(occurrences(file_content(path), "SUMMARY: "), 2, "%s", path);
    unlink(path);
}

static void raise_elsewhere(void)
{
    (void)hf_event_level();
    if (chdir("/") != 0)
        abort();
    raise_two();
}

Test(options, log_path_does_not_move_with_the_directory)
{
    const char *path = temporary_file(NULL);
    cr_assert_eq(chdir("/tmp"), 0);
    const outcome *result = raise_into(strrchr(path, '/') + 1, raise_elsewhere);
    cr_expect(outcome_is_good(result), "%s", result->text);
    cr_expect_eq(occurrences(file_content(path), "SUMMARY: "), 2);
}

Test(options, log_path_that_cannot_be_written_is_told_and_reports_go_to_stderr)
{
    const outcome *result = raise_into("/nowhere/at/all", raise_two);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "cannot write to '/nowhere/at/all'"), 1, "%s",
                 result->text);
    cr_expect_eq(occurrences(result->text, "No such file or directory"), 1);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 2);
}

static void go_back_to_stderr(void)
{
    if (hf_set_options("log_path=stderr") != HF_OK)
        abort();
    raise_two();
}

Test(options, log_path_stderr_is_standard_error)
{
    const char *path = temporary_file("");
    cr_expect_eq(occurrences(raise_into(path, go_back_to_stderr)->text, "SUMMARY: "), 2);
    cr_expect_str_eq(file_content(path), "");
}

static char lost_directory[] = "/tmp/holdfast-test-XXXXXX";
static char lost_path[64];

static void lose_the_directory(void)
{
    (void)hf_event_level();
    if (unlink(lost_path) != 0 || rmdir(lost_directory) != 0)
        abort();
    raise_two();
}

Test(options, log_path_that_is_lost_later_is_told_once)
{
    cr_assert_neq(mkdtemp(lost_directory), NULL);
    snprintf(lost_path, sizeof lost_path, "%s/log", lost_directory);
    const outcome *result = raise_into(lost_path, lose_the_directory);
    cr_expect(outcome_is_good(result), "%s", result->text);
    cr_expect_eq(occurrences(result->text, "any more"), 1);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 2);
}

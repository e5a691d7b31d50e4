/* The text of a report: what it says, in which order, and in which form. */
#include "finding.h"
#include "report/output.h"
#include "report/symbols.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char written[1 << 16];

static bool write_text(const hf_report *report, void *context)
{
    (void)context;
    hf_report_text(report, written, sizeof written);
    return true;
}

/* The text of a finding. */
__attribute__((noinline)) static const char *text_of(const hf_event *event)
{
    hf_set_report_hook(write_text, NULL);
    (void)hf_set_options("print_all=1");
    written[0] = '\0';
    finding_raise(event);
    return written;
}

static bool matches(const char *text, const char *pattern)
{
    regex_t compiled;
    cr_assert_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
    bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

/* The parts occur, in this order. */
static bool in_order(const char *text, const char *const *parts)
{
    for (; *parts != NULL; parts++) {
        const char *found = strstr(text, *parts);
        if (found == NULL)
            return false;
        text = found + strlen(*parts);
    }
    return true;
}

#define expect_match(text, pattern) \
    cr_expect(matches(text, pattern), "no %s in:\n%s", pattern, text)

Test(text, every_kind_begins_and_ends_as_the_sanitizers_do)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        char first[100];
        char last[100];
        const char *name = hf_report_kind_name((hf_report_kind)kind);
        hf_event event = finding_full((hf_report_kind)kind);
        const char *text = text_of(&event);
        snprintf(first, sizeof first, "\n==%d==ERROR: Holdfast: %s: ", (int)getpid(), name);
        snprintf(last, sizeof last, "\nSUMMARY: Holdfast: %s ", name);
        cr_expect_neq(strstr(text, first), NULL, "%s", text);
        const char *summary = strstr(text, last);
        cr_assert_neq(summary, NULL, "%s", text);
        cr_expect_eq(strchr(summary + 1, '\n') + 1, text + strlen(text), "it is the last line");
    }
}

Test(text, sections_come_in_the_order_that_crash_tools_read)
{
    static const char *const parts[] = {"found by hf_close: handle 0x1234567 (fd 5, \"config\")",
                                        "table \"files\"",
                                        "this call, by thread",
                                        "#0 0x",
                                        "previously closed by thread",
                                        "#0 0x",
                                        "opened by thread",
                                        "#0 0x",
                                        "its place now belongs to handle 0x7654321 (socket 5)",
                                        "which was opened by thread",
                                        "held in a counted region by thread",
                                        "#0 0x",
                                        "held in a hazard region by thread",
                                        "counted holders: 3",
                                        "the system's error: Bad file descriptor (9)",
                                        "hint: ",
                                        "SUMMARY: ",
                                        NULL};
    hf_event event = finding_full(HF_REPORT_HANDLE_REUSE);
    cr_expect(in_order(text_of(&event), parts), "%s", written);
}

Test(text, opener_comes_first_where_he_is_blamed)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    static const char *const parts[] = {"3 handles", "opened by", "this call,", "SUMMARY: ", NULL};
    hf_event event = finding_full(HF_REPORT_LEAK);
    event.group_count = 3;
    cr_expect(in_order(text_of(&event), parts), "%s", written);
    expect_match(written, "^SUMMARY: Holdfast: leak finding\\.c:[0-9]+ in opened_here$");
}

Test(text, frames_name_function_file_and_line)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    text_of(&event);
    expect_match(written, "^    #0 0x[0-9a-f]+ in text_of /[^ ]*/tests/report/text\\.c:[0-9]+$");
    expect_match(written, "^    #0 0x[0-9a-f]+ in closed_here /[^ ]*/finding\\.c:[0-9]+$");
    expect_match(written, "^SUMMARY: Holdfast: stale-use text\\.c:[0-9]+ in text_of$");
    cr_expect_eq(strstr(written, "hf_event_raise"), NULL, "the library's own frames are left out");
}

Test(text, frames_have_module_and_offset_where_lines_are_not_wanted)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    (void)hf_set_options("symbolize=0");
    text_of(&event);
    expect_match(written, "^    #0 0x[0-9a-f]+ \\(/[^ ]*report_tests\\+0x[0-9a-f]+\\)$");
    expect_match(written, "^SUMMARY: Holdfast: stale-use \\(report_tests\\+0x[0-9a-f]+\\)$");
}

Test(text, each_stack_ends_with_an_empty_line)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    text_of(&event);
    for (const char *at = written; (at = strstr(at, "    #0 ")) != NULL;) {
        const char *end = strstr(at, "\n\n");
        const char *next = strstr(at + 1, "    #0 ");
        cr_assert_neq(end, NULL);
        cr_assert(next == NULL || end < next);
        at = end;
    }
}

/* ---- threads ----------------------------------------------------------------------------------
 */

static void *raise_named(void *argument)
{
    (void)finding_trace(); /* the thread is known by its first name already */
    pthread_setname_np(pthread_self(), "worker-7");
    text_of(argument);
    return NULL;
}

Test(text, thread_that_names_itself_later_is_named)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, raise_named, &event), 0);
    pthread_join(thread, NULL);
    expect_match(written, "^  this call, by thread [0-9]+ \\(worker-7\\):$");
}

/* ---- what is not known ------------------------------------------------------------------------
 */

Test(text, missing_stacks_come_with_the_way_to_get_them)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    text_of(&event);
    cr_expect_neq(strstr(written, "HOLDFAST_OPTIONS=level=1"), NULL, "%s", written);
    cr_expect_eq(strstr(written, "opened by"), NULL);
    cr_expect_eq(strstr(written, "closed by"), NULL);
}

Test(text, missing_stacks_of_holders_come_with_the_way_to_get_them)
{
    hf_event_holder holder = {.entered = {.thread = hf_event_thread()}};
    hf_event event = finding_bare(HF_REPORT_RUNDOWN_TIMEOUT);
    event.holders = &holder;
    event.holder_count = 1;
    cr_expect_neq(strstr(text_of(&event), "HOLDFAST_OPTIONS=level=3"), NULL, "%s", written);
}

Test(text, handle_of_no_table_has_no_history)
{
    hf_event event = {.kind = HF_REPORT_FORGED_HANDLE, .subject = {.handle = {0x99}}};
    text_of(&event);
    cr_expect_neq(strstr(written, "found by Holdfast: handle 0x99\n"), NULL, "%s", written);
    cr_expect_eq(strstr(written, "level="), NULL);
}

Test(text, foreign_handle_names_both_tables)
{
    hf_event event = finding_bare(HF_REPORT_FOREIGN_HANDLE);
    event.issuer_name = "sockets";
    text_of(&event);
    cr_expect_neq(strstr(written, "table \"files\"; it was issued by table \"sockets\""), NULL,
                  "%s", written);
}

Test(text, pointers_are_written_as_such)
{
    hf_event event = finding_bare(HF_REPORT_LEAK);
    event.subject.value = 0x7f0012345678;
    event.subject.type_name = "FILE";
    cr_expect_neq(strstr(text_of(&event), "(FILE 0x7f0012345678, "), NULL, "%s", written);
}

Test(text, users_texts_cannot_forge_lines)
{
    hf_event event = finding_bare(HF_REPORT_LEAK);
    event.subject.label = "x\nSUMMARY: Holdfast: innocent\033[2J";
    cr_expect_neq(strstr(text_of(&event), "\"x\\x0aSUMMARY: Holdfast: innocent\\x1b[2J\""), NULL,
                  "%s", written);
    cr_expect_eq(occurrences(written, "\nSUMMARY: "), 1);
}

/* ---- into a buffer ----------------------------------------------------------------------------
 */

static size_t (*writer)(const hf_report *report, char *buffer, size_t size);

static bool write_into_every_size(const hf_report *report, void *context)
{
    (void)context;
    size_t whole = writer(report, written, sizeof written);
    cr_expect_eq(whole, strlen(written));
    for (size_t size = 1; size < whole + 2; size += size < 20 ? 1 : 97) {
        char *part = malloc(size);
        cr_assert_eq(writer(report, part, size), whole);
        size_t length = size <= whole ? size - 1 : whole;
        cr_assert_eq(strlen(part), length);
        cr_assert_eq(strncmp(part, written, length), 0);
        free(part);
    }
    cr_expect_eq(writer(report, NULL, 0), whole);
    cr_expect_eq(writer(report, NULL, 100), whole);
    return true;
}

Test(text, buffer_of_any_size_is_filled_and_terminated)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    (void)hf_set_options("symbolize=0");
    hf_set_report_hook(write_into_every_size, NULL);
    writer = hf_report_text;
    finding_raise(&event);
    writer = hf_report_json;
    (void)hf_set_options("print_all=1");
    finding_raise(&event);
    cr_expect_eq(written[0], '{');
}

Test(text, no_report_is_no_text)
{
    char buffer[4] = "abc";
    cr_expect_eq(hf_report_text(NULL, buffer, sizeof buffer), 0);
    cr_expect_str_eq(buffer, "");
    cr_expect_eq(hf_report_json(NULL, NULL, 0), 0);
}

/* ---- as it is written -------------------------------------------------------------------------
 */

static void raise_one(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    finding_raise(&event);
}

Test(text, colour_is_only_for_terminals)
{
    cr_expect_eq(strchr(outcome_of(NULL, raise_one)->text, '\033'), NULL);
    cr_expect_neq(strchr(outcome_of("color=always", raise_one)->text, '\033'), NULL);
    cr_expect_eq(strchr(outcome_of("color=never", raise_one)->text, '\033'), NULL);
}

static void raise_on_a_terminal(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int output = dup(STDERR_FILENO);
    char text[1 << 14];
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        return;
    int slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    if (slave < 0 || dup2(slave, STDERR_FILENO) < 0)
        return;
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    finding_raise(&event);
    ssize_t length = read(terminal, text, sizeof text);
    if (length < 0 || write(output, text, (size_t)length) != length)
        abort();
}

Test(text, colour_is_for_terminals)
{
    const outcome *coloured = outcome_of("symbolize=0", raise_on_a_terminal);
    cr_assert(outcome_is_good(coloured));
    if (coloured->length > 0) /* else there are no terminals here */
        cr_expect_neq(strchr(coloured->text, '\033'), NULL);
    const outcome *plain = outcome_of("symbolize=0:color=never", raise_on_a_terminal);
    cr_expect_eq(strchr(plain->text, '\033'), NULL);
}

static void raise_without_descriptors_changing(void)
{
    int before = dup(STDERR_FILENO);
    close(before);
    raise_one();
    int after = dup(STDERR_FILENO);
    if (after != before)
        abort();
}

Test(text, writing_keeps_no_descriptor)
{
    const outcome *result = outcome_of(NULL, raise_without_descriptors_changing);
    cr_expect(outcome_is_good(result), "the program's next open would get another number");
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1);
}

Test(text, writing_keeps_no_descriptor_in_a_child_of_one_who_was_writing)
{
    hf_symbols_begin();
    cr_expect(outcome_is_good(outcome_of(NULL, raise_without_descriptors_changing)));
    hf_symbols_end();
}

static void raise_very_long(void)
{
    static char label[200000];
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    memset(label, 'x', sizeof label - 1);
    event.subject.label = label;
    finding_raise(&event);
}

Test(text, very_long_report_is_written_whole)
{
    const outcome *result = outcome_of(NULL, raise_very_long);
    cr_expect_gt(result->length, 200000);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 1);
}

static void raise_two(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    finding_raise_at(&event, 1);
    finding_raise_at(&event, 2);
}

Test(text, second_report_is_as_long_as_the_first)
{
    const outcome *result = outcome_of(NULL, raise_two);
    cr_expect_eq(occurrences(result->text, "SUMMARY: "), 2);
    cr_expect_eq(occurrences(result->text, "previously closed"), 2, "%s", result->text);
}

static void tell_much(void)
{
    static char long_text[4000];
    memset(long_text, 'x', sizeof long_text - 1);
    hf_tell("%s", long_text);
}

Test(text, message_that_is_too_long_is_a_line_all_the_same)
{
    const outcome *result = outcome_of(NULL, tell_much);
    cr_expect_gt(result->length, 1000);
    cr_expect_lt(result->length, 2000);
    cr_expect_eq(result->text[result->length - 1], '\n');
}

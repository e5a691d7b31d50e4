/* A report as JSON: one line that is valid whatever the program's texts hold. */
#include "finding.h"
#include "report/writer.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static char written[1 << 16];

static bool write_json(const hf_report *report, void *context)
{
    (void)context;
    hf_report_json(report, written, sizeof written);
    return true;
}

static const char *json_of(const hf_event *event)
{
    hf_set_report_hook(write_json, NULL);
    (void)hf_set_options("print_all=1");
    written[0] = '\0';
    finding_raise(event);
    return written;
}

/* ---- a small reader, which answers where a value ends, or NULL --------------------------------
 */

static const char *skip_value(const char *at);

static const char *skip_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20) /* the terminator too */
            return NULL;
        if (*at == '\\' && strchr("\"\\/bfnrtu", *++at) == NULL)
            return NULL;
    }
    return at + 1;
}

static const char *skip_list(const char *at, char end, bool with_keys)
{
    if (*at == end)
        return at + 1;
    for (;;) {
        if (with_keys) {
            at = skip_string(at);
            if (at == NULL || *at++ != ':')
                return NULL;
        }
        at = skip_value(at);
        if (at == NULL)
            return NULL;
        if (*at == end)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static const char *skip_value(const char *at)
{
    if (*at == '{')
        return skip_list(at + 1, '}', true);
    if (*at == '[')
        return skip_list(at + 1, ']', false);
    if (*at == '"')
        return skip_string(at);
    if (strncmp(at, "null", 4) == 0 || strncmp(at, "true", 4) == 0)
        return at + 4;
    if (strncmp(at, "false", 5) == 0)
        return at + 5;
    const char *start = at;
    while (isdigit((unsigned char)*at) || (at == start && *at == '-'))
        at++;
    return at > start ? at : NULL;
}

static bool is_valid(const char *text)
{
    const char *end = *text == '{' ? skip_value(text) : NULL;
    return end != NULL && strcmp(end, "\n") == 0;
}

#define expect_part(part) cr_expect_neq(strstr(written, part), NULL, "no %s in %s", part, written)

/* ---- tests ------------------------------------------------------------------------------------
 */

Test(json, every_kind_is_valid)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        hf_event full = finding_full((hf_report_kind)kind);
        cr_expect(is_valid(json_of(&full)), "%s", written);
        hf_event bare = finding_bare((hf_report_kind)kind);
        cr_expect(is_valid(json_of(&bare)), "%s", written);
    }
}

Test(json, says_everything)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    hf_event event = finding_full(HF_REPORT_HANDLE_REUSE);
    json_of(&event);
    expect_part("\"kind\":\"handle-reuse\"");
    expect_part("\"operation\":\"hf_close\"");
    expect_part("\"table\":\"files\"");
    expect_part("\"error\":9,\"error_text\":\"Bad file descriptor\"");
    expect_part("\"references\":3");
    expect_part("\"now\":{\"thread\":");
    expect_part("\"subject\":{\"handle\":\"0x1234567\",\"value\":\"0x5\",\"type\":\"fd\","
                "\"label\":\"config\",\"opened\":{\"thread\":");
    expect_part("\"other\":{\"handle\":\"0x7654321\"");
    expect_part("\"role\":\"its place now belongs to\"");
    expect_part("\"holders\":[{\"hold\":\"counted\",\"entered\":{\"thread\":");
    expect_part("\"function\":\"opened_here\"");
    expect_part("/finding.c\",\"line\":");
    expect_part("\"offset\":\"0x");
}

Test(json, what_is_not_known_is_null)
{
    hf_event event = {.kind = HF_REPORT_FORGED_HANDLE};
    json_of(&event);
    cr_expect(is_valid(written), "%s", written);
    expect_part("\"subject\":null");
    expect_part("\"other\":null");
    expect_part("\"holders\":[]");
}

Test(json, wide_numbers_keep_their_digits)
{
    hf_event event = finding_bare(HF_REPORT_LEAK);
    event.subject.handle.bits = UINT64_MAX;
    event.subject.value = UINTPTR_MAX;
    json_of(&event);
    expect_part("\"handle\":\"0xffffffffffffffff\"");
    expect_part("\"value\":\"0xffffffffffffffff\"");
}

Test(json, wide_thread_number_keeps_its_digits_in_brief)
{
    hf_buffer buffer = HF_BUFFER(written);
    hf_report report = {.kind_name = "leak", .message = "", .advice = "", .operation = ""};
    report.now.thread = (UINT64_C(1) << 60) + 1;
    hf_json_write_brief(&buffer, &report);
    (void)hf_buffer_end(&buffer);
    cr_expect(is_valid(written), "%s", written);
    expect_part("\"thread\":\"1152921504606846977\"");
}

static void expect_label(const char *label, const char *as)
{
    hf_event event = finding_bare(HF_REPORT_LEAK);
    event.subject.label = label;
    json_of(&event);
    cr_expect(is_valid(written), "%s", written);
    expect_part(as);
}

Test(json, special_characters_are_escaped)
{
    expect_label("a\"b\\c", "\"label\":\"a\\\"b\\\\c\"");
    expect_label("a\nb\tc\x01", "\"label\":\"a\\u000ab\\u0009c\\u0001\"");
}

Test(json, valid_utf8_is_kept)
{
    expect_label("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
                 "\"label\":\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

Test(json, invalid_utf8_is_replaced)
{
    expect_label("a\xff.", "\"label\":\"a\\ufffd.\"");
    expect_label("cut \xe2\x82", "\"label\":\"cut \\ufffd\\ufffd\"");
    expect_label("overlong \xc0\xaf", "\"label\":\"overlong \\ufffd\\ufffd\"");
    expect_label("overlong \xe0\x80\xaf", "\"label\":\"overlong \\ufffd\\ufffd\\ufffd\"");
    expect_label("surrogate \xed\xa0\x80", "\"label\":\"surrogate \\ufffd\\ufffd\\ufffd\"");
    expect_label("too large \xf4\x90\x80\x80",
                 "\"label\":\"too large \\ufffd\\ufffd\\ufffd\\ufffd\"");
    expect_label("\x80", "\"label\":\"\\ufffd\"");
}

static void raise_two_kinds(void)
{
    hf_event first = finding_full(HF_REPORT_STALE_USE);
    hf_event second = finding_full(HF_REPORT_LEAK);
    finding_raise(&first);
    finding_raise(&second);
}

Test(json, each_report_is_a_line)
{
    const outcome *result = outcome_of("format=json", raise_two_kinds);
    cr_expect(outcome_is_good(result));
    char *line_end = strchr(result->text, '\n');
    cr_assert_neq(line_end, NULL);
    char second_begins = line_end[1];
    line_end[1] = '\0';
    cr_expect(is_valid(result->text), "%s", result->text);
    line_end[1] = second_begins;
    cr_expect(is_valid(line_end + 1), "%s", line_end + 1);
}

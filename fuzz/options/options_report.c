#include "options_report.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json_strict.h"
#include "options_oracle.h"
#include "options_scene.h"
#include "report/kinds.h"
#include "report/rules.h"
#include "report/suppressions.h"
#include "report/symbols.h"

enum { FILE_ROOM = 1 << 22 };

static hf_report_party party(const char *label, const char *name)
{
    return (hf_report_party){.handle = {0x2b},
                             .value = strlen(label),
                             .type_name = name,
                             .label = label,
                             .group_name = label,
                             .opened = {.thread = 7, .thread_name = name},
                             .closed = {.thread = 8, .thread_name = label}};
}

hf_report report_make(const char *label, const char *name)
{
    static hf_report_holder holder;
    unsigned choice = (unsigned char)name[0] + (unsigned char)label[0];
    hf_report_kind kind = (hf_report_kind)(choice % HF_REPORT_KIND_COUNT);
    holder = (hf_report_holder){.entered = {.thread = 9, .thread_name = name},
                                .hold = (hf_hold_kind)(choice % HF_HOLD_COUNT),
                                .held = {0x2b},
                                .waits = {.thread = 9, .thread_name = label},
                                .awaited = {0x2d}};
    return (hf_report){.size = (uint32_t)sizeof(hf_report),
                       .kind = kind,
                       .kind_name = hf_report_kind_name(kind),
                       .message = hf_kind_message(kind),
                       .advice = hf_kind_advice(kind),
                       .operation = "hf_close",
                       .table_name = name,
                       .issuer_name = label,
                       .now = {.thread = 9, .thread_name = name},
                       .subject = party(label, name),
                       .other =
                           choice % 2 == 0 ? party(name, label) : (hf_report_party){.value = 0},
                       .other_role = "also owned by",
                       .holders = &holder,
                       .holder_count = choice % 3 == 0,
                       .error = (int32_t)(choice % 50),
                       .group_count = choice % 4};
}

/* ---- text and JSON -------------------------------------------------------------------------- */

typedef size_t (*writer)(const hf_report *report, char *buffer, size_t size);

static char *whole(const hf_report *report, writer write, size_t *length)
{
    *length = write(report, NULL, 0);
    char *text = malloc(*length + 1);
    if (text == NULL || write(report, text, *length + 1) != *length)
        abort();
    return text;
}

/* A buffer that is too small gets the beginning, and the length is told all the same. */
static bool cuts_well(const hf_report *report, writer write, const char *text, size_t length)
{
    size_t size = length / 2 + 1;
    char *part = malloc(size);
    if (part == NULL)
        abort();
    bool good = write(report, part, size) == length && strlen(part) == size - 1 &&
                memcmp(part, text, size - 1) == 0;
    free(part);
    return good;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f)
            return false;
    }
    return true;
}

/* The same finding with harmless texts has as many lines. */
static bool has_its_lines(const hf_report *report, const char *text)
{
    size_t length;
    char label[] = "?";
    char name[] = "?";
    hf_report tame = *report;
    label[0] = report->subject.label[0] == '\0' ? '\0' : 'x';
    name[0] = report->table_name[0] == '\0' ? '\0' : 'x';
    tame.table_name = name;
    tame.issuer_name = label;
    tame.now.thread_name = name;
    tame.subject = party(label, name);
    if (!hf_handle_is_null(report->other.handle))
        tame.other = party(name, label);
    char *other = whole(&tame, hf_report_text, &length);
    bool same = lines_of(other) == lines_of(text);
    free(other);
    return same;
}

static const char *text_flaw(const hf_report *report)
{
    size_t length;
    const char *flaw = NULL;
    char *text = whole(report, hf_report_text, &length);
    if (strlen(text) != length || !is_plain(text, length))
        flaw = "a control character is in a report's text";
    else if (!has_its_lines(report, text))
        flaw = "a name makes lines of a report";
    else if (!cuts_well(report, hf_report_text, text, length))
        flaw = "a text is not cut where it should be";
    free(text);
    return flaw;
}

const char *report_flaw(const hf_report *report)
{
    size_t length;
    const char *flaw = text_flaw(report);
    char *json = whole(report, hf_report_json, &length);
    if (flaw == NULL && (length == 0 || strlen(json) != length || json[length - 1] != '\n' ||
                         !json_is_object(json, length - 1)))
        flaw = "a report's JSON is malformed";
    if (flaw == NULL && !cuts_well(report, hf_report_json, json, length))
        flaw = "JSON is not cut where it should be";
    free(json);
    return flaw;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Takes the sequences for colours out; what is left is the length. */
static size_t bleach(char *text, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\033')
            while (i < length && text[i] != 'm')
                i++;
        else
            text[kept++] = text[i];
    }
    return kept;
}

bool report_ends_file(const hf_report *report, const char *file, size_t before, bool json,
                      bool coloured)
{
    static char found[FILE_ROOM];
    size_t length;
    char *expected = whole(report, json ? hf_report_json : hf_report_text, &length);
    long got = scene_read(file, found, sizeof(found));
    size_t added = got > (long)before ? (size_t)got - before : 0;
    if (coloured && !json)
        added = bleach(found + before, added);
    bool good = added == length && memcmp(found + before, expected, length) == 0;
    free(expected);
    return good;
}

/* ---- suppressions --------------------------------------------------------------------------- */

/* A place of the program that rules may name. */
__attribute__((noinline)) static uintptr_t suppressed_function(void)
{
    return (uintptr_t)__builtin_return_address(0);
}

bool report_suppresses_as_told(const char *rules, size_t length)
{
    static uint64_t key; /* a new one each time: what was suppressed once is remembered */
    static uintptr_t frame;
    hf_os_symbol symbol;
    if (frame == 0)
        frame = suppressed_function();
    hf_report report = {.size = (uint32_t)sizeof(report),
                        .now = {.thread = 1, .frames = &frame, .frame_count = 1}};
    hf_symbols_begin();
    hf_symbols_find(frame, &symbol);
    hf_symbols_end();
    const char *const names[] = {symbol.function, symbol.file, hf_path_tail(symbol.file),
                                 symbol.module, hf_path_tail(symbol.module)};
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind += 6) {
        report.kind = (hf_report_kind)kind;
        report.kind_name = hf_report_kind_name(report.kind);
        bool expected = oracle_rules_match(rules, length, report.kind_name, names,
                                           sizeof(names) / sizeof(*names));
        if (hf_suppressions_match(&report, ++key) != expected)
            return false;
    }
    return true;
}

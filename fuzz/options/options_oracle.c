#include "options_oracle.h"

#include <stdlib.h>
#include <string.h>

typedef struct span {
    const char *start;
    size_t length;
} span;

/* ---- words ---------------------------------------------------------------------------------- */

static bool is_same(span left, const char *right)
{
    if (strlen(right) != left.length)
        return false;
    for (size_t i = 0; i < left.length; i++) {
        char one = left.start[i] == '-' ? '_' : left.start[i];
        char two = right[i] == '-' ? '_' : right[i];
        if (one != two)
            return false;
    }
    return true;
}

static int choose(span value, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (is_same(value, words[i]))
            return i;
    }
    return -1;
}

/* -1: no number from `low` to `high`. */
static int number(span value, int low, int high)
{
    int sum = 0;
    if (value.length == 0 || value.length > 9)
        return -1;
    for (size_t i = 0; i < value.length; i++) {
        if (value.start[i] < '0' || value.start[i] > '9')
            return -1;
        sum = sum * 10 + (value.start[i] - '0');
    }
    return sum >= low && sum <= high ? sum : -1;
}

static int truth(span value)
{
    static const char *const words[] = {"0", "1", "no", "yes", "false", "true", NULL};
    int found = choose(value, words);
    return found < 0 ? -1 : found % 2;
}

/* ---- settings ------------------------------------------------------------------------------- */

static int value_of(int setting, span value)
{
    static const char *const unwind[] = {"auto", "fp", "unwinder", NULL};
    static const char *const format[] = {"text", "json", NULL};
    static const char *const color[] = {"auto", "always", "never", NULL};
    static const char *const policies[] = {"ignore", "count", "report", "once", "abort", NULL};
    switch (setting) {
    case ORACLE_LEVEL:
        return number(value, 0, 3);
    case ORACLE_STACK_DEPTH:
        return number(value, 1, 64);
    case ORACLE_UNWIND:
        return choose(value, unwind);
    case ORACLE_FORMAT:
        return choose(value, format);
    case ORACLE_COLOR:
        return choose(value, color);
    case ORACLE_SYMBOLIZE:
    case ORACLE_PRINT_ALL:
    case ORACLE_HELP:
        return truth(value);
    default:
        return choose(value, policies);
    }
}

static int setting_of(span key)
{
    static const char *const keys[] = {"level", "stack_depth", "unwind", "symbolize", "format",
                                       "color", "print_all",   "all",    "help",      NULL};
    int found = choose(key, keys);
    for (int kind = 0; found < 0 && kind < HF_REPORT_KIND_COUNT; kind++) {
        if (is_same(key, hf_report_kind_name((hf_report_kind)kind)))
            return ORACLE_POLICIES + kind;
    }
    return found;
}

static void copy(char *to, span from)
{
    size_t length = from.length < ORACLE_PATH ? from.length : ORACLE_PATH - 1;
    memcpy(to, from.start, length);
    to[length] = '\0';
}

static void apply(oracle_wishes *out, span key, span value)
{
    int setting = setting_of(key);
    if (is_same(key, "log_path")) {
        out->has_log_path = true;
        copy(out->log_path, value);
        return;
    }
    if (is_same(key, "suppressions")) {
        out->has_suppressions = true;
        copy(out->suppressions, value);
        return;
    }
    if (is_same(key, "trace")) {
        out->has_trace = true;
        copy(out->trace, value);
        return;
    }
    int wanted = setting < 0 ? -1 : value_of(setting, value);
    if (wanted < 0) {
        out->skips = true;
        return;
    }
    out->values[setting] = wanted;
    for (int i = ORACLE_POLICIES; setting == ORACLE_ALL && i < ORACLE_SETTINGS; i++)
        out->values[i] = wanted;
}

/* ---- the text ------------------------------------------------------------------------------- */

static const char between[] = ":, \t\r\n";

/* The value at `at`, where the text goes on after it; NULL where its quote is never closed. */
static const char *read_value(const char *at, span *out)
{
    if (*at != '"' && *at != '\'') {
        *out = (span){at, strcspn(at, between)};
        return at + out->length;
    }
    const char *end = strchr(at + 1, *at);
    if (end == NULL)
        return NULL;
    *out = (span){at + 1, (size_t)(end - at - 1)};
    return end + 1;
}

void oracle_read(const char *text, oracle_wishes *out)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < ORACLE_SETTINGS; i++)
        out->values[i] = -1;
    while (text != NULL && *(text += strspn(text, between)) != '\0') {
        span key = {text, strcspn(text, ":, \t\r\n=")};
        span value;
        text += key.length;
        if (*text != '=') {
            out->skips = true;
            continue;
        }
        text = read_value(text + 1, &value);
        if (text != NULL)
            apply(out, key, value);
    }
    out->skips = out->skips || text == NULL;
}

/* ---- suppressions --------------------------------------------------------------------------- */

/* The next line without the white space around it; false at the end. */
static bool next_line(const char **text, const char *end, span *out)
{
    if (*text >= end)
        return false;
    const char *stop = memchr(*text, '\n', (size_t)(end - *text));
    stop = stop != NULL ? stop : end;
    *out = (span){*text, (size_t)(stop - *text)};
    *text = stop + 1;
    while (out->length > 0 && strchr(" \t\r", out->start[0]) != NULL) {
        out->start++;
        out->length--;
    }
    while (out->length > 0 && strchr(" \t\r", out->start[out->length - 1]) != NULL)
        out->length--;
    return true;
}

static bool is_blank(span line)
{
    return line.length == 0 || line.start[0] == '#';
}

/* Splits kind:pattern; false if it is none. */
static bool split(span line, span *kind, span *pattern)
{
    const char *colon = memchr(line.start, ':', line.length);
    if (colon == NULL || colon + 1 == line.start + line.length)
        return false;
    *kind = (span){line.start, (size_t)(colon - line.start)};
    *pattern = (span){colon + 1, line.length - kind->length - 1};
    return is_same(*kind, "*") || setting_of(*kind) >= ORACLE_POLICIES;
}

bool oracle_rules_good(const char *text, size_t length)
{
    const char *end = text + length;
    span line;
    span kind;
    span pattern;
    while (next_line(&text, end, &line)) {
        if (!is_blank(line) && !split(line, &kind, &pattern))
            return false;
    }
    return true;
}

/* `row[i]`: whether the pattern so far matches the first i characters of the text. */
static bool is_match(span pattern, const char *text)
{
    size_t length = strlen(text);
    bool *row = calloc(length + 1, sizeof(*row));
    if (row == NULL)
        abort();
    row[0] = true;
    for (size_t p = 0; p < pattern.length; p++) {
        bool star = pattern.start[p] == '*';
        bool before = row[0];
        row[0] = row[0] && star;
        for (size_t i = 1; i <= length; i++) {
            bool fits = pattern.start[p] == '?' || pattern.start[p] == text[i - 1];
            bool now = star ? row[i] || row[i - 1] : before && fits;
            before = row[i];
            row[i] = now;
        }
    }
    bool whole = row[length];
    free(row);
    return whole;
}

bool oracle_rules_match(const char *text, size_t length, const char *kind, const char *const *names,
                        size_t count)
{
    const char *end = text + length;
    span line;
    span of;
    span pattern;
    while (next_line(&text, end, &line)) {
        if (is_blank(line) || !split(line, &of, &pattern) ||
            (!is_same(of, "*") && !is_same(of, kind)))
            continue;
        for (size_t i = 0; i < count; i++)
            if (names[i][0] != '\0' && is_match(pattern, names[i]))
                return true;
    }
    return false;
}

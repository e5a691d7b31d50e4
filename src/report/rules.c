/* The rules of suppressions. */
#include "report/rules.h"

#include <string.h>

#include "report/grammar.h"
#include "report/kinds.h"

/* ---- reading -------------------------------------------------------------------------------- */

bool hf_rules_kind_is(const char *text, size_t length, const char *kind_name)
{
    return (length == 1 && text[0] == '*') ||
           hf_token_is((hf_token){text, length}, kind_name, strlen(kind_name));
}

bool hf_rules_kind_exists(const char *text, size_t length)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        if (hf_rules_kind_is(text, length, hf_report_kind_name((hf_report_kind)kind)))
            return true;
    }
    return false;
}

static bool is_rule(const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    return colon != NULL && colon + 1 != line + length && memchr(line, '\0', length) == NULL &&
           hf_rules_kind_exists(line, (size_t)(colon - line));
}

static hf_token trimmed(const char *start, const char *end)
{
    while (start < end && strchr(" \t\r", *start) != NULL)
        start++;
    while (start < end && strchr(" \t\r", end[-1]) != NULL)
        end--;
    return (hf_token){start, (size_t)(end - start)};
}

size_t hf_rules_compact(char *text, size_t length, hf_rules_refusal *refuse, void *context)
{
    size_t kept = 0;
    unsigned number = 0;
    for (size_t at = 0; at < length; at++) {
        char *end = memchr(text + at, '\n', length - at);
        if (end == NULL)
            end = text + length;
        hf_token line = trimmed(text + at, end);
        at = (size_t)(end - text);
        number++;
        if (line.length == 0 || line.text[0] == '#')
            continue;
        if (!is_rule(line.text, line.length)) {
            refuse(context, number);
            continue;
        }
        memmove(text + kept, line.text, line.length);
        kept += line.length;
        text[kept++] = '\0';
    }
    text[kept] = '\0';
    return kept + 1;
}

/* ---- matching ------------------------------------------------------------------------------- */

const char *hf_path_tail(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* On a mismatch it goes back to the last * and lets that take one character more. */
bool hf_rules_glob(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool matches_path(const char *pattern, const char *path)
{
    return path[0] != '\0' &&
           (hf_rules_glob(pattern, path) || hf_rules_glob(pattern, hf_path_tail(path)));
}

bool hf_rules_match(const char *rules, const char *kind_name, const hf_rules_place *place)
{
    for (const char *line = rules; *line != '\0'; line += strlen(line) + 1) {
        const char *colon = strchr(line, ':');
        if (hf_rules_kind_is(line, (size_t)(colon - line), kind_name) &&
            ((place->function[0] != '\0' && hf_rules_glob(colon + 1, place->function)) ||
             matches_path(colon + 1, place->file) || matches_path(colon + 1, place->module)))
            return true;
    }
    return false;
}

bool hf_rules_concern(const char *rules, const char *kind_name)
{
    for (const char *line = rules; *line != '\0'; line += strlen(line) + 1) {
        if (hf_rules_kind_is(line, (size_t)(strchr(line, ':') - line), kind_name))
            return true;
    }
    return false;
}

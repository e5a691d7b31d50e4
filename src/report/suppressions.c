/* Suppressions.  The rules of a file are immutable once they are set, and are never freed: whoever
 * read their address may go on reading them. */
#include "report/suppressions.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/platform.h"
#include "report/arena.h"
#include "report/buffer.h"
#include "report/dedup.h"
#include "report/options.h"
#include "report/output.h"
#include "report/symbols.h"

enum { FILE_LIMIT = 1 << 20 };

/* `lines` are the rules as they stand in the file, each terminated; an empty one ends them. */
typedef struct rule_set {
    const char *path;
    const char *lines;
} rule_set;

static const rule_set no_rules = {"", ""};
static const rule_set *_Atomic rules; /* NULL: not set yet */

/* ---- reading -------------------------------------------------------------------------------- */

static bool kind_is(const char *line, size_t length, const char *kind_name)
{
    return (length == 1 && line[0] == '*') ||
           hf_token_is((hf_token){line, length}, kind_name, strlen(kind_name));
}

static bool is_rule(const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (colon == NULL || colon + 1 == line + length)
        return false;
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        if (kind_is(line, (size_t)(colon - line), hf_report_kind_name((hf_report_kind)kind)))
            return true;
    }
    return false;
}

static hf_token trimmed(const char *start, const char *end)
{
    while (start < end && strchr(" \t\r", *start) != NULL)
        start++;
    while (start < end && strchr(" \t\r", end[-1]) != NULL)
        end--;
    return (hf_token){start, (size_t)(end - start)};
}

/* Moves the rules of a text together, each terminated, at its front; there is room for one byte
 * more than `length`.  Answers how long they are, the ending empty one included. */
static size_t compact(const char *path, char *text, size_t length, bool *malformed)
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
        if (!is_rule(line.text, line.length) || memchr(line.text, '\0', line.length) != NULL) {
            hf_tell_once("%.500s:%u: a suppression is kind:pattern, skipped", path, number);
            *malformed = true;
            continue;
        }
        memmove(text + kept, line.text, line.length);
        kept += line.length;
        text[kept++] = '\0';
    }
    text[kept] = '\0';
    return kept + 1;
}

static const rule_set *make_rules(const char *path, char *text, size_t length, bool *malformed)
{
    size_t kept = compact(path, text, length, malformed);
    rule_set *made = hf_arena_take(&hf_option_arena, sizeof *made);
    char *own_path = hf_arena_copy(&hf_option_arena, path, strlen(path));
    char *lines = hf_arena_copy(&hf_option_arena, text, kept);
    if (made == NULL || own_path == NULL || lines == NULL)
        return NULL;
    made->path = own_path;
    made->lines = lines;
    return made;
}

static const rule_set *read_rules(const char *path, bool *malformed)
{
    size_t size = FILE_LIMIT + hf_os_page_size(); /* the rules may need one byte more */
    const rule_set *made = NULL;
    char reason[128];
    char *text = hf_os_reserve(size);
    if (text == NULL || !hf_os_commit(text, size)) {
        hf_tell_once("suppressions: out of memory for '%.500s'", path);
    } else {
        ptrdiff_t length = hf_os_read_file(path, text, FILE_LIMIT);
        if (length < 0)
            hf_tell_once("suppressions: cannot read '%.500s': %s", path,
                         hf_os_error_text(hf_os_error(), reason, sizeof reason));
        else if ((made = make_rules(path, text, (size_t)length, malformed)) == NULL)
            hf_tell_once("suppressions: out of memory for '%.500s'", path);
    }
    if (text != NULL)
        hf_os_unreserve(text, size);
    return made;
}

bool hf_suppressions_set(hf_token path, bool replace)
{
    char text[1024];
    hf_buffer terminated = HF_BUFFER(text);
    const rule_set *unset = NULL;
    const rule_set *made = &no_rules;
    bool malformed = false;
    if (path.text == NULL && replace)
        return true;
    if (path.text != NULL && path.length > 0) {
        hf_buffer_add(&terminated, path.text, path.length);
        made = read_rules(hf_buffer_end(&terminated), &malformed);
    }
    /* Release: the rules.  Partner: the acquire in rules_now. */
    if (replace && made != NULL)
        atomic_store_explicit(&rules, made, memory_order_release);
    else if (!replace)
        atomic_compare_exchange_strong_explicit(&rules, &unset, made != NULL ? made : &no_rules,
                                                memory_order_release, memory_order_relaxed);
    return made != NULL && !malformed;
}

/* ---- matching ------------------------------------------------------------------------------- */

static const rule_set *rules_now(void)
{
    /* Partner: the release in hf_suppressions_set. */
    const rule_set *now = atomic_load_explicit(&rules, memory_order_acquire);
    if (now == NULL) {
        hf_options_load();
        now = atomic_load_explicit(&rules, memory_order_acquire);
    }
    return now != NULL ? now : &no_rules;
}

const char *hf_suppressions_path(void)
{
    return rules_now()->path;
}

/* On a mismatch it goes back to the last * and lets that take one character more. */
static bool matches(const char *pattern, const char *text)
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
    return path[0] != '\0' && (matches(pattern, path) || matches(pattern, hf_path_tail(path)));
}

static bool matches_rules(const rule_set *set, const char *kind_name, const hf_os_symbol *symbol)
{
    for (const char *line = set->lines; *line != '\0'; line += strlen(line) + 1) {
        const char *colon = strchr(line, ':');
        if (kind_is(line, (size_t)(colon - line), kind_name) &&
            ((symbol->function[0] != '\0' && matches(colon + 1, symbol->function)) ||
             matches_path(colon + 1, symbol->file) || matches_path(colon + 1, symbol->module)))
            return true;
    }
    return false;
}

static bool matches_stack(const rule_set *set, const hf_report *report,
                          const hf_report_event *event)
{
    for (uint32_t i = 0; i < event->frame_count; i++) {
        hf_os_symbol symbol;
        hf_symbols_find(event->frames[i], &symbol);
        if (!symbol.in_holdfast && matches_rules(set, report->kind_name, &symbol))
            return true;
    }
    return false;
}

static bool concerns(const rule_set *set, const char *kind_name)
{
    for (const char *line = set->lines; *line != '\0'; line += strlen(line) + 1) {
        if (kind_is(line, (size_t)(strchr(line, ':') - line), kind_name))
            return true;
    }
    return false;
}

bool hf_suppressions_match(const hf_report *report, uint64_t key)
{
    const rule_set *set = rules_now();
    if (!concerns(set, report->kind_name))
        return false;
    uint64_t verdict = hf_dedup_key(key, (uintptr_t)set);
    if (hf_dedup_has(verdict))
        return true;
    hf_symbols_begin();
    bool suppressed = matches_stack(set, report, &report->now) ||
                      matches_stack(set, report, &report->subject.closed) ||
                      matches_stack(set, report, &report->subject.opened);
    hf_symbols_end();
    if (suppressed)
        (void)hf_dedup_add(verdict);
    return suppressed;
}

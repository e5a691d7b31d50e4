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
#include "report/rules.h"
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

typedef struct refusals {
    const char *path;
    bool *malformed;
} refusals;

static void refuse_line(void *context, unsigned line)
{
    const refusals *of = context;
    hf_tell_once("%.500s:%u: a suppression is kind:pattern, skipped", of->path, line);
    *of->malformed = true;
}

static const rule_set *make_rules(const char *path, char *text, size_t length, bool *malformed)
{
    refusals refused = {path, malformed};
    size_t kept = hf_rules_compact(text, length, refuse_line, &refused);
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

static bool matches_stack(const rule_set *set, const hf_report *report,
                          const hf_report_event *event)
{
    for (uint32_t i = 0; i < event->frame_count; i++) {
        hf_os_symbol symbol;
        hf_symbols_find(event->frames[i], &symbol);
        hf_rules_place place = {symbol.function, symbol.file, symbol.module};
        if (!symbol.in_holdfast && hf_rules_match(set->lines, report->kind_name, &place))
            return true;
    }
    return false;
}

bool hf_suppressions_match(const hf_report *report, uint64_t key)
{
    const rule_set *set = rules_now();
    if (!hf_rules_concern(set->lines, report->kind_name))
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

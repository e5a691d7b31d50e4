/* The report hook copies; findings_check compares, with no call of the library under way. */
#include "findings.h"

#include "harness.h"

#include <string.h>

enum { FINDINGS = 64, FRAMES = 6, NAME_SIZE = 48 };

typedef struct seen_event {
    uint64_t thread;
    uint32_t frame_count;
    uintptr_t frames[FRAMES];
} seen_event;

typedef struct seen_party {
    hf_handle handle;
    hf_value value;
    const char *type_name; /* with static storage here, as labels */
    const char *label;
    seen_event opened;
    seen_event closed;
} seen_party;

typedef struct seen {
    hf_report_kind kind;
    const char *operation;
    char table[NAME_SIZE];
    char issuer[NAME_SIZE];
    seen_event now;
    seen_party subject;
    seen_party other;
    int32_t error;
    uint32_t group_count;
} seen;

static finding expected[FINDINGS];
static unsigned expected_count;
static seen found[FINDINGS];
static unsigned found_count;

/* ---- collecting ----------------------------------------------------------------------------- */

static seen_event copy_event(const hf_report_event *from)
{
    seen_event copy = {.thread = from->thread, .frame_count = from->frame_count};
    for (uint32_t i = 0; i < FRAMES && i < from->frame_count; i++)
        copy.frames[i] = from->frames[i];
    return copy;
}

static seen_party copy_party(const hf_report_party *from)
{
    return (seen_party){.handle = from->handle,
                        .value = from->value,
                        .type_name = from->type_name,
                        .label = from->label,
                        .opened = copy_event(&from->opened),
                        .closed = copy_event(&from->closed)};
}

static void copy_name(char *to, const char *from)
{
    size_t length = strlen(from);
    if (length >= NAME_SIZE)
        fuzz_fail("a report names \"%s\"", from);
    memcpy(to, from, length + 1);
}

static bool collect(const hf_report *report, void *context)
{
    (void)context;
    if (found_count == FINDINGS)
        fuzz_fail("too many reports in one step, at last a %s", report->kind_name);
    seen *copy = &found[found_count++];
    *copy = (seen){.kind = report->kind,
                   .operation = report->operation,
                   .now = copy_event(&report->now),
                   .subject = copy_party(&report->subject),
                   .other = copy_party(&report->other),
                   .error = report->error,
                   .group_count = report->group_count};
    copy_name(copy->table, report->table_name);
    copy_name(copy->issuer, report->issuer_name);
    return true;
}

void findings_start(void)
{
    /* As deep as a call inside hf_dispatch, its caller, its site, and what is the same for all. */
    if (hf_set_options("print_all=1:stack_depth=4") != HF_OK)
        fuzz_fail("an option is unknown");
    hf_set_report_hook(collect, NULL);
}

finding *findings_expect(hf_report_kind kind, const char *operation, moment now)
{
    if (expected_count == FINDINGS)
        fuzz_fail("too many findings in one step");
    finding *fresh = &expected[expected_count++];
    *fresh = (finding){.kind = kind,
                       .operation = operation,
                       .table = "",
                       .issuer = "",
                       .now = {.known = true, .at = now}};
    return fresh;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool is_text(const char *one, const char *two)
{
    return strcmp(one != NULL ? one : "", two != NULL ? two : "") == 0;
}

/* The site is the caller of whoever made the call: the second frame, or, where the library called
 * itself, one soon after. */
static bool is_moment(const seen_event *event, const recorded *as)
{
    uintptr_t site = site_address(as->at.site);
    if (event->thread != site_thread(as->at.thread) || event->frame_count < 2)
        return false;
    for (uint32_t i = 1; as->inside && i < FRAMES && i < event->frame_count; i++)
        if (event->frames[i] == site)
            return true;
    return event->frames[1] == site;
}

static bool is_recorded(const seen_event *event, const recorded *as)
{
    if (!as->known)
        return event->thread == 0 && event->frame_count == 0;
    return is_moment(event, as);
}

/* The first word that does not fit; NULL: all do. */
static const char *compare_party(const seen_party *party, const finding_party *with)
{
    if (!hf_handle_equal(party->handle, with->handle))
        return "handle";
    if (party->value != with->value)
        return "value";
    if (!is_text(party->type_name, with->type_name))
        return "type";
    if (!is_text(party->label, with->label))
        return "label";
    if (!is_recorded(&party->opened, &with->opened))
        return "opener";
    return is_recorded(&party->closed, &with->closed) ? NULL : "closer";
}

static const char *compare_other(const seen *one, const finding *with)
{
    const char *wrong = "other party";
    if (with->other_count == 0)
        return hf_handle_is_null(one->other.handle) ? NULL : wrong;
    for (unsigned i = 0; i < with->other_count; i++) {
        if (hf_handle_equal(one->other.handle, with->others[i].handle))
            return compare_party(&one->other, &with->others[i]) == NULL ? NULL
                                                                        : "other party's history";
    }
    return wrong;
}

static const char *compare(const seen *one, const finding *with)
{
    if (one->kind != with->kind)
        return "kind";
    if (strcmp(one->operation, with->operation) != 0)
        return "operation";
    if (strcmp(one->table, with->table) != 0 || strcmp(one->issuer, with->issuer) != 0)
        return "table";
    if (!is_moment(&one->now, &with->now))
        return "culprit";
    const char *wrong = compare_party(&one->subject, &with->subject);
    if (wrong == NULL)
        wrong = compare_other(one, with);
    if (wrong == NULL && (one->error != with->error || one->group_count != with->group_count))
        wrong = "error or count";
    return wrong;
}

void findings_check(void)
{
    for (unsigned i = 0; i < found_count || i < expected_count; i++) {
        if (i == found_count)
            fuzz_fail("no %s was reported", hf_report_kind_name(expected[i].kind));
        if (i == expected_count)
            fuzz_fail("%s: %s was reported of handle %#llx, with no reason", found[i].operation,
                      hf_report_kind_name(found[i].kind),
                      (unsigned long long)found[i].subject.handle.bits);
        const char *wrong = compare(&found[i], &expected[i]);
        if (wrong != NULL)
            fuzz_fail("%s: %s was reported with another %s than that of the %s expected",
                      found[i].operation, hf_report_kind_name(found[i].kind), wrong,
                      hf_report_kind_name(expected[i].kind));
    }
    found_count = expected_count = 0;
}

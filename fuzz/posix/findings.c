#include "findings.h"

#include "harness.h"

#include <string.h>

static unsigned expected[HF_REPORT_KIND_COUNT];
static unsigned found[HF_REPORT_KIND_COUNT];
static hf_report_kind stale_kind;
static unsigned stale;

/* A leak stands for all handles that were opened there. */
static bool count(const hf_report *report, void *context)
{
    (void)context;
    found[report->kind] += report->kind == HF_REPORT_LEAK ? report->group_count : 1;
    return true;
}

void findings_start(void)
{
    if (hf_set_options("print_all=1") != HF_OK)
        fuzz_fail("an option is unknown");
    hf_set_report_hook(count, NULL);
}

void findings_expect(hf_report_kind kind, unsigned number)
{
    expected[kind] += number;
}

void findings_expect_stale(hf_report_kind kind)
{
    stale_kind = kind;
    stale++;
}

void findings_check(const char *step)
{
    if (stale > 0 && found[HF_REPORT_HANDLE_REUSE] > expected[HF_REPORT_HANDLE_REUSE])
        expected[HF_REPORT_HANDLE_REUSE] += stale;
    else
        expected[stale_kind] += stale;
    stale = 0;
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        if (found[kind] != expected[kind])
            fuzz_fail("%s: %u findings of %s instead of %u", step, found[kind],
                      hf_report_kind_name((hf_report_kind)kind), expected[kind]);
    memset(found, 0, sizeof(found));
    memset(expected, 0, sizeof(expected));
}

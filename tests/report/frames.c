/* The frames of a report: whose comes first, and which address they have. */
#include "finding.h"
#include "report/symbols.h"

#include <criterion/criterion.h>
#include <holdfast/holdfast.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char written[1 << 16];

Test(frames, stacks_begin_outside_of_the_library)
{
    const uintptr_t frames[] = {(uintptr_t)&hf_close + 4, (uintptr_t)&hf_open + 4,
                                (uintptr_t)&finding_raise + 4};
    hf_report_event event = {.frames = frames, .frame_count = 3};
    cr_expect_eq(hf_symbols_own_frames(&event), 2);
    event.frames = &frames[2];
    event.frame_count = 1;
    cr_expect_eq(hf_symbols_own_frames(&event), 0);
}

static bool expect_address_of_the_call(const hf_report *report, void *context)
{
    char expected[64];
    uint32_t own = hf_symbols_own_frames(&report->now);
    (void)context;
    snprintf(expected, sizeof expected, "#0 0x%" PRIxPTR " ", report->now.frames[own] - 1);
    hf_report_text(report, written, sizeof written);
    cr_expect_neq(strstr(written, expected), NULL, "no %s in:\n%s", expected, written);
    return true;
}

/* Not of what comes after it, which may belong to another function. */
Test(frames, have_the_address_of_the_call)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    hf_set_report_hook(expect_address_of_the_call, NULL);
    finding_raise(&event);
}

/* Which findings are the same, and which are expected. */
#include "dedup.h"
#include "expect.h"

#include <criterion/criterion.h>

static const symbols_place place = {
    .path = "/bin/a",
    .count = 2,
    .frames = {{.function = "inner", .file = ""}, {.function = "outer", .file = ""}}};

enum { FRAMES = 7 };

/* A stack in one module, at these offsets. */
typedef struct stack {
    finding_frame frames[FRAMES];
} stack;

static void fill(stack *of, uint64_t first, uint64_t last)
{
    for (uint64_t i = 0; i < FRAMES; i++)
        of->frames[i] = (finding_frame){.address = 0x7000 + i,
                                        .module = "/bin/a",
                                        .offset = i == 0            ? first
                                                  : i == FRAMES - 1 ? last
                                                                    : 0x100 + i,
                                        .place = &place};
}

static finding made_at(stack *now, hf_report_kind kind, uint32_t process)
{
    return (finding){.kind = kind,
                     .process = process,
                     .in_tool = true,
                     .subject = {.handle = process, .type = "", .label = ""},
                     .now = {.frames = now->frames, .count = FRAMES}};
}

Test(findings, same_place_in_another_process)
{
    dedup seen;
    stack now;
    dedup_init(&seen);
    fill(&now, 0x10, 0x20);
    finding first = made_at(&now, HF_REPORT_DOUBLE_CLOSE, 1);
    finding second = made_at(&now, HF_REPORT_DOUBLE_CLOSE, 2);
    cr_expect(dedup_is_news(&seen, &first));
    cr_expect_not(dedup_is_news(&seen, &second));
    dedup_fini(&seen);
}

Test(findings, outer_frames_do_not_count)
{
    dedup seen;
    stack near;
    stack far;
    dedup_init(&seen);
    fill(&near, 0x10, 0x20);
    fill(&far, 0x10, 0x30);
    finding first = made_at(&near, HF_REPORT_DOUBLE_CLOSE, 1);
    finding second = made_at(&far, HF_REPORT_DOUBLE_CLOSE, 1);
    cr_expect(dedup_is_news(&seen, &first));
    cr_expect_not(dedup_is_news(&seen, &second));
    dedup_fini(&seen);
}

Test(findings, other_kind_or_place)
{
    dedup seen;
    stack here;
    stack there;
    dedup_init(&seen);
    fill(&here, 0x10, 0x20);
    fill(&there, 0x11, 0x20);
    finding first = made_at(&here, HF_REPORT_DOUBLE_CLOSE, 1);
    finding other_kind = made_at(&here, HF_REPORT_STALE_USE, 1);
    finding other_place = made_at(&there, HF_REPORT_DOUBLE_CLOSE, 1);
    cr_expect(dedup_is_news(&seen, &first));
    cr_expect(dedup_is_news(&seen, &other_kind));
    cr_expect(dedup_is_news(&seen, &other_place));
    dedup_fini(&seen);
}

/* Leaks are told apart by who opened, not by where the process ends. */
Test(findings, leaks_by_their_opener)
{
    dedup seen;
    stack end;
    stack here;
    stack there;
    dedup_init(&seen);
    fill(&end, 0x1, 0x2);
    fill(&here, 0x10, 0x20);
    fill(&there, 0x11, 0x20);
    finding first = made_at(&end, HF_REPORT_LEAK, 1);
    finding second = first;
    first.subject.opened = (finding_moment){.frames = here.frames, .count = FRAMES};
    second.subject.opened = (finding_moment){.frames = there.frames, .count = FRAMES};
    cr_expect(dedup_is_news(&seen, &first));
    cr_expect(dedup_is_news(&seen, &second));
    cr_expect_not(dedup_is_news(&seen, &second));
    dedup_fini(&seen);
}

Test(findings, without_frames_each_for_itself)
{
    dedup seen;
    dedup_init(&seen);
    finding first = {.kind = HF_REPORT_LEAK, .process = 1, .subject = {.handle = 3}};
    finding second = {.kind = HF_REPORT_LEAK, .process = 1, .subject = {.handle = 5}};
    cr_expect(dedup_is_news(&seen, &first));
    cr_expect(dedup_is_news(&seen, &second));
    dedup_fini(&seen);
}

Test(findings, expected_by_kind_and_function)
{
    stack now;
    fill(&now, 0x10, 0x20);
    finding made = made_at(&now, HF_REPORT_DOUBLE_CLOSE, 1);
    options from = {.expect = {"double-close:out*", "leak:inner", "*:absent"}, .expect_count = 3};
    expect expected;
    size_t at = 0;
    expect_init(&expected, &from);
    cr_expect(expect_take(&expected, &made));
    cr_expect_str_eq(expect_next_unmet(&expected, &at), "leak:inner");
    cr_expect_str_eq(expect_next_unmet(&expected, &at), "*:absent");
    cr_expect_null(expect_next_unmet(&expected, &at));
    made.kind = HF_REPORT_CLOBBER;
    cr_expect_not(expect_take(&expected, &made));
}

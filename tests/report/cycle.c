/* How a cycle of threads is told, as text and as JSON. */
#include "finding.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char text[1 << 16];
static char json[1 << 16];

static bool write_both(const hf_report *report, void *context)
{
    (void)context;
    hf_report_text(report, text, sizeof text);
    hf_report_json(report, json, sizeof json);
    return true;
}

static const char lock;

/* Thread A holds a lock and waits, by the call that is refused, for a handle; thread B is in a
 * region of a child of it and waits for the lock. */
__attribute__((noinline)) static void raise_cycle(hf_report_kind kind, uint32_t count)
{
    hf_event event = finding_bare(kind);
    hf_event_holder steps[] = {{.entered = finding_trace(),
                                .hold = HF_HOLD_LOCK,
                                .held_lock = &lock,
                                .waits = finding_trace(),
                                .awaited = {0x1234567}},
                               {.entered = {.thread = hf_event_thread()},
                                .hold = HF_HOLD_COUNTED,
                                .held = {0x89},
                                .waits = finding_trace(),
                                .awaited_lock = &lock}};
    event.holders = steps;
    event.holder_count = count;
    hf_set_report_hook(write_both, NULL);
    (void)hf_set_options("print_all=1");
    finding_raise(&event);
}

/* The parts occur, in this order; %p is the lock. */
static void expect_in_order(const char *in, const char *const *parts)
{
    const char *at = in;
    for (; *parts != NULL; parts++) {
        char part[256];
        snprintf(part, sizeof part, *parts, (void *)(uintptr_t)&lock);
        at = strstr(at, part);
        cr_assert_neq(at, NULL, "no '%s' in its place in:\n%s", part, in);
        at += strlen(part);
    }
}

Test(cycle, text_tells_each_step)
{
    static const char *const parts[] = {
        "each of these waits for what the next one holds:\n  thread ",
        " holds lock %p, entered:\n    #0 0x",
        "\n\n  and waits for handle 0x1234567:\n    #0 0x",
        "\n\n  thread ",
        " holds handle 0x89, which keeps its parent 0x1234567, in a "
        "counted region\n  and waits for lock %p:\n    #0 0x",
        "hint: ",
        "SUMMARY: Holdfast: possible-deadlock ",
        NULL};
    raise_cycle(HF_REPORT_POSSIBLE_DEADLOCK, 2);
    expect_in_order(text, parts);
}

Test(cycle, text_of_one_thread_has_no_next_one)
{
    raise_cycle(HF_REPORT_POSSIBLE_DEADLOCK, 1);
    cr_expect_eq(strstr(text, "next one"), NULL, "%s", text);
    cr_expect_neq(strstr(text, " holds lock "), NULL, "%s", text);
}

Test(cycle, text_of_a_time_out_tells_what_holders_wait_for)
{
    static const char *const parts[] = {"held as a lock by thread ",
                                        ", entered:\n",
                                        "and waits for handle 0x1234567:\n    #0 ",
                                        "held in a counted region by thread ",
                                        "and waits for lock %p:\n    #0 ",
                                        NULL};
    raise_cycle(HF_REPORT_RUNDOWN_TIMEOUT, 2);
    expect_in_order(text, parts);
}

Test(cycle, json_tells_each_step)
{
    static const char *const parts[] = {
        "\"holders\":[{\"hold\":\"lock\",\"entered\":{\"thread\":",
        "]},\"held\":null,\"held_lock\":\"%p\",\"waits\":{\"thread\":",
        "]},\"awaited\":\"0x1234567\",\"awaited_lock\":null},",
        "{\"hold\":\"counted\",\"entered\":{\"thread\":",
        "\"frames\":[]},\"held\":\"0x89\",\"held_lock\":null,\"waits\":{\"thread\":",
        "]},\"awaited\":null,\"awaited_lock\":\"%p\"}]}\n",
        NULL};
    raise_cycle(HF_REPORT_POSSIBLE_DEADLOCK, 2);
    expect_in_order(json, parts);
}

/* The wait of the thread that is refused is the call that the report begins with. */
static bool is_told_once(const hf_report *report, void *context)
{
    (void)context;
    hf_report copy = *report;
    hf_report_holder step = report->holders[0];
    step.waits = report->now;
    copy.holders = &step;
    hf_report_text(&copy, text, sizeof text);
    return true;
}

Test(cycle, text_of_the_refused_call_is_not_repeated)
{
    raise_cycle(HF_REPORT_POSSIBLE_DEADLOCK, 1);
    hf_set_report_hook(is_told_once, NULL);
    hf_event_holder step = {.entered = {.thread = hf_event_thread()}, .awaited = {0x1234567}};
    hf_event event = finding_bare(HF_REPORT_POSSIBLE_DEADLOCK);
    event.holders = &step;
    event.holder_count = 1;
    finding_raise(&event);
    cr_expect_neq(strstr(text, "\n  and waits for handle 0x1234567, by this call\n\n"), NULL, "%s",
                  text);
}

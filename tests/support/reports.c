/* The collecting hook.  A finding takes a number, fills the copy of that number and then marks it
 * ready; readers skip what is not ready. */
#include "reports.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { COPIES = 1024 };

static struct {
    report_copy copy;
    atomic_bool ready;
} copies[COPIES];
static _Atomic unsigned next_copy;
static _Atomic unsigned counts[HF_REPORT_KIND_COUNT];
static void (*extra_action)(const hf_report *report, void *argument);
static void *extra_argument;

static holder_copy copy_holder(const hf_report_holder *from)
{
    return (holder_copy){.hold = from->hold,
                         .held = from->held,
                         .awaited = from->awaited,
                         .held_lock = from->held_lock,
                         .awaited_lock = from->awaited_lock,
                         .thread = from->entered.thread,
                         .waits_thread = from->waits.thread,
                         .entered_frames = from->entered.frame_count,
                         .waits_frames = from->waits.frame_count};
}

static void fill(report_copy *copy, const hf_report *report)
{
    copy->kind = report->kind;
    copy->subject = report->subject.handle;
    copy->other = report->other.handle;
    copy->group_count = report->group_count;
    copy->holder_count = report->holder_count;
    for (uint32_t i = 0; i < report->holder_count && i < REPORT_HOLDERS; i++)
        copy->holders[i] = copy_holder(&report->holders[i]);
    copy->references = report->references;
    copy->error = report->error;
    copy->opened_frames = report->subject.opened.frame_count;
    copy->closed_frames = report->subject.closed.frame_count;
    copy->now_frames = report->now.frame_count;
    copy->now_thread = report->now.thread;
    snprintf(copy->kind_name, sizeof(copy->kind_name), "%s", report->kind_name);
    snprintf(copy->operation, sizeof(copy->operation), "%s", report->operation);
    snprintf(copy->table_name, sizeof(copy->table_name), "%s", report->table_name);
    snprintf(copy->type_name, sizeof(copy->type_name), "%s", report->subject.type_name);
    snprintf(copy->label, sizeof(copy->label), "%s", report->subject.label);
}

static bool collect(const hf_report *report, void *context)
{
    (void)context;
    unsigned number = atomic_fetch_add_explicit(&next_copy, 1, memory_order_relaxed);
    if (number < COPIES) {
        fill(&copies[number].copy, report);
        /* Release: the copy is complete.  Partner: the acquire in is_ready. */
        atomic_store_explicit(&copies[number].ready, true, memory_order_release);
    }
    atomic_fetch_add_explicit(&counts[report->kind], 1, memory_order_relaxed);
    if (extra_action != NULL)
        extra_action(report, extra_argument);
    return true;
}

static bool is_ready(unsigned number)
{
    /* Acquire: partner of the release in collect. */
    return atomic_load_explicit(&copies[number].ready, memory_order_acquire);
}

void reports_start(void)
{
    if (hf_set_options("print_all=1") != HF_OK)
        abort();
    hf_set_report_hook(collect, NULL);
}

void reports_clear(void)
{
    for (unsigned i = 0; i < COPIES; i++)
        atomic_store_explicit(&copies[i].ready, false, memory_order_relaxed);
    for (unsigned i = 0; i < HF_REPORT_KIND_COUNT; i++)
        atomic_store_explicit(&counts[i], 0, memory_order_relaxed);
    atomic_store_explicit(&next_copy, 0, memory_order_relaxed);
}

unsigned reports_count(hf_report_kind kind)
{
    return atomic_load_explicit(&counts[kind], memory_order_relaxed);
}

unsigned reports_total(void)
{
    unsigned total = 0;
    for (unsigned i = 0; i < HF_REPORT_KIND_COUNT; i++)
        total += reports_count((hf_report_kind)i);
    return total;
}

const report_copy *reports_nth(hf_report_kind kind, unsigned n)
{
    for (unsigned i = 0; i < COPIES; i++) {
        if (is_ready(i) && copies[i].copy.kind == kind && n-- == 0)
            return &copies[i].copy;
    }
    return NULL;
}

unsigned reports_group_sum(hf_report_kind kind)
{
    unsigned sum = 0;
    const report_copy *copy;
    for (unsigned n = 0; (copy = reports_nth(kind, n)) != NULL; n++)
        sum += copy->group_count;
    return sum;
}

void reports_on(void (*action)(const hf_report *report, void *argument), void *argument)
{
    extra_argument = argument;
    extra_action = action;
}

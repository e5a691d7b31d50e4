/* Reports, freed data, figures. */
#include "observe.h"

#include "harness.h"

#include <string.h>

enum { REPORTS = 256 };

typedef struct told {
    hf_report_kind kind;
    hf_handle subject;
    const char *operation;
} told;

static told expected[REPORTS];
static unsigned expected_count;
static told found[REPORTS];
static unsigned found_count;
static uint64_t digest;
static bool is_exact; /* the order tells the next deadline exactly */

static void add(told *list, unsigned *count, told report)
{
    if (*count == REPORTS)
        fuzz_fail("too many reports");
    list[(*count)++] = report;
}

static bool collect(const hf_report *report, void *context)
{
    (void)context;
    add(found, &found_count, (told){report->kind, report->subject.handle, report->operation});
    return true;
}

void model_expect_report(hf_report_kind kind, const timer *t, const char *operation)
{
    add(expected, &expected_count, (told){kind, t->handle.handle, operation});
}

void observe_prepare(void)
{
    if (hf_set_options("print_all=1") != HF_OK)
        fuzz_fail("print_all=1 is no option");
    hf_set_report_hook(collect, NULL);
}

void observe_begin(const hf_timer_order *order)
{
    digest = UINT64_C(0xcbf29ce484222325);
    is_exact = order != &hf_timer_wheel;
}

/* FNV-1a by words: handles differ from run to run, so only what a handle did goes in. */
void observe(uint64_t word)
{
    digest = (digest ^ word) * UINT64_C(0x100000001b3);
}

void observe_status(const char *what, hf_status got, hf_status wanted)
{
    if (got != wanted)
        fuzz_fail("%s answers %s, not %s", what, hf_status_name(got), hf_status_name(wanted));
    observe((uint64_t)got);
}

static void check_reports(void)
{
    for (unsigned i = 0; i < found_count || i < expected_count; i++) {
        if (i == found_count)
            fuzz_fail("no %s was reported by %s", hf_report_kind_name(expected[i].kind),
                      expected[i].operation);
        if (i == expected_count)
            fuzz_fail("%s: %s was reported with no reason", found[i].operation,
                      hf_report_kind_name(found[i].kind));
        if (found[i].kind != expected[i].kind ||
            strcmp(found[i].operation, expected[i].operation) != 0 ||
            !hf_handle_equal(found[i].subject, expected[i].subject))
            fuzz_fail("%s: %s was reported, not %s: %s, or of another timer", found[i].operation,
                      hf_report_kind_name(found[i].kind), expected[i].operation,
                      hf_report_kind_name(expected[i].kind));
    }
    found_count = expected_count = 0;
}

static void check_loads(void)
{
    for (unsigned i = 0; i < world.load_count; i++)
        if (world.loads[i].frees != world.loads[i].expected_frees)
            fuzz_fail("data %u were freed %u times, not %u", i, world.loads[i].frees,
                      world.loads[i].expected_frees);
}

static void check_next(hf_timer_queue *queue)
{
    int64_t next = hf_timer_next_us(queue);
    int64_t earliest = model_earliest();
    if (next > earliest || (is_exact && next != earliest))
        fuzz_fail("next is %lld, but %lld is due first", (long long)next, (long long)earliest);
    if (earliest > world.drained && next <= world.drained)
        fuzz_fail("next is %lld, which has passed", (long long)next);
}

void observe_state(hf_timer_queue *queue)
{
    check_reports();
    if (world.frees != world.expected_frees)
        check_loads();
    if (hf_timer_armed(queue) != model_armed())
        fuzz_fail("%llu timers are armed, not %llu", (unsigned long long)hf_timer_armed(queue),
                  (unsigned long long)model_armed());
    check_next(queue);
    observe(hf_timer_armed(queue));
}

uint64_t observe_end(void)
{
    check_reports();
    check_loads();
    for (unsigned i = 0; i < world.timer_count; i++)
        if (world.timers[i].data->frees != (world.timers[i].data->is_freed ? 1 : 0))
            fuzz_fail("data of timer %u were not freed", i);
    return digest;
}

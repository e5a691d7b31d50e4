#include "hook.h"

#include "harness.h"
#include "platform/platform.h"

#include <string.h>

enum { DEPTH = 4 };

static hook_kind current;
static hf_table *place;
static hf_handle closed;
static const hf_type *type_of_handles;
static unsigned called;

void hook_start(hf_table *table, hf_handle stale, const hf_type *type)
{
    place = table;
    closed = stale;
    type_of_handles = type;
    called = 0;
}

static void check(const hf_report *report)
{
    if (report->size != sizeof(hf_report) || (unsigned)report->kind >= HF_REPORT_KIND_COUNT ||
        strcmp(report->kind_name, hf_report_kind_name(report->kind)) != 0 ||
        report->message[0] == '\0' || report->advice[0] == '\0' || report->now.thread == 0 ||
        (report->holders == NULL && report->holder_count != 0))
        fuzz_fail("a report is incomplete");
}

static void find(void)
{
    if (hf_close(place, closed, NULL) != HF_E_STALE_HANDLE)
        fuzz_fail("a closed handle can be closed");
}

static void work(const hf_report *report)
{
    char text[512];
    hf_handle handle;
    if (hf_open(place, type_of_handles, 1, NULL, &handle) == HF_OK)
        (void)hf_close(place, handle, NULL);
    (void)hf_report_text(report, text, sizeof(text));
    (void)hf_report_json(report, text, sizeof(text));
}

static bool hook(const hf_report *report, void *context)
{
    hook_kind kind = *(const hook_kind *)context;
    check(report);
    called++;
    if (kind == HOOK_FINDS)
        find();
    if (kind == HOOK_WORKS)
        work(report);
    if (kind == HOOK_STARVES)
        (void)hf_os_fail_allocation(1 + called % 2);
    return kind == HOOK_HANDLES;
}

void hook_set(hook_kind kind)
{
    current = kind;
    hf_set_report_hook(kind == HOOK_NONE ? NULL : hook, &current);
}

unsigned hook_count(void)
{
    unsigned calls = called;
    called = 0;
    return calls;
}

/* Where the hook finds something itself, it is called for that as well, and so on; the finding that
 * is made at the greatest depth goes to the writer at once. */
void hook_foresee(hf_policy policy, unsigned *calls, unsigned *written)
{
    bool reported = policy >= HF_POLICY_REPORT;
    bool finds = current == HOOK_FINDS && hf_get_policy(HF_REPORT_DOUBLE_CLOSE) >= HF_POLICY_REPORT;
    if (!reported)
        return;
    *calls += current == HOOK_NONE ? 0 : finds ? DEPTH : 1;
    *written += current == HOOK_HANDLES ? 0 : finds ? DEPTH + 1 : 1;
}

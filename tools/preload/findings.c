/* Findings: made by the table or here, and taken by the hook. */
#include "findings.h"

#include <errno.h>

#include "core/cold.h"
#include "core/refuse.h"
#include "core/registry.h"
#include "numbers.h"
#include "pending.h"
#include "platform/platform.h"
#include "platform/symbols.h"
#include "report/moments.h"
#include "report/trace.h"
#include "runs.h"
#include "self.h"
#include "thread_names.h"
#include "uses.h"

/* ---- telling -------------------------------------------------------------------------------- */

static void halt_if_wanted(void)
{
    if (run_this_process.settings[RUN_HALT_ON_ERROR] != 0)
        hf_os_abort();
}

static void settle_told(uint32_t *waiting)
{
    hf_trace_settle(waiting, HF_TRACE_TOLD);
    halt_if_wanted();
}

static void settle_withdrawn(uint32_t *waiting)
{
    hf_trace_settle(waiting, HF_TRACE_WITHDRAWN);
}

/* Of the moments before this one. */
enum { FORMER = 4 };
typedef struct former_names {
    char text[FORMER][RUN_THREAD_NAME_BYTES];
} former_names;

static void name_thread(hf_report_event *moment, char text[RUN_THREAD_NAME_BYTES])
{
    if (moment->thread != 0 && run_thread_name_now(moment->thread, text))
        moment->thread_name = text;
}

/* A thread that still runs is called what it is called now. */
static hf_report with_names(const hf_report *report, former_names *names)
{
    hf_report named = *report;
    name_thread(&named.subject.opened, names->text[0]);
    name_thread(&named.subject.closed, names->text[1]);
    name_thread(&named.other.opened, names->text[2]);
    name_thread(&named.other.closed, names->text[3]);
    return named;
}

static void tell(const hf_report *made, bool waits)
{
    former_names names;
    hf_report report = with_names(made, &names);
    hf_trace_holder holder;
    bool held = report.kind == HF_REPORT_CLOSE_DURING_USE &&
                run_use_find_holder(report.subject.handle, &holder);
    uint32_t *waiting = NULL;
    if (waits)
        waiting = hf_trace_write_waiting(&report, held ? &holder : NULL);
    else
        hf_trace_write_finding(&report, held ? &holder : NULL, true);
    if (waiting != NULL && !run_pending_add(waiting))
        settle_told(waiting); /* rather too early than never */
    if (!waits)
        halt_if_wanted();
}

static bool take_report(const hf_report *report, void *context)
{
    (void)context;
    run_self.inside++;
    run_verdict verdict = run_series_verdict();
    if (verdict != RUN_DROP)
        tell(report, verdict == RUN_WAIT);
    run_self.inside--;
    return true;
}

/* A thread ends. */
static void end_thread(void *argument)
{
    (void)argument;
    run_findings_flush();
}

void run_findings_start(void)
{
    run_pending_start(end_thread);
    hf_set_report_hook(take_report, NULL);
    /* A thread may be cancelled in any call. */
    (void)hf_set_policy(HF_REPORT_HELD_AT_THREAD_EXIT, HF_POLICY_IGNORE);
}

void run_findings_flush(void)
{
    if (run_pending_own == NULL)
        return;
    int saved = errno;
    run_self.inside++;
    run_pending_settle(settle_told);
    run_self.inside--;
    errno = saved;
}

void run_findings_flush_all(void)
{
    int saved = errno;
    run_self.inside++;
    run_pending_settle_all(settle_told);
    run_self.inside--;
    errno = saved;
}

void run_findings_drop(void)
{
    run_pending_settle(settle_withdrawn);
}

/* ---- making --------------------------------------------------------------------------------- */

static hf_event_party party_of(hf_handle handle)
{
    const hf_table *table = run_this_process.table;
    uint64_t raw = handle.bits ^ table->head.secret;
    if (hf_handle_is_null(handle) || !hf_raw_is_plausible(table, raw))
        return (hf_event_party){.handle = HF_NULL_HANDLE};
    hf_event_party party = hf_cold_party(table, raw);
    if (party.label != NULL && party.type_name == run_type_descriptor.name &&
        !run_text_is_kept((int)party.value, handle, party.label))
        party.label = NULL;
    return party;
}

void run_find_kind(hf_report_kind kind, hf_handle subject, hf_handle other, const char *other_role,
                   const char *operation, hf_site site)
{
    hf_event event = {.kind = kind,
                      .operation = operation,
                      .table_name = run_this_process.table->name,
                      .subject = party_of(subject),
                      .other = party_of(other),
                      .other_role = other_role};
    run_self.inside++;
    hf_find(run_this_process.table, &event, site);
    run_self.inside--;
}

void run_find_stale(hf_report_kind kind, hf_handle stale, hf_handle victim, const char *operation,
                    hf_site site)
{
    bool reuse = !hf_handle_is_null(victim);
    run_find_kind(reuse ? HF_REPORT_HANDLE_REUSE : kind, stale, victim,
                  reuse ? "the number now belongs to" : NULL, operation, site);
}

void run_find_foreign(hf_handle descriptor, hf_handle owner, const char *operation, hf_site site)
{
    run_find_kind(HF_REPORT_FOREIGN_CLOSE, descriptor, owner, "owned by", operation, site);
}

/* ---- who is who ----------------------------------------------------------------------------- */

static const char *module_of(uintptr_t address)
{
    hf_object object;
    return hf_object_find(address - 1, &object) ? object.path : NULL;
}

bool run_is_strange(hf_handle opened, hf_site site)
{
    hf_event_party party = party_of(opened);
    hf_report_event moment = hf_make_moment(party.opened);
    return moment.frame_count > 0 &&
           module_of(moment.frames[0]) != module_of(((const uintptr_t *)site)[1]);
}

/* See process.h.
 *
 * The handlers for forks are registered after the library's own.  So the C library calls ours first
 * before the fork, while the gate that the library shuts is still open, and last in the child, when
 * all is in order again.  What the library's own do in between (a child reads its command line) is
 * not the program's. */
#include "process.h"

#include <pthread.h>

#include "core/event.h"
#include "findings.h"
#include "pending.h"
#include "platform/platform.h"
#include "quarantine.h"
#include "report/threads.h"
#include "report/trace.h"
#include "runs.h"
#include "self.h"
#include "uses.h"

unsigned run_first_thread;

/* Pending findings are the thread's: in the child they would be told once more. */
void run_process_will_fork(void)
{
    if (!run_is_on())
        return;
    run_series_break();
    run_findings_flush();
}

static void before_fork(void)
{
    run_process_will_fork();
    run_self.inside++;
}

static void in_parent(void)
{
    run_self.inside--;
}

static void begin_child(void)
{
    if (!run_is_on())
        return;
    run_self.inside++;
    run_this_process.forked = true;
    run_quarantine_forked();
    run_pending_forget();
    run_use_forked();
    run_first_thread = hf_event_thread();
    hf_trace_process_begins(HF_TRACE_FORKED, NULL);
    run_self.inside--;
}

static void in_child(void)
{
    run_self.inside--;
    begin_child();
}

bool run_process_start(void)
{
    return pthread_atfork(before_fork, in_parent, in_child) == 0;
}

void run_process_forked_untold(void)
{
    run_self.inside++;
    hf_os_thread_renumber();
    (void)hf_event_forked();
    run_self.inside--;
    begin_child();
}

void run_process_confined(void)
{
    if (!run_is_on())
        return;
    run_self.inside++;
    __atomic_store_n(&run_this_process.confined, 1, __ATOMIC_RELAXED);
    hf_trace_grow_ahead();
    hf_trace_grow_no_more();
    (void)hf_os_thread_number(); /* the first time it asks the system */
    hf_thread_ask_no_more();
    run_quarantine_stop();
    run_self.inside--;
}

void run_process_ends(void)
{
    hf_table_stats stats = {.size = (uint32_t)sizeof stats};
    hf_trace_exit totals = {0};
    run_findings_flush_all();
    run_self.inside++;
    if (hf_table_get_stats(run_this_process.table, &stats) == HF_OK) {
        totals.opened = stats.opened;
        totals.closed = stats.closed;
        totals.live = stats.live;
        for (unsigned i = 0; i < HF_REPORT_KIND_COUNT; i++)
            totals.reports += stats.reports[i];
    }
    hf_trace_process_ends(&totals);
    run_self.inside--;
}

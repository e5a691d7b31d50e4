/* See process.h.
 *
 * The handlers for forks are registered after the library's own.  So the C library calls ours first
 * before the fork, while the gate that the library shuts is still open, and last in the child, when
 * all is in order again. */
#include "process.h"

#include <pthread.h>

#include "core/event.h"
#include "findings.h"
#include "pending.h"
#include "platform/platform.h"
#include "report/trace.h"
#include "runs.h"
#include "self.h"

unsigned run_first_thread;

/* Pending findings are the thread's: in the child they would be told once more. */
void run_process_will_fork(void)
{
    if (!run_is_on())
        return;
    run_series_break();
    run_findings_flush();
}

static void in_child(void)
{
    if (!run_is_on())
        return;
    run_self.inside++;
    run_this_process.forked = true;
    run_pending_forget();
    run_first_thread = hf_event_thread();
    hf_trace_process_begins(HF_TRACE_FORKED);
    run_self.inside--;
}

/* Between these the library's own handlers run, which read files: that is not the program's doing.
 * It registered before us, so it comes after us here, and before us there. */
static void before_fork(void)
{
    run_process_will_fork();
    run_self.inside++;
}

static void after_fork_in_parent(void)
{
    run_self.inside--;
}

static void after_fork_in_child(void)
{
    run_self.inside--;
    in_child();
}

bool run_process_start(void)
{
    return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
}

void run_process_forked_untold(void)
{
    hf_os_thread_renumber();
    run_self.inside++;
    (void)hf_event_forked();
    run_self.inside--;
    in_child();
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

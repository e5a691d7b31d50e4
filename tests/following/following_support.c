/* See following_support.h. */
#include "following_support.h"

#include <string.h>

#include "findings.h"
#include "uses.h"

run_process run_this_process;
run_calls run_no_calls;
__thread run_thread run_self = {.last_closed = -1, .calls = &run_no_calls};
run_number *run_numbers;
uint32_t run_number_limit; /* none was ever seen */
unsigned flushed;
unsigned dropped;

void run_findings_flush(void)
{
    flushed++;
}

void run_findings_flush_all(void)
{
    flushed++;
}

void run_findings_drop(void)
{
    dropped++;
}

run_calls run_all_calls[HF_RECORDS + 1]; /* nobody is inside of a call */

bool run_use_begin(run_use *use, int descriptor, const char *operation)
{
    *use = (run_use){.descriptor = descriptor, .operation = operation};
    return true;
}

void run_use_end_closed(const run_use *use)
{
    (void)use;
}

void follow(const char *library, const char *trace)
{
    run_this_process.settings[RUN_FOLLOW] = 1;
    strcpy(run_this_process.library_path, library);
    strcpy(run_this_process.trace_path, trace);
}

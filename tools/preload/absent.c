/* Stands in for what other files will define, so that the library loads meanwhile. */
#include "report/trace.h"
#include "uses.h"

#define WEAK __attribute__((weak))

WEAK bool run_use_begin(run_use *use, int descriptor, const char *operation)
{
    (void)use;
    (void)descriptor;
    (void)operation;
    return true;
}

WEAK void run_use_end(run_use *use, bool failed)
{
    (void)use;
    (void)failed;
}

WEAK bool run_use_find_holder(int descriptor, struct hf_trace_holder *out)
{
    (void)descriptor;
    (void)out;
    return false;
}

WEAK bool run_probe_begin(run_use *use, int descriptor, const char *operation)
{
    (void)use;
    (void)descriptor;
    (void)operation;
    return true;
}

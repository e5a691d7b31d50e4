/* Reports of a process that is exiting. */
#include "report/exit.h"

#include <stdatomic.h>

#include "core/event.h"
#include "platform/platform.h"
#include "report/trace_option.h"

static _Atomic bool exiting;

void hf_event_exit(void)
{
    if (!atomic_exchange_explicit(&exiting, true, memory_order_relaxed))
        hf_trace_option_exit();
}

bool hf_must_not_wait(void)
{
    return atomic_load_explicit(&exiting, memory_order_relaxed) && !hf_os_is_single_threaded();
}

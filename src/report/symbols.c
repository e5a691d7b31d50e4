/* Names for addresses: the platform's way of finding them, one thread at a time, and never from
 * within itself. */
#include "report/symbols.h"

#include <string.h>

#include "platform/lock.h"
#include "report/exit.h"
#include "report/options.h"
#include "report/sanitizers.h"
#include "report/threads.h"

static hf_lock lock;
static uint32_t users; /* guarded by the lock, as is the next */
static uint64_t users_process;

/* False: this thread is at it already, or another one never ends, or may never.  The mark comes
 * before the lock, so that a signal handler in between does not wait for this thread. */
static bool enter(void)
{
    if (hf_self.symbolizing || hf_must_not_wait())
        return false;
    hf_self.symbolizing = true;
    if (hf_lock_take(&lock, HF_LOCK_BOUND_NS))
        return true;
    hf_self.symbolizing = false;
    return false;
}

static void leave(void)
{
    hf_lock_give(&lock);
    hf_self.symbolizing = false;
}

void hf_symbols_begin(void)
{
    if (!enter())
        return;
    uint64_t process = hf_os_process_id();
    if (users_process != process) { /* the users of before fork are not in this process */
        users_process = process;
        users = 0;
    }
    users++;
    leave();
}

void hf_symbols_end(void)
{
    if (!enter())
        return;
    if (users != 0 && --users == 0)
        hf_os_symbolize_end();
    leave();
}

void hf_symbols_find(uintptr_t return_address, hf_os_symbol *out)
{
    if (hf_option(HF_OPTION_SYMBOLIZE) == 0 || !enter()) {
        hf_os_locate(return_address, out);
        return;
    }
    /* Inside a report of AddressSanitizer's nothing may be waited for that a thread may hold which
     * is about to report itself: the loader's lock, say, of one that runs a constructor. */
    if (hf_sanitizers_are_reporting_here())
        hf_os_symbolize_by_sanitizer(return_address, out);
    else
        hf_os_symbolize(return_address, out);
    leave();
}

void hf_symbols_forked(void)
{
    if (!hf_self.symbolizing)
        hf_lock_reset(&lock);
}

uint32_t hf_symbols_own_frames(const hf_report_event *event)
{
    for (uint32_t i = 0; i < event->frame_count; i++) {
        hf_os_symbol symbol;
        hf_symbols_find(event->frames[i], &symbol);
        if (!symbol.in_holdfast)
            return i;
    }
    return 0;
}

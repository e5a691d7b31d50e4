/* The user's own locks, as far as the search for deadlocks must know them. */
#include "core/deadlock.h"

enum { LEVEL_OF_HOLDERS = 3 }; /* from which on it is recorded where something was entered */

/* This thread's wait for a lock; a thread waits for one at a time. */
static __thread uint32_t lock_waiting __attribute__((tls_model("initial-exec")));

static void end_waiting(void)
{
    hf_waiting_end(lock_waiting);
    lock_waiting = 0;
}

hf_status hf_lock_begin(const void *lock, const char *operation, hf_site site)
{
    hf_awaited awaited = hf_awaited_lock(lock);
    end_waiting();
    return hf_deadlock_begin(&awaited, true, hf_event_trace(site), operation, site, &lock_waiting)
               ? HF_OK
               : HF_E_POSSIBLE_DEADLOCK;
}

void hf_lock_taken(const void *lock, hf_site site)
{
    uint32_t record = hf_record_current();
    if (record != 0 && lock != NULL)
        hf_locks_add(record, lock,
                     hf_event_level() >= LEVEL_OF_HOLDERS ? hf_event_trace(site).stack : 0);
    end_waiting();
}

hf_status hf_lock_waiting(const void *lock)
{
    return lock == NULL ? HF_E_INVALID_ARGUMENT : hf_lock_begin(lock, "hf_lock_waiting", HF_SITE());
}

void hf_lock_acquired(const void *lock)
{
    hf_lock_taken(lock, HF_SITE());
}

void hf_lock_abandoned(const void *lock)
{
    (void)lock;
    end_waiting();
}

void hf_lock_released(const void *lock)
{
    if (hf_this_thread.record != 0 && lock != NULL)
        hf_locks_remove(hf_this_thread.record, lock);
}

/* Waits that would never end: refused before they begin. */
#ifndef HF_CORE_DEADLOCK_H
#define HF_CORE_DEADLOCK_H

#include "core/release.h"
#include "core/waiting.h"

static inline hf_awaited hf_awaited_handle(const hf_subject *subject)
{
    return (hf_awaited){
        .kind = HF_AWAITED_HANDLE, .word = subject->handle.bits, .table = subject->table};
}

static inline hf_awaited hf_awaited_lock(const void *lock)
{
    return (hf_awaited){.kind = HF_AWAITED_LOCK, .word = (uint64_t)(uintptr_t)lock};
}

/* Asks whether this thread may wait.  True: others see from now on that it does, until
 * hf_waiting_end(*waiting).  False: it would wait for itself or for threads that wait for it; that
 * is reported, and nothing is to be ended.  `blocks`: false if it would not wait at all (a time-out
 * of 0); then only what this thread itself holds counts.  `where`: the wait's own stack, or 0. */
bool hf_deadlock_begin(const hf_awaited *awaited, bool blocks, hf_trace where,
                       const char *operation, hf_site site, uint32_t *waiting);

#ifdef HF_FAULT_INJECTION
/* For tests: called when a cycle was found and before it is walked again; NULL switches it off. */
extern void (*hf_deadlock_between_walks)(void);
#endif

/* The user's locks: what hf_lock_waiting does, for a call of another name. */
hf_status hf_lock_begin(const void *lock, const char *operation, hf_site site);
void hf_lock_taken(const void *lock, hf_site site);

#endif

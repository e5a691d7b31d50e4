/* The usual way of a use, which wrappers go inline, and whether a call need not be announced at
 * all.
 *
 * Nearly all calls of a process with several threads are alike: the library is on and not at work
 * on this thread, no series is open, the thread has its record and is inside of no other call, the
 * number is open, and this thread is noted as its user.  Then of all that run_use_begin and
 * run_use_end do (uses.c, where it is argued) there remain a few loads, four stores, a look at the
 * handle, and after the call three stores.  Whatever is otherwise is found here by a look, and left
 * to them, before anything was written.  What the looks stand for:
 *
 *  1. A thread's `calls` are set by take_calls, so the library is on, which it stays.  The record
 *     is compared, because a thread that ends gives it back, while its destructors go on calling.
 *     Who has none has calls whose first is never free.
 *  2. No series, and nothing closed last: there is nothing to be reset.
 *  3. The thread's first call is free: it is inside of none, neither of one that it has interrupted
 *     nor of one that it left by a jump, since others are taken only while the first is.
 *  4. The number has a user, this one or several: there is nothing to be noted.
 *
 * A signal handler that comes between these looks and the first store leaves all of that as it was,
 * or closes the number, which the look at the handle finds.  If it closes another one, that is not
 * forgotten until the next call, as if it had come after this one. */
#ifndef RUN_USUAL_H
#define RUN_USUAL_H

#include <unistd.h>

#include "core/record.h"
#include "site.h"
#include "uses.h"

typedef enum run_way {
    RUN_PLAIN, /* nothing can be wrong: the wrapper is but a jump */
    RUN_USUAL, /* by run_usual_enter, if it will have it */
    RUN_OTHERWISE
} run_way;

/* A few loads, and nothing is written; while the library is off, or at work on this thread, the
 * answer may be any. */
static inline run_way run_way_of_use(int descriptor)
{
    if (!run_thread_is_quiet())
        return RUN_OTHERWISE;
    run_number_state state = run_state_of(descriptor);
    if (run_is_harmless(state))
        return RUN_PLAIN;
    return state == RUN_LIVE ? RUN_USUAL : RUN_OTHERWISE;
}

/* The same for fstat.  Of a loop over the table those calls are seen that touch what is not open,
 * and, for a series is open then, all that follow.  What is but a probe is not announced. */
static inline run_way run_way_of_look(int descriptor)
{
    if (!run_thread_is_quiet() || run_state_of(descriptor) != RUN_LIVE)
        return RUN_OTHERWISE;
    return run_is_alone() || descriptor <= STDERR_FILENO ? RUN_PLAIN : RUN_USUAL;
}

/* Of a number whose way is RUN_USUAL.  NULL: it is not that, and nothing was done. */
static inline __attribute__((always_inline)) run_calls *
run_usual_enter(int descriptor, hf_site site, const char *operation)
{
    const run_number *number = &run_numbers[descriptor];
    run_calls *own = run_self.calls;
    run_call *call = &own->calls[0];
    uint32_t record = hf_this_thread.record;
    uint32_t user = __atomic_load_n(&number->user, __ATOMIC_RELAXED);
    hf_handle handle = {__atomic_load_n(&number->handle, __ATOMIC_RELAXED)};
    if (__builtin_expect(run_self.inside != 0 || run_self.is_vfork_child ||
                             run_self.call_record != record || call->frame != 0 ||
                             (user != record && user != RUN_SEVERAL),
                         0))
        return NULL;
    run_call_take(call, site, operation);
    if (HF_LIKELY(run_call_announce(call, site, handle)))
        return own;
    run_calls_leave(own, 0);
    return NULL;
}

static inline __attribute__((always_inline)) void run_usual_leave(run_calls *own)
{
    run_calls_leave(own, 0);
}

#endif

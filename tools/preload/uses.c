/* Uses: regions of descriptors, while several threads run.
 *
 * Each thread keeps the calls that it is inside of, innermost last: one for each descriptor of its
 * call, and the same for each signal handler.  They lie in a static array by the thread's record,
 * because closers of other threads read them, and a thread's own memory goes with it.
 *
 * Who reads what.  A call's `handle` is written last and cleared first, so a closer that finds its
 * handle there reads the operation and the frame of the very call, unless the thread leaves it in
 * that moment and enters another: then a finding, which is true, names the wrong call.
 *
 * Signal handlers come between any two instructions.  A handler takes the next place and gives it
 * back before it returns, so a place is taken (the count goes up) before it is filled, and `frame`
 * is 0 as long as there is nothing to leave in it.
 *
 * How a call that was left by a jump is found: its frame lies below that of the next call, or on
 * another stack than the thread's own while the next call is on the thread's own.  (Calls of the
 * same frame are one wrapper's, of several descriptors.)  The jump functions of the C library are
 * wrapped besides (wrap_jump.c), which covers all but setcontext in signal handlers.  A thread that
 * ends by cancellation gives all back with its record. */
#include "uses.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/record.h"
#include "core/region.h"
#include "findings.h"
#include "platform/platform.h"
#include "real.h"
#include "report/moments.h"
#include "report/threads.h"
#include "report/trace.h"
#include "site.h"
#include "thread_names.h"

RUN_DECLARE_REAL(int, fcntl, (int, int, ...))

enum { CALLS = 2 * RUN_SET_USES, DEPTH_MAX = 64 };

typedef struct call {
    uint64_t handle;       /* 0: none */
    uintptr_t frame;       /* of the wrapper; 0: none */
    uintptr_t caller;      /* where it returns to */
    const char *operation; /* static text */
    hf_region region;
} call;

static call calls[HF_RECORDS + 1][CALLS];

/* ---- entering and leaving ------------------------------------------------------------------- */

static void leave_call(call *of)
{
    __atomic_store_n(&of->handle, UINT64_C(0), __ATOMIC_RELAXED);
    of->frame = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler that jumps does not leave it twice */
    hf_leave(&of->region);
}

static bool is_on_own_stack(uintptr_t address)
{
    return address >= hf_self.stack_low && address < hf_self.stack_high;
}

/* Whether the thread cannot be inside of it any more, now that it makes a call from `site`. */
static bool was_left(const call *of, uintptr_t site)
{
    if (of->frame == 0)
        return false;
    return of->frame < site || (is_on_own_stack(site) && !is_on_own_stack(of->frame));
}

static void leave_the_left(call *own, uintptr_t site)
{
    uint32_t count = run_self.call_count;
    while (count > 0 && was_left(&own[count - 1], site))
        leave_call(&own[--count]);
    run_self.call_count = count;
}

/* This thread's calls; NULL when it cannot have a record. */
static call *own_calls(void)
{
    uint32_t record = hf_this_thread.record;
    if (__builtin_expect(record == 0 || run_self.call_record != record, 0)) {
        run_self.inside++;
        if (!hf_self.met)
            hf_thread_meet();
        record = hf_record_current();
        run_self.inside--;
        /* What its last owner, who is gone, or was not copied by fork, left there. */
        for (uint32_t i = 0; i < CALLS; i++)
            calls[record][i] = (call){.handle = 0};
        run_self.call_record = record;
        run_self.call_count = 0;
    }
    return record != 0 ? calls[record] : NULL;
}

/* False: the handle is not live any more.  A call for which there is no room goes unnoted. */
static bool enter_call(run_use *use, hf_handle handle, const char *operation)
{
    call *own = own_calls();
    hf_site site = RUN_CALLER_SITE();
    if (own == NULL)
        return true;
    if (run_self.call_count != 0)
        leave_the_left(own, (uintptr_t)site);
    uint32_t place = run_self.call_count;
    if (place >= CALLS)
        return true;
    run_self.call_count = place + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    call *entered = &own[place];
    hf_refusal refusal = {.operation = operation, .site = site, .quiet = true};
    hf_status status = hf_enter_at(run_this_process.table, handle, &entered->region, &refusal);
    if (status != HF_OK) {
        run_self.call_count = place;
        return status == HF_E_TOO_MANY_REFERENCES;
    }
    entered->frame = (uintptr_t)site;
    entered->caller = (uintptr_t)run_site_caller(site);
    entered->operation = operation;
    /* Release: the rest is written.  Partner: the acquire in find_call. */
    __atomic_store_n(&entered->handle, handle.bits, __ATOMIC_RELEASE);
    use->in_region = true;
    use->call = place;
    use->frame = site;
    return true;
}

static void end_call(const run_use *use)
{
    call *of = &calls[hf_this_thread.record][use->call];
    if (of->frame != (uintptr_t)use->frame || use->call >= run_self.call_count)
        return; /* taken for left meanwhile: by a handler on a stack of its own */
    leave_call(of);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    run_self.call_count = use->call;
}

void run_use_leave_all(void)
{
    if (run_self.call_count == 0 || run_self.call_record != hf_this_thread.record)
        return;
    call *own = calls[run_self.call_record];
    while (run_self.call_count > 0) {
        run_self.call_count--;
        if (own[run_self.call_count].frame != 0)
            leave_call(&own[run_self.call_count]);
    }
}

/* ---- closed numbers ------------------------------------------------------------------------- */

static bool refuse(void)
{
    errno = EBADF;
    return false;
}

static void find_stale(hf_handle handle, const char *operation, bool is_probe)
{
    if (!is_probe || run_this_process.settings[RUN_PROBES] != 0)
        run_find_stale(HF_REPORT_STALE_USE, handle, HF_NULL_HANDLE, operation, RUN_CALLER_SITE());
}

/* The state may change between two looks at the number, but not for ever. */
enum { LOOKS = 4 };

static bool begin(run_use *use, int descriptor)
{
    for (int look = 0; look < LOOKS; look++) {
        run_number_state state = run_state_of(descriptor);
        hf_handle handle = run_handle_of(descriptor);
        if (state == RUN_OWN)
            return refuse();
        if (run_is_harmless(state))
            return true;
        if (state == RUN_LIVE) {
            if (use->is_probe || enter_call(use, handle, use->operation))
                return true;
        } else if (state == RUN_FREE) {
            use->was_closed = true;
            return true;
        } else if (!hf_is_live(run_this_process.table, handle)) {
            find_stale(handle, use->operation, use->is_probe);
            return refuse();
        }
    }
    use->was_closed = true; /* it is being closed */
    return true;
}

bool run_use_begin_known(run_use *use, int descriptor, const char *operation, run_purpose purpose)
{
    use->descriptor = descriptor;
    use->operation = operation;
    use->is_probe = purpose == RUN_TO_PROBE;
    return begin(use, descriptor);
}

/* EBADF may also mean that it is not open in that direction.  Who must not ask cannot know. */
static bool is_really_closed(int descriptor)
{
    int saved = errno;
    bool closed = !run_is_confined() && RUN_REAL(fcntl)(descriptor, F_GETFD) < 0;
    errno = saved;
    return closed;
}

static void find_if_closed(const run_use *use)
{
    hf_handle handle = run_handle_of(use->descriptor);
    if (is_really_closed(use->descriptor) && !hf_is_live(run_this_process.table, handle))
        find_stale(handle, use->operation, use->is_probe);
}

void run_use_end_known(const run_use *use, bool failed)
{
    if (use->in_region)
        end_call(use);
    if (use->was_closed && failed && errno == EBADF)
        find_if_closed(use);
}

/* ---- probes and sets ------------------------------------------------------------------------ */

static bool begin_in_series(run_use *use, int descriptor, const char *operation, run_operation kind,
                            run_purpose purpose)
{
    use->in_region = false;
    use->was_closed = false;
    if (!run_is_on())
        return true;
    run_number_state state = run_state_of(descriptor);
    run_series_step(kind, descriptor, run_site_caller(RUN_CALLER_SITE()), state == RUN_UNKNOWN);
    run_self.last_closed = -1;
    return run_is_harmless(state) || run_use_begin_known(use, descriptor, operation, purpose);
}

bool run_probe_begin(run_use *use, int descriptor, const char *operation)
{
    return begin_in_series(use, descriptor, operation, RUN_PROBING, RUN_TO_PROBE);
}

bool run_save_begin(run_use *use, int descriptor, const char *operation)
{
    return begin_in_series(use, descriptor, operation, RUN_SAVING, RUN_TO_PROBE);
}

/* Who asks about a standard descriptor wants to know whether the user has closed it. */
bool run_look_begin(run_use *use, int descriptor, const char *operation)
{
    return begin_in_series(use, descriptor, operation, RUN_PROBING,
                           descriptor <= STDERR_FILENO ? RUN_TO_PROBE : RUN_TO_LOOK);
}

bool run_use_in_set(int descriptor, const char *operation)
{
    run_number_state state = run_state_of(descriptor);
    if (state == RUN_UNKNOWN || state == RUN_LIVE)
        return false;
    if (state == RUN_OWN)
        return true;
    hf_handle handle = run_handle_of(descriptor);
    if (hf_is_live(run_this_process.table, handle) ||
        (state == RUN_FREE && !is_really_closed(descriptor)))
        return false;
    find_stale(handle, operation, false);
    return true;
}

bool run_use_enter_in_set(run_set_use *set, int descriptor, const char *operation)
{
    if (run_state_of(descriptor) != RUN_LIVE)
        return false;
    if (set->count == RUN_SET_USES)
        return true;
    run_use *use = &set->uses[set->count];
    *use = (run_use){.descriptor = descriptor, .operation = operation};
    bool is_open = enter_call(use, run_handle_of(descriptor), operation);
    set->count += use->in_region;
    return is_open;
}

void run_use_leave_set(run_set_use *set)
{
    while (set->count > 0)
        end_call(&set->uses[--set->count]);
}

/* ---- holders -------------------------------------------------------------------------------- */

static const call *find_call(uint64_t handle, uint32_t record)
{
    for (uint32_t i = 0; i < CALLS; i++)
        /* Acquire: partner is the release in enter_call. */
        if (__atomic_load_n(&calls[record][i].handle, __ATOMIC_ACQUIRE) == handle)
            return &calls[record][i];
    return NULL;
}

/* The stack of a thread that is inside of a call, read from outside.  It may leave the call in this
 * moment; then what lies above changes, and what the walk answers is not believed.  Without bounds,
 * the walk looks whether each page is mapped, for the thread may end as well. */
static uint32_t walk(const call *of, uintptr_t *frames, uint32_t capacity)
{
    hf_os_trail trail;
    uint64_t handle = __atomic_load_n(&of->handle, __ATOMIC_ACQUIRE);
    hf_os_walk_from from = {.site = of->frame, .afresh = true};
    if (!hf_os_can_walk || from.site == 0)
        return 0;
    uint32_t count = (uint32_t)hf_os_walk(&from, frames, capacity, &trail);
    /* The walk comes before the second look at the handle. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    bool is_inside = __atomic_load_n(&of->handle, __ATOMIC_RELAXED) == handle && handle != 0;
    return is_inside && count > 0 && frames[0] == of->caller ? count : 0;
}

static void describe(uint32_t record, const call *found, hf_trace_holder *out)
{
    static __thread uintptr_t frames[DEPTH_MAX] __attribute__((tls_model("initial-exec")));
    static __thread char name[RUN_THREAD_NAME_BYTES] __attribute__((tls_model("initial-exec")));
    uint32_t depth = run_this_process.settings[RUN_STACK_DEPTH];
    uintptr_t caller = found->caller;
    out->operation = found->operation;
    out->moment = hf_make_moment((hf_trace){.thread = hf_record_thread(record)});
    if (run_thread_name_now(out->moment.thread, name))
        out->moment.thread_name = name;
    out->moment.frames = frames;
    out->moment.frame_count = walk(found, frames, depth < DEPTH_MAX ? depth : DEPTH_MAX);
    if (out->moment.frame_count == 0) {
        frames[0] = caller;
        out->moment.frame_count = 1;
    }
}

bool run_use_find_holder(int descriptor, struct hf_trace_holder *out)
{
    uint64_t handle = run_handle_of(descriptor).bits;
    for (uint32_t record = 1; handle != 0 && record <= hf_record_peak(); record++) {
        if (record == hf_this_thread.record || !hf_record_is_taken(record))
            continue;
        const call *found = find_call(handle, record);
        if (found != NULL) {
            describe(record, found, out);
            return true;
        }
    }
    return false;
}

/* Uses: calls that are announced, while several threads run.
 *
 * Each thread keeps the calls that it is inside of, innermost last: one for each descriptor of its
 * call, and the same for each signal handler.  (Most are entered and left inline: see usual.h.)
 * They lie in a static array by the thread's record, because closers of other threads read them,
 * and a thread's own memory goes with it.
 *
 * How a closer finds a call.  A user (1) notes in the number that its life has a user, unless that
 * is there already, (2) stores the handle in its call, (3) looks whether the handle is live still,
 * and only then makes its system call.  A closer (4) ends the handle's life by compare-and-swap,
 * (5) looks at the number's user and, if that is another thread, for calls with the handle; it (6)
 * closes the file, and (7) looks once more if it has found none.
 *
 *  1. If 2 comes before 5, the closer finds the call.
 *  2. If 4 comes before 3, the user finds that the life is over, takes its call back, and makes no
 *     system call, or one that fails and is told then.
 *  3. Neither is so only if the processor still holds the store of 2 back when it does the load of
 *     3, as it may for some ten nanoseconds.  A fence in between would cost more than all the rest,
 *     each time; and a region of the library's is counted, which costs two locked additions.
 *     Instead the closer looks again: the user's system call, if it has reached the old file, comes
 *     before the close in the kernel, and 2 before it; the close comes before 7.  (Among threads
 *     the kernel takes the file by a locked addition, and looks afterwards whether the number has
 *     it still; this orders the store before.)  What a stream closes is looked at once only: the C
 *     library closes it.  There such a call goes unnoticed.
 *  4. The note of 1 is 0, or the one record whose thread used the life, or RUN_SEVERAL.  It leaves
 *     0 by compare-and-swap, so that of two first users neither is lost; RUN_SEVERAL is stored, and
 *     stays.  A user of a former life may come late with either, which costs a search.  It is what
 *     makes a close cheap: mostly there is no other user, and no search.
 *
 * Who reads what.  A call's `handle` is written last and cleared first, so a closer that finds its
 * handle there reads the operation and the frame of the very call, unless the thread leaves it in
 * that moment and enters another: then a finding, which is true, names the wrong call.  What a
 * thread leaves there when it ends by cancellation is nobody's: `thread` is not the next owner's.
 *
 * Signal handlers come between any two instructions.  A handler takes the next place and gives it
 * back before it returns, so a place is taken before it is filled: the first, which most calls have
 * to themselves, by its frame alone; another by the count, and its frame is 0 as long as there is
 * nothing to leave in it.  A handler on a stack of its own may take for left a call that has its
 * frame already, but not yet its handle.  That call finds, when it looks (3), that its frame is
 * gone, and begins anew; so no handle stays in a place that is free.
 *
 * How a call that was left by a jump is found: its frame lies below that of the next call, or on
 * another stack than the thread's own while the next call is on the thread's own.  (Calls of the
 * same frame are one wrapper's, of several descriptors.)  The jump functions of the C library are
 * wrapped besides (wrap_jump.c), which covers all but setcontext in signal handlers. */
#include "uses.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

enum { DEPTH_MAX = 64 };

run_calls run_all_calls[HF_RECORDS + 1];
run_calls run_no_calls = {.calls[0].frame = UINTPTR_MAX};

/* ---- entering and leaving ------------------------------------------------------------------- */

static bool is_on_own_stack(uintptr_t address)
{
    return address >= hf_self.stack_low && address < hf_self.stack_high;
}

/* Whether the thread cannot be inside of it any more, now that it makes a call from `site`. */
static bool was_left(const run_call *of, uintptr_t site)
{
    if (of->frame == 0)
        return false;
    return of->frame < site || (is_on_own_stack(site) && !is_on_own_stack(of->frame));
}

static void leave_the_left(run_calls *own, uintptr_t site)
{
    uint32_t taken = run_calls_taken(own);
    while (taken > 0 && was_left(&own->calls[taken - 1], site))
        run_calls_leave(own, --taken);
}

static void set_calls(uint32_t record, run_calls *calls)
{
    run_self.call_record = record;
    run_self.calls = calls;
}

/* The thread's first call.  NULL when it cannot have a record. */
__attribute__((noinline)) static run_calls *take_calls(void)
{
    run_self.inside++;
    if (!hf_self.met)
        hf_thread_meet();
    uint32_t record = hf_record_current();
    run_self.inside--;
    run_calls *own = &run_all_calls[record];
    if (record == 0) {
        set_calls(0, &run_no_calls);
        return NULL;
    }
    /* What its last owner, who is gone, or was not copied by fork, left there. */
    for (uint32_t i = RUN_CALLS; i-- > 0;)
        run_calls_leave(own, i);
    /* Release: nothing is left.  Partner: the acquire in find_call. */
    __atomic_store_n(&own->thread, hf_record_thread(record), __ATOMIC_RELEASE);
    set_calls(record, own);
    return own;
}

static inline run_calls *own_calls(void)
{
    uint32_t record = hf_this_thread.record;
    return HF_LIKELY(record != 0 && run_self.call_record == record) ? &run_all_calls[record]
                                                                    : take_calls();
}

void run_use_forked(void)
{
    set_calls(0, &run_no_calls);
}

__attribute__((noinline)) static void note_other_user(run_number *number)
{
    uint32_t none = 0;
    if (!__atomic_compare_exchange_n(&number->user, &none, hf_this_thread.record, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        __atomic_store_n(&number->user, RUN_SEVERAL, __ATOMIC_RELAXED);
}

static inline void note_user(run_number *number)
{
    uint32_t user = __atomic_load_n(&number->user, __ATOMIC_RELAXED);
    if (user != hf_this_thread.record && user != RUN_SEVERAL)
        note_other_user(number);
}

/* False: as run_call_announce.  A call for which there is no room goes unannounced. */
static inline bool enter_call(run_use *use, run_number *number, hf_handle handle, hf_site site)
{
    run_calls *own = own_calls();
    if (own == NULL)
        return true;
    leave_the_left(own, (uintptr_t)site);
    uint32_t place = run_calls_taken(own);
    if (place >= RUN_CALLS)
        return true;
    run_call *entered = &own->calls[place];
    run_calls_set_more(own, place);
    run_call_take(entered, site, use->operation);
    note_user(number);
    if (!HF_LIKELY(run_call_announce(entered, site, handle))) {
        run_calls_leave(own, place);
        return false;
    }
    use->announced = true;
    use->call = place;
    use->frame = site;
    return true;
}

void run_use_leave_all(void)
{
    uint32_t record = hf_this_thread.record;
    run_calls *own = &run_all_calls[record];
    if (record == 0 || run_self.call_record != record)
        return;
    for (uint32_t taken = run_calls_taken(own); taken > 0; taken--)
        run_calls_leave(own, taken - 1);
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

static inline bool begin(run_use *use, int descriptor, hf_site site)
{
    run_number *number = run_number_of(descriptor);
    for (int look = 0; number != NULL && look < LOOKS; look++) {
        run_number_state state = run_word_state(run_word_of(number));
        hf_handle handle = {__atomic_load_n(&number->handle, __ATOMIC_RELAXED)};
        if (run_is_harmless(state))
            return true;
        if (HF_LIKELY(state == RUN_LIVE)) {
            if (use->is_probe || enter_call(use, number, handle, site))
                return true;
        } else if (state == RUN_OWN) {
            return refuse();
        } else if (state == RUN_FREE) {
            use->was_closed = true;
            return true;
        } else if (!hf_is_live(run_this_process.table, handle)) {
            find_stale(handle, use->operation, use->is_probe);
            return refuse();
        }
    }
    use->was_closed = number != NULL; /* it is being closed */
    return true;
}

bool run_use_begin(run_use *use, int descriptor, const char *operation)
{
    *use = (run_use){.descriptor = descriptor, .operation = operation};
    if (!run_is_on())
        return true;
    run_series_break();
    run_self.last_closed = -1;
    return begin(use, descriptor, RUN_CALLER_SITE());
}

/* EBADF may also mean that it is not open in that direction.  Who must not ask cannot know. */
static bool is_really_closed(int descriptor)
{
    int saved = errno;
    bool closed = !run_is_confined() && RUN_REAL(fcntl)(descriptor, F_GETFD) < 0;
    errno = saved;
    return closed;
}

void run_use_end_closed(const run_use *use)
{
    hf_handle handle = run_handle_of(use->descriptor);
    if (errno == EBADF && is_really_closed(use->descriptor) &&
        !hf_is_live(run_this_process.table, handle))
        find_stale(handle, use->operation, use->is_probe);
}

/* ---- probes and sets ------------------------------------------------------------------------ */

static bool begin_in_series(run_use *use, int descriptor, const char *operation, run_operation kind,
                            run_purpose purpose)
{
    *use = (run_use){
        .descriptor = descriptor, .operation = operation, .is_probe = purpose == RUN_TO_PROBE};
    if (!run_is_on())
        return true;
    hf_site site = RUN_CALLER_SITE();
    run_series_step(kind, descriptor, run_site_caller(site),
                    run_state_of(descriptor) == RUN_UNKNOWN);
    run_self.last_closed = -1;
    return begin(use, descriptor, site);
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
    run_number *number = run_number_of(descriptor);
    if (number == NULL || run_word_state(run_word_of(number)) != RUN_LIVE)
        return false;
    if (set->count == RUN_SET_USES)
        return true;
    run_use *use = &set->uses[set->count];
    *use = (run_use){.descriptor = descriptor, .operation = operation};
    bool is_open = enter_call(use, number, run_handle_of(descriptor), RUN_CALLER_SITE());
    set->count += use->announced;
    return is_open;
}

void run_use_leave_set(run_set_use *set)
{
    while (set->count > 0)
        run_use_end(&set->uses[--set->count], false);
}

/* ---- holders -------------------------------------------------------------------------------- */

static const run_call *find_call(uint64_t handle, uint32_t record)
{
    const run_calls *of = &run_all_calls[record];
    /* Acquire: partner is the release in take_calls. */
    if (__atomic_load_n(&of->thread, __ATOMIC_ACQUIRE) != hf_record_thread(record))
        return NULL;
    uint32_t more = __atomic_load_n(&of->more, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i <= more && i < RUN_CALLS; i++)
        /* Acquire: partner is the release in run_call_announce. */
        if (__atomic_load_n(&of->calls[i].handle, __ATOMIC_ACQUIRE) == handle)
            return &of->calls[i];
    return NULL;
}

/* The stack of a thread that is inside of a call, read from outside.  It may leave the call in this
 * moment; then what lies above changes, and what the walk answers is not believed.  Without bounds,
 * the walk looks whether each page is mapped, for the thread may end as well. */
static uint32_t walk(const run_call *of, uintptr_t *frames, uint32_t capacity)
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

static void describe(uint32_t record, const run_call *found, hf_trace_holder *out)
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

bool run_use_find_holder(hf_handle handle, struct hf_trace_holder *out)
{
    for (uint32_t record = 1; handle.bits != 0 && record <= hf_record_peak(); record++) {
        if (record == hf_this_thread.record || !hf_record_is_taken(record))
            continue;
        const run_call *found = find_call(handle.bits, record);
        if (found != NULL) {
            describe(record, found, out);
            return true;
        }
    }
    return false;
}

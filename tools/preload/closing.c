/* How a life ends: by close, by what closes otherwise, by being replaced.  Why this is right is
 * argued in numbers.c. */
#include "closing.h"

#include <errno.h>
#include <unistd.h>

#include "core/kept.h"
#include "findings.h"
#include "owners.h"
#include "quarantine.h"
#include "real.h"
#include "report/trace.h"
#include "returns.h"
#include "runs.h"
#include "self.h"
#include "uses.h"

RUN_DECLARE_REAL(int, close, (int descriptor))

typedef struct closing {
    run_number *number;
    hf_handle handle;
    hf_site site;
    const char *operation;
    uint32_t word;
    int descriptor;
} closing;

/* ---- parts ---------------------------------------------------------------------------------- */

static hf_handle handle_of(const run_number *number)
{
    return (hf_handle){__atomic_load_n(&number->handle, __ATOMIC_RELAXED)};
}

static closing closing_of(int descriptor, const char *operation, hf_site site)
{
    closing at = {.number = run_number_of(descriptor),
                  .descriptor = descriptor,
                  .operation = operation,
                  .site = site};
    if (at.number != NULL) {
        at.word = run_word_of(at.number);
        at.handle = handle_of(at.number);
    }
    return at;
}

/* foreign-close: a stream or a directory owns the descriptor. */
HF_COLD static void tell_owner(const closing *at, hf_handle owner)
{
    run_find_foreign(at->handle, owner, at->operation, at->site);
    run_owner_was_told(owner);
}

static inline hf_handle owner_of(const closing *at)
{
    return (hf_handle){__atomic_load_n(&at->number->stream, __ATOMIC_RELAXED)};
}

/* Ends the life in the table, before the file is closed. */
static hf_status end_handle(const closing *at)
{
    return hf_close_keeping(run_this_process.table, at->handle, at->site, at->operation);
}

/* Whether the file is this caller's to close.  False: the life had ended already. */
static bool is_ended(hf_status status)
{
    return status == HF_OK || status == HF_E_EXITING;
}

/* close-during-use, if another thread is inside of a call: argued in uses.c.  Not if only this very
 * thread is, which its signal handler interrupted. */
static bool tell_user(const closing *at)
{
    hf_trace_holder holder;
    if (!run_use_is_elsewhere(at->number))
        return false;
    int saved = errno;
    bool found = run_use_find_holder(at->handle, &holder);
    if (found)
        run_find_kind(HF_REPORT_CLOSE_DURING_USE, at->handle, HF_NULL_HANDLE, NULL, at->operation,
                      at->site);
    errno = saved;
    return found;
}

/* A life that nobody saw begin, and whose end was just seen. */
static void learn(const closing *at)
{
    hf_handle handle = at->handle;
    uint64_t before = handle.bits;
    hf_table *table = run_this_process.table;
    if (at->number == NULL || hf_is_live(table, at->handle) ||
        hf_open_again(table, &run_type_descriptor, (hf_value)at->descriptor, NULL, &handle, NULL,
                      at->operation) != HF_OK)
        return;
    (void)hf_close_keeping(table, handle, at->site, at->operation);
    if (!__atomic_compare_exchange_n(&at->number->handle, &before, handle.bits, false,
                                     __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return; /* the number has an owner again, who was first */
    if (run_word_move(at->number, at->word, RUN_FREE))
        at->number->origin = RUN_UNSEEN;
}

/* ---- close ---------------------------------------------------------------------------------- */

static int fail_with(int error)
{
    errno = error;
    return -1;
}

/* The real call, outside of the library's own work: it may be a point of cancellation. */
static int close_really(int descriptor)
{
    run_self.inside--;
    int result = RUN_REAL(close)(descriptor);
    run_self.inside++;
    return result;
}

/* In a forked child: a thread that the child does not have was about to close it. */
static bool is_half_closed(const closing *at)
{
    return run_this_process.forked && !hf_is_live(run_this_process.table, at->handle);
}

/* The system call, after the handle was closed, where nobody else can take the number before the
 * tombstone does. */
static inline int close_ended_alone(const closing *at)
{
    int result = close_really(at->descriptor);
    run_quarantine_put_closed(at->descriptor, at->word);
    return result;
}

/* The same, where others can. */
static int close_ended_among_others(const closing *at)
{
    int saved = errno;
    if (run_quarantine_put(at->descriptor, at->word)) {
        errno = saved;
        return 0;
    }
    (void)run_word_move(at->number, at->word, RUN_FREE);
    errno = saved;
    int result = close_really(at->descriptor);
    run_quarantine_put_watched(at->descriptor);
    return result;
}

HF_COLD static int close_half_closed(const closing *at)
{
    return run_is_alone() ? close_ended_alone(at) : close_ended_among_others(at);
}

/* Of a life that may have users. */
__attribute__((noinline)) static int close_among_others(const closing *at, hf_status status)
{
    bool told = status != HF_OK || tell_user(at);
    int result = close_ended_among_others(at);
    if (!told)
        (void)tell_user(at);
    return result;
}

static inline int close_live(const closing *at)
{
    if (is_half_closed(at))
        return close_half_closed(at);
    int saved = errno;
    hf_handle owner = owner_of(at);
    /* A forked child may close what it does not need in any way: its copies of the streams are told
     * when they are closed themselves. */
    if (!hf_handle_is_null(owner) && !run_this_process.forked)
        tell_owner(at, owner);
    hf_status status = end_handle(at);
    if (!is_ended(status))
        return fail_with(EBADF); /* told; the thread that was first closes the file */
    errno = saved;
    return run_is_alone() ? close_ended_alone(at) : close_among_others(at, status);
}

/* The kernel knows whether it was opened again unseen. */
static int close_free(const closing *at)
{
    int result = close_really(at->descriptor);
    int error = errno;
    if (result == 0 || error != EBADF)
        learn(at);
    else
        run_find_stale(HF_REPORT_DOUBLE_CLOSE, at->handle, HF_NULL_HANDLE, at->operation, at->site);
    errno = error;
    return result;
}

static int close_unknown(const closing *at)
{
    int result = close_really(at->descriptor);
    int error = errno;
    if (result == 0 || error != EBADF)
        learn(at);
    errno = error;
    return result;
}

/* Of a number that is not LIVE. */
__attribute__((noinline)) static int close_other(const closing *at)
{
    switch (at->number != NULL ? run_word_state(at->word) : RUN_UNKNOWN) {
    case RUN_TOMB:
    case RUN_LEAVING:
        run_find_stale(HF_REPORT_DOUBLE_CLOSE, at->handle, HF_NULL_HANDLE, at->operation, at->site);
        return fail_with(EBADF);
    case RUN_FREE:
        return close_free(at);
    case RUN_OWN:
        return fail_with(EBADF);
    case RUN_LIVE:
    case RUN_UNKNOWN:
        break;
    }
    return close_unknown(at);
}

/* By a signal handler that interrupted the library itself: only the states are kept right. */
__attribute__((noinline)) static int close_inside(int descriptor)
{
    run_number *number = run_number_of(descriptor);
    uint32_t word = number != NULL ? run_word_of(number) : RUN_UNKNOWN;
    switch (run_word_state(word)) {
    case RUN_TOMB:
    case RUN_LEAVING:
    case RUN_OWN:
        return fail_with(EBADF);
    case RUN_LIVE:
        (void)run_word_move(number, word, RUN_UNKNOWN);
        break;
    case RUN_FREE:
    case RUN_UNKNOWN:
        break;
    }
    return RUN_REAL(close)(descriptor);
}

HF_HOT RUN_MAY_JUMP_BACK int run_close(int descriptor, const char *operation)
{
    if (descriptor < 0 || !run_has_numbers())
        return RUN_REAL(close)(descriptor);
    if (run_self.inside != 0)
        return close_inside(descriptor);
    closing at = closing_of(descriptor, operation, RUN_CALLER_SITE());
    run_number_state state = at.number != NULL ? run_word_state(at.word) : RUN_UNKNOWN;
    run_self.inside++;
    run_series_step(RUN_CLOSING, descriptor, run_site_caller(at.site), state == RUN_UNKNOWN);
    int result = HF_LIKELY(state == RUN_LIVE) ? close_live(&at) : close_other(&at);
    run_self.last_closed = result == 0 ? descriptor : -1;
    run_self.inside--;
    return result;
}

/* ---- other ends ----------------------------------------------------------------------------- */

bool run_ends(int descriptor, const char *operation)
{
    if (!run_is_on())
        return false;
    int saved = errno;
    closing at = closing_of(descriptor, operation, RUN_CALLER_SITE());
    run_number_state state = at.number != NULL ? run_word_state(at.word) : RUN_UNKNOWN;
    run_self.inside++;
    if (state == RUN_TOMB || state == RUN_LEAVING)
        (void)run_quarantine_take(descriptor);
    hf_status status = state == RUN_LIVE ? end_handle(&at) : HF_E_STALE_HANDLE;
    if (status == HF_OK)
        (void)tell_user(&at);
    bool live = is_ended(status);
    if (live)
        (void)run_word_move(at.number, at.word, RUN_FREE);
    run_self.inside--;
    errno = saved;
    return live;
}

void run_closing_swept(int descriptor, const char *operation, hf_site site)
{
    closing at = closing_of(descriptor, operation, site);
    run_number_state state = at.number != NULL ? run_word_state(at.word) : RUN_UNKNOWN;
    bool inside = run_self.inside != 0;
    run_self.inside++;
    if (state == RUN_TOMB || state == RUN_LEAVING)
        (void)run_quarantine_take(descriptor);
    else if (state == RUN_LIVE && (inside || is_ended(end_handle(&at))))
        (void)run_word_move(at.number, at.word, inside ? RUN_UNKNOWN : RUN_FREE);
    run_self.inside--;
}

/* Replacing 3 and above is a finding where another owner is likely: a stream, a directory, another
 * module.  Otherwise it is taken for meant, as by those who rotate a log file. */
static bool is_clobbered(const closing *at)
{
    if (at->descriptor <= 2)
        return false;
    if (__atomic_load_n(&at->number->stream, __ATOMIC_RELAXED) != 0)
        return true;
    return at->number->origin == RUN_CHOSEN && run_is_strange(at->handle, at->site);
}

static void end_replaced(const closing *at)
{
    hf_handle owner = owner_of(at);
    if (!run_this_process.forked && is_clobbered(at))
        run_find_kind(HF_REPORT_CLOBBER, at->handle, owner,
                      hf_handle_is_null(owner) ? NULL : "owned by", at->operation, at->site);
    (void)end_handle(at);
}

void run_closing_replaced(run_number *number, uint32_t word, bool placed, const char *operation,
                          hf_site site)
{
    closing at = {.number = number,
                  .word = word,
                  .handle = handle_of(number),
                  .descriptor = (int)(number - run_numbers),
                  .operation = operation,
                  .site = site};
    run_number_state state = run_word_state(word);
    hf_value value;
    if ((state != RUN_LIVE && state != RUN_UNKNOWN) ||
        !hf_is_live(run_this_process.table, at.handle))
        return;
    if (placed && state == RUN_LIVE)
        end_replaced(&at);
    else if (hf_detach(run_this_process.table, at.handle, &value) != HF_OK)
        (void)hf_close(run_this_process.table, at.handle, NULL); /* cannot be: nobody holds it */
}

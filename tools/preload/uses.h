/* Uses: a call on a descriptor, from before the system call until after it.
 *
 *     run_use use;
 *     if (!run_use_begin(&use, descriptor, "read"))
 *         return -1;                                  // errno is EBADF, the finding is made
 *     ssize_t count = RUN_REAL(read)(descriptor, buffer, size);
 *     run_use_end(&use, count < 0);
 *     return count;
 *
 * While the process has several threads, the use is announced, so that a close in between is found
 * (close-during-use); uses.c argues how.  A call may be left by siglongjmp or by cancellation: what
 * lies below the stack of the thread's next call is taken for left, and a thread that jumps is
 * taken to have left all.
 *
 * Keeps errno.  No lock.  No allocation, unless a thread that was not made by pthread_create (see
 * wrap_thread.c) enters its first. */
#ifndef RUN_USES_H
#define RUN_USES_H

#include <stdbool.h>

#include "core/record.h"
#include "numbers.h"
#include "readable.h"
#include "runs.h"
#include "self.h"
#include "site.h"

typedef struct run_use {
    int descriptor;
    bool announced;
    bool was_closed; /* as far as we know; the system is asked all the same */
    bool is_probe;
    uint32_t call;     /* if it is announced: which of the thread's calls, */
    const void *frame; /* and of which wrapper */
    const char *operation;
} run_use;

/* Why a descriptor is looked at. */
typedef enum run_purpose {
    RUN_TO_USE,  /* reported */
    RUN_TO_LOOK, /* fstat and the like: reported, unless in a loop over the table */
    RUN_TO_PROBE /* whether it is open: reported only if the setting `probes` asks for it */
} run_purpose;

/* What failed with EBADF, though nobody saw it opened again: tells of that. */
void run_use_end_closed(const run_use *use);

/* Where nothing can be wrong: a number that is unknown, or open in a process with one thread. */
static inline bool run_is_harmless(run_number_state state)
{
    return state == RUN_UNKNOWN || (state == RUN_LIVE && run_is_alone());
}

/* The calls that a thread is inside of, innermost last, which others read: see uses.c. */
enum { RUN_SET_USES = 8, RUN_CALLS = 2 * RUN_SET_USES };

typedef struct run_call {
    uint64_t handle;       /* 0: none */
    uintptr_t frame;       /* of the wrapper; 0: none */
    uintptr_t caller;      /* where it returns to */
    const char *operation; /* static text */
} run_call;

typedef struct run_calls {
    _Alignas(64) uint32_t more; /* how many are taken above the first, which is if it has a frame */
    uint32_t thread;            /* whose they are: hf_record_thread when it took them */
    run_call calls[RUN_CALLS];
} run_calls;

extern run_calls run_all_calls[HF_RECORDS + 1]; /* by the thread's record */

/* Of a thread that has none yet: the first is never free. */
extern run_calls run_no_calls;

/* How many are taken. */
static inline uint32_t run_calls_taken(const run_calls *own)
{
    return own->calls[0].frame != 0 ? own->more + 1 : 0;
}

static inline void run_calls_set_more(run_calls *own, uint32_t more)
{
    __atomic_store_n(&own->more, more, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The first of a thread's calls is taken by this, the others by their count. */
static inline __attribute__((always_inline)) void run_call_take(run_call *of, hf_site site,
                                                                const char *operation)
{
    __atomic_store_n(&of->frame, (uintptr_t)site, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    of->caller = (uintptr_t)run_site_caller(site);
    of->operation = operation;
}

/* 2 and 3 of uses.c.  False: the handle is not live any more, or a handler that came in between has
 * taken the call for left. */
static inline __attribute__((always_inline)) bool run_call_announce(run_call *of, hf_site site,
                                                                    hf_handle handle)
{
    /* Release: the rest is written.  Partner: the acquire in find_call. */
    __atomic_store_n(&of->handle, handle.bits, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the looks come after it */
    return __atomic_load_n(&of->frame, __ATOMIC_RELAXED) == (uintptr_t)site &&
           hf_is_live(run_this_process.table, handle);
}

/* Leaves the call in a place, and what is above it.  A place that is free has no handle, and one
 * that is above the count no frame, either. */
static inline __attribute__((always_inline)) void run_calls_leave(run_calls *own, uint32_t place)
{
    __atomic_store_n(&own->calls[place].handle, UINT64_C(0), __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&own->calls[place].frame, UINT64_C(0), __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    run_calls_set_more(own, place > 0 ? place - 1 : 0);
}

/* True: make the system call.  False: the number is a tombstone, so the answer is EBADF. */
bool run_use_begin(run_use *use, int descriptor, const char *operation) __attribute__((noinline));

static inline void run_use_leave(const run_use *use)
{
    run_calls *own = &run_all_calls[hf_this_thread.record];
    run_call *of = &own->calls[use->call];
    if (of->frame != (uintptr_t)use->frame || use->call > own->more)
        return; /* taken for left meanwhile: by a handler on a stack of its own */
    run_calls_leave(own, use->call);
}

static inline void run_use_end(const run_use *use, bool failed)
{
    if (use->announced)
        run_use_leave(use);
    if (__builtin_expect(use->was_closed && failed, 0))
        run_use_end_closed(use);
}

/* For the functions that take a directory and a path.  With an absolute path, or one that cannot be
 * read, the system does not look at the directory: no stale use of it.  Only then is this asked, so
 * a directory that is open is announced with any path. */
static inline bool run_path_uses(int directory, const char *path)
{
    run_number_state state = run_state_of(directory);
    bool refused = state == RUN_TOMB || state == RUN_LEAVING || state == RUN_OWN;
    return !refused || (run_can_read(path, 1) && *path != '/');
}

static inline bool run_use_begin_at(run_use *use, int directory, const char *path,
                                    const char *operation)
{
    use->announced = false;
    use->was_closed = false;
    if (run_is_on() && !run_path_uses(directory, path)) {
        run_series_break();
        return true;
    }
    return run_use_begin(use, directory, operation);
}

/* The same for what only asks whether a descriptor is open (fcntl F_GETFD, F_GETFL). */
bool run_probe_begin(run_use *use, int descriptor, const char *operation);

/* The same for a copy that saves what may not be open, before a shell redirects. */
bool run_save_begin(run_use *use, int descriptor, const char *operation);

/* The same for what asks what a descriptor is (fstat), which loops over the table do, too; a
 * standard descriptor is only probed. */
bool run_look_begin(run_use *use, int descriptor, const char *operation);

/* poll, select: one of a set of descriptors.  Whether it was closed, so that the answer is that it
 * is not open; reports that.  For a number that may be open again, unseen, asks the system. */
bool run_use_in_set(int descriptor, const char *operation);

/* While such a call lasts, the first few of its descriptors are announced, if the process has
 * several threads.  It begins as zeros. */
typedef struct run_set_use {
    uint32_t count;
    run_use uses[RUN_SET_USES];
} run_set_use;

/* True: the descriptor is open, as far as we know, and was announced if there was room. */
bool run_use_enter_in_set(run_set_use *set, int descriptor, const char *operation);
void run_use_leave_set(run_set_use *set);

/* For a closer: whether another thread than this one used the number's present life. */
static inline bool run_use_is_elsewhere(const run_number *number)
{
    uint32_t user = __atomic_load_n(&number->user, __ATOMIC_RELAXED);
    return user != 0 && user != hf_this_thread.record;
}

/* Another thread that is inside of a call on this handle now; false: none is known, and nothing is
 * to be told.  *out is valid until this thread's next call. */
struct hf_trace_holder;
bool run_use_find_holder(hf_handle handle, struct hf_trace_holder *out);

/* This thread jumps out of all its calls. */
void run_use_leave_all(void);

/* In a forked child: the thread is another one now. */
void run_use_forked(void);

#endif

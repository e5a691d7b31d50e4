/* Uses: a call on a descriptor, from before the system call until after it.
 *
 *     run_use use;
 *     if (!run_use_begin(&use, descriptor, "read"))
 *         return -1;                                  // errno is EBADF, the finding is made
 *     ssize_t count = RUN_REAL(read)(descriptor, buffer, size);
 *     run_use_end(&use, count < 0);
 *     return count;
 *
 * While the process has several threads, the use is a region of the descriptor's handle, so that a
 * close in between is found (close-during-use).  A call may be left by siglongjmp or by
 * cancellation: what lies below the stack of the thread's next call is taken for left, and a thread
 * that jumps is taken to have left all.
 *
 * Keeps errno.  No lock.  No allocation, unless a thread that was not made by pthread_create (see
 * wrap_thread.c) enters its first. */
#ifndef RUN_USES_H
#define RUN_USES_H

#include <stdbool.h>
#include <sys/single_threaded.h>

#include "numbers.h"
#include "runs.h"
#include "self.h"

typedef struct run_use {
    int descriptor;
    bool in_region;
    bool was_closed; /* as far as we know; the system is asked all the same */
    bool is_probe;
    uint32_t call;     /* with in_region: which of the thread's calls, */
    const void *frame; /* and of which wrapper */
    const char *operation;
} run_use;

/* Why a descriptor is looked at. */
typedef enum run_purpose {
    RUN_TO_USE,  /* reported */
    RUN_TO_LOOK, /* fstat and the like: reported, unless in a loop over the table */
    RUN_TO_PROBE /* whether it is open: reported only if the setting `probes` asks for it */
} run_purpose;

bool run_use_begin_known(run_use *use, int descriptor, const char *operation, run_purpose purpose);
void run_use_end_known(const run_use *use, bool failed);

/* Where nothing can be wrong: a number that is unknown, or open in a process with one thread. */
static inline bool run_is_harmless(run_number_state state)
{
    return state == RUN_UNKNOWN || (state == RUN_LIVE && __libc_single_threaded);
}

/* True: make the system call.  False: the number is a tombstone, so the answer is EBADF.
 * Inlined by each wrapper: with a number that is unknown or a process with one thread it costs a
 * few loads. */
static inline bool run_use_begin(run_use *use, int descriptor, const char *operation)
{
    use->in_region = false;
    use->was_closed = false;
    if (!run_is_on())
        return true;
    run_series_break();
    run_self.last_closed = -1;
    if (run_is_harmless(run_state_of(descriptor)))
        return true;
    return run_use_begin_known(use, descriptor, operation, RUN_TO_USE);
}

static inline void run_use_end(const run_use *use, bool failed)
{
    if (__builtin_expect(use->in_region || use->was_closed, 0))
        run_use_end_known(use, failed);
}

/* For the functions that take a directory and a path: with an absolute path the directory is not
 * looked at. */
static inline bool run_use_begin_at(run_use *use, int directory, const char *path,
                                    const char *operation)
{
    use->in_region = false;
    use->was_closed = false;
    if (run_is_on() && !run_is_harmless(run_state_of(directory)) && path != NULL && *path == '/') {
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

/* While such a call lasts, the first few of its descriptors are regions, if the process has several
 * threads.  It begins as zeros. */
enum { RUN_SET_USES = 8 };
typedef struct run_set_use {
    uint32_t count;
    run_use uses[RUN_SET_USES];
} run_set_use;

/* True: the descriptor is open, as far as we know, and was entered if there was room. */
bool run_use_enter_in_set(run_set_use *set, int descriptor, const char *operation);
void run_use_leave_set(run_set_use *set);

/* For a closer: another thread that is inside a call on this descriptor's last handle now; false:
 * none is known, and nothing is to be told.  *out is valid until this thread's next call. */
struct hf_trace_holder;
bool run_use_find_holder(int descriptor, struct hf_trace_holder *out);

/* This thread jumps out of all its calls. */
void run_use_leave_all(void);

#endif

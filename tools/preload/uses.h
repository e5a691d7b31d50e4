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
 * cancellation: what lies below the stack of the thread's next call is taken for left.
 *
 * Keeps errno.  No allocation, no lock. */
#ifndef RUN_USES_H
#define RUN_USES_H

#include <stdbool.h>

typedef struct run_use {
    int descriptor; /* -1: nothing to end */
    bool in_region;
    bool was_closed; /* as far as we know; the system is asked all the same */
    const char *operation;
} run_use;

/* True: make the system call.  False: the number is a tombstone, so the answer is EBADF.
 * Inlined by each wrapper: with a number that is unknown or a process with one thread it costs a
 * few loads. */
bool run_use_begin(run_use *use, int descriptor, const char *operation);
void run_use_end(run_use *use, bool failed);

/* The same for calls that only ask whether a descriptor is open (fcntl F_GETFD, F_GETFL, fstat in
 * a loop over the table): reported according to the setting `probes` and runs.h. */
bool run_probe_begin(run_use *use, int descriptor, const char *operation);

/* poll, select: a set of descriptors; `is_closed` tells of one, and reports it. */
bool run_use_in_set(int descriptor, const char *operation);

/* For a closer: a thread that is inside a call on this handle now; false: none is known. */
struct hf_trace_holder;
bool run_use_find_holder(int descriptor, struct hf_trace_holder *out);

#endif

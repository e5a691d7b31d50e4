/* The user's own locks in the search for deadlocks.
 *
 *     pthread_mutex_lock(&mutex);                       // the callback that runs now waits for
 *     hf_close_wait(table, handle, HF_FOREVER, NULL);   // `mutex`: neither goes on, ever
 *
 * Holdfast refuses a wait that would never end (HF_E_POSSIBLE_DEADLOCK) and reports who holds what
 * and waits for what.  It knows regions, releases, dispatches and waits by itself; of locks it
 * knows what it is told here.  Wrap a lock once:
 *
 *     hf_status status = hf_lock_waiting(&mutex);       // POSSIBLE_DEADLOCK: do not lock
 *     if (status == HF_OK) {
 *         pthread_mutex_lock(&mutex);
 *         hf_lock_acquired(&mutex);
 *     }
 *     ...
 *     hf_lock_released(&mutex);
 *     pthread_mutex_unlock(&mutex);
 *
 * or use hf_mutex_lock and hf_mutex_unlock of <holdfast/posix.h>, which do that.  A lock is known
 * by its address, and may have several owners (readers).  Each of these functions is called by the
 * thread that it speaks of, not by a signal handler.  None of them takes a lock; all are cheap
 * where no thread waits, and a thread's first call may allocate (its record).
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_LOCK_H
#define HOLDFAST_LOCK_H

#include <holdfast/status.h>

HF_BEGIN_DECLS

/* How many locks of a thread are known at once; further ones are not part of the search. */
enum { HF_LOCKS_PER_THREAD = 16 };

/* This thread is about to wait for the lock, or may have to.  (Where it got the lock by trying,
 * hf_lock_acquired alone will do.)  Not for a recursive lock that the thread has: that would be
 * refused.  A thread waits for one lock at a time.  POSSIBLE_DEADLOCK (reported): its owner waits,
 * directly or through others, for something that this thread holds, or is this thread; nothing is
 * recorded, and the lock must not be waited for, not for a limited time either.  Errors:
 * INVALID_ARGUMENT (null). */
HF_NODISCARD HF_API hf_status hf_lock_waiting(const void *lock);

/* This thread has the lock now, or gave up waiting for it. */
HF_API void hf_lock_acquired(const void *lock);
HF_API void hf_lock_abandoned(const void *lock);

/* This thread is about to give the lock back.  Unknown locks, and those of other threads, are
 * ignored. */
HF_API void hf_lock_released(const void *lock);

HF_END_DECLS

#endif

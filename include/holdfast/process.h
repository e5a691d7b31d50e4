/* The ends of a process: exit and fork.
 *
 * At exit, other threads go on while atexit handlers and destructors run, or (in a plug-in's host,
 * in a forked child) they are gone and a lock may have no owner.  Closing, waiting and releasing
 * are then more dangerous than leaving everything to the system.  So there is a latch: once the
 * process is known to be exiting, hf_close, hf_close_many, hf_close_then, hf_close_wait, hf_wait,
 * hf_table_create, hf_table_shutdown, hf_group_close_wait and all calls on timers do nothing and
 * answer HF_E_EXITING; hf_table_destroy does nothing; the last to leave a closed handle does not
 * release it.  None of them locks, allocates or waits.  All else goes on as ever (entering,
 * leaving, dispatching, references, hf_open, hf_detach), for the sake of threads and destructors
 * that still run.
 *
 * The latch is set by an atexit handler (and by one of at_quick_exit) that is registered when the
 * first table is created: handlers registered later run before it and see an ordinary process,
 * those registered earlier, and destructors of objects that were constructed earlier, run after it.
 * (A shared library's constructor may create the first table before main.  The dynamic linker then
 * decides: it ends libraries before the handlers that were registered before main, those that
 * depend on others first, so that destructors may still see an ordinary process.)
 *
 * What the sweep of HF_TYPE_FLUSH_AT_EXIT has released stays HF_E_CLOSING for those who still try
 * to use it; that is no finding.  A report that is made while the process is exiting has names,
 * files and lines only if there is one thread: otherwise they would take locks of the C library,
 * whose owner may be gone, and stacks have modules and offsets (for addr2line).
 *
 * Orderly programs call hf_table_shutdown before they exit: only that reports leaks.
 *
 * After fork, the child has one thread.  The regions of the others are gone, as if they had been
 * left; the child's own stay.  References stay: they belong to nobody.  A handle whose close
 * another thread had begun is closed in the child as well; one whose release function was running
 * there counts as released, and is not released again.  What others were opening, committing or
 * duplicating was not begun.  hf_type.fork says what becomes of values.  What the child has to
 * release at once is released before fork returns there, so release functions may run in a forked
 * child, with what that allows them to call; the child of a process that is exiting releases
 * nothing.  A completion (hf_close_then) is called in the child if its handle's life ends there,
 * but not if another thread had begun to end it.
 *
 * A fork waits until no other thread is in one of the library's short critical sections, and holds
 * those who come to one; at most about a second, if a thread is stopped there for ever, in which
 * case the child may lose a slot or keep a handle held.  It also takes the locks of all timer
 * queues, and waits as long for each: what becomes of timers is in <holdfast/timer.h>.  Threads
 * without a record (the 1,025th and further: see hf_enter) leave nothing to go by: what they held
 * stays held in the child.
 *
 * This holds for fork(); a child of vfork() or posix_spawn() shares its parent's memory and must,
 * as ever, not call anything here before it execs; _Fork() and clone() tell nobody, so that their
 * child must exec as well.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_PROCESS_H
#define HOLDFAST_PROCESS_H

#include <holdfast/status.h>

HF_BEGIN_DECLS

/* Sets the latch by hand: for a plug-in whose host is going down, or a supervisor.  Releases at
 * once the open values whose type has HF_TYPE_FLUSH_AT_EXIT, with the type's release_at_exit, and
 * reports as lost-at-exit those that are held, or that this function could not release.  (Inside a
 * signal handler, between hf_signal_begin and hf_signal_end, none is released: all are lost.  What
 * hf_table_destroy found held, it has reported, and that is not reported again.) Wakes all who wait
 * in hf_close_wait and the like.  Final, and idempotent: a second call does nothing, and does not
 * wait for the first.  Any thread; takes no lock, unless a report is written, and then none without
 * a bound; allocates nothing but for reports. */
HF_API void hf_process_exiting(void);

/* Whether the latch is set.  One load. */
HF_API bool hf_is_exiting(void);

HF_END_DECLS

#endif

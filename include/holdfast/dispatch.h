/* Callbacks: running one inside a region of its handle, and ending things without waiting.
 *
 *     void on_readable(void *context)             // context was freed a moment ago: use after free
 *
 *     static void on_readable(hf_value value, void *argument, hf_callback *self);
 *     hf_dispatch(table, handle, &my_type, on_readable, NULL);  // a late one: HF_E_STALE_HANDLE
 *
 * Give the system a *handle* as the callback's context, never a pointer (where pointers have 64
 * bits, handle.bits fits into the void * that systems want).  hf_dispatch runs the callback inside
 * a region of the handle, so that its value lives as long as the callback; one that comes too late
 * is refused and reported as stale-use.  To end it all, one call:
 *
 *     hf_close_wait(table, handle, HF_FOREVER, NULL);   // stop new callbacks, wait for those that
 *                                                       // run, release the value: free its context
 *
 * or, where one must not wait (in a callback of the handle itself), hf_close_then.
 *
 * The after-return actions follow Windows' thread pool (SetEventWhenCallbackReturns,
 * FreeLibraryWhenCallbackReturns); groups follow its cleanup groups.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_DISPATCH_H
#define HOLDFAST_DISPATCH_H

#include <holdfast/lifetime.h>
#include <holdfast/region.h>

HF_BEGIN_DECLS

/* A callback that runs now.  Valid until its function returns, on its thread only. */
typedef struct hf_callback hf_callback;

typedef void (*hf_callback_function)(hf_value value, void *argument, hf_callback *self);

/* Runs function(value, argument, self) inside a region of the handle, on this thread, with no lock
 * held (it must return: neither longjmp nor an exception may leave it); then leaves the region;
 * then does the after-return actions in the order in which they were asked for.  `type` may be
 * NULL: any.  The callback may call any Holdfast function; closing its own handle with waiting is
 * refused (POSSIBLE_DEADLOCK).  Takes no lock and allocates nothing of its own.  Errors: as
 * hf_enter; then the function was not called. */
HF_API hf_status hf_dispatch(hf_table *table, hf_handle handle, const hf_type *type,
                             hf_callback_function function, void *argument);

/* How many after-return actions a callback may ask for. */
enum { HF_AFTER_ACTIONS = 8 };

/* To be done by the dispatcher once the callback has returned and its region is left: unlock, set
 * an event, dlclose the module that the callback's code is in.  The action's own code must not be
 * in such a module: nothing holds it then, and hf_group_close_wait does not wait for it.  Errors:
 * INVALID_ARGUMENT, TOO_MANY_REFERENCES (more than HF_AFTER_ACTIONS). */
HF_API hf_status hf_after_return(hf_callback *self, void (*action)(void *context), void *context);

/* The same: hf_release of a reference, which is moved out of *ref.  Errors: as hf_after_return;
 * OVER_RELEASE (the reference has ended). */
HF_API hf_status hf_after_return_release(hf_callback *self, hf_ref *ref);

/* The same: hf_close of a handle, which finds and reports what is wrong with it when it is done.
 * Errors: as hf_after_return (table null). */
HF_API hf_status hf_after_return_close(hf_callback *self, hf_table *table, hf_handle handle);

/* Called once the value is released, or was found to be not owned, after its slot is free and its
 * parent dropped, on the thread of whoever was last (one that waits for the handle, for instance),
 * with no lock held: the place to free the context that callbacks used.  It may call any Holdfast
 * function, and destroy the table unless another call is in the midst of ending it.  errno is
 * preserved.  An hf_wait on another thread may return while it still runs.  Not called when the
 * process is exiting. */
typedef void (*hf_completion)(void *context, const hf_close_result *result);

/* Closes like hf_close, without waiting; `then` is called exactly once, by this very call if
 * nothing holds the handle, else by the last holder.  May be called from a callback of the handle
 * itself.  May take memory (a record for the slot).  On failure `then` is not called and nothing
 * changed.  Errors: as hf_close, INVALID_ARGUMENT (then null), NO_MEMORY. */
HF_NODISCARD HF_API hf_status hf_close_then(hf_table *table, hf_handle handle, hf_completion then,
                                            void *context);

/* ---- groups ----------------------------------------------------------------------------------
 *
 * All handles of one owner, or of one module that will be unloaded, in whatever tables they lie.
 * A handle joins by hf_open_options.group, and leaves when its value is released and its completion
 * function has returned, or when it is detached.  A duplicate does not join. */
typedef struct hf_group hf_group;

/* Makes a group; the caller owns *out, until hf_group_destroy.  The name (NULL: "group") is for
 * reports; at most 47 bytes are kept.  Takes no memory.  Errors: INVALID_ARGUMENT, TABLE_FULL
 * (4,096 groups are alive). */
HF_NODISCARD HF_API hf_status hf_group_create(const char *name, hf_group **out);

/* How many handles are in the group at this moment, those being opened included. */
HF_API uint64_t hf_group_size(const hf_group *group);

/* Refuses new members (HF_E_CLOSING), closes every member with one barrier for each thousand, waits
 * at most `timeout` until nothing holds any of them and their release and completion functions have
 * returned: then no code of the group's owner runs on the library's behalf, and its module may be
 * unloaded.  May be called again after TIMED_OUT, which reports as rundown-timeout who holds the
 * first member that was found.  Looks at every slot that the tables ever used.  Any thread but one
 * that is inside a region or a function of a member, or in more regions than are listed.  Errors:
 * EXITING, INVALID_ARGUMENT, POSSIBLE_DEADLOCK (it is such a thread, or one that holds a member
 * waits for it; reported; the members are closed all the same), TIMED_OUT. */
HF_NODISCARD HF_API hf_status hf_group_close_wait(hf_group *group, hf_timeout timeout);

/* Gives the group back; NULL is allowed.  A group that was given back must not be used any more:
 * what can be told of a stale pointer is INVALID_ARGUMENT, but it may name a group made since.
 * Errors: INVALID_ARGUMENT, BUSY (members are left; nothing changed). */
HF_API hf_status hf_group_destroy(hf_group *group);

HF_END_DECLS

#endif

/* The life of a handle: open, reserve and commit, close, rundown, detach, duplicate, inspect.
 *
 *     hf_handle config;
 *     hf_status status = hf_open(table, &hf_type_fd, hf_fd_value(fd), NULL, &config);
 *     ...
 *     hf_close(table, config, NULL);   // safe while other threads use it: the last one releases
 *     hf_close(table, config, NULL);   // HF_E_STALE_HANDLE, reported: never somebody else's file
 *
 * Unless said otherwise: any thread; callbacks (release, duplicate, identify, unblock, report hook)
 * may call; most calls first do what releases a signal handler left to them; a finding that is
 * printed may allocate, and a thread's first call may (its record); errno is preserved by close and
 * release; the first of several causes in the order of <holdfast/status.h> is answered; a failed
 * operation changes nothing.  An operation on a handle answers INVALID_ARGUMENT, NULL_HANDLE,
 * FOREIGN_HANDLE, FORGED_HANDLE, STALE_HANDLE, NOT_COMMITTED and CLOSING for the causes that these
 * names tell; below only the others are listed.  Once the process is exiting
 * (<holdfast/process.h>), hf_close, hf_close_many, hf_close_wait and hf_wait do nothing and answer
 * EXITING.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_LIFETIME_H
#define HOLDFAST_LIFETIME_H

#include <holdfast/table.h>

HF_BEGIN_DECLS

typedef struct hf_open_options {
    uint32_t size;     /* sizeof(hf_open_options) */
    bool borrowed;     /* the table never releases the value (SafeHandle's ownsHandle = false) */
    hf_handle parent;  /* or null; a handle of the same table, kept from release by this child */
    const char *label; /* for reports, or NULL; not copied: must outlive the reports */
    struct hf_group *group; /* or NULL; see <holdfast/dispatch.h> */
} hf_open_options;

#define HF_OPEN_OPTIONS_INIT                      \
    {                                             \
        .size = (uint32_t)sizeof(hf_open_options) \
    }

/* What became of the value. */
typedef struct hf_close_result {
    hf_outcome outcome;
    int32_t error;       /* the system's error (errno), 0 for none */
    uint32_t children;   /* with DEFERRED: how many children hold the handle, at that moment */
    uint32_t references; /* with DEFERRED: how many counted holders of any kind, at that moment */
} hf_close_result;

/* Puts a value under the table's protection.  `options` may be NULL: owned, no parent, no label. On
 * success the table owns the value (unless borrowed) and the caller the handle; on failure the
 * caller still owns the value.  May take memory from the system and calls the type's identify;
 * takes no lock; waits for nothing else.  Errors:
 * INVALID_ARGUMENT (table, type or out null; an owned value of a type without release), the
 * parent's as for hf_addref, CLOSING (the table is shutting down, the group is closing),
 * TOO_MANY_REFERENCES (the parent's), TOO_MANY_TYPES, TABLE_FULL, NO_MEMORY. */
HF_NODISCARD HF_API hf_status hf_open(hf_table *table, const hf_type *type, hf_value value,
                                      const hf_open_options *options, hf_handle *out);

/* Takes a slot before there is a value, so that a value once obtained cannot fail to find a place.
 * The handle answers NOT_COMMITTED until hf_commit; hf_close abandons it.  Errors: as hf_open. */
HF_NODISCARD HF_API hf_status hf_reserve(hf_table *table, const hf_type *type, hf_handle *out);

/* Gives a reserved handle its value, which the table owns from then on. Calls the type's identify;
 * may take memory for its namespace; takes no lock. Errors: BUSY (committed before). */
HF_NODISCARD HF_API hf_status hf_commit(hf_table *table, hf_handle handle, hf_value value);

/* Refuses new regions and references; releases the value now if nothing holds it, else the last
 * holder does.  `result` may be NULL.  A second close answers CLOSING or STALE_HANDLE and is
 * reported as double-close (or handle-reuse); it does no harm.  Takes no lock, allocates nothing,
 * waits for nothing but the type's functions.  At level 1 and above its stack is recorded, which
 * may take memory.  Errors: BUSY (a commit of this handle is under way). */
HF_API hf_status hf_close(hf_table *table, hf_handle handle, hf_close_result *result);

/* Closes many handles with one barrier for all (for each 4,096 of them).  `results`, if not NULL,
 * has `count` elements.  Every handle is tried; the answer is that of the first which failed, else
 * OK; a failed one has the outcome NONE.  As hf_close. */
HF_API hf_status hf_close_many(hf_table *table, const hf_handle *handles, size_t count,
                               hf_close_result *results);

/* Rundown: closes, and waits until nothing holds the handle.  The value is released on this thread:
 * once this returns OK, what the value's callbacks used may be freed.  (If another thread is in
 * hf_wait for this handle, that one may release it instead; the outcome is then NONE.)  After
 * TIMED_OUT the handle is closed, the last holder releases it, and hf_wait waits on; a
 * rundown-timeout report names the holders.  Blocks up to `timeout`. Errors: BUSY as hf_close,
 * POSSIBLE_DEADLOCK (the wait would never end; nothing changed, and the report tells who holds
 * what: this very thread is inside a region of the handle or of a child of it, or inside its
 * release or unblock function, or in more regions than are listed; or a thread that is so waits,
 * directly or through others, for this one.  Of threads that close such a cycle at the same moment,
 * several may be refused), TIMED_OUT. */
HF_NODISCARD HF_API hf_status hf_close_wait(hf_table *table, hf_handle handle, hf_timeout timeout,
                                            hf_close_result *result);

/* Waits until a handle whose close was asked for is released; OK also when that was long ago.
 * Blocks up to `timeout`.  Errors: BUSY (the handle is open), POSSIBLE_DEADLOCK (as
 * hf_close_wait), TIMED_OUT. */
HF_NODISCARD HF_API hf_status hf_wait(hf_table *table, hf_handle handle, hf_timeout timeout);

/* Takes the value out of the table unreleased (SafeHandle's SetHandleAsInvalid): the handle dies,
 * the caller owns the value.  Waits for nothing.  A parent that only this child held is released.
 * Errors: BUSY (something holds it). */
HF_NODISCARD HF_API hf_status hf_detach(hf_table *table, hf_handle handle, hf_value *out);

/* Duplicates the value with its type's duplicate function and opens the copy in `to`, which may be
 * the same table.  The source is held meanwhile.  Errors: as hf_addref, NOT_SUPPORTED, as hf_open,
 * and what the type's function answers. */
HF_NODISCARD HF_API hf_status hf_duplicate(hf_table *from, hf_handle handle, hf_table *to,
                                           hf_handle *out);

/* The state of a handle at one moment; it may have changed when you read it. */
typedef enum hf_life {
    HF_LIFE_RESERVED,
    HF_LIFE_OPEN,
    HF_LIFE_CLOSING, /* close was asked for; not yet released */
    HF_LIFE_CLOSED
} hf_life;

typedef struct hf_info {
    uint32_t size; /* sizeof(hf_info), set by the caller */
    hf_life life;
    const hf_type *type;
    const char *label; /* NULL if none, or no longer known */
    hf_handle parent;  /* null if none, or no longer known */
    uint32_t generation;
    uint32_t references; /* counted regions, references and children */
    uint32_t regions;    /* regions in hazard mode */
    bool borrowed;
    bool hazard;            /* promoted to hazard mode */
    uint64_t opened_thread; /* system thread ids; 0 when not recorded */
    uint64_t closed_thread;
} hf_info;

/* Describes a handle, also a stale one.  Never blocks, reports nothing.  Errors: INVALID_ARGUMENT,
 * NULL_HANDLE, FOREIGN_HANDLE, FORGED_HANDLE. */
HF_API hf_status hf_inspect(hf_table *table, hf_handle handle, hf_info *out);

HF_END_DECLS

#endif

/* Types and namespaces: what Holdfast must know of a kind of value.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_TYPE_H
#define HOLDFAST_TYPE_H

#include <holdfast/handle.h>
#include <holdfast/status.h>

HF_BEGIN_DECLS

/* What became of a value. */
typedef enum hf_outcome {
    HF_OUTCOME_NONE = 0,            /* nothing happened: the operation failed */
    HF_OUTCOME_RELEASED,            /* given back to the system */
    HF_OUTCOME_RELEASED_WITH_ERROR, /* given back, but the system reported `error` on the way: a
                                       deferred write error, say.  Do not release again. */
    HF_OUTCOME_NOT_RELEASED, /* the system refused: the value was invalid or closed elsewhere */
    HF_OUTCOME_DEFERRED,     /* held: the last holder releases it */
    HF_OUTCOME_NOT_OWNED     /* borrowed, or reserved and never committed: nothing to give back */
} hf_outcome;

/* Who a value is, apart from its number: for an fd the device, inode and kind of its file.  Taken
 * at open and compared at release; when they differ, the value was closed behind the table's back.
 */
typedef struct hf_identity {
    uint64_t device;
    uint64_t object;
    uint64_t kind;
} hf_identity;

/* Values that share one number space: all fds; all pointers of one allocator.  Within a namespace
 * Holdfast finds two owners of one value and a borrow that outlives its owner.
 *
 * Define one object with static storage per number space; it must outlive every table that uses it:
 *
 *     static hf_namespace my_numbers = HF_NAMESPACE_INIT("my numbers", HF_VALUES_SMALL);
 */
typedef enum hf_values {
    HF_VALUES_SPARSE = 0, /* pointers: hashed.  Room for 65,536, less where values collide */
    HF_VALUES_SMALL = 1   /* small integers, reused densely: indexed.  Room for 1,048,576 */
} hf_values;

typedef struct hf_namespace {
    const char *name;
    uint32_t values;    /* hf_values */
    uint32_t reserved;  /* 0 */
    void *owners;       /* the library's; NULL at first */
    uint64_t untracked; /* the library's: how many opens found no room to be tracked */
} hf_namespace;

#ifdef __cplusplus
#define HF_NAMESPACE_INIT(name, values) \
    {                                   \
        (name), (values), 0, nullptr, 0 \
    }
#else
#define HF_NAMESPACE_INIT(name, values) \
    {                                   \
        (name), (values), 0, NULL, 0    \
    }
#endif

/* hf_type.flags */
#define HF_TYPE_ADMIT_UNTIL_RELEASED                              \
    1u /* new regions and references are admitted until the value \
          is released (SafeHandle's rule).  Without it they are   \
          refused from the moment close is asked for (rundown). */

#define HF_TYPE_FLUSH_AT_EXIT                                                 \
    2u /* its values must be flushed: when the process exits, release_at_exit \
          is called for them, and what cannot be released is reported as lost-at-exit */

/* What becomes of a type's owned values in a forked child.  A borrowed handle stays open, unless
 * the type's namespace knows an owner of its value that does not. */
typedef enum hf_fork_policy {
    HF_FORK_INHERIT = 0, /* the child's handles are open; it releases its copies itself */
    HF_FORK_CLOSE,       /* closed in the child, as if by hf_close before fork returns there: the
                            release function runs in a forked child */
    HF_FORK_POISON       /* closed in the child, without being released: the value is the parent's
                            alone (a device's mapping, a connection with a state).  Also what was
                            closing already, held by somebody */
} hf_fork_policy;

/* A kind of value.  Constant, with static storage; it must outlive every table that uses it.  None
 * of its functions is called with a lock held, and each may call any Holdfast function. */
typedef struct hf_type {
    uint32_t size;  /* sizeof(hf_type) */
    uint32_t flags; /* HF_TYPE_* */
    const char *name;
    hf_namespace *name_space; /* or NULL: no search for other owners */
    void *context;            /* handed to every function below */

    /* Gives the value back to the system.  Called exactly once per owned value, by the closer or by
     * the last holder, on its thread; not after hf_detach, nor when identify says that the value is
     * somebody else's by now.  Answers RELEASED, RELEASED_WITH_ERROR or NOT_RELEASED (which
     * is reported as release-failed), with the system's error in *error.  NULL only for types all
     * of whose values are borrowed. */
    hf_outcome (*release)(hf_value value, void *context, int32_t *error);

    /* Makes a second value for the same thing (dup).  Called inside a reference.  NULL:
     * hf_duplicate answers HF_E_NOT_SUPPORTED. */
    hf_status (*duplicate)(hf_value value, void *context, hf_value *out);

    /* Tells who a value is; false when the value is not valid now.  May be NULL. */
    bool (*identify)(hf_value value, void *context, hf_identity *out);

    /* Wakes threads that block in the system on this value (shutdown of a socket).  Called by close
     * while others hold the value, again and again until they have left, but not when identify
     * says that the value is somebody else's by now, nor by a fork that closes it in the child, nor
     * for what is poisoned there.  May be NULL. */
    void (*unblock)(hf_value value, void *context);

    uint32_t fork;     /* hf_fork_policy; hf_open answers INVALID_ARGUMENT to any other */
    uint32_t reserved; /* 0 */

    /* With HF_TYPE_FLUSH_AT_EXIT: flushes the value, and gives it back if that takes no lock whose
     * owner may be gone (it may try locks, and must not wait for them).  Called once, when the
     * process is exiting, for an open or closing owned value that nothing holds, by the exiting
     * thread, after identify; for children before their parents.  Answers as release does; after
     * NOT_RELEASED and RELEASED_WITH_ERROR, which nobody else would hear of, the value is reported
     * as lost-at-exit.  NULL: always lost. */
    hf_outcome (*release_at_exit)(hf_value value, void *context, int32_t *error);
} hf_type;

HF_END_DECLS

#endif

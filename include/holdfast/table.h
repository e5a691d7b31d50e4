/* Tables: create, shut down, destroy, count.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_TABLE_H
#define HOLDFAST_TABLE_H

#include <holdfast/report.h>
#include <holdfast/type.h>

HF_BEGIN_DECLS

typedef struct hf_table hf_table;

/* A span of time in nanoseconds, from now.  0 does not wait; HF_FOREVER waits for ever; a negative
 * one is HF_E_INVALID_ARGUMENT. */
typedef int64_t hf_timeout;
#define HF_FOREVER      INT64_MAX
#define HF_MILLISECONDS INT64_C(1000000)
#define HF_SECONDS      INT64_C(1000000000)

/* In which order closed slots are used again. */
typedef enum hf_reuse {
    HF_REUSE_MAGAZINES = 0, /* fastest: each thread keeps a few slots of its own.  A table of fewer
                               than 65,536 slots, which cannot spare them, uses LIFO instead */
    HF_REUSE_FIFO,          /* the slot that was freed first, and before those the slots that were
                               never used: reuse as late as possible.  Uses the whole capacity */
    HF_REUSE_LIFO,          /* the slot that was freed last: reuse as early as possible */
    HF_REUSE_RANDOM         /* pseudo-random, from the table's seed */
} hf_reuse;

/* How regions are protected. */
typedef enum hf_protection {
    HF_PROTECT_ADAPTIVE = 0, /* counted at first, hazard mode once a handle proves hot */
    HF_PROTECT_COUNTED,      /* always counted */
    HF_PROTECT_HAZARD        /* hazard mode from the first region on */
} hf_protection;

/* How much is recorded for reports.  Each level includes those before it.  Tables that are made
 * while a trace is written (HOLDFAST_OPTIONS=trace=FILE) have at least HF_LEVEL_STACKS. */
typedef enum hf_level {
    HF_LEVEL_DEFAULT = 0,   /* what HOLDFAST_OPTIONS says, else what the library was built for:
                               counters in release builds, stacks in debug builds */
    HF_LEVEL_COUNTERS = 1,  /* "level=0": findings are counted and reported without history */
    HF_LEVEL_STACKS = 2,    /* "level=1": + the stacks that opened and closed a handle */
    HF_LEVEL_HISTORY = 3,   /* "level=2": + a slot's last eight lives, not its last two */
    HF_LEVEL_EVERYTHING = 4 /* "level=3": + the stack of every region and reference; regions are
                               always counted */
} hf_level;

/* A zeroed struct with `size` set asks for the defaults.  The strings are copied. */
typedef struct hf_table_options {
    uint32_t size; /* sizeof(hf_table_options) */
    hf_reuse reuse;
    hf_protection protection;
    hf_level level;
    uint64_t capacity_slots; /* 0: 16,777,215; at most 2^30 - 2.  Costs address space, not memory:
                                16 bytes a slot, 16 more with FIFO, and 184 to 576 where cold
                                records are needed (labels, parents, namespaces, identities,
                                stacks) */
    uint64_t seed;           /* 0: handles differ from run to run; else runs are deterministic */
    const char *name;        /* for reports, at most 47 bytes are kept; NULL: "table" */
    bool skip_checks;        /* do not search namespaces nor compare identities */
} hf_table_options;

#define HF_TABLE_OPTIONS_INIT                      \
    {                                              \
        .size = (uint32_t)sizeof(hf_table_options) \
    }

/* Makes a table.  `options` may be NULL.  On success the caller owns *out, until hf_table_destroy.
 * Any thread; allocates; takes no lock of its own; the first one reads HOLDFAST_OPTIONS and what it
 * names, and registers what is to be done at exit (see <holdfast/process.h>).
 * Errors: INVALID_ARGUMENT (out null, size unknown, an enumeration or the capacity out of range),
 * EXITING, NO_MEMORY, NO_ADDRESS_SPACE, TOO_MANY_TABLES (4,096). */
HF_NODISCARD HF_API hf_status hf_table_create(const hf_table_options *options, hf_table **out);

/* Refuses new handles (HF_E_CLOSING), closes every handle with one barrier for each thousand, waits
 * at most `timeout` until nothing is held, and reports every handle that its user had not closed as
 * `leak` and every one that stays held as `held-at-shutdown`.  May be called again after TIMED_OUT.
 * An hf_open that another thread had begun may still succeed: end those threads' opening first. Any
 * thread, callbacks of handles of other tables included; blocks up to `timeout`. Errors:
 * INVALID_ARGUMENT, EXITING, POSSIBLE_DEADLOCK (the caller is inside a region of this table, or
 * a thread that is waits for the caller; the handles are closed all the same), TIMED_OUT. */
HF_NODISCARD HF_API hf_status hf_table_shutdown(hf_table *table, hf_timeout timeout);

/* Destroys the table; the caller's pointer and every handle of it are dead.  Handles that are still
 * open are closed and reported as `leak`.  Where a region or reference still holds a handle, that
 * is reported as `held-at-shutdown` and the table's memory is kept: the holder may go on, and the
 * last one to leave releases the value.  NULL is allowed.  No other thread may be inside a call on
 * the table, except for leaving a region or releasing a reference.  Never waits for holders.  Does
 * nothing once the process is exiting. */
HF_API void hf_table_destroy(hf_table *table);

/* hf_table_create for static analysers: the result must reach hf_table_destroy.  NULL on failure,
 * with the cause in *status unless that is NULL. */
HF_NODISCARD HF_RETURNS_OWNED(hf_table_destroy)
HF_API hf_table *hf_table_new(const hf_table_options *options, hf_status *status);

/* Counted per thread and added up when asked for: exact once no other thread is at work, otherwise
 * a figure may or may not include what happens meanwhile. */
typedef struct hf_table_stats {
    uint32_t size;     /* sizeof(hf_table_stats), set by the caller */
    uint32_t types;    /* types seen so far */
    uint64_t live;     /* handles opened or reserved and not yet released */
    uint64_t peak;     /* the most slots in use at once; with HF_REUSE_MAGAZINES an upper bound,
                          high by at most 128 for each thread that opened handles; with HF_REUSE_FIFO
                          how many slots were ever used */
    uint64_t opened;   /* handles ever opened or reserved */
    uint64_t closed;   /* handles whose slot was given back */
    uint64_t deferred; /* closes that left the release to the last holder */
    uint64_t promoted; /* handles that went to hazard mode */
    uint64_t retired_slots;                 /* slots whose generations are used up */
    uint64_t refused[HF_STATUS_COUNT];      /* failed operations, by status */
    uint64_t reports[HF_REPORT_KIND_COUNT]; /* findings, by kind, ignored ones excepted */
} hf_table_stats;

/* Any thread; takes no lock; allocates nothing.  Errors: INVALID_ARGUMENT. */
HF_API hf_status hf_table_get_stats(const hf_table *table, hf_table_stats *out);

/* The name given at creation.  Valid as long as the table. */
HF_API const char *hf_table_name(const hf_table *table);

HF_END_DECLS

#endif

/* Timers: callbacks at a moment, whose context cannot go while they run.
 *
 *     timer->context = NULL; free(context);             // its callback runs right now, on another
 *                                                       // thread, and touches the context
 *
 *     hf_timer_close_wait(queue, timer, HF_FOREVER);    // no new callback, none runs, data freed
 *
 * A timer is a handle, in a table of its queue's own.  It is one-shot or periodic; set, reset,
 * cancelled and closed from any thread and from inside any callback, its own included.  Closed is
 * terminal: the handle never arms anything again, least of all somebody else's timer.
 *
 * A timer that is due is dispatched in three steps: *begin* takes it out of the order, *handle*
 * calls its function inside a region of the timer with no lock held, *end* arms a periodic one
 * again.  What set, reset, cancel, set_data and close do in between:
 *   - an expiry whose function has not been called yet is withdrawn by set, reset, cancel and
 *     close; new data are what it will be called with;
 *   - while the function runs: set and reset arm the timer anew (the function is not called again
 *     before it has returned); cancel ends a period; old data that the function was called with are
 *     freed when it has returned; close is deferred until then (close_wait waits for it, and from
 *     the function itself is refused);
 *   - between handle and end the same holds, but for data: they are free at once.
 * A timer's function never runs on two threads at once.
 *
 * Times are microseconds, on a monotonic 64-bit clock that starts anywhere above zero; a deadline
 * that would lie beyond INT64_MAX is INT64_MAX: never.  All calls take the queue's lock for a short
 * time, never while a user's function runs; where its owner is stopped or gone they answer
 * POSSIBLE_DEADLOCK after a second.  Once the process is exiting they do nothing and answer
 * EXITING. (Those that answer no status tell then that nothing is armed, or do nothing.)  In a
 * forked child a queue's timers are what they were, those due again that other threads had begun to
 * dispatch, and its driver starts anew with the first call.
 *
 * The design follows Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987), for the
 * wheel, and Windows' thread-pool timers for the protocol.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_TIMER_H
#define HOLDFAST_TIMER_H

#include <holdfast/dispatch.h>
#include <holdfast/timer_order.h>

HF_BEGIN_DECLS

typedef struct hf_timer_queue hf_timer_queue;

HF_DEFINE_HANDLE(hf_timer);

/* What a function is told when its timer is due.  Valid until it returns. */
typedef struct hf_timer_event {
    hf_timer_queue *queue;
    hf_timer timer;
    void *data;
    int64_t deadline_us; /* when it was due */
    int64_t now_us;      /* when this dispatch began */
    uint64_t missed;     /* ticks since the last call that it is not called for: hf_timer_missed */
    hf_callback *self;   /* for hf_after_return */
} hf_timer_event;

typedef void (*hf_timer_function)(const hf_timer_event *event);

/* What becomes of ticks of a period that passed before the timer was dispatched again. */
typedef enum hf_timer_missed {
    HF_TIMER_SKIP = 0, /* called once, for the latest tick, and told how many earlier ones there
                          were; the next tick stays on the grid: no drift */
    HF_TIMER_CATCH_UP, /* called once for each, one after another */
    HF_TIMER_DELAY     /* called once, for the first tick, and told how many periods passed since;
                          the next tick is one period after the dispatch */
} hf_timer_missed;

/* ---- queues --------------------------------------------------------------------------------- */

/* A clock in microseconds, above zero.  One that goes back is taken to stand still. */
typedef int64_t (*hf_timer_clock)(void *context);

/* A zeroed struct with `size` set asks for the defaults. */
typedef struct hf_timer_queue_options {
    uint32_t size;               /* sizeof(hf_timer_queue_options) */
    bool threaded;               /* a thread of the queue's own dispatches; else the caller does */
    const hf_timer_order *order; /* NULL: hf_timer_wheel */
    hf_timer_clock clock;        /* NULL: the system's monotonic one.  Not with `threaded` */
    void *clock_context;
    uint64_t capacity_timers; /* 0: 16,777,215; at most 2^30 - 2.  Costs address space, not memory:
                                 with the orders below about 170 bytes a timer */
    const char *name;         /* for reports and the thread; NULL: "timers" */
} hf_timer_queue_options;

#define HF_TIMER_QUEUE_OPTIONS_INIT                      \
    {                                                    \
        .size = (uint32_t)sizeof(hf_timer_queue_options) \
    }

/* Makes a queue; `options` may be NULL: driven by the caller, a wheel, the system's clock.  The
 * caller owns *out until hf_timer_queue_destroy.  Errors: EXITING, INVALID_ARGUMENT, NO_MEMORY,
 * NO_ADDRESS_SPACE, TOO_MANY_TABLES (or 1,024 queues), SYSTEM (no thread could be made). */
HF_NODISCARD HF_API hf_status hf_timer_queue_create(const hf_timer_queue_options *options,
                                                    hf_timer_queue **out);

/* Closes every timer and refuses new ones, stops the thread, waits at most `timeout` until no
 * function runs.  Timers that were still open are no leaks.  May be called again after TIMED_OUT.
 * Errors: EXITING, INVALID_ARGUMENT, POSSIBLE_DEADLOCK (called by a function of this queue, or one
 * of these waits for the caller; the timers are closed all the same), TIMED_OUT (a rundown-timeout
 * report names the function's thread). */
HF_NODISCARD HF_API hf_status hf_timer_queue_shutdown(hf_timer_queue *queue, hf_timeout timeout);

/* hf_timer_queue_shutdown without limit, then gives the queue back.  Where that is refused, because
 * one of the queue's functions calls this, say, the queue is closed and kept for ever.  NULL is
 * allowed. */
HF_API void hf_timer_queue_destroy(hf_timer_queue *queue);

/* The table that the timers are in: for hf_inspect, references, statistics, hf_close_then.  Not to
 * be destroyed, nor to hold other values. */
HF_API hf_table *hf_timer_queue_table(hf_timer_queue *queue);

/* The queue's time. */
HF_API int64_t hf_timer_now_us(hf_timer_queue *queue);

/* How many timers are armed. */
HF_API uint64_t hf_timer_armed(hf_timer_queue *queue);

/* ---- timers --------------------------------------------------------------------------------- */

typedef struct hf_timer_options {
    uint32_t size; /* sizeof(hf_timer_options) */
    hf_timer_missed missed;
    hf_timer_function function;
    void *data;
    void (*free_data)(void *data); /* or NULL; called once for each `data` that the timer was given,
                                      when neither the timer nor a running function needs it */
    bool close_when_done;          /* closes itself after a call that left it unarmed */
    const char *label;             /* as in hf_open_options */
    hf_group *group;               /* as in hf_open_options */
} hf_timer_options;

#define HF_TIMER_OPTIONS_INIT                      \
    {                                              \
        .size = (uint32_t)sizeof(hf_timer_options) \
    }

/* Makes a timer, not armed.  On failure `data` stays the caller's.  Errors: EXITING,
 * INVALID_ARGUMENT (also: function null), CLOSING (the queue or the group is closing),
 * POSSIBLE_DEADLOCK, TABLE_FULL, NO_MEMORY. */
HF_NODISCARD HF_API hf_status hf_timer_open(hf_timer_queue *queue, const hf_timer_options *options,
                                            hf_timer *out);

/* Arms the timer: due in `delay_us` (0: at once), then every `period_us` (0: once only).  Replaces
 * what it was armed for.  Errors: those of handles, EXITING, INVALID_ARGUMENT (negative). */
HF_API hf_status hf_timer_set(hf_timer_queue *queue, hf_timer timer, int64_t delay_us,
                              int64_t period_us);

/* The same with a deadline on the queue's clock; one that has passed is due at once.  Its delay,
 * for hf_timer_reset, is what lies between now and then. */
HF_API hf_status hf_timer_set_at(hf_timer_queue *queue, hf_timer timer, int64_t deadline_us,
                                 int64_t period_us);

/* Arms the timer again as it was last set, with the delay counted from now: the idiom of idle
 * time-outs.  Errors: as hf_timer_set, BUSY (never set). */
HF_API hf_status hf_timer_reset(hf_timer_queue *queue, hf_timer timer);

/* What a cancel met. */
typedef enum hf_timer_was {
    HF_TIMER_WAS_IDLE = 0, /* not armed */
    HF_TIMER_WAS_ARMED,    /* armed, or due with its function not yet called, or between two ticks:
                              it will not be called */
    HF_TIMER_WAS_RUNNING   /* its function runs now, and goes on; whether armed again or not */
} hf_timer_was;

/* Disarms the timer; it may be set again.  `was` may be NULL. */
HF_API hf_status hf_timer_cancel(hf_timer_queue *queue, hf_timer timer, hf_timer_was *was);

/* Gives the timer a new function and data; on success the timer owns `data`, and the old ones are
 * freed, by this call unless a running function uses them.  Errors: INVALID_ARGUMENT (function
 * null). */
HF_API hf_status hf_timer_set_data(hf_timer_queue *queue, hf_timer timer,
                                   hf_timer_function function, void *data,
                                   void (*free_data)(void *data));

/* When the timer is due (which may have passed, while it is dispatched), or due next; INT64_MAX:
 * not armed. */
HF_API hf_status hf_timer_deadline_us(hf_timer_queue *queue, hf_timer timer, int64_t *out);

/* Closes a timer, as hf_close and hf_close_wait do, with their errors.  Data are freed when no
 * function uses them: with hf_timer_close_wait, before it answers OK. */
HF_API hf_status hf_timer_close(hf_timer_queue *queue, hf_timer timer);
HF_NODISCARD HF_API hf_status hf_timer_close_wait(hf_timer_queue *queue, hf_timer timer,
                                                  hf_timeout timeout);

/* ---- dispatching by the caller --------------------------------------------------------------
 *
 *     poll(..., timeout from hf_timer_next_us ...);
 *     hf_timer_run(queue);                         // or the three steps, one by one
 */

/* One dispatch.  The caller's memory; the rest is the library's. */
enum { HF_TIMER_BATCH = 64 };
typedef struct hf_timer_batch {
    uint32_t count;   /* of expiries that begin took */
    uint32_t handled; /* how many of those handle has dealt with */
    int64_t now_us;
    struct hf_timer_expiry_ {
        uint64_t handle;
        uint64_t armed; /* which arming of the timer expired */
        int64_t deadline_us;
        uint64_t missed;
    } expiries_[HF_TIMER_BATCH];
} hf_timer_batch;

/* Step one: takes up to HF_TIMER_BATCH timers that are due, in the order of their deadlines, equal
 * ones in the order in which they were armed.  Each batch that was begun must be ended.  Several
 * threads may each dispatch a batch of their own.  OK also when none is due (count 0). */
HF_API hf_status hf_timer_begin(hf_timer_queue *queue, hf_timer_batch *batch);

/* Step two: calls their functions one after another, each inside a region of its timer, skipping
 * those that were withdrawn.  Answers how many were called. */
HF_API uint32_t hf_timer_handle(hf_timer_queue *queue, hf_timer_batch *batch);

/* Step three: arms periodic timers again, closes those that are done.  Expiries that were not
 * handled are due again. */
HF_API hf_status hf_timer_end(hf_timer_queue *queue, hf_timer_batch *batch);

/* All three steps until nothing is due that was due when it began; what is armed meanwhile waits
 * for the next run.  What another dispatch has taken is that one's to call: a run inside a timer's
 * function does not call the rest of the batch that this function belongs to, nor what is kept for
 * the next run; the outer run goes on with the former, and the latter is due again when it ends.
 * So a timer's function must not wait, by runs of its own, for another timer of its queue.  Answers
 * how many functions were called. */
HF_API uint64_t hf_timer_run(hf_timer_queue *queue);

/* When hf_timer_run should next be called: before it no timer is due, but for those that dispatches
 * under way have taken: each puts its own back when it ends, so ask again afterwards.  INT64_MAX:
 * no others are armed (hf_timer_armed counts all). */
HF_API int64_t hf_timer_next_us(hf_timer_queue *queue);

/* A descriptor (timerfd) that polls readable when a timer is due, for a caller's poll or epoll
 * loop (hf_value_fd of <holdfast/posix.h> makes an int of it).  It need not be read: hf_timer_run
 * sets it for the next deadline.  It lives as long as the queue, which owns it.  The queue's clock
 * must be the system's and the queue not threaded.  In a forked child the number becomes the
 * child's own with the first call; an epoll set that it was in still means the parent's.  Errors:
 * INVALID_ARGUMENT, EXITING, POSSIBLE_DEADLOCK, SYSTEM. */
HF_NODISCARD HF_API hf_status hf_timer_queue_descriptor(hf_timer_queue *queue, hf_value *out);

HF_END_DECLS

#endif

/* The inside of a timer queue: its nodes, its lock, and what may be done under it.  queue.c has the
 * protocol in prose. */
#ifndef HF_TIMER_QUEUE_H
#define HF_TIMER_QUEUE_H

#include "core/exit.h"
#include "platform/lock.h"

#include <holdfast/timer.h>

enum { HF_TIMER_QUEUES = 1024 };

/* Where a timer is on its way.  All but IDLE count as armed. */
typedef enum hf_timer_phase {
    HF_TIMER_IDLE = 0, /* not armed; what its function was called for is no phase of its own */
    HF_TIMER_ARMED,    /* its link is in the order */
    HF_TIMER_DUE,      /* in a batch, its function not yet called */
    HF_TIMER_HELD,     /* due while its function runs: armed again when that has returned */
    HF_TIMER_ASIDE,    /* due, but armed during the very run that met it: armed again at its end */
    HF_TIMER_RESUMING  /* periodic, its function was called: end arms it again */
} hf_timer_phase;

/* A timer.  The first half is what setting it touches. */
typedef struct hf_timer_node {
    hf_timer_link link; /* first: a link is a node */
    int64_t delay_us;   /* as it was last set; -1: never */
    int64_t period_us;
    uint64_t arming;  /* which call set it last; each has its own number in the queue */
    uint8_t phase;    /* hf_timer_phase */
    uint8_t missed;   /* hf_timer_missed */
    uint8_t replaced; /* the running function was called with ran_data, not data */
    bool close_when_done;
    uint32_t running; /* hf_timer_epoch_now while its function runs: see hf_timer_is_running */

    uint64_t handle; /* 0: nobody's */
    hf_timer_function function;
    void *data;
    void (*free_data)(void *data);
    void *ran_data;
    void (*ran_free)(void *data);
    int64_t resume_us;           /* RESUMING: when it is due next */
    struct hf_timer_node *aside; /* the next in a list of those aside, itself in the last */
} hf_timer_node;

_Static_assert(sizeof(void *) != 8 || sizeof(hf_timer_node) == 128, "two cache lines");
_Static_assert(offsetof(hf_timer_node, handle) == 64, "of which setting touches one");

/* Data that nobody needs any more, to be freed when the lock is given back. */
typedef struct hf_timer_waste {
    void *data;
    void (*free_data)(void *data); /* NULL: nothing to free */
} hf_timer_waste;

typedef enum hf_timer_queue_phase {
    HF_QUEUE_FREE = 0,
    HF_QUEUE_STARTING, /* being made, or given back */
    HF_QUEUE_OPEN,
    HF_QUEUE_CLOSING, /* no new timers */
    HF_QUEUE_GONE     /* destroyed by one of its own functions; kept for ever */
} hf_timer_queue_phase;

struct hf_timer_queue {
    hf_lock lock;
    uint32_t phase; /* hf_timer_queue_phase, atomic; CLOSING is set under the lock */

    /* Constant while the queue is open. */
    hf_table *table;
    hf_timer_node *nodes; /* by the index of the handle's slot */
    const hf_timer_order *order;
    hf_timer_clock clock; /* NULL: the system's */
    void *clock_context;

    /* Under the lock. */
    void *ordering;
    int64_t now_us;      /* the latest reading of the clock that anybody used */
    int64_t expired_us;  /* the latest time that the order was told */
    int64_t wake_us;     /* a deadline before this one must wake somebody; INT64_MIN: none need */
    uint64_t arming;     /* the number of the last arming */
    uint64_t armed;      /* timers that are not IDLE */
    uint64_t timers;     /* nodes in use */
    uint64_t committed;  /* nodes below it have memory */
    uint32_t epoch;      /* hf_timer_epoch_now when it was last looked after */
    uint32_t dispatches; /* batches and runs that were begun and not yet ended */
    bool wakes;          /* whoever gives the lock back wakes the driver */
    int descriptor;      /* -1: none */
    const void *forker;  /* &hf_this_thread of a thread that forks with the lock; atomic */

    /* The driver: see driver.c. */
    bool threaded;
    uint32_t driver;         /* hf_timer_driver_state, atomic */
    uint32_t alarm;          /* what the driver sleeps on, atomic; changed to wake it */
    const void *driver_self; /* its &hf_this_thread, atomic */
    hf_os_thread thread;

    uint64_t capacity;
    size_t node_bytes;
    hf_type type; /* its context is the queue */
} __attribute__((aligned(64)));

/* All queues; those from hf_timer_queue_count on were never used. */
extern hf_timer_queue hf_timer_queues[HF_TIMER_QUEUES];
extern uint32_t hf_timer_queue_count;

/* Changes in a forked child, so that marks which threads of the parent left behind are void. */
extern uint32_t hf_timer_epoch_now;

/* ---- the lock ------------------------------------------------------------------------------- */

/* What the first call in a forked child does: see fork.c. */
HF_COLD void hf_timer_recover_locked(hf_timer_queue *queue);

/* Takes the lock; false: its owner is gone, or does not give it back. */
static inline bool hf_timer_lock(hf_timer_queue *queue)
{
    if (__builtin_expect(!hf_lock_take(&queue->lock, HF_LOCK_BOUND_NS), 0))
        return false;
    if (__builtin_expect(queue->epoch != hf_timer_epoch_now, 0))
        hf_timer_recover_locked(queue);
    return true;
}

HF_COLD void hf_timer_unlock_and_wake(hf_timer_queue *queue);

static inline void hf_timer_unlock(hf_timer_queue *queue)
{
    if (__builtin_expect(queue->wakes, 0))
        hf_timer_unlock_and_wake(queue);
    else
        hf_lock_give(&queue->lock);
}

/* Frees what nobody needs any more.  Never under the lock. */
static inline void hf_timer_discard(hf_timer_waste waste)
{
    if (waste.free_data != NULL)
        waste.free_data(waste.data);
}

/* ---- time ----------------------------------------------------------------------------------- */

/* Reads the clock, which may be a function of the user's: never under the lock. */
static inline int64_t hf_timer_read_clock(const hf_timer_queue *queue)
{
    return queue->clock != NULL ? queue->clock(queue->clock_context) : hf_os_now_ns() / 1000;
}

/* The queue's time, given a reading: it stands still while the clock is behind, and never reaches
 * the moment that is never. */
static inline int64_t hf_timer_now_locked(hf_timer_queue *queue, int64_t reading)
{
    if (__builtin_expect(reading > queue->now_us, 1))
        queue->now_us = reading < INT64_MAX ? reading : INT64_MAX - 1;
    return queue->now_us;
}

static inline int64_t hf_timer_later(int64_t moment_us, int64_t span_us)
{
    return span_us > INT64_MAX - moment_us ? INT64_MAX : moment_us + span_us;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static inline bool hf_timer_queue_is_usable(const hf_timer_queue *queue)
{
    if (queue == NULL)
        return false;
    uint32_t phase = __atomic_load_n(&queue->phase, __ATOMIC_RELAXED);
    return phase == HF_QUEUE_OPEN || phase == HF_QUEUE_CLOSING;
}

static inline hf_timer_node *hf_timer_node_of(const hf_timer_queue *queue, hf_handle handle)
{
    return &queue->nodes[hf_raw_index(handle.bits ^ queue->table->head.secret)];
}

/* Where a timer's handle leads.  That does not change as long as the queue lives. */
typedef struct hf_timer_way {
    uint64_t raw;
    const hf_slot_ *slot;
    hf_timer_node *node;
} hf_timer_way;

/* Follows a handle without the lock, and asks for the memory that will be looked at under it.
 * False: it is no timer of this queue. */
static inline bool hf_timer_follow(const hf_timer_queue *queue, hf_handle handle, hf_timer_way *way)
{
    way->slot = hf_slot_find(queue->table, handle, &way->raw);
    if (way->slot == NULL || hf_type_of(queue->table, way->raw) != &queue->type)
        return false;
    way->node = &queue->nodes[hf_raw_index(way->raw)];
    __builtin_prefetch(way->node, 1);
    __builtin_prefetch(way->slot);
    return true;
}

/* Whether the timer is open still.  Closing is final before the node is anybody else's, because
 * release takes the lock. */
static inline bool hf_timer_is_open_locked(const hf_timer_way *way)
{
    return __builtin_expect(hf_state_admits(hf_state_load(way->slot), way->raw), 1);
}

/* Whether the timer's function runs, on a thread that exists. */
static inline bool hf_timer_is_running(const hf_timer_node *node)
{
    return node->running == hf_timer_epoch_now;
}

/* The next are inline.  With many timers a call mostly waits for memory, and the processor begins
 * what the next call waits for as far ahead as it can look, a few hundred instructions: so a tenth
 * fewer of them was measured to spare a fifth of the time. */

/* Wakes whoever sleeps beyond a deadline. */
HF_COLD void hf_timer_alert_locked(hf_timer_queue *queue, int64_t deadline_us);

/* Puts a node that counts as armed, but is not in the order, into it. */
static inline void hf_timer_insert_locked(hf_timer_queue *queue, hf_timer_node *node,
                                          int64_t deadline_us)
{
    node->link.deadline_us = deadline_us;
    node->phase = HF_TIMER_ARMED;
    queue->order->insert(queue->ordering, &node->link);
    if (__builtin_expect(deadline_us < queue->wake_us, 0))
        hf_timer_alert_locked(queue, deadline_us);
}

/* Takes a node out of whatever it is in: it is IDLE, and what expired for it is withdrawn. */
static inline void hf_timer_disarm_locked(hf_timer_queue *queue, hf_timer_node *node)
{
    if (node->phase == HF_TIMER_IDLE)
        return;
    if (node->phase == HF_TIMER_ARMED)
        queue->order->remove(queue->ordering, &node->link);
    node->phase = HF_TIMER_IDLE;
    queue->armed--;
}

/* Arms a node anew. */
static inline void hf_timer_arm_locked(hf_timer_queue *queue, hf_timer_node *node,
                                       int64_t deadline_us)
{
    hf_timer_disarm_locked(queue, node);
    node->arming = ++queue->arming;
    queue->armed++;
    hf_timer_insert_locked(queue, node, deadline_us);
}

/* Ends a timer: its node is nobody's. */
hf_timer_waste hf_timer_end_locked(hf_timer_queue *queue, hf_timer_node *node);

/* Takes the data that were replaced while the function ran with them. */
hf_timer_waste hf_timer_take_ran_locked(hf_timer_node *node);

/* Sets the descriptor, if there is one, to when the next timer is due. */
void hf_timer_set_descriptor_locked(hf_timer_queue *queue);

/* The release function of the queue's type: `context` is the queue. */
hf_outcome hf_timer_release(hf_value value, void *context, int32_t *error);

/* ---- the driver ----------------------------------------------------------------------------- */

typedef enum hf_timer_driver_state {
    HF_DRIVER_NONE = 0,
    HF_DRIVER_WORKS,
    HF_DRIVER_STOPS, /* told to */
    HF_DRIVER_ENDED  /* does nothing more but return */
} hf_timer_driver_state;

/* Starts the driver's thread.  False, with the error set: there can be none. */
bool hf_timer_driver_start(hf_timer_queue *queue);

/* Tells the driver to stop; returns at once. */
void hf_timer_driver_stop(hf_timer_queue *queue);

/* Waits for the end of a driver that was told to stop.  Errors: POSSIBLE_DEADLOCK (this is the
 * driver's thread), TIMED_OUT. */
hf_status hf_timer_driver_join(hf_timer_queue *queue, int64_t deadline_ns);

/* Lets the driver's thread end without being joined. */
void hf_timer_driver_forget(hf_timer_queue *queue);

/* ---- fork ----------------------------------------------------------------------------------- */

/* Arranges for forks.  False: it cannot be. */
bool hf_timer_arrange_forks(void);

/* A function that this thread runs, in the list of them: see fork.c. */
typedef struct hf_timer_call {
    hf_timer_queue *queue;
    hf_timer_node *node;
    struct hf_timer_call *outer;
} hf_timer_call;

extern __thread hf_timer_call *hf_timer_calls __attribute__((tls_model("initial-exec")));

#endif

/* Timer queues: making them, and what they tell.
 *
 * The protocol
 * ------------
 * A timer is a handle in the queue's own table.  Its node lies in an array parallel to the slots,
 * at the index of the handle's slot, and that memory stays as long as the queue: whoever comes late
 * reads a node that says that it is another's.  A node is filled before its handle can be seen
 * (timer.c, open) and is given up by the table's release function, so that closing by hf_close,
 * by hf_timer_close, by a group or by the queue's end is all the same.
 *
 * All fields of a node, the order, and the queue's figures change under the queue's one lock only.
 * Under it no function of the user is called (but the order's, which must not call the library), no
 * handle is entered, left or closed, and nothing is reported: what is to be freed, closed or
 * refused is noted, and done when the lock is given back.
 *
 * The phases of a node, and who moves it on:
 *
 *   IDLE      -> ARMED      set, set_at, reset: with a number of its own, the arming
 *   ARMED     -> DUE        begin, into a batch, which notes the arming
 *             -> HELD       begin, when the timer's function runs just now
 *             -> ASIDE      begin, within one hf_timer_run, when armed after that began
 *   DUE       -> RESUMING   handle, about to call the function of a periodic timer
 *             -> IDLE       handle, about to call that of another
 *             -> ARMED      end, for what was not handled
 *   HELD      -> ARMED      handle, when the function has returned
 *   ASIDE     -> ARMED      the end of the run
 *   RESUMING  -> ARMED      end
 *   any       -> IDLE       cancel; release (the node is then nobody's)
 *   any       -> ARMED      set, set_at, reset, with a new arming
 *
 * "The function runs" is no phase, but a mark beside it (running), set by handle before it calls
 * and cleared by it afterwards: meanwhile the timer may go through any phase but DUE.
 *
 * Conclusions:
 * (1) An expiry in a batch is good only while its node is DUE with the arming that the batch noted.
 *     Arming numbers are never used twice in a queue, not even by different timers in the same
 *     node, so an expiry that set, reset, cancel or close withdrew can never call a function.
 * (2) A function never runs twice at once: begin puts no timer into a batch while its function
 *     runs, and of two batches only one can hold an expiry that is good.
 * (3) handle looks at the node inside a region of the handle.  The timer's data are therefore not
 *     freed by release while its function runs.  set_data, which does not wait, finds the mark and
 *     leaves the old data to handle; once a function runs with data that were replaced, further
 *     replacements were never seen by it and are freed at once.
 * (4) A closed timer cannot be armed: find fails as soon as close has returned, or earlier, and
 *     what was armed before is taken out by release at the latest; until then handle cannot enter
 *     it.
 * (5) The lock is bounded and knows its owner.  Where it cannot be had, calls change nothing; a
 *     release leaves the node as it is, and since open needs the lock as well, the node is nobody's
 *     from then on.
 *
 * The clock is read before the lock is taken, since it may be the user's; the latest reading under
 * the lock counts, so that time never goes back.
 *
 * A deadline that is earlier than wake_us must wake whoever sleeps until then: the driver by its
 * word, a poll loop by setting the descriptor.  wake_us is INT64_MIN while nobody sleeps. */
#include "timer/queue.h"

hf_timer_queue hf_timer_queues[HF_TIMER_QUEUES];
uint32_t hf_timer_queue_count;

#define DEFAULT_TIMERS ((UINT64_C(1) << 24) - 1)
#define MOST_TIMERS    (HF_INDEX_LIMIT_ - 2)

/* ---- options -------------------------------------------------------------------------------- */

static bool is_order_good(const hf_timer_order *order)
{
    return order->size == sizeof *order && order->create != NULL && order->destroy != NULL &&
           order->reserve != NULL && order->insert != NULL && order->remove != NULL &&
           order->expire != NULL && order->next_us != NULL;
}

static bool are_options_good(const hf_timer_queue_options *options)
{
    return options->size == sizeof *options && options->capacity_timers <= MOST_TIMERS &&
           !(options->threaded && options->clock != NULL) &&
           (options->order == NULL || is_order_good(options->order));
}

/* ---- creation ------------------------------------------------------------------------------- */

static void count_queue(uint32_t index)
{
    uint32_t count = __atomic_load_n(&hf_timer_queue_count, __ATOMIC_RELAXED);
    /* Release: partner is the acquire in fork.c. */
    while (count <= index && !__atomic_compare_exchange_n(&hf_timer_queue_count, &count, index + 1,
                                                          true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* A queue that is nobody's; it is the caller's then. */
static hf_timer_queue *take_queue(void)
{
    for (uint32_t i = 0; i < HF_TIMER_QUEUES; i++) {
        uint32_t phase = HF_QUEUE_FREE;
        /* Acquire: partner is the release in give_queue. */
        if (__atomic_compare_exchange_n(&hf_timer_queues[i].phase, &phase, HF_QUEUE_STARTING, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            count_queue(i);
            return &hf_timer_queues[i];
        }
    }
    return NULL;
}

static void set_fields(hf_timer_queue *queue, const hf_timer_queue_options *options)
{
    /* The lock is kept: a fork on another thread may have taken it. */
    queue->capacity = options->capacity_timers != 0 ? options->capacity_timers : DEFAULT_TIMERS;
    queue->order = options->order != NULL ? options->order : &hf_timer_wheel;
    queue->clock = options->clock;
    queue->clock_context = options->clock_context;
    queue->threaded = options->threaded;
    queue->now_us = 1;
    (void)hf_timer_now_locked(queue, hf_timer_read_clock(queue));
    queue->expired_us = 0;
    queue->wake_us = INT64_MIN;
    queue->arming = queue->armed = queue->timers = queue->committed = 0;
    queue->epoch = hf_timer_epoch_now;
    queue->dispatches = 0;
    queue->wakes = false;
    queue->descriptor = -1;
    queue->driver = HF_DRIVER_NONE;
    queue->driver_self = NULL;
    queue->table = NULL;
    queue->nodes = NULL;
    queue->ordering = NULL;
    queue->type = (hf_type){.size = (uint32_t)sizeof(hf_type),
                            .name = "timer",
                            .context = queue,
                            .release = hf_timer_release};
}

static hf_status make_table(hf_timer_queue *queue, const char *name)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.capacity_slots = queue->capacity;
    options.name = name;
    return hf_table_create(&options, &queue->table);
}

static hf_status make_nodes(hf_timer_queue *queue)
{
    size_t page = hf_os_page_size();
    queue->node_bytes =
        ((size_t)(queue->capacity + 1) * sizeof(hf_timer_node) + page - 1) & ~(page - 1);
    queue->nodes = hf_os_reserve_array(queue->node_bytes);
    return queue->nodes != NULL ? HF_OK : HF_E_NO_ADDRESS_SPACE;
}

static hf_status make_parts(hf_timer_queue *queue, const char *name)
{
    hf_status status = make_table(queue, name);
    if (status == HF_OK)
        status = make_nodes(queue);
    if (status == HF_OK)
        status = queue->order->create(queue->capacity, queue->now_us, &queue->ordering);
    return status;
}

/* Gives back what make_parts made, all or some, and the queue. */
static void give_queue(hf_timer_queue *queue)
{
    if (queue->ordering != NULL)
        queue->order->destroy(queue->ordering);
    if (queue->nodes != NULL)
        hf_os_unreserve(queue->nodes, queue->node_bytes);
    if (queue->descriptor >= 0)
        hf_os_timer_close(queue->descriptor);
    hf_table_destroy(queue->table);
    /* Release: all of it is gone before the next queue begins.  Partner: the acquire in take_queue.
     */
    __atomic_store_n(&queue->phase, HF_QUEUE_FREE, __ATOMIC_RELEASE);
}

static hf_status start(hf_timer_queue *queue)
{
    /* Release: the queue is whole before a fork looks for it.  Partner: the acquire in fork.c. */
    __atomic_store_n(&queue->phase, HF_QUEUE_OPEN, __ATOMIC_RELEASE);
    return queue->threaded && !hf_timer_driver_start(queue) ? HF_E_SYSTEM : HF_OK;
}

static hf_status create(const hf_timer_queue_options *options, hf_timer_queue **out)
{
    hf_timer_queue *queue = hf_timer_arrange_forks() ? take_queue() : NULL;
    if (queue == NULL)
        return HF_E_TOO_MANY_TABLES;
    set_fields(queue, options);
    hf_status status = make_parts(queue, options->name != NULL ? options->name : "timers");
    if (status == HF_OK)
        status = start(queue);
    if (status != HF_OK) {
        __atomic_store_n(&queue->phase, HF_QUEUE_STARTING, __ATOMIC_RELAXED);
        give_queue(queue);
        return status;
    }
    *out = queue;
    return HF_OK;
}

hf_status hf_timer_queue_create(const hf_timer_queue_options *options, hf_timer_queue **out)
{
    static const hf_timer_queue_options defaults = HF_TIMER_QUEUE_OPTIONS_INIT;
    if (options == NULL)
        options = &defaults;
    if (out == NULL || !are_options_good(options))
        return HF_E_INVALID_ARGUMENT;
    return hf_exiting() ? HF_E_EXITING : create(options, out);
}

void hf_timer_queue_destroy(hf_timer_queue *queue)
{
    if (!hf_timer_queue_is_usable(queue) || hf_exiting())
        return;
    if (hf_timer_queue_shutdown(queue, HF_FOREVER) != HF_OK) {
        hf_timer_driver_forget(queue);
        __atomic_store_n(&queue->phase, HF_QUEUE_GONE, __ATOMIC_RELEASE);
        return;
    }
    __atomic_store_n(&queue->phase, HF_QUEUE_STARTING, __ATOMIC_RELAXED);
    give_queue(queue);
}

/* ---- what it tells -------------------------------------------------------------------------- */

hf_table *hf_timer_queue_table(hf_timer_queue *queue)
{
    return hf_timer_queue_is_usable(queue) ? queue->table : NULL;
}

int64_t hf_timer_now_us(hf_timer_queue *queue)
{
    if (!hf_timer_queue_is_usable(queue))
        return 0;
    int64_t reading = hf_timer_read_clock(queue);
    if (hf_exiting() || !hf_timer_lock(queue))
        return reading;
    int64_t now = hf_timer_now_locked(queue, reading);
    hf_timer_unlock(queue);
    return now;
}

uint64_t hf_timer_armed(hf_timer_queue *queue)
{
    if (!hf_timer_queue_is_usable(queue) || hf_exiting() || !hf_timer_lock(queue))
        return 0;
    uint64_t armed = queue->armed;
    hf_timer_unlock(queue);
    return armed;
}

int64_t hf_timer_next_us(hf_timer_queue *queue)
{
    if (!hf_timer_queue_is_usable(queue) || hf_exiting() || !hf_timer_lock(queue))
        return INT64_MAX;
    int64_t next = queue->order->next_us(queue->ordering);
    hf_timer_unlock(queue);
    return next;
}

hf_status hf_timer_queue_descriptor(hf_timer_queue *queue, hf_value *out)
{
    if (out == NULL || !hf_timer_queue_is_usable(queue) || queue->clock != NULL || queue->threaded)
        return HF_E_INVALID_ARGUMENT;
    if (hf_exiting())
        return HF_E_EXITING;
    if (!hf_timer_lock(queue))
        return HF_E_POSSIBLE_DEADLOCK;
    if (queue->descriptor < 0)
        queue->descriptor = hf_os_timer_create();
    hf_timer_set_descriptor_locked(queue);
    int descriptor = queue->descriptor;
    hf_timer_unlock(queue);
    *out = (hf_value)descriptor;
    return descriptor >= 0 ? HF_OK : HF_E_SYSTEM;
}

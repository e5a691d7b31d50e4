/* Timers: opening, setting, cancelling, new data, closing. */
#include "core/close.h"
#include "core/group.h"
#include "core/open.h"
#include "core/signal.h"
#include "core/wait.h"
#include "timer/queue.h"

/* Why a call did not find its timer, counted and reported. */
HF_COLD static hf_status refuse(hf_timer_queue *queue, hf_handle handle, const char *operation,
                                hf_site site)
{
    hf_refusal refusal = {.operation = operation, .site = site, .type = &queue->type};
    hf_status status = hf_refuse(queue->table, handle, &refusal);
    /* It was guessed: it is being opened, and hf_timer_open has not answered it yet. */
    return status != HF_OK ? status : HF_E_FORGED_HANDLE;
}

HF_COLD static hf_status no_lock(hf_timer_queue *queue)
{
    return hf_fail(queue->table, HF_E_POSSIBLE_DEADLOCK);
}

/* The first answers of every call. */
static inline hf_status check(const hf_timer_queue *queue, bool arguments_good)
{
    if (!hf_timer_queue_is_usable(queue) || !arguments_good)
        return HF_E_INVALID_ARGUMENT;
    return hf_exiting() ? HF_E_EXITING : HF_OK;
}

/* ---- opening -------------------------------------------------------------------------------- */

typedef struct opening {
    hf_timer_queue *queue;
    const hf_timer_options *options;
    hf_timer_waste waste; /* of a timer that was detached from the queue's table */
} opening;

/* Makes sure that a node has memory: by a quarter more than there was, at least a few pages. */
static bool commit_locked(hf_timer_queue *queue, uint64_t index)
{
    enum { STEP = 512 };
    if (index < queue->committed)
        return true;
    uint64_t nodes = index + queue->committed / 4 + STEP;
    size_t have = queue->committed * sizeof(hf_timer_node);
    size_t want = hf_os_array_part(nodes * sizeof(hf_timer_node));
    if (want > queue->node_bytes)
        want = queue->node_bytes;
    if (!hf_os_commit((char *)queue->nodes + have, want - have))
        return false;
    queue->committed = want / sizeof(hf_timer_node);
    return true;
}

static hf_status prepare_locked(opening *open, uint32_t index)
{
    hf_timer_queue *queue = open->queue;
    if (queue->phase != HF_QUEUE_OPEN)
        return HF_E_CLOSING;
    if (!commit_locked(queue, index))
        return HF_E_NO_MEMORY;
    if (queue->nodes[index].handle != 0)
        open->waste = hf_timer_end_locked(queue, &queue->nodes[index]);
    return queue->order->reserve(queue->ordering, queue->timers + 1);
}

/* The order's part of the link is left alone. */
static void fill(hf_timer_node *node, hf_handle handle, const hf_timer_options *options)
{
    node->delay_us = -1;
    node->period_us = 0;
    node->arming = 0;
    node->missed = (uint8_t)options->missed;
    node->replaced = 0;
    node->close_when_done = options->close_when_done;
    node->running = 0;
    node->handle = handle.bits;
    node->function = options->function;
    node->data = options->data;
    node->free_data = options->free_data;
}

static hf_status place(void *context, hf_handle handle, hf_value *value)
{
    opening *open = context;
    hf_timer_queue *queue = open->queue;
    hf_timer_node *node = hf_timer_node_of(queue, handle);
    if (!hf_timer_lock(queue))
        return HF_E_POSSIBLE_DEADLOCK;
    hf_status status = prepare_locked(open, hf_raw_index(handle.bits ^ queue->table->head.secret));
    if (status == HF_OK) {
        fill(node, handle, open->options);
        queue->timers++;
        *value = (hf_value)node;
    }
    hf_timer_unlock(queue);
    return status;
}

static bool are_options_good(const hf_timer_options *options)
{
    return options != NULL && options->size == sizeof *options && options->function != NULL &&
           (unsigned)options->missed <= HF_TIMER_DELAY &&
           (options->group == NULL || hf_group_is_valid(options->group));
}

hf_status hf_timer_open(hf_timer_queue *queue, const hf_timer_options *options, hf_timer *out)
{
    hf_refusal refusal = {.operation = "hf_timer_open", .site = HF_SITE()};
    hf_status status = check(queue, out != NULL && are_options_good(options));
    if (status != HF_OK)
        return status;
    hf_open_options open = HF_OPEN_OPTIONS_INIT;
    open.label = options->label;
    open.group = options->group;
    opening context = {.queue = queue, .options = options};
    hf_handle handle;
    hf_drain(queue->table, refusal.site);
    /* Before the table is asked for a slot: CLOSING comes before TABLE_FULL.  Looked at again under
     * the lock. */
    if (__atomic_load_n(&queue->phase, __ATOMIC_RELAXED) != HF_QUEUE_OPEN)
        return hf_fail(queue->table, HF_E_CLOSING);
    hf_placing placing = {place, &context};
    status = hf_open_placed(queue->table, &queue->type, &placing, &open, &handle, &refusal);
    hf_timer_discard(context.waste);
    if (status == HF_OK)
        *out = hf_timer_from(handle);
    return status;
}

/* ---- setting -------------------------------------------------------------------------------- */

/* Inline for the sake of the constants in it, and for what queue.h says. */
static HF_ALWAYS_INLINE_ hf_status set(hf_timer_queue *queue, hf_handle handle, int64_t moment_us,
                                       bool absolute, int64_t period_us, const char *operation,
                                       hf_site site)
{
    hf_timer_way way;
    if (!hf_timer_follow(queue, handle, &way))
        return refuse(queue, handle, operation, site);
    int64_t reading = hf_timer_read_clock(queue);
    if (!hf_timer_lock(queue))
        return no_lock(queue);
    int64_t now = hf_timer_now_locked(queue, reading);
    bool open = hf_timer_is_open_locked(&way);
    if (open) {
        int64_t delay = absolute ? moment_us - now : moment_us;
        way.node->delay_us = delay > 0 ? delay : 0;
        way.node->period_us = period_us;
        hf_timer_arm_locked(queue, way.node, absolute ? moment_us : hf_timer_later(now, moment_us));
    }
    hf_timer_unlock(queue);
    return open ? HF_OK : refuse(queue, handle, operation, site);
}

hf_status hf_timer_set(hf_timer_queue *queue, hf_timer timer, int64_t delay_us, int64_t period_us)
{
    hf_status status = check(queue, delay_us >= 0 && period_us >= 0);
    return status == HF_OK
               ? set(queue, timer.handle, delay_us, false, period_us, "hf_timer_set", HF_SITE())
               : status;
}

hf_status hf_timer_set_at(hf_timer_queue *queue, hf_timer timer, int64_t deadline_us,
                          int64_t period_us)
{
    hf_status status = check(queue, deadline_us >= 0 && period_us >= 0);
    return status == HF_OK ? set(queue, timer.handle, deadline_us, true, period_us,
                                 "hf_timer_set_at", HF_SITE())
                           : status;
}

hf_status hf_timer_reset(hf_timer_queue *queue, hf_timer timer)
{
    hf_status status = check(queue, true);
    if (status != HF_OK)
        return status;
    hf_timer_way way;
    if (!hf_timer_follow(queue, timer.handle, &way))
        return refuse(queue, timer.handle, "hf_timer_reset", HF_SITE());
    int64_t reading = hf_timer_read_clock(queue);
    if (!hf_timer_lock(queue))
        return no_lock(queue);
    int64_t now = hf_timer_now_locked(queue, reading);
    bool open = hf_timer_is_open_locked(&way);
    bool was_set = open && way.node->delay_us >= 0;
    if (was_set)
        hf_timer_arm_locked(queue, way.node, hf_timer_later(now, way.node->delay_us));
    hf_timer_unlock(queue);
    if (!open)
        return refuse(queue, timer.handle, "hf_timer_reset", HF_SITE());
    return was_set ? HF_OK : hf_fail(queue->table, HF_E_BUSY);
}

/* ---- cancelling and asking ------------------------------------------------------------------ */

static hf_timer_was what_it_was(const hf_timer_node *node)
{
    if (hf_timer_is_running(node))
        return HF_TIMER_WAS_RUNNING;
    return node->phase != HF_TIMER_IDLE ? HF_TIMER_WAS_ARMED : HF_TIMER_WAS_IDLE;
}

hf_status hf_timer_cancel(hf_timer_queue *queue, hf_timer timer, hf_timer_was *was)
{
    hf_timer_was found = HF_TIMER_WAS_IDLE;
    hf_status status = check(queue, true);
    if (status != HF_OK)
        return status;
    hf_timer_way way;
    if (!hf_timer_follow(queue, timer.handle, &way))
        return refuse(queue, timer.handle, "hf_timer_cancel", HF_SITE());
    if (!hf_timer_lock(queue))
        return no_lock(queue);
    bool open = hf_timer_is_open_locked(&way);
    if (open) {
        found = what_it_was(way.node);
        hf_timer_disarm_locked(queue, way.node);
    }
    hf_timer_unlock(queue);
    if (!open)
        return refuse(queue, timer.handle, "hf_timer_cancel", HF_SITE());
    if (was != NULL)
        *was = found;
    return HF_OK;
}

static int64_t deadline_of(const hf_timer_node *node)
{
    if (node->phase == HF_TIMER_IDLE)
        return INT64_MAX;
    return node->phase == HF_TIMER_RESUMING ? node->resume_us : node->link.deadline_us;
}

hf_status hf_timer_deadline_us(hf_timer_queue *queue, hf_timer timer, int64_t *out)
{
    hf_status status = check(queue, out != NULL);
    if (status != HF_OK)
        return status;
    hf_timer_way way;
    if (!hf_timer_follow(queue, timer.handle, &way))
        return refuse(queue, timer.handle, "hf_timer_deadline_us", HF_SITE());
    if (!hf_timer_lock(queue))
        return no_lock(queue);
    bool open = hf_timer_is_open_locked(&way);
    if (open)
        *out = deadline_of(way.node);
    hf_timer_unlock(queue);
    return open ? HF_OK : refuse(queue, timer.handle, "hf_timer_deadline_us", HF_SITE());
}

/* ---- data ----------------------------------------------------------------------------------- */

/* Point (3) in queue.c: the first to be replaced while the function runs are what it runs with. */
static hf_timer_waste replace_locked(hf_timer_node *node, hf_timer_function function,
                                     hf_timer_waste fresh)
{
    hf_timer_waste old = {node->data, node->free_data};
    node->function = function;
    node->data = fresh.data;
    node->free_data = fresh.free_data;
    if (!hf_timer_is_running(node) || node->replaced)
        return old;
    node->replaced = 1;
    node->ran_data = old.data;
    node->ran_free = old.free_data;
    return (hf_timer_waste){NULL, NULL};
}

hf_status hf_timer_set_data(hf_timer_queue *queue, hf_timer timer, hf_timer_function function,
                            void *data, void (*free_data)(void *data))
{
    hf_timer_waste waste = {NULL, NULL};
    hf_status status = check(queue, function != NULL);
    if (status != HF_OK)
        return status;
    hf_timer_way way;
    if (!hf_timer_follow(queue, timer.handle, &way))
        return refuse(queue, timer.handle, "hf_timer_set_data", HF_SITE());
    if (!hf_timer_lock(queue))
        return no_lock(queue);
    bool open = hf_timer_is_open_locked(&way);
    if (open)
        waste = replace_locked(way.node, function, (hf_timer_waste){data, free_data});
    hf_timer_unlock(queue);
    hf_timer_discard(waste);
    return open ? HF_OK : refuse(queue, timer.handle, "hf_timer_set_data", HF_SITE());
}

/* ---- closing -------------------------------------------------------------------------------- */

hf_status hf_timer_close(hf_timer_queue *queue, hf_timer timer)
{
    hf_refusal refusal = {.operation = "hf_timer_close", .site = HF_SITE(), .closes = true};
    hf_status status = check(queue, true);
    if (status != HF_OK)
        return status;
    status = hf_close_batch(queue->table, &timer.handle, 1, NULL, &refusal);
    hf_drain(queue->table, refusal.site);
    return status;
}

hf_status hf_timer_close_wait(hf_timer_queue *queue, hf_timer timer, hf_timeout timeout)
{
    hf_refusal refusal = {.operation = "hf_timer_close_wait", .site = HF_SITE(), .closes = true};
    hf_status status = check(queue, timeout >= 0);
    return status == HF_OK ? hf_close_wait_at(queue->table, timer.handle, timeout, NULL, &refusal)
                           : status;
}

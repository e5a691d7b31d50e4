/* Queues in a forked child.
 *
 * The forking thread takes the locks of all queues before it forks, and gives them back afterwards
 * in the parent and in the child: so that what they guard is whole in the child, whatever the other
 * threads were about.  A lock that cannot be had in its bound is left alone; in the child its owner
 * is gone, and calls on that queue answer POSSIBLE_DEADLOCK.
 *
 * In the child a new epoch begins.  The marks "its function runs" of the other threads' functions
 * bear the old one, and so are void; those of the forking thread, which may itself be inside
 * functions, are renewed: it knows them by a list.  The rest is done by the first call on a queue
 * (hf_timer_recover_locked): what lies in batches that nobody will end is put back into the order,
 * the descriptor is renewed, and a driver is started anew. */
#include "core/fork.h"
#include "timer/queue.h"

uint32_t hf_timer_epoch_now = 1;
__thread hf_timer_call *hf_timer_calls;

static uint32_t count_queues(void)
{
    /* Acquire: partner is the release when a queue is made. */
    return __atomic_load_n(&hf_timer_queue_count, __ATOMIC_ACQUIRE);
}

static void before(void)
{
    for (uint32_t i = 0; i < count_queues() && !hf_exiting(); i++) {
        hf_timer_queue *queue = &hf_timer_queues[i];
        if (__atomic_load_n(&queue->phase, __ATOMIC_ACQUIRE) >= HF_QUEUE_OPEN &&
            hf_lock_take(&queue->lock, HF_LOCK_BOUND_NS))
            __atomic_store_n(&queue->forker, &hf_this_thread, __ATOMIC_RELAXED);
    }
}

/* Whether this thread took the lock before it forked; not any more. */
static bool gives_lock(hf_timer_queue *queue)
{
    if (__atomic_load_n(&queue->forker, __ATOMIC_RELAXED) != &hf_this_thread)
        return false;
    __atomic_store_n(&queue->forker, NULL, __ATOMIC_RELAXED);
    return true;
}

static void in_parent(void)
{
    for (uint32_t i = 0; i < count_queues(); i++)
        if (gives_lock(&hf_timer_queues[i]))
            hf_lock_give(&hf_timer_queues[i].lock);
}

static void renew_calls(void)
{
    for (hf_timer_call *call = hf_timer_calls; call != NULL; call = call->outer)
        call->node->running = hf_timer_epoch_now;
}

/* The driver's thread is gone, unless it is the one that forked. */
static void forget_driver(hf_timer_queue *queue)
{
    if (queue->driver_self == &hf_this_thread)
        return;
    queue->driver_self = NULL;
    queue->driver = HF_DRIVER_NONE;
}

static void in_child(void)
{
    hf_timer_epoch_now++;
    renew_calls();
    for (uint32_t i = 0; i < count_queues(); i++) {
        hf_timer_queue *queue = &hf_timer_queues[i];
        if (gives_lock(queue))
            hf_lock_reset(&queue->lock);
        forget_driver(queue);
    }
}

bool hf_timer_arrange_forks(void)
{
    static const hf_os_fork_handlers handlers = {before, in_parent, in_child};
    hf_fork_outer(&handlers);
    return hf_fork_watch();
}

/* ---- the first call in the child ------------------------------------------------------------ */

static void put_back_locked(hf_timer_queue *queue, hf_timer_node *node)
{
    bool held = node->phase == HF_TIMER_HELD && !hf_timer_is_running(node);
    node->aside = NULL;
    if (node->phase == HF_TIMER_DUE || node->phase == HF_TIMER_ASIDE || held)
        hf_timer_insert_locked(queue, node, node->link.deadline_us);
    else if (node->phase == HF_TIMER_RESUMING)
        hf_timer_insert_locked(queue, node, node->resume_us);
}

static void renew_descriptor_locked(hf_timer_queue *queue)
{
    if (queue->descriptor < 0)
        return;
    if (!hf_os_timer_renew(queue->descriptor))
        queue->descriptor = -1; /* the parent's: not to be touched */
    hf_timer_set_descriptor_locked(queue);
}

void hf_timer_recover_locked(hf_timer_queue *queue)
{
    queue->wake_us = INT64_MIN;
    queue->wakes = false;
    for (uint64_t i = 0; queue->dispatches != 0 && i < queue->committed; i++)
        put_back_locked(queue, &queue->nodes[i]);
    renew_descriptor_locked(queue);
    bool needs_driver =
        queue->threaded && queue->driver == HF_DRIVER_NONE && queue->phase == HF_QUEUE_OPEN;
    /* Where a thread cannot be made, the next call tries again. */
    if (!needs_driver || hf_timer_driver_start(queue))
        queue->epoch = hf_timer_epoch_now;
}

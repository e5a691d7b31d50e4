/* What is done to a timer's node, under the queue's lock, and is not inline: queue.c says when. */
#include "timer/queue.h"

HF_COLD void hf_timer_alert_locked(hf_timer_queue *queue, int64_t deadline_us)
{
    queue->wake_us = deadline_us;
    if (queue->descriptor >= 0)
        hf_timer_set_descriptor_locked(queue);
    else
        queue->wakes = true;
}

hf_timer_waste hf_timer_take_ran_locked(hf_timer_node *node)
{
    if (!node->replaced)
        return (hf_timer_waste){NULL, NULL};
    node->replaced = false;
    return (hf_timer_waste){node->ran_data, node->ran_free};
}

hf_timer_waste hf_timer_end_locked(hf_timer_queue *queue, hf_timer_node *node)
{
    hf_timer_waste waste = {node->data, node->free_data};
    if (node->handle == 0) /* the queue's end was first */
        return (hf_timer_waste){NULL, NULL};
    hf_timer_disarm_locked(queue, node);
    node->handle = 0;
    node->running = 0;
    queue->timers--;
    return waste;
}

hf_outcome hf_timer_release(hf_value value, void *context, int32_t *error)
{
    hf_timer_queue *queue = context;
    hf_timer_node *node = (hf_timer_node *)value;
    (void)error;
    if (!hf_timer_lock(queue))
        return HF_OUTCOME_NOT_RELEASED;
    /* Only where a function's thread ended within it: otherwise handle has taken them. */
    hf_timer_waste ran = hf_timer_take_ran_locked(node);
    hf_timer_waste waste = hf_timer_end_locked(queue, node);
    hf_timer_unlock(queue);
    hf_timer_discard(ran);
    hf_timer_discard(waste);
    return HF_OUTCOME_RELEASED;
}

void hf_timer_set_descriptor_locked(hf_timer_queue *queue)
{
    if (queue->descriptor < 0)
        return;
    int64_t next = queue->order->next_us(queue->ordering);
    queue->wake_us = next;
    hf_os_timer_set(queue->descriptor, next > INT64_MAX / 1000 ? INT64_MAX : next * 1000);
}

void hf_timer_unlock_and_wake(hf_timer_queue *queue)
{
    queue->wakes = false;
    /* Release: partner is the acquire in the driver, which looks at the order after it. */
    (void)__atomic_fetch_add(&queue->alarm, 1, __ATOMIC_RELEASE);
    hf_lock_give(&queue->lock);
    hf_os_wake_all(&queue->alarm);
}

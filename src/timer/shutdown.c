/* The end of a queue: every timer closed, the driver stopped, every function waited for. */
#include "core/close.h"
#include "core/signal.h"
#include "core/wait.h"
#include "timer/queue.h"

enum { BATCH = 256 };

/* The handles of nodes that are in use, from *index on; answers how many. */
static size_t collect_locked(const hf_timer_queue *queue, uint64_t *index, hf_handle *handles)
{
    size_t count = 0;
    for (; *index < queue->committed && count < BATCH; ++*index)
        if (queue->nodes[*index].handle != 0)
            handles[count++] = (hf_handle){queue->nodes[*index].handle};
    return count;
}

static bool collect(hf_timer_queue *queue, uint64_t *index, hf_handle *handles, size_t *count)
{
    if (!hf_timer_lock(queue))
        return false;
    *count = collect_locked(queue, index, handles);
    hf_timer_unlock(queue);
    return true;
}

/* What is to be done with each batch of handles that are in use. */
typedef hf_status (*visit_function)(hf_timer_queue *queue, const hf_handle *handles, size_t count,
                                    int64_t deadline_ns, hf_site site);

/* The worst answer: a deadlock is worse than a time-out. */
static hf_status worse(hf_status left, hf_status right)
{
    return left == HF_E_POSSIBLE_DEADLOCK || right == HF_OK ? left : right;
}

static hf_status for_all(hf_timer_queue *queue, visit_function visit, int64_t deadline_ns,
                         hf_site site)
{
    hf_handle handles[BATCH];
    hf_status answer = HF_OK;
    size_t count = 1;
    for (uint64_t index = 1; count != 0;) {
        if (!collect(queue, &index, handles, &count))
            return HF_E_POSSIBLE_DEADLOCK;
        answer = worse(answer, visit(queue, handles, count, deadline_ns, site));
    }
    return answer;
}

static hf_status close_them(hf_timer_queue *queue, const hf_handle *handles, size_t count,
                            int64_t deadline_ns, hf_site site)
{
    hf_refusal refusal = {
        .operation = "hf_timer_queue_shutdown", .site = site, .closes = true, .quiet = true};
    (void)deadline_ns;
    (void)hf_close_batch(queue->table, handles, count, NULL, &refusal);
    return HF_OK;
}

static hf_timeout left_until(int64_t deadline_ns)
{
    int64_t left = deadline_ns == INT64_MAX ? INT64_MAX : deadline_ns - hf_os_now_ns();
    return left > 0 ? left : 0;
}

/* Waits for each; one that was being opened when all were closed is closed now. */
static hf_status wait_for_them(hf_timer_queue *queue, const hf_handle *handles, size_t count,
                               int64_t deadline_ns, hf_site site)
{
    hf_refusal refusal = {.operation = "hf_timer_queue_shutdown", .site = site, .quiet = true};
    hf_status answer = close_them(queue, handles, count, deadline_ns, site);
    for (size_t i = 0; i < count; i++) {
        hf_status status = hf_wait_at(queue->table, handles[i], left_until(deadline_ns), &refusal);
        if (status == HF_E_TIMED_OUT || status == HF_E_POSSIBLE_DEADLOCK)
            answer = worse(answer, status);
    }
    return answer;
}

/* The data of timers that were detached from the queue's table. */
static hf_status end_them(hf_timer_queue *queue, const hf_handle *handles, size_t count,
                          int64_t deadline_ns, hf_site site)
{
    (void)deadline_ns;
    (void)site;
    for (size_t i = 0; i < count; i++) {
        hf_timer_waste waste = {NULL, NULL};
        hf_timer_node *node = hf_timer_node_of(queue, handles[i]);
        if (!hf_timer_lock(queue))
            return HF_E_POSSIBLE_DEADLOCK;
        if (node->handle == handles[i].bits)
            waste = hf_timer_end_locked(queue, node);
        hf_timer_unlock(queue);
        hf_timer_discard(waste);
    }
    return HF_OK;
}

static hf_status refuse_new(hf_timer_queue *queue)
{
    if (!hf_timer_lock(queue))
        return HF_E_POSSIBLE_DEADLOCK;
    __atomic_store_n(&queue->phase, HF_QUEUE_CLOSING, __ATOMIC_RELAXED);
    hf_timer_unlock(queue);
    return HF_OK;
}

static hf_status shut_down(hf_timer_queue *queue, int64_t deadline_ns, hf_site site)
{
    hf_status status = refuse_new(queue);
    hf_timer_driver_stop(queue);
    hf_drain(queue->table, site);
    if (status == HF_OK)
        status = for_all(queue, close_them, deadline_ns, site);
    if (status == HF_OK)
        status = for_all(queue, wait_for_them, deadline_ns, site);
    status = worse(status, hf_timer_driver_join(queue, deadline_ns));
    return status == HF_OK ? for_all(queue, end_them, deadline_ns, site) : status;
}

hf_status hf_timer_queue_shutdown(hf_timer_queue *queue, hf_timeout timeout)
{
    if (!hf_timer_queue_is_usable(queue) || timeout < 0)
        return HF_E_INVALID_ARGUMENT;
    if (hf_exiting())
        return HF_E_EXITING;
    hf_status status = shut_down(queue, hf_deadline(timeout), HF_SITE());
    return status == HF_OK ? status : hf_fail(queue->table, status);
}

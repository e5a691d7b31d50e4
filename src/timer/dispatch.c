/* Dispatching: begin, handle, end, and all of them in turn. */
#include "core/dispatch.h"
#include "core/close.h"
#include "core/region.h"
#include "core/signal.h"
#include "timer/queue.h"

/* In hf_timer_expiry_.armed, beside the arming: the function was called. */
#define CALLED (UINT64_C(1) << 63)

/* One hf_timer_run: what was due when it began, and what it has put aside. */
typedef struct run {
    int64_t now_us;
    uint64_t last;  /* the last arming before it began */
    uint32_t epoch; /* of its list: a forked child has put those back into the order */
    hf_timer_node *first_aside;
    hf_timer_node **next_aside;
} run;

static hf_timer_node *node_of_expiry(const hf_timer_queue *queue,
                                     const struct hf_timer_expiry_ *expiry)
{
    return hf_timer_node_of(queue, (hf_handle){expiry->handle});
}

/* ---- begin ---------------------------------------------------------------------------------- */

/* How many whole periods have passed that a call will not be made for. */
static uint64_t count_missed(const hf_timer_node *node, int64_t now_us)
{
    return node->period_us == 0 || node->missed == HF_TIMER_CATCH_UP
               ? 0
               : (uint64_t)((now_us - node->link.deadline_us) / node->period_us);
}

static void add_expiry(hf_timer_batch *batch, hf_timer_node *node)
{
    struct hf_timer_expiry_ *expiry = &batch->expiries_[batch->count++];
    expiry->handle = node->handle;
    expiry->armed = node->arming;
    expiry->missed = count_missed(node, batch->now_us);
    expiry->deadline_us = node->link.deadline_us;
    if (node->missed == HF_TIMER_SKIP) /* the latest tick: the earlier ones are skipped */
        expiry->deadline_us += (int64_t)expiry->missed * node->period_us;
    node->phase = HF_TIMER_DUE;
}

static void empty_list(run *during)
{
    during->epoch = hf_timer_epoch_now;
    during->first_aside = NULL;
    during->next_aside = &during->first_aside;
}

/* A node that was closed and opened again may still be in the list; once is enough. */
static void put_aside(run *during, hf_timer_node *node)
{
    if (during->epoch != hf_timer_epoch_now)
        empty_list(during);
    node->phase = HF_TIMER_ASIDE;
    if (node->aside != NULL)
        return;
    node->aside = node; /* the last, until another follows */
    *during->next_aside = node;
    during->next_aside = &node->aside;
}

/* Whether a timer that is due was not yet when the run began. */
static bool came_later(const run *during, const hf_timer_node *node)
{
    return during != NULL &&
           (node->arming > during->last || node->link.deadline_us > during->now_us);
}

static void take_due_locked(hf_timer_queue *queue, hf_timer_batch *batch, run *during)
{
    hf_timer_link *link;
    /* The order's time does not go back, though a run's is that of its begin. */
    if (queue->expired_us < batch->now_us)
        queue->expired_us = batch->now_us;
    while (batch->count < HF_TIMER_BATCH &&
           (link = queue->order->expire(queue->ordering, queue->expired_us)) != NULL) {
        hf_timer_node *node = (hf_timer_node *)(void *)link;
        if (hf_timer_is_running(node))
            node->phase = HF_TIMER_HELD;
        else if (came_later(during, node))
            put_aside(during, node);
        else
            add_expiry(batch, node);
    }
    if (batch->count != 0)
        queue->dispatches++;
    else
        hf_timer_set_descriptor_locked(queue);
}

/* `during` is NULL for a dispatch of its own. */
static hf_status begin(hf_timer_queue *queue, hf_timer_batch *batch, run *during)
{
    batch->count = batch->handled = 0;
    int64_t reading = during == NULL ? hf_timer_read_clock(queue) : 0;
    if (!hf_timer_lock(queue))
        return hf_fail(queue->table, HF_E_POSSIBLE_DEADLOCK);
    batch->now_us = during == NULL ? hf_timer_now_locked(queue, reading) : during->now_us;
    take_due_locked(queue, batch, during);
    hf_timer_unlock(queue);
    return HF_OK;
}

hf_status hf_timer_begin(hf_timer_queue *queue, hf_timer_batch *batch)
{
    if (batch != NULL)
        batch->count = batch->handled = 0;
    if (batch == NULL || !hf_timer_queue_is_usable(queue))
        return HF_E_INVALID_ARGUMENT;
    return hf_exiting() ? HF_E_EXITING : begin(queue, batch, NULL);
}

/* ---- handle --------------------------------------------------------------------------------- */

/* When a periodic timer is due next. */
static int64_t next_tick(const hf_timer_node *node, const hf_timer_batch *batch,
                         const struct hf_timer_expiry_ *expiry)
{
    return hf_timer_later(node->missed == HF_TIMER_DELAY ? batch->now_us : expiry->deadline_us,
                          node->period_us);
}

static void start_locked(hf_timer_call *call, const hf_timer_batch *batch,
                         struct hf_timer_expiry_ *expiry)
{
    hf_timer_node *node = call->node;
    expiry->armed |= CALLED;
    node->running = hf_timer_epoch_now;
    node->phase = HF_TIMER_RESUMING;
    node->resume_us = next_tick(node, batch, expiry);
    if (node->period_us == 0)
        hf_timer_disarm_locked(call->queue, node);
    call->outer = hf_timer_calls;
    hf_timer_calls = call;
}

/* Claims an expiry, if it is good, and tells what is to be called. */
static hf_timer_function start(hf_timer_call *call, const hf_timer_batch *batch,
                               struct hf_timer_expiry_ *expiry, void **data)
{
    hf_timer_function function = NULL;
    if (!hf_timer_lock(call->queue))
        return NULL;
    hf_timer_node *node = call->node;
    if (node->phase == HF_TIMER_DUE && node->arming == expiry->armed) {
        function = node->function;
        *data = node->data;
        start_locked(call, batch, expiry);
    }
    hf_timer_unlock(call->queue);
    return function;
}

/* The function has returned. */
static void finish(hf_timer_call *call)
{
    hf_timer_node *node = call->node;
    hf_timer_calls = call->outer;
    if (!hf_timer_lock(call->queue))
        return;
    node->running = 0;
    if (node->phase == HF_TIMER_HELD)
        hf_timer_insert_locked(call->queue, node, node->link.deadline_us);
    hf_timer_waste waste = hf_timer_take_ran_locked(node);
    hf_timer_unlock(call->queue);
    hf_timer_discard(waste);
}

static bool call_inside(hf_timer_queue *queue, const hf_timer_batch *batch,
                        struct hf_timer_expiry_ *expiry, hf_callback *self)
{
    hf_timer_call call = {.queue = queue, .node = node_of_expiry(queue, expiry)};
    hf_timer_event event = {.queue = queue,
                            .timer = hf_timer_from((hf_handle){expiry->handle}),
                            .deadline_us = expiry->deadline_us,
                            .now_us = batch->now_us,
                            .missed = expiry->missed,
                            .self = self};
    hf_timer_function function = start(&call, batch, expiry, &event.data);
    if (function == NULL)
        return false;
    function(&event);
    finish(&call);
    return true;
}

/* An expiry of a timer that cannot be entered: nothing is to become of it, unless it is only that
 * too many hold the handle. */
static void give_up(hf_timer_queue *queue, const struct hf_timer_expiry_ *expiry, hf_status why)
{
    if (why == HF_E_TOO_MANY_REFERENCES || !hf_timer_lock(queue))
        return;
    hf_timer_node *node = node_of_expiry(queue, expiry);
    if (node->phase == HF_TIMER_DUE && node->arming == expiry->armed)
        hf_timer_disarm_locked(queue, node);
    hf_timer_unlock(queue);
}

/* A timer that was closed meanwhile is no mistake of anybody: nothing is reported. */
static bool call(hf_timer_queue *queue, const hf_timer_batch *batch,
                 struct hf_timer_expiry_ *expiry, hf_site site)
{
    hf_refusal refusal = {
        .operation = "hf_timer_handle", .site = site, .type = &queue->type, .quiet = true};
    hf_callback self = {.count = 0};
    hf_region region;
    hf_status status = hf_enter_at(queue->table, (hf_handle){expiry->handle}, &region, &refusal);
    if (status != HF_OK) {
        give_up(queue, expiry, status);
        return false;
    }
    bool called = call_inside(queue, batch, expiry, &self);
    hf_leave(&region);
    hf_callback_finish(&self);
    return called;
}

static uint32_t handle(hf_timer_queue *queue, hf_timer_batch *batch, hf_site site)
{
    uint32_t called = 0;
    while (batch->handled < batch->count && !hf_exiting())
        called += call(queue, batch, &batch->expiries_[batch->handled++], site);
    return called;
}

uint32_t hf_timer_handle(hf_timer_queue *queue, hf_timer_batch *batch)
{
    return batch != NULL && hf_timer_queue_is_usable(queue) ? handle(queue, batch, HF_SITE()) : 0;
}

/* ---- end ------------------------------------------------------------------------------------ */

/* Settles one expiry.  True: the timer is done, and closes itself. */
static bool end_one_locked(hf_timer_queue *queue, const struct hf_timer_expiry_ *expiry,
                           uint32_t *again)
{
    hf_timer_node *node = node_of_expiry(queue, expiry);
    if (node->arming == (expiry->armed & ~CALLED)) {
        if (node->phase == HF_TIMER_DUE) {
            hf_timer_insert_locked(queue, node, node->link.deadline_us);
            *again += 1;
        } else if (node->phase == HF_TIMER_RESUMING) {
            hf_timer_insert_locked(queue, node, node->resume_us);
        }
    }
    return (expiry->armed & CALLED) != 0 && node->handle == expiry->handle &&
           node->close_when_done && node->phase == HF_TIMER_IDLE && !hf_timer_is_running(node);
}

/* Ends a batch; *again: how many of its expiries are due again. */
static hf_status end(hf_timer_queue *queue, hf_timer_batch *batch, uint32_t *again, hf_site site)
{
    hf_refusal refusal = {.operation = "hf_timer_end", .site = site, .closes = true, .quiet = true};
    hf_handle done[HF_TIMER_BATCH];
    size_t count = 0;
    if (!hf_timer_lock(queue))
        return hf_fail(queue->table, HF_E_POSSIBLE_DEADLOCK);
    for (uint32_t i = 0; i < batch->count; i++)
        if (end_one_locked(queue, &batch->expiries_[i], again))
            done[count++] = (hf_handle){batch->expiries_[i].handle};
    if (batch->count != 0)
        queue->dispatches--;
    hf_timer_set_descriptor_locked(queue);
    hf_timer_unlock(queue);
    batch->count = batch->handled = 0;
    if (count != 0)
        (void)hf_close_batch(queue->table, done, count, NULL, &refusal);
    hf_drain(queue->table, site);
    return HF_OK;
}

hf_status hf_timer_end(hf_timer_queue *queue, hf_timer_batch *batch)
{
    uint32_t again = 0;
    if (batch == NULL || !hf_timer_queue_is_usable(queue))
        return HF_E_INVALID_ARGUMENT;
    return hf_exiting() ? HF_E_EXITING : end(queue, batch, &again, HF_SITE());
}

/* ---- run ------------------------------------------------------------------------------------ */

static hf_status start_run(hf_timer_queue *queue, run *during)
{
    int64_t reading = hf_timer_read_clock(queue);
    if (!hf_timer_lock(queue))
        return hf_fail(queue->table, HF_E_POSSIBLE_DEADLOCK);
    during->now_us = hf_timer_now_locked(queue, reading);
    during->last = queue->arming;
    empty_list(during);
    queue->dispatches++;
    hf_timer_unlock(queue);
    return HF_OK;
}

/* What was put aside is due again, unless it was set, cancelled or closed meanwhile. */
static void put_back_locked(hf_timer_queue *queue, const run *during)
{
    hf_timer_node *node = during->first_aside;
    while (node != NULL) {
        hf_timer_node *next = node->aside != node ? node->aside : NULL;
        node->aside = NULL;
        if (node->phase == HF_TIMER_ASIDE)
            hf_timer_insert_locked(queue, node, node->link.deadline_us);
        node = next;
    }
}

static void end_run(hf_timer_queue *queue, const run *during)
{
    if (!hf_timer_lock(queue))
        return;
    queue->dispatches--;
    if (during->first_aside != NULL && during->epoch == hf_timer_epoch_now) {
        put_back_locked(queue, during);
        hf_timer_set_descriptor_locked(queue);
    }
    hf_timer_unlock(queue);
}

uint64_t hf_timer_run(hf_timer_queue *queue)
{
    hf_site site = HF_SITE();
    hf_timer_batch batch;
    run during = {.now_us = 0};
    uint64_t called = 0;
    uint32_t again = 0;
    if (!hf_timer_queue_is_usable(queue) || hf_exiting() || start_run(queue, &during) != HF_OK)
        return 0;
    /* What is due again at once, because it cannot be called now, waits for the next run. */
    while (again == 0 && begin(queue, &batch, &during) == HF_OK && batch.count != 0) {
        called += handle(queue, &batch, site);
        if (end(queue, &batch, &again, site) != HF_OK)
            break;
    }
    end_run(queue, &during);
    return called;
}

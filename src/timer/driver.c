/* The driver: a thread that dispatches what is due and sleeps until more is.
 *
 * It sleeps on the word `alarm`.  Before, under the lock, it tells by wake_us until when, and notes
 * the word; whoever arms an earlier timer changes the word (hf_timer_unlock_and_wake), so that a
 * wake-up between the note and the sleep is not lost.  While it is awake wake_us is INT64_MIN, and
 * nobody wakes it.
 *
 * States: NONE -> WORKS (start) -> STOPS (stop, which also wakes it) -> ENDED (the thread's last
 * act on the queue) -> NONE (joined).  A driver that ends because the process is exiting goes from
 * WORKS to NONE by itself, detached: nobody joins it. */
#include "timer/queue.h"

/* It looks around by itself now and then; and where the lock's owner is gone, it does only that. */
#define LONGEST_SLEEP_NS (60 * INT64_C(1000000000))
#define NO_LOCK_SLEEP_NS INT64_C(100000000)

static bool may_go_on(const hf_timer_queue *queue)
{
    /* Acquire: partner is the release in hf_timer_driver_stop. */
    return __atomic_load_n(&queue->driver, __ATOMIC_ACQUIRE) == HF_DRIVER_WORKS && !hf_exiting();
}

/* Until when to sleep, told to everybody; the word to sleep on is noted before. */
static int64_t announce_sleep(hf_timer_queue *queue, uint32_t *alarm)
{
    /* Acquire: partner is the release in hf_timer_unlock_and_wake. */
    *alarm = __atomic_load_n(&queue->alarm, __ATOMIC_ACQUIRE);
    if (!hf_timer_lock(queue))
        return NO_LOCK_SLEEP_NS;
    int64_t next = queue->order->next_us(queue->ordering);
    int64_t now = hf_timer_now_locked(queue, hf_os_now_ns() / 1000);
    queue->wake_us = next;
    hf_timer_unlock(queue);
    if (next <= now)
        return 0;
    return next - now > LONGEST_SLEEP_NS / 1000 ? LONGEST_SLEEP_NS : (next - now) * 1000;
}

static void announce_waking(hf_timer_queue *queue)
{
    if (!hf_timer_lock(queue))
        return;
    queue->wake_us = INT64_MIN;
    hf_timer_unlock(queue);
}

static void sleep_until_due(hf_timer_queue *queue)
{
    uint32_t alarm;
    int64_t span_ns = announce_sleep(queue, &alarm);
    if (span_ns > 0 && may_go_on(queue))
        hf_os_wait(&queue->alarm, alarm, span_ns);
    announce_waking(queue);
}

static void wake_all(hf_timer_queue *queue)
{
    /* Release: partner is the acquire of whoever sleeps on the word. */
    (void)__atomic_fetch_add(&queue->alarm, 1, __ATOMIC_RELEASE);
    hf_os_wake_all(&queue->alarm);
}

static void end_driver(hf_timer_queue *queue)
{
    uint32_t state = HF_DRIVER_WORKS;
    if (__atomic_compare_exchange_n(&queue->driver, &state, HF_DRIVER_NONE, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
        hf_os_thread_detach_self();
        return;
    }
    /* Release: what its functions did comes before.  Partner: the acquire in join. */
    __atomic_store_n(&queue->driver, HF_DRIVER_ENDED, __ATOMIC_RELEASE);
    wake_all(queue);
}

static void drive(void *argument)
{
    hf_timer_queue *queue = argument;
    __atomic_store_n(&queue->driver_self, &hf_this_thread, __ATOMIC_RELAXED);
    while (may_go_on(queue)) {
        (void)hf_timer_run(queue);
        if (may_go_on(queue))
            sleep_until_due(queue);
    }
    __atomic_store_n(&queue->driver_self, NULL, __ATOMIC_RELAXED);
    end_driver(queue);
}

bool hf_timer_driver_start(hf_timer_queue *queue)
{
    __atomic_store_n(&queue->driver, HF_DRIVER_WORKS, __ATOMIC_RELAXED);
    if (hf_os_thread_start(&queue->thread, drive, queue, hf_table_name(queue->table)))
        return true;
    __atomic_store_n(&queue->driver, HF_DRIVER_NONE, __ATOMIC_RELAXED);
    return false;
}

void hf_timer_driver_stop(hf_timer_queue *queue)
{
    uint32_t state = HF_DRIVER_WORKS;
    /* Release: partner is the acquire in may_go_on. */
    if (__atomic_compare_exchange_n(&queue->driver, &state, HF_DRIVER_STOPS, false,
                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        wake_all(queue);
}

static bool is_driver(const hf_timer_queue *queue)
{
    return __atomic_load_n(&queue->driver_self, __ATOMIC_RELAXED) == &hf_this_thread;
}

/* Waits until the driver has ended.  False: time is over. */
static bool wait_for_end(hf_timer_queue *queue, int64_t deadline_ns)
{
    for (;;) {
        uint32_t alarm = __atomic_load_n(&queue->alarm, __ATOMIC_ACQUIRE);
        /* Acquire: partner is the release in drive. */
        if (__atomic_load_n(&queue->driver, __ATOMIC_ACQUIRE) != HF_DRIVER_STOPS)
            return true;
        int64_t left = deadline_ns == INT64_MAX ? LONGEST_SLEEP_NS : deadline_ns - hf_os_now_ns();
        if (left <= 0)
            return false;
        hf_os_wait(&queue->alarm, alarm, left);
    }
}

hf_status hf_timer_driver_join(hf_timer_queue *queue, int64_t deadline_ns)
{
    uint32_t state = HF_DRIVER_ENDED;
    if (is_driver(queue))
        return HF_E_POSSIBLE_DEADLOCK;
    if (!wait_for_end(queue, deadline_ns))
        return HF_E_TIMED_OUT;
    /* Acquire: partner is the release in drive.  One of several shutdowns joins. */
    if (__atomic_compare_exchange_n(&queue->driver, &state, HF_DRIVER_NONE, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        hf_os_thread_join(&queue->thread);
    return HF_OK;
}

void hf_timer_driver_forget(hf_timer_queue *queue)
{
    if (__atomic_load_n(&queue->driver, __ATOMIC_RELAXED) != HF_DRIVER_NONE)
        hf_os_thread_detach(&queue->thread);
}

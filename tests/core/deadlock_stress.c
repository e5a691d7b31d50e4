/* Deadlocks in a hurry: threads that close a cycle at the same moment, and threads that never do.
 */
#include "fixture.h"
#include "spin_barrier.h"

#include <holdfast/posix.h>

#include <errno.h>
#include <pthread.h>

enum { CLOSERS = 3, CLOSE_ROUNDS = 1500, WALKERS = 4, WALKS = 4000, STEPS = 6, LOCKS = 3 };

/* A hang is a failed test, but let it be a short one. */
#define LONG_TIME (20 * HF_SECONDS)

static hf_table *table;
static fake_world *world;
static _Atomic unsigned refusals;
static _Atomic unsigned errors;

static void start(hf_protection protection)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, protection);
    options.capacity_slots = 1 << 16;
    reports_start();
    world = fake_world_create(1 << 17);
    table = fixture_create(&options);
}

static void stop(void)
{
    hf_table_destroy(table);
    cr_assert_eq(errors, 0);
    fixture_end(world);
}

/* ---- a cycle in every round ----------------------------------------------------------------- */

static struct {
    unsigned count;
    bool locks; /* the last one waits for a mutex that the first one has */
    spin_barrier barrier;
    hf_handle handles[CLOSERS];
    _Atomic unsigned refused; /* in this round */
    pthread_mutex_t mutex;
} ring;

/* What one does in a round: OK or POSSIBLE_DEADLOCK. */
static hf_status wait_for_next(unsigned own)
{
    unsigned next = (own + 1) % ring.count;
    if (!ring.locks || next != 0)
        return hf_close_wait(table, ring.handles[next], LONG_TIME, NULL);
    int answer = hf_mutex_lock(&ring.mutex);
    if (answer == 0)
        hf_mutex_unlock(&ring.mutex);
    return answer == EDEADLK ? HF_E_POSSIBLE_DEADLOCK : HF_OK;
}

static void one_round(unsigned own)
{
    hf_region region;
    ring.handles[own] = fixture_open(table, world, FAKE_RUNDOWN);
    if (hf_enter(table, ring.handles[own], NULL, &region) != HF_OK)
        errors++;
    bool locker = ring.locks && own == 0;
    if (locker && hf_mutex_lock(&ring.mutex) != 0)
        errors++;
    spin_barrier_wait(&ring.barrier);
    hf_status status = wait_for_next(own);
    if (status == HF_E_POSSIBLE_DEADLOCK)
        ring.refused++;
    else if (status != HF_OK)
        errors++;
    if (locker)
        hf_mutex_unlock(&ring.mutex);
    hf_leave(&region);
    spin_barrier_wait(&ring.barrier);
    if (hf_is_live(table, ring.handles[own]) && hf_close(table, ring.handles[own], NULL) != HF_OK)
        errors++; /* whoever was refused has closed nothing */
    if (own == 0) {
        refusals += ring.refused;
        errors += ring.refused == 0;
        ring.refused = 0;
    }
    spin_barrier_wait(&ring.barrier);
}

static void *close_in_rounds(void *argument)
{
    unsigned own = (unsigned)(uintptr_t)argument;
    for (int i = 0; i < CLOSE_ROUNDS; i++)
        one_round(own);
    return NULL;
}

static void close_at_once(unsigned count, hf_protection protection, bool locks)
{
    pthread_t threads[CLOSERS];
    start(protection);
    ring.count = count;
    ring.barrier.threads = count;
    ring.locks = locks;
    cr_assert_eq(pthread_mutex_init(&ring.mutex, NULL), 0);
    for (uintptr_t i = 0; i < count; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, close_in_rounds, (void *)i), 0);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    cr_assert_geq(refusals, CLOSE_ROUNDS);
    cr_assert_eq(refusals, reports_count(HF_REPORT_POSSIBLE_DEADLOCK));
    stop();
}

Test(deadlock_stress, two_closers_at_once_counted)
{
    close_at_once(2, HF_PROTECT_COUNTED, false);
}

Test(deadlock_stress, two_closers_at_once_hazard)
{
    close_at_once(2, HF_PROTECT_HAZARD, false);
}

Test(deadlock_stress, three_closers_at_once)
{
    close_at_once(3, HF_PROTECT_ADAPTIVE, false);
}

Test(deadlock_stress, closer_and_locker_at_once)
{
    close_at_once(2, HF_PROTECT_HAZARD, true);
}

/* ---- stairs --------------------------------------------------------------------------- */

/* Handles and mutexes in an order: whoever is in one waits only for a later one. */
static struct {
    _Atomic uint64_t handles[STEPS];
    pthread_mutex_t mutexes[LOCKS];
    bool in_disorder; /* or in any */
} stairs;

static unsigned draw(uint32_t *random, unsigned below)
{
    *random = *random * 1664525 + 1013904223;
    return (*random >> 16) % below;
}

static void replace(unsigned step)
{
    atomic_store(&stairs.handles[step], fixture_open(table, world, FAKE_RUNDOWN).bits);
}

static void close_step(unsigned step, hf_timeout timeout)
{
    hf_handle handle = {atomic_load(&stairs.handles[step])};
    hf_status status = hf_close_wait(table, handle, timeout, NULL);
    if (status == HF_E_POSSIBLE_DEADLOCK)
        refusals++;
    if (status == HF_OK || status == HF_E_TIMED_OUT)
        replace(step);
}

static void lock_and_unlock(uint32_t *random)
{
    unsigned first = draw(random, LOCKS - 1);
    unsigned second = first + 1 + draw(random, LOCKS - 1 - first);
    int outer = hf_mutex_lock(&stairs.mutexes[first]);
    int inner = hf_mutex_lock(&stairs.mutexes[second]);
    refusals += (outer == EDEADLK) + (inner == EDEADLK);
    if (inner == 0)
        hf_mutex_unlock(&stairs.mutexes[second]);
    if (outer == 0)
        hf_mutex_unlock(&stairs.mutexes[first]);
}

/* In the region of one step, waits for another one, or for mutexes. */
static void climb(uint32_t *random)
{
    hf_region region;
    unsigned low = draw(random, STEPS - 1);
    unsigned high = low + 1 + draw(random, STEPS - 1 - low);
    bool down = stairs.in_disorder && draw(random, 2) == 0;
    hf_handle entered = {atomic_load(&stairs.handles[down ? high : low])};
    if (hf_enter(table, entered, NULL, &region) != HF_OK)
        return;
    sched_yield(); /* so that they meet, on few processors too */
    if (draw(random, 4) == 0)
        lock_and_unlock(random);
    else
        close_step(down ? low : high, draw(random, 4) == 0 ? 1 : HF_FOREVER);
    hf_leave(&region);
}

static void close_locked(uint32_t *random)
{
    pthread_mutex_t *mutex = &stairs.mutexes[draw(random, LOCKS)];
    int answer = hf_mutex_lock(mutex);
    close_step(draw(random, STEPS), HF_FOREVER);
    if (answer == 0)
        hf_mutex_unlock(mutex);
}

static void *walk(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    for (int i = 0; i < WALKS; i++) {
        if (draw(&random, 8) == 0)
            close_step(draw(&random, STEPS), HF_FOREVER);
        if (stairs.in_disorder && draw(&random, 4) == 0)
            close_locked(&random);
        climb(&random);
    }
    return NULL;
}

static void walk_the_stairs(void)
{
    pthread_t threads[WALKERS];
    start(HF_PROTECT_ADAPTIVE);
    cr_assert_eq(hf_set_options("stale_use=ignore:double_close=ignore:handle_reuse=ignore:"
                                "rundown_timeout=ignore"),
                 HF_OK);
    for (unsigned i = 0; i < STEPS; i++)
        replace(i);
    for (unsigned i = 0; i < LOCKS; i++)
        cr_assert_eq(pthread_mutex_init(&stairs.mutexes[i], NULL), 0);
    for (uintptr_t i = 0; i < WALKERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, walk, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < WALKERS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_gt(fixture_stats(table).closed, WALKS);
    stop();
}

Test(deadlock_stress, waiting_in_order_is_never_refused)
{
    walk_the_stairs();
    cr_assert_eq(refusals, 0);
}

/* With cycles of any shape: the test is that it ends.  Threads that hardly meet close none, so they
 * may have to walk again. */
Test(deadlock_stress, waiting_in_disorder_never_hangs)
{
    enum { WALKS_MAX = 50 };
    stairs.in_disorder = true;
    for (int i = 0; i < WALKS_MAX && refusals == 0; i++)
        walk_the_stairs();
    cr_assert_gt(refusals, 0);
}

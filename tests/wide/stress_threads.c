/* Many threads: more at once than there are records for, and many one after the other that end
 * inside regions while handles are closed around them. */
#include "fixture.h"
#include "spin_barrier.h"

#include <pthread.h>

enum { THREADS = 1100, SHORT_LIVES = 3000, CROWD = 3 };

static hf_table *table;
static fake_world *world;
static hf_handle handle;

static void set_up(void)
{
    hf_table_options options = fixture_options(HF_REUSE_MAGAZINES, HF_PROTECT_HAZARD);
    options.capacity_slots = 0;
    reports_start();
    world = fake_world_create(SHORT_LIVES + THREADS + 1);
    table = fixture_create(&options);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fixture_end(world);
}

TestSuite(stress_threads, .init = set_up, .fini = tear_down);

/* A gate that lets everybody through once it is opened. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned inside;
static unsigned failed;
static bool open_gate;

static void wait_at_the_gate(bool entered)
{
    pthread_mutex_lock(&mutex);
    inside++;
    failed += !entered;
    pthread_cond_broadcast(&changed);
    while (!open_gate)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void wait_for_inside(unsigned count)
{
    pthread_mutex_lock(&mutex);
    while (inside < count)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void let_go(void)
{
    pthread_mutex_lock(&mutex);
    open_gate = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

/* Whatever a thread without a record can do, it does: it opens, enters twice, closes. */
static void *live_in_a_crowd(void *argument)
{
    hf_region outer;
    hf_region inner;
    hf_handle own;
    (void)argument;
    bool entered = hf_enter(table, handle, NULL, &outer) == HF_OK;
    entered = entered &&
              hf_open(table, &world->types[FAKE_RUNDOWN], fake_make(world), NULL, &own) == HF_OK;
    entered = entered && hf_enter(table, own, NULL, &inner) == HF_OK;
    wait_at_the_gate(entered);
    if (entered) {
        fake_use(outer.value);
        fake_use(inner.value);
        hf_close(table, own, NULL);
        hf_leave(&inner);
        hf_leave(&outer);
    }
    return NULL;
}

static unsigned start_threads(pthread_t *threads, unsigned wanted)
{
    unsigned started = 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    while (started < wanted &&
           pthread_create(&threads[started], &attributes, live_in_a_crowd, NULL) == 0)
        started++;
    pthread_attr_destroy(&attributes);
    return started;
}

Test(stress_threads, more_threads_than_records)
{
    static pthread_t threads[THREADS];
    handle = fixture_open(table, world, FAKE_RUNDOWN);
    unsigned started = start_threads(threads, THREADS);
    wait_for_inside(started);
    hf_info info = fixture_info(table, handle);
    cr_assert_eq(info.references + info.regions, started);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    cr_assert_eq(world->releases, 0);
    let_go();
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(failed, 0);
    cr_assert_eq(started, THREADS, "the system gave %u threads only", started);
    cr_assert_eq(world->releases, THREADS + 1);
    cr_assert_eq(fixture_stats(table).live, 0);
    cr_assert_eq(reports_total(), 0);
}

/* ---- threads that end inside while the handle is closed ----------------------------------------
 */

static spin_barrier start_line;

static void *end_inside(void *argument)
{
    hf_region region;
    (void)argument;
    spin_barrier_wait(&start_line);
    if (hf_enter(table, handle, NULL, &region) == HF_OK)
        fake_use(region.value);
    return NULL;
}

Test(stress_threads, threads_end_inside_while_the_handle_is_closed)
{
    pthread_t threads[CROWD];
    MUST_OK(hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_COUNT));
    start_line.threads = CROWD + 1;
    for (int round = 0; round < SHORT_LIVES / CROWD; round++) {
        handle = fixture_open(table, world, FAKE_RUNDOWN);
        for (int i = 0; i < CROWD; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, end_inside, NULL), 0);
        spin_barrier_wait(&start_line);
        MUST_OK(hf_close(table, handle, NULL));
        for (int i = 0; i < CROWD; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSED, "round %d", round);
        cr_assert_eq(world->releases, (uint32_t)round + 1);
    }
}

/* ---- own handles, other threads' stale ones ----------------------------------------------------
 */

enum { CHURNERS = 3, CHURN = 60000, RING = 64 };

/* Handles that somebody closed before he put them here. */
static _Atomic uint64_t closed_handles[RING];
static _Atomic unsigned resurrections;
static _Atomic unsigned refusals;

static void *churn(void *argument)
{
    uint64_t number = (uint64_t)(uintptr_t)argument;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = true;
    for (uint64_t i = 0; i < CHURN; i++) {
        hf_handle own;
        hf_region region;
        uint64_t value = number << 32 | i;
        _Atomic uint64_t *place = &closed_handles[(i * 7 + number) % RING];
        hf_handle stale = {atomic_load_explicit(place, memory_order_acquire)};
        bool opened = hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &own) == HF_OK;
        bool entered = opened && hf_enter(table, own, NULL, &region) == HF_OK;
        refusals += !entered;
        if (entered) {
            resurrections += region.value != value;
            hf_leave(&region);
        }
        resurrections += hf_is_live(table, stale);
        if (i % 4 == 0 && hf_enter(table, stale, NULL, &region) == HF_OK) {
            resurrections++;
            hf_leave(&region);
        }
        refusals += opened && hf_close(table, own, NULL) != HF_OK;
        atomic_store_explicit(place, own.bits, memory_order_release);
    }
    return NULL;
}

static void churn_in(hf_reuse reuse)
{
    pthread_t threads[CHURNERS];
    hf_table_options options = fixture_options(reuse, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = reuse == HF_REUSE_MAGAZINES ? 1 << 16 : CHURNERS;
    hf_table_destroy(table);
    table = fixture_create(&options);
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        MUST_OK(hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT));
    for (uintptr_t i = 0; i < CHURNERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
    for (int i = 0; i < CHURNERS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(resurrections, 0, "%u stale handles lived", resurrections);
    cr_assert_eq(refusals, 0, "%u operations on own handles were refused", refusals);
    hf_table_stats stats = fixture_stats(table);
    cr_assert_eq(stats.opened, CHURNERS * CHURN);
    cr_assert_eq(stats.live, 0);
}

Test(stress_threads, stale_handles_stay_stale_magazines)
{
    churn_in(HF_REUSE_MAGAZINES);
}

Test(stress_threads, stale_handles_stay_stale_fifo)
{
    churn_in(HF_REUSE_FIFO);
}

Test(stress_threads, stale_handles_stay_stale_lifo)
{
    churn_in(HF_REUSE_LIFO);
}

Test(stress_threads, stale_handles_stay_stale_random_order)
{
    churn_in(HF_REUSE_RANDOM);
}

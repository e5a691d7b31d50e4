/* The race between entering, leaving and closing, one handle after the other without a pause: the
 * chasers enter and leave the current handle until it refuses them, the closer closes it under
 * them.
 *
 * A value that a chaser holds is looked at again and again, so that a release which came too early,
 * because a hazard was not seen, is noticed.  A release that was lost is noticed in the end. */
#include <criterion/criterion.h>

#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

enum { HANDLES = 60000, CHASERS = 2, SECONDS = 2 };

static hf_table *table;
static fake_world *world;
static hf_handle handles[HANDLES];
static hf_close_result results[HANDLES];
static unsigned looks; /* how often a chaser looks at a value that it holds */
static unsigned chasers;
static bool waits; /* rundown instead of close */
static bool slow;  /* chasers keep their first hazard slot taken, so that nothing is inlined */
static hf_handle outer_handle;
static _Atomic unsigned current[CHASERS]; /* which handle a chaser is at */
static _Atomic unsigned last;             /* where the closer stopped */
static _Atomic unsigned surprises;

/* Enters until refused.  A refusal must come from the close, and be final. */
static void chase(unsigned which)
{
    hf_region region;
    hf_status status;
    while ((status = hf_enter(table, handles[which], NULL, &region)) == HF_OK) {
        for (unsigned i = 0; i < looks; i++) {
            fake_use(region.value);
            atomic_signal_fence(memory_order_seq_cst); /* look again, do not remember */
        }
        hf_leave(&region);
    }
    surprises += status != HF_E_CLOSING && status != HF_E_STALE_HANDLE;
}

static void *run_chaser(void *argument)
{
    _Atomic unsigned *mine = argument;
    HF_REGION(outer, table, slow ? outer_handle : HF_NULL_HANDLE, NULL);
    surprises += hf_region_entered(&outer) != slow;
    for (unsigned i = 0; i < atomic_load_explicit(&last, memory_order_relaxed); i++) {
        atomic_store_explicit(mine, i, memory_order_relaxed);
        chase(i);
    }
    return NULL;
}

static bool is_late(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - start->tv_sec >= SECONDS;
}

static void wait_for_chasers(unsigned which)
{
    for (unsigned i = 0; i < chasers; i++) {
        for (unsigned spins = 0; atomic_load_explicit(&current[i], memory_order_relaxed) < which;
             spins++) {
            if (spins > 2000)
                sched_yield();
        }
    }
}

static void close_one(unsigned which)
{
    hf_status status = waits ? hf_close_wait(table, handles[which], HF_FOREVER, &results[which])
                             : hf_close(table, handles[which], &results[which]);
    surprises += status != HF_OK;
    fake_value *value = fake_of((hf_value)&world->values[which]);
    if (results[which].outcome == HF_OUTCOME_RELEASED)
        surprises += atomic_load_explicit(&value->life, memory_order_relaxed) != FAKE_GONE;
    else
        surprises += results[which].outcome != HF_OUTCOME_DEFERRED || waits;
}

static unsigned close_all(void)
{
    struct timespec start;
    uint32_t random = 1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned i = 0; i < HANDLES; i++) {
        wait_for_chasers(i);
        random = random * 1664525u + 1013904223u;
        for (unsigned pause = random >> 24; pause > 0; pause--)
            atomic_signal_fence(memory_order_seq_cst);
        if (i % 64 == 0 && is_late(&start))
            atomic_store_explicit(&last, i + 1, memory_order_relaxed);
        close_one(i);
        if (i + 1 == atomic_load_explicit(&last, memory_order_relaxed))
            return i + 1;
    }
    return HANDLES;
}

static void race(hf_protection protection, unsigned count)
{
    pthread_t threads[CHASERS];
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.protection = protection;
    options.level = HF_LEVEL_COUNTERS;
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        MUST_OK(hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT));
    world = fake_world_create(HANDLES);
    table = fixture_create(&options);
    for (unsigned i = 0; i < HANDLES; i++)
        handles[i] = fixture_open(table, world, FAKE_RUNDOWN);
    outer_handle = fixture_borrow(table, world, 5);
    chasers = count;
    last = HANDLES;
    for (unsigned i = 0; i < chasers; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_chaser, &current[i]), 0);
    unsigned closed = close_all();
    for (unsigned i = 0; i < chasers; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(surprises, 0);
    cr_assert_eq(world->bad_uses, 0, "%u uses after release", world->bad_uses);
    cr_assert_eq(world->bad_releases, 0);
    cr_assert_eq(world->releases, closed, "of %u closed handles %u were released", closed,
                 world->releases);
    hf_table_destroy(table);
    cr_assert_eq(fake_alive(world), 0);
    fake_world_destroy(world);
}

#define RACE_OF(name, protection, count, looks_at_it, in_rundown, slowly) \
    Test(stress_races, name)                                              \
    {                                                                     \
        looks = looks_at_it;                                              \
        waits = in_rundown;                                               \
        slow = slowly;                                                    \
        race(protection, count);                                          \
    }

#define RACE(name, protection, count, looks_at_it, in_rundown) \
    RACE_OF(name, protection, count, looks_at_it, in_rundown, false)

RACE_OF(close_under_a_short_slow_region, HF_PROTECT_HAZARD, 1, 1, false, true)
RACE_OF(rundown_under_a_short_slow_region, HF_PROTECT_HAZARD, 1, 1, true, true)
RACE(close_under_a_long_counted_region, HF_PROTECT_COUNTED, 1, 200, false)
RACE(close_under_a_long_hazard_region, HF_PROTECT_HAZARD, 1, 200, false)
RACE(close_under_a_short_counted_region, HF_PROTECT_COUNTED, 1, 1, false)
RACE(close_under_a_short_hazard_region, HF_PROTECT_HAZARD, 1, 1, false)
RACE(close_under_two_hazard_regions, HF_PROTECT_HAZARD, 2, 20, false)
RACE(rundown_under_a_counted_region, HF_PROTECT_COUNTED, 1, 50, true)
RACE(rundown_under_a_hazard_region, HF_PROTECT_HAZARD, 1, 50, true)
RACE(rundown_under_two_hazard_regions, HF_PROTECT_HAZARD, 2, 20, true)

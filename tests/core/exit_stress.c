/* Threads that run on while the latch is set and tables are swept: each value is given back at most
 * once, by whomever, and never while somebody is inside. */
#include "fixture.h"
#include "spin_barrier.h"

#include "core/exit.h"

#include <holdfast/process.h>
#include <pthread.h>

enum { WORKERS = 3, HANDLES = 24, ROUNDS = 150 };

static hf_table *table;
static fake_world *world;
static spin_barrier barrier = {.threads = WORKERS + 1};
static hf_handle handles[HANDLES];
static _Atomic unsigned flushes;
static _Atomic unsigned detached;
static _Atomic unsigned given_up; /* detaches that found the handle held, perhaps after the sweep */

TestSuite(exit_stress, .init = reports_start);

static hf_outcome flush(hf_value value, void *context, int32_t *error)
{
    (void)context;
    *error = 0;
    fake_use(value);
    fake_give_back(value);
    atomic_fetch_add(&flushes, 1);
    return HF_OUTCOME_RELEASED;
}

static void set_up(unsigned round)
{
    hf_table_options options =
        fixture_options(HF_REUSE_LIFO, round % 3 == 0 ? HF_PROTECT_HAZARD : HF_PROTECT_ADAPTIVE);
    options.level = round % 2 == 0 ? HF_LEVEL_COUNTERS : HF_LEVEL_STACKS;
    table = fixture_create(&options);
    for (unsigned i = 0; i < HANDLES; i++) {
        handles[i] = fixture_open(table, world, i % 4 == 0 ? FAKE_UNTIL_RELEASED : FAKE_RUNDOWN);
        if (i % 2 == 0)
            fixture_heat(table, handles[i]);
    }
}

static void use(hf_handle handle)
{
    hf_region region;
    if (hf_enter(table, handle, NULL, &region) != HF_OK)
        return;
    fake_use(region.value);
    hf_leave(&region);
}

static void end(hf_handle handle, unsigned way)
{
    hf_value value;
    hf_ref ref;
    hf_status status;
    switch (way % 4) {
    case 0:
        (void)hf_close(table, handle, NULL);
        break;
    case 1:
        if (hf_close_wait(table, handle, HF_SECONDS, NULL) == HF_E_TIMED_OUT)
            abort();
        break;
    case 2:
        status = hf_detach(table, handle, &value);
        if (status == HF_OK)
            fake_give_back(value);
        atomic_fetch_add(&detached, status == HF_OK ? 1 : 0);
        atomic_fetch_add(&given_up, status == HF_E_BUSY ? 1 : 0);
        break;
    default:
        if (hf_addref(table, handle, &ref) == HF_OK) {
            fake_use(ref.value);
            if (hf_release(&ref) != HF_OK)
                abort();
        }
        break;
    }
}

static void *work(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        spin_barrier_wait(&barrier);
        for (unsigned i = 0; i < HANDLES; i++) {
            use(handles[i]);
            end(handles[(i + number * 7) % HANDLES], round + i + number);
            use(handles[HANDLES - 1 - i]);
        }
        spin_barrier_wait(&barrier);
    }
    return NULL;
}

/* What is neither closed nor flushed nor detached was held, and is reported. */
static void check_round(void)
{
    uint64_t lost = reports_count(HF_REPORT_LOST_AT_EXIT);
    uint64_t ended = world->releases + flushes + detached;
    cr_assert(fake_world_is_sound(world));
    cr_assert_eq(fake_alive(world), HANDLES - ended);
    cr_assert_leq(HANDLES, ended + lost + given_up, "%u values are forgotten",
                  (unsigned)(HANDLES - ended));
}

static void play_round(unsigned round)
{
    set_up(round);
    spin_barrier_wait(&barrier);
    for (unsigned i = 0; i < round % 10; i++)
        use(handles[i]);
    hf_process_exiting();
    spin_barrier_wait(&barrier);
    check_round();
    /* For the next round, with another table, whose sweep must not find what this one left. */
    hf_exit_latch.set = 0;
    hf_table_destroy(table);
    world->releases = 0;
    flushes = 0;
    detached = 0;
    given_up = 0;
    fake_world_reset(world);
    reports_clear();
}

Test(exit_stress, threads_go_on_during_the_sweep)
{
    pthread_t threads[WORKERS];
    world = fake_world_create(HANDLES);
    for (unsigned i = 0; i < FAKE_KINDS; i++) {
        world->types[i].flags |= HF_TYPE_FLUSH_AT_EXIT;
        world->types[i].release_at_exit = flush;
    }
    for (uintptr_t i = 0; i < WORKERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    for (unsigned round = 0; round < ROUNDS; round++)
        play_round(round);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    hf_exit_latch.set = 1; /* the tables are not destroyed, and their types end here */
    fake_world_destroy(world);
}

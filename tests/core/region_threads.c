/* Regions and references of several threads: the last to leave releases, wherever it runs; threads
 * that end inside a region are left on their behalf. */
#include "actor.h"
#include "stage.h"

#include <pthread.h>

TestSuite(region_threads, .init = stage_make, .fini = stage_end);

static void enter_task(void *region)
{
    MUST_OK(hf_enter(the_table, the_handle, NULL, region));
}

static void leave_task(void *region)
{
    fake_use(((hf_region *)region)->value);
    hf_leave(region);
}

static void release_task(void *ref)
{
    fake_use(((hf_ref *)ref)->value);
    MUST_OK(hf_release(ref));
}

static void close_task(void *outcome)
{
    *(hf_outcome *)outcome = fixture_close(the_table, the_handle);
}

static void thread_task(void *number)
{
    *(uintptr_t *)number = fake_thread();
}

static void leaver_releases(hf_protection protection)
{
    hf_region region;
    uintptr_t number = 0;
    actor *other = actor_start();
    stage_open(protection);
    actor_do(other, thread_task, &number);
    actor_do(other, enter_task, &region);
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED);
    cr_assert_eq(world->releases, 0);
    MUST(hf_enter(the_table, the_handle, NULL, &(hf_region){0}), HF_E_CLOSING);
    actor_do(other, leave_task, &region);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(world->values[0].releaser, number, "released by somebody else");
    actor_end(other);
}

enum { CROWD = 18 }; /* records of more than two eights, by which a scan looks at them */
static hf_handle guard;

/* Ends with a region in the thread's second hazard slot alone. */
static void enter_beyond_task(void *region)
{
    hf_region outer;
    MUST_OK(hf_enter(the_table, guard, NULL, &outer));
    MUST_OK(hf_enter(the_table, the_handle, NULL, region));
    hf_leave(&outer);
}

static void seen_in_any_thread(actor_task enter)
{
    actor *crowd[CROWD];
    hf_region region;
    stage_open(HF_PROTECT_HAZARD);
    guard = the_handle;
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = actor_start();
        the_handle = fixture_open(the_table, world, FAKE_RUNDOWN);
        actor_do(crowd[i], enter, &region);
        cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED, "thread %d", i);
        actor_do(crowd[i], leave_task, &region);
        cr_assert_eq(world->releases, (uint64_t)i + 1);
    }
    for (int i = 0; i < CROWD; i++)
        actor_end(crowd[i]);
    cr_assert_eq(fixture_close(the_table, guard), HF_OUTCOME_RELEASED);
}

Test(region_threads, region_in_the_first_hazard_slot_of_any_thread_is_seen)
{
    seen_in_any_thread(enter_task);
}

Test(region_threads, region_in_the_second_hazard_slot_of_any_thread_is_seen)
{
    seen_in_any_thread(enter_beyond_task);
}

Test(region_threads, closed_here_released_by_the_leaver_there_counted)
{
    leaver_releases(HF_PROTECT_COUNTED);
}

Test(region_threads, closed_here_released_by_the_leaver_there_hazard)
{
    leaver_releases(HF_PROTECT_HAZARD);
}

static void closed_elsewhere(hf_protection protection)
{
    hf_region region;
    hf_outcome outcome = HF_OUTCOME_NONE;
    actor *other = actor_start();
    stage_open(protection);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    actor_do(other, close_task, &outcome);
    cr_assert_eq(outcome, HF_OUTCOME_DEFERRED);
    fake_use(region.value);
    cr_assert_eq(world->releases, 0);
    hf_leave(&region);
    cr_assert_eq(world->values[0].releaser, fake_thread());
    actor_end(other);
}

Test(region_threads, closed_there_released_by_the_leaver_here_counted)
{
    closed_elsewhere(HF_PROTECT_COUNTED);
}

Test(region_threads, closed_there_released_by_the_leaver_here_hazard)
{
    closed_elsewhere(HF_PROTECT_HAZARD);
}

Test(region_threads, many_threads_inside_the_last_one_releases)
{
    enum { THREADS = 12 };
    actor *actors[THREADS];
    hf_region regions[THREADS];
    stage_open(HF_PROTECT_HAZARD);
    for (int i = 0; i < THREADS; i++) {
        actors[i] = actor_start();
        actor_do(actors[i], enter_task, &regions[i]);
    }
    cr_assert_eq(fixture_info(the_table, the_handle).regions, THREADS);
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED);
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(world->releases, 0);
        actor_do(actors[i], leave_task, &regions[i]);
    }
    cr_assert_eq(world->releases, 1);
    for (int i = 0; i < THREADS; i++)
        actor_end(actors[i]);
}

Test(region_threads, reference_taken_here_is_released_there)
{
    hf_ref ref;
    actor *other = actor_start();
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST_OK(hf_close(the_table, the_handle, NULL));
    actor_do(other, release_task, &ref);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
    actor_end(other);
}

Test(region_threads, reference_outlives_its_thread)
{
    hf_ref ref;
    actor *other = actor_start();
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    actor_end(other);
    MUST_OK(hf_close(the_table, the_handle, NULL));
    cr_assert_eq(world->releases, 0);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(reports_total(), 0);
}

/* ---- threads that end inside ------------------------------------------------------------------
 */

static void *end_inside(void *count)
{
    for (int i = 0; i < *(int *)count; i++) {
        hf_region region;
        MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    }
    return NULL;
}

static void end_a_thread_inside(int regions)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, end_inside, &regions), 0);
    pthread_join(thread, NULL);
}

static void ends_inside(hf_protection protection, int regions)
{
    stage_open(protection);
    end_a_thread_inside(regions);
    hf_info info = fixture_info(the_table, the_handle);
    cr_assert_eq(info.references + info.regions, 0, "%u counts, %u regions remain", info.references,
                 info.regions);
    cr_assert_geq(reports_count(HF_REPORT_HELD_AT_THREAD_EXIT), 1);
    cr_assert_leq(reports_count(HF_REPORT_HELD_AT_THREAD_EXIT), (unsigned)regions);
    cr_assert(hf_handle_equal(reports_nth(HF_REPORT_HELD_AT_THREAD_EXIT, 0)->subject, the_handle));
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_RELEASED);
}

Test(region_threads, thread_ends_in_a_counted_region)
{
    ends_inside(HF_PROTECT_COUNTED, 1);
}

Test(region_threads, thread_ends_in_a_hazard_region)
{
    ends_inside(HF_PROTECT_HAZARD, 1);
}

Test(region_threads, thread_ends_in_many_counted_regions)
{
    ends_inside(HF_PROTECT_COUNTED, 25);
}

Test(region_threads, thread_ends_in_many_hazard_regions)
{
    ends_inside(HF_PROTECT_HAZARD, 25);
}

static void *close_and_end_inside(void *argument)
{
    hf_region region;
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    *(hf_outcome *)argument = fixture_close(the_table, the_handle);
    return NULL;
}

static void ends_inside_a_closed_one(hf_protection protection)
{
    pthread_t thread;
    hf_outcome outcome = HF_OUTCOME_NONE;
    stage_open(protection);
    cr_assert_eq(pthread_create(&thread, NULL, close_and_end_inside, &outcome), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(outcome, HF_OUTCOME_DEFERRED);
    cr_assert_eq(world->releases, 1, "nobody released on behalf of the thread");
    cr_assert_eq(fixture_life(the_table, the_handle), HF_LIFE_CLOSED);
}

Test(region_threads, thread_ends_in_a_counted_region_of_a_closed_handle)
{
    ends_inside_a_closed_one(HF_PROTECT_COUNTED);
}

Test(region_threads, thread_ends_in_a_hazard_region_of_a_closed_handle)
{
    ends_inside_a_closed_one(HF_PROTECT_HAZARD);
}

Test(region_threads, threads_come_and_go_without_using_up_anything)
{
    enum { THREADS = 1500 };
    int regions = 0;
    stage_open(HF_PROTECT_HAZARD);
    for (int i = 0; i < THREADS; i++) {
        regions = i % 3 == 0;
        end_a_thread_inside(regions);
    }
    hf_region region;
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    cr_assert_eq(fixture_info(the_table, the_handle).regions, 1);
    hf_leave(&region);
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_RELEASED);
}

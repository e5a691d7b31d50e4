/* Regions that are left twice, as a copy, or on another thread: told, and nothing changes. */
#include "actor.h"
#include "fixture.h"

static hf_table *table;
static fake_world *world;
static hf_handle handle;
static actor *second;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(64);
    second = actor_start();
}

static void start(hf_protection protection)
{
    table = fixture_table(protection);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
}

static void tear_down(void)
{
    actor_end(second);
    hf_table_destroy(table);
    fixture_end(world);
}

TestSuite(region_misuse, .init = set_up, .fini = tear_down);

static void leave_task(void *region)
{
    hf_leave(region);
}

static void enter_task(void *region)
{
    MUST_OK(hf_enter(table, handle, NULL, region));
}

static void left_twice(hf_protection protection)
{
    hf_region region;
    hf_region outer;
    start(protection);
    MUST_OK(hf_enter(table, handle, NULL, &outer));
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_leave(&region);
    hf_leave(&region);
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 1);
    hf_info info = fixture_info(table, handle);
    cr_assert_eq(info.references + info.regions, 1, "the outer region was left");
    hf_leave(&outer);
}

Test(region_misuse, counted_region_left_twice)
{
    left_twice(HF_PROTECT_COUNTED);
}

Test(region_misuse, hazard_region_left_twice)
{
    left_twice(HF_PROTECT_HAZARD);
}

Test(region_misuse, region_that_never_began_is_left)
{
    hf_region region = HF_REGION_INIT;
    start(HF_PROTECT_ADAPTIVE);
    hf_leave(&region);
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 1);
}

Test(region_misuse, region_whose_enter_failed_is_left)
{
    hf_region region;
    start(HF_PROTECT_ADAPTIVE);
    MUST(hf_enter(table, HF_NULL_HANDLE, NULL, &region), HF_E_NULL_HANDLE);
    hf_leave(&region);
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 1);
    cr_assert(hf_is_live(table, handle));
}

static void copy_left(hf_protection protection)
{
    hf_region region;
    start(protection);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_region copy = region;
    hf_leave(&region);
    hf_leave(&copy);
    cr_assert_eq(reports_count(HF_REPORT_COPIED_REGION), 1);
    hf_info info = fixture_info(table, handle);
    cr_assert_eq(info.references + info.regions, 0);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
}

Test(region_misuse, copy_of_a_counted_region_left)
{
    copy_left(HF_PROTECT_COUNTED);
}

Test(region_misuse, copy_of_a_hazard_region_left)
{
    copy_left(HF_PROTECT_HAZARD);
}

static void copy_left_in_the_next_life(hf_protection protection)
{
    hf_region region;
    hf_region current;
    start(protection);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_region copy = region;
    MUST_OK(hf_close(table, handle, NULL));
    hf_leave(&region);
    hf_handle next = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(handle, next));
    MUST_OK(hf_enter(table, next, NULL, &current));
    hf_leave(&copy);
    cr_assert_eq(reports_count(HF_REPORT_COPIED_REGION), 1);
    hf_info info = fixture_info(table, next);
    cr_assert_eq(info.references + info.regions, 1, "the next owner's region was left");
    cr_assert_eq(fixture_close(table, next), HF_OUTCOME_DEFERRED);
    fake_use(current.value);
    hf_leave(&current);
}

Test(region_misuse, copy_of_a_counted_region_left_in_the_next_life)
{
    copy_left_in_the_next_life(HF_PROTECT_COUNTED);
}

Test(region_misuse, copy_of_a_hazard_region_left_in_the_next_life)
{
    copy_left_in_the_next_life(HF_PROTECT_HAZARD);
}

static void left_by_another_thread(hf_protection protection, bool other_is_inside_too)
{
    hf_region mine;
    hf_region theirs = HF_REGION_INIT;
    start(protection);
    MUST_OK(hf_enter(table, handle, NULL, &mine));
    if (other_is_inside_too)
        actor_do(second, enter_task, &theirs);
    actor_do(second, leave_task, &mine);
    cr_assert_eq(reports_count(HF_REPORT_WRONG_THREAD), 1);
    hf_info info = fixture_info(table, handle);
    cr_assert_eq(info.references + info.regions, other_is_inside_too ? 2 : 1);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    if (other_is_inside_too)
        actor_do(second, leave_task, &theirs);
    cr_assert_eq(world->releases, 0, "released inside the region");
    fake_use(mine.value);
    hf_leave(&mine);
    cr_assert_eq(world->releases, 1, "the right thread could not leave");
    cr_assert_eq(reports_total(), 1);
}

Test(region_misuse, counted_region_left_by_another_thread)
{
    left_by_another_thread(HF_PROTECT_COUNTED, false);
}

Test(region_misuse, hazard_region_left_by_another_thread)
{
    left_by_another_thread(HF_PROTECT_HAZARD, false);
}

Test(region_misuse, counted_region_left_by_another_thread_that_is_inside_too)
{
    left_by_another_thread(HF_PROTECT_COUNTED, true);
}

Test(region_misuse, hazard_region_left_by_another_thread_that_is_inside_too)
{
    left_by_another_thread(HF_PROTECT_HAZARD, true);
}

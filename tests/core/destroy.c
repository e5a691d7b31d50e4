/* Destroying a table: what was left open is closed and told; what is held stays valid for its
 * holder, who may go on and leave. */
#include "actor.h"
#include "fixture.h"

static hf_table *table;
static fake_world *world;
static hf_namespace numbers = HF_NAMESPACE_INIT("numbers", HF_VALUES_SPARSE);

static void set_up(void)
{
    reports_start();
    world = fake_world_create(256);
}

static void tear_down(void)
{
    fixture_end(world);
}

TestSuite(destroy, .init = set_up, .fini = tear_down);

Test(destroy, of_an_empty_table_is_silent)
{
    hf_table_destroy(fixture_table(HF_PROTECT_ADAPTIVE));
    cr_assert_eq(reports_total(), 0);
}

Test(destroy, after_shutdown_is_silent)
{
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    hf_table_destroy(table);
    cr_assert_eq(reports_total(), 0);
}

Test(destroy, releases_and_reports_what_was_left_open)
{
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle hot = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, hot);
    fixture_open(table, world, FAKE_RUNDOWN);
    fixture_borrow(table, world, 5);
    hf_table_destroy(table);
    cr_assert_eq(world->releases, 2);
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 3);
}

static void while_a_region_holds(hf_protection protection)
{
    hf_region region;
    table = fixture_table(protection);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_table_destroy(table);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(world->values[0].releases, 0, "released inside the region");
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
    fake_use(region.value);
    hf_leave(&region);
    cr_assert_eq(world->values[0].releases, 1, "the last one to leave releases");
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 0);
    cr_assert_eq(reports_count(HF_REPORT_COPIED_REGION), 0);
}

Test(destroy, while_a_counted_region_holds)
{
    while_a_region_holds(HF_PROTECT_COUNTED);
}

Test(destroy, while_a_hazard_region_holds)
{
    while_a_region_holds(HF_PROTECT_HAZARD);
}

Test(destroy, while_a_reference_holds)
{
    hf_ref ref;
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(table, fixture_open(table, world, FAKE_RUNDOWN), &ref));
    hf_table_destroy(table);
    cr_assert_eq(world->releases, 0);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
    fake_use(ref.value);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
}

static void enter_task(void *region)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(table, handle, NULL, region));
}

static void leave_task(void *region)
{
    fake_use(((hf_region *)region)->value);
    hf_leave(region);
}

Test(destroy, while_another_thread_is_inside)
{
    hf_region region;
    actor *other = actor_start();
    table = fixture_table(HF_PROTECT_HAZARD);
    actor_do(other, enter_task, &region);
    hf_table_destroy(table);
    cr_assert_eq(world->releases, 0);
    actor_do(other, leave_task, &region);
    cr_assert_eq(world->releases, 1);
    actor_end(other);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_THREAD_EXIT), 0);
}

Test(destroy, handles_of_a_destroyed_table_are_forged_in_the_next)
{
    hf_region region;
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, handle, NULL));
    hf_table_destroy(table);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST(hf_enter(table, handle, NULL, &region), HF_E_FORGED_HANDLE);
    hf_table_destroy(table);
}

Test(destroy, figures_of_a_destroyed_table_are_not_those_of_the_next)
{
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    hf_table_destroy(table);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    cr_assert_eq(fixture_stats(table).opened, 0);
    cr_assert_eq(fixture_stats(table).closed, 0);
    hf_table_destroy(table);
}

/* The first type of a table may have a short way of its own: not that of the next table. */
Test(destroy, first_type_of_a_destroyed_table_is_not_that_of_the_next)
{
    hf_handle first;
    hf_handle second;
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_PLAIN), NULL));
    hf_table_destroy(table);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_type named = world->types[FAKE_PLAIN];
    named.name_space = &numbers;
    hf_value value = fake_make(world);
    MUST_OK(hf_open(table, &named, value, NULL, &first));
    MUST_OK(hf_open(table, &named, value, NULL, &second));
    cr_assert_eq(reports_count(HF_REPORT_DUPLICATE_OWNER), 1);
    MUST_OK(hf_detach(table, second, &value));
    MUST_OK(hf_close(table, first, NULL));
    hf_table_destroy(table);
}

Test(destroy, tables_come_and_go_without_using_up_anything)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    for (int i = 0; i < 3000; i++) {
        hf_region region;
        hf_table *fresh = fixture_create(&options);
        hf_handle handle;
        MUST_OK(hf_open(fresh, &world->types[FAKE_RUNDOWN], fake_make(world), NULL, &handle));
        MUST_OK(hf_enter(fresh, handle, NULL, &region));
        hf_leave(&region);
        MUST_OK(hf_close(fresh, handle, NULL));
        hf_table_destroy(fresh);
        fake_world_reset(world);
    }
}

/* The life of a handle, by name: what each close, detach and commit does to an owned and to a
 * borrowed value, in the states that matter most. */
#include "fixture.h"

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    world = fake_world_create(64);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(lifetime, .init = set_up, .fini = tear_down);

Test(lifetime, owned_closed_once)
{
    hf_close_result result;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(result.error, 0);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
}

Test(lifetime, owned_closed_twice)
{
    hf_close_result result = {.outcome = HF_OUTCOME_RELEASED};
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_close(table, handle, &result), HF_E_STALE_HANDLE);
    cr_assert_eq(result.outcome, HF_OUTCOME_NONE);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(lifetime, owned_closed_twice_after_reuse_spares_the_new_owner)
{
    hf_handle old = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, old, NULL));
    hf_handle innocent = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(old, innocent));
    MUST(hf_close(table, old, NULL), HF_E_STALE_HANDLE);
    cr_assert(hf_is_live(table, innocent));
    const report_copy *report = reports_nth(HF_REPORT_HANDLE_REUSE, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, old));
    cr_assert(hf_handle_equal(report->other, innocent), "the new owner is not named");
}

Test(lifetime, borrowed_closed_is_not_released)
{
    hf_value value = fake_make(world);
    hf_handle handle = fixture_borrow(table, world, value);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(world->releases, 0);
    fake_use(value);
}

Test(lifetime, borrowed_left_after_close_is_not_released)
{
    hf_region region;
    hf_value value = fake_make(world);
    hf_handle handle = fixture_borrow(table, world, value);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST_OK(hf_close(table, handle, NULL));
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSING);
    hf_leave(&region);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSED);
    cr_assert_eq(world->releases, 0);
}

Test(lifetime, closed_while_referenced_is_deferred)
{
    hf_ref ref;
    hf_close_result result;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_DEFERRED);
    cr_assert_eq(result.references, 1);
    cr_assert_eq(result.children, 0);
    fake_use(ref.value);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(fixture_stats(table).deferred, 1);
}

Test(lifetime, closed_while_referenced_admits_nobody)
{
    hf_ref ref;
    hf_ref late;
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_addref(table, handle, &late), HF_E_CLOSING);
    MUST(hf_enter(table, handle, NULL, &region), HF_E_CLOSING);
    cr_assert_eq(reports_total(), 0, "nobody did anything wrong");
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
}

Test(lifetime, closed_twice_while_referenced)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    MUST(hf_close(table, handle, NULL), HF_E_CLOSING);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
    cr_assert_eq(world->releases, 0);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
}

Test(lifetime, release_that_fails_is_told_to_the_closer)
{
    hf_close_result result;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    world->outcome = HF_OUTCOME_NOT_RELEASED;
    world->error = 9;
    MUST_OK(hf_close(table, handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_NOT_RELEASED);
    cr_assert_eq(result.error, 9);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSED);
    const report_copy *report = reports_nth(HF_REPORT_RELEASE_FAILED, 0);
    cr_assert_not_null(report);
    cr_assert_eq(report->error, 9);
}

Test(lifetime, release_that_fails_at_the_last_holder_is_reported)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    world->outcome = HF_OUTCOME_NOT_RELEASED;
    world->error = 9;
    MUST_OK(hf_release(&ref));
    cr_assert_eq(reports_count(HF_REPORT_RELEASE_FAILED), 1);
}

Test(lifetime, released_with_error_is_told_but_is_no_failure)
{
    hf_close_result result;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    world->outcome = HF_OUTCOME_RELEASED_WITH_ERROR;
    world->error = 28;
    MUST_OK(hf_close(table, handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED_WITH_ERROR);
    cr_assert_eq(result.error, 28);
    cr_assert_eq(reports_count(HF_REPORT_RELEASE_FAILED), 0);
}

Test(lifetime, detached_is_never_released)
{
    hf_value value = 0;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_detach(table, handle, &value));
    cr_assert_eq(value, (hf_value)&world->values[0]);
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    MUST_OK(hf_table_shutdown(table, 0));
    cr_assert_eq(world->releases, 0);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
    fake_use(value);
}

Test(lifetime, detached_hot_is_never_released)
{
    hf_value value = 0;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    MUST_OK(hf_detach(table, handle, &value));
    cr_assert(!hf_is_live(table, handle));
    cr_assert_eq(world->releases, 0);
}

Test(lifetime, detach_of_entered_is_busy_and_changes_nothing)
{
    hf_region region;
    hf_value value = 77;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST(hf_detach(table, handle, &value), HF_E_BUSY);
    cr_assert(hf_is_live(table, handle));
    hf_leave(&region);
    cr_assert(fixture_info(table, handle).hazard, "busy changed the mode");
    MUST_OK(hf_detach(table, handle, &value));
}

Test(lifetime, zero_is_a_value_like_any_other)
{
    hf_region region;
    hf_handle handle;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = true;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], 0, &options, &handle));
    MUST_OK(hf_enter(table, handle, NULL, &region));
    cr_assert_eq(region.value, 0);
    hf_leave(&region);
    MUST_OK(hf_close(table, handle, NULL));
}

Test(lifetime, all_bits_set_is_a_value_like_any_other)
{
    hf_value value = 0;
    hf_handle handle;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = true;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], UINTPTR_MAX, &options, &handle));
    MUST_OK(hf_detach(table, handle, &value));
    cr_assert_eq(value, UINTPTR_MAX);
}

Test(lifetime, handle_is_never_even)
{
    hf_table_options options = fixture_options(HF_REUSE_MAGAZINES, HF_PROTECT_ADAPTIVE);
    for (unsigned i = 0; i < 32; i++) {
        hf_table *fresh = fixture_create(&options);
        hf_handle handle = fixture_open(fresh, world, FAKE_RUNDOWN);
        cr_assert_eq(handle.bits & 1, 1);
        MUST_OK(hf_close(fresh, handle, NULL));
        hf_table_destroy(fresh);
    }
}

Test(lifetime, copies_of_a_handle_are_the_handle)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle copy = handle;
    cr_assert(hf_handle_equal(handle, copy));
    MUST_OK(hf_close(table, copy, NULL));
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
}

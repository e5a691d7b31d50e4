/* SafeHandle's own rules: ending twice is an error that is told and does no harm, admission until
 * released, and errno survives whatever ends a hold. */
#include "fixture.h"

#include <errno.h>

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
    fixture_end(world);
}

TestSuite(safehandle, .init = set_up, .fini = tear_down);

Test(safehandle, reference_released_twice)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_release(&ref));
    MUST(hf_release(&ref), HF_E_OVER_RELEASE);
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 1);
    cr_assert_eq(fixture_info(table, handle).references, 0);
    cr_assert(hf_is_live(table, handle));
}

Test(safehandle, reference_released_after_the_handle_died)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    MUST_OK(hf_release(&ref));
    MUST(hf_release(&ref), HF_E_OVER_RELEASE);
    cr_assert_eq(world->releases, 1);
}

Test(safehandle, copied_reference_cannot_take_the_next_life_down)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    hf_ref copy = ref;
    MUST_OK(hf_close(table, handle, NULL));
    MUST_OK(hf_release(&ref));
    hf_handle next = fixture_open(table, world, FAKE_RUNDOWN);
    hf_ref held;
    MUST_OK(hf_addref(table, next, &held));
    MUST(hf_release(&copy), HF_E_OVER_RELEASE);
    cr_assert_eq(fixture_info(table, next).references, 1, "the new owner lost a reference");
    MUST_OK(hf_release(&held));
}

Test(safehandle, empty_reference_released)
{
    hf_ref ref = HF_REF_INIT;
    MUST(hf_release(&ref), HF_E_OVER_RELEASE);
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 1);
}

Test(safehandle, failed_addref_leaves_an_ended_reference)
{
    hf_ref ref = {.value = 1, .handle_ = 1};
    MUST(hf_addref(table, HF_NULL_HANDLE, &ref), HF_E_NULL_HANDLE);
    MUST(hf_release(&ref), HF_E_OVER_RELEASE);
}

Test(safehandle, admits_until_released)
{
    hf_ref first;
    hf_ref second;
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_UNTIL_RELEASED);
    MUST_OK(hf_addref(table, handle, &first));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    MUST_OK(hf_addref(table, handle, &second));
    MUST_OK(hf_release(&first));
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST_OK(hf_release(&second));
    fake_use(region.value);
    cr_assert_eq(world->releases, 0);
    hf_leave(&region);
    cr_assert_eq(world->releases, 1);
    MUST(hf_addref(table, handle, &first), HF_E_STALE_HANDLE);
}

Test(safehandle, admits_until_released_when_hot)
{
    hf_region first;
    hf_region second;
    hf_handle handle = fixture_open(table, world, FAKE_UNTIL_RELEASED);
    fixture_heat(table, handle);
    MUST_OK(hf_enter(table, handle, NULL, &first));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    MUST_OK(hf_enter(table, handle, NULL, &second));
    hf_leave(&first);
    cr_assert_eq(world->releases, 0, "released although a later region was admitted");
    fake_use(second.value);
    hf_leave(&second);
    cr_assert_eq(world->releases, 1);
    MUST(hf_enter(table, handle, NULL, &first), HF_E_STALE_HANDLE);
}

Test(safehandle, admits_nothing_once_released)
{
    hf_ref ref;
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_UNTIL_RELEASED);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    MUST(hf_addref(table, handle, &ref), HF_E_STALE_HANDLE);
    MUST(hf_enter(table, handle, NULL, &region), HF_E_STALE_HANDLE);
}

Test(safehandle, closed_twice_while_it_still_admits)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_UNTIL_RELEASED);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_close(table, handle, NULL), HF_E_CLOSING);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
}

static void errno_is_kept_by(hf_protection protection, bool deferred)
{
    hf_table *own = fixture_table(protection);
    hf_handle handle = fixture_open(own, world, FAKE_RUNDOWN);
    hf_region region = HF_REGION_INIT;
    world->errno_left = EIO;
    if (deferred)
        MUST_OK(hf_enter(own, handle, NULL, &region));
    errno = ENOENT;
    MUST_OK(hf_close(own, handle, NULL));
    cr_assert_eq(errno, ENOENT, "close changed errno");
    if (deferred) {
        hf_leave(&region);
        cr_assert_eq(errno, ENOENT, "leave changed errno");
    }
    cr_assert_eq(world->releases, 1);
    world->errno_left = 0;
    hf_table_destroy(own);
}

Test(safehandle, errno_survives_close)
{
    errno_is_kept_by(HF_PROTECT_COUNTED, false);
}

Test(safehandle, errno_survives_leave_of_a_counted_region)
{
    errno_is_kept_by(HF_PROTECT_COUNTED, true);
}

Test(safehandle, errno_survives_leave_of_a_hazard_region)
{
    errno_is_kept_by(HF_PROTECT_HAZARD, true);
}

Test(safehandle, errno_survives_release_of_the_last_reference)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    world->errno_left = EIO;
    errno = ENOENT;
    MUST_OK(hf_release(&ref));
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(world->releases, 1);
}

Test(safehandle, errno_survives_close_many_and_rundown)
{
    hf_handle handles[2] = {fixture_open(table, world, FAKE_RUNDOWN),
                            fixture_open(table, world, FAKE_RUNDOWN)};
    world->errno_left = EIO;
    errno = ENOENT;
    MUST_OK(hf_close_many(table, handles, 2, NULL));
    cr_assert_eq(errno, ENOENT);
    hf_handle last = fixture_open(table, world, FAKE_RUNDOWN);
    errno = ENOENT;
    MUST_OK(hf_close_wait(table, last, HF_FOREVER, NULL));
    cr_assert_eq(errno, ENOENT);
}

Test(safehandle, errno_survives_the_report_of_a_double_close)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, handle, NULL));
    hf_set_report_hook(NULL, NULL);
    MUST_OK(hf_set_policy(HF_REPORT_DOUBLE_CLOSE, HF_POLICY_COUNT));
    errno = ENOENT;
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(errno, ENOENT);
    cr_assert_eq(fixture_stats(table).reports[HF_REPORT_DOUBLE_CLOSE], 1);
}

Test(safehandle, ignored_finding_is_refused_all_the_same_and_not_counted)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, handle, NULL));
    MUST_OK(hf_set_policy(HF_REPORT_DOUBLE_CLOSE, HF_POLICY_IGNORE));
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(reports_total(), 0);
    cr_assert_eq(fixture_stats(table).reports[HF_REPORT_DOUBLE_CLOSE], 0);
    cr_assert_eq(fixture_stats(table).refused[HF_E_STALE_HANDLE], 1);
}

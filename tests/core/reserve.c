/* Reserve, commit and abandon: a slot before there is a value. */
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
    fixture_end(world);
}

TestSuite(reserve, .init = set_up, .fini = tear_down);

static hf_handle reserve(void)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_reserve(table, &world->types[FAKE_RUNDOWN], &handle));
    return handle;
}

Test(reserve, reserved_is_seen_as_such)
{
    hf_handle handle = reserve();
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_RESERVED);
    cr_assert(!hf_is_live(table, handle));
    cr_assert_eq(fixture_info(table, handle).type, &world->types[FAKE_RUNDOWN]);
    cr_assert_eq(fixture_stats(table).live, 1);
}

Test(reserve, committed_is_open_and_owned)
{
    hf_region region;
    hf_handle handle = reserve();
    MUST_OK(hf_commit(table, handle, fake_make(world)));
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
    MUST_OK(hf_enter(table, handle, &world->types[FAKE_RUNDOWN], &region));
    fake_use(region.value);
    hf_leave(&region);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 1);
}

Test(reserve, committed_twice_is_busy)
{
    hf_handle handle = reserve();
    hf_value second = fake_make(world);
    MUST_OK(hf_commit(table, handle, fake_make(world)));
    MUST(hf_commit(table, handle, second), HF_E_BUSY);
    MUST_OK(hf_close(table, handle, NULL));
    cr_assert_eq(fake_of(second)->life, FAKE_ALIVE, "the caller still owns the refused value");
    fake_give_back(second);
}

Test(reserve, opened_cannot_be_committed)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST(hf_commit(table, handle, 1), HF_E_BUSY);
}

Test(reserve, abandoned_releases_nothing)
{
    hf_handle handle = reserve();
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(world->releases, 0);
    MUST(hf_commit(table, handle, 1), HF_E_STALE_HANDLE);
    cr_assert_eq(fixture_stats(table).live, 0);
}

static const report_copy *close_abandoned_again(hf_level level)
{
    hf_handle handle;
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = level;
    hf_table *traced = fixture_create(&options);
    MUST_OK(hf_reserve(traced, &world->types[FAKE_RUNDOWN], &handle));
    MUST_OK(hf_close(traced, handle, NULL));
    MUST(hf_close(traced, handle, NULL), HF_E_STALE_HANDLE);
    hf_table_destroy(traced);
    return reports_nth(HF_REPORT_DOUBLE_CLOSE, 0);
}

Test(reserve, abandoned_tells_who_did_it)
{
    const report_copy *report = close_abandoned_again(HF_LEVEL_STACKS);
    cr_assert_neq(report, NULL);
    cr_expect_gt(report->opened_frames, 0);
    cr_expect_gt(report->closed_frames, 0);
}

Test(reserve, abandoned_tells_nothing_without_stacks)
{
    const report_copy *report = close_abandoned_again(HF_LEVEL_COUNTERS);
    cr_assert_neq(report, NULL);
    cr_expect_eq(report->closed_frames, 0);
}

Test(reserve, abandoned_slot_is_used_again)
{
    hf_handle handle = reserve();
    MUST_OK(hf_close(table, handle, NULL));
    cr_assert(fixture_same_slot(handle, reserve()));
}

Test(reserve, reserved_in_a_full_table_still_commits)
{
    hf_handle first;
    hf_handle second;
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = 1;
    hf_table *small = fixture_create(&options);
    MUST_OK(hf_reserve(small, &world->types[FAKE_RUNDOWN], &first));
    MUST(hf_reserve(small, &world->types[FAKE_RUNDOWN], &second), HF_E_TABLE_FULL);
    MUST_OK(hf_commit(small, first, fake_make(world)));
    MUST_OK(hf_close(small, first, NULL));
    hf_table_destroy(small);
}

Test(reserve, destroyed_while_reserved_releases_nothing)
{
    hf_handle handle;
    hf_table *doomed = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_reserve(doomed, &world->types[FAKE_RUNDOWN], &handle));
    hf_table_destroy(doomed);
    cr_assert_eq(world->releases, 0);
}

Test(reserve, commit_during_shutdown_is_refused_and_the_caller_keeps_the_value)
{
    hf_handle handle = reserve();
    hf_value value = fake_make(world);
    MUST_OK(hf_table_shutdown(table, 0));
    MUST(hf_commit(table, handle, value), HF_E_STALE_HANDLE);
    fake_give_back(value);
    cr_assert_eq(world->releases, 0);
}

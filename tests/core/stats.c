/* What hf_table_get_stats and hf_inspect tell. */
#include "fixture.h"

#include <sys/syscall.h>
#include <unistd.h>

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(512);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(stats, .init = set_up, .fini = tear_down);

Test(stats, of_a_new_table_are_zero)
{
    hf_table_stats stats = fixture_stats(table);
    cr_assert_eq(stats.live + stats.peak + stats.opened + stats.closed, 0);
    cr_assert_eq(stats.deferred + stats.promoted + stats.retired_slots, 0);
    cr_assert_eq(stats.types, 0);
    for (int i = 0; i < HF_STATUS_COUNT; i++)
        cr_assert_eq(stats.refused[i], 0);
    for (int i = 0; i < HF_REPORT_KIND_COUNT; i++)
        cr_assert_eq(stats.reports[i], 0);
}

Test(stats, follow_a_life)
{
    hf_ref ref;
    hf_handle reserved;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_reserve(table, &world->types[FAKE_PLAIN], &reserved));
    hf_table_stats stats = fixture_stats(table);
    cr_assert_eq(stats.opened, 2);
    cr_assert_eq(stats.live, 2);
    cr_assert_eq(stats.closed, 0);
    cr_assert_eq(stats.types, 2);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    MUST_OK(hf_close(table, reserved, NULL));
    stats = fixture_stats(table);
    cr_assert_eq(stats.deferred, 1);
    cr_assert_eq(stats.live, 1, "closed, but not yet released");
    cr_assert_eq(stats.closed, 1);
    MUST_OK(hf_release(&ref));
    stats = fixture_stats(table);
    cr_assert_eq(stats.live, 0);
    cr_assert_eq(stats.closed, 2);
}

Test(stats, peak_is_the_most_slots_at_once)
{
    hf_handle handles[10];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 10; i++)
            handles[i] = fixture_open(table, world, FAKE_RUNDOWN);
        MUST_OK(hf_close_many(table, handles, 10, NULL));
    }
    cr_assert_eq(fixture_stats(table).peak, 10);
    cr_assert_eq(fixture_stats(table).opened, 30);
}

Test(stats, peak_of_magazines_is_an_upper_bound)
{
    hf_table_options options = fixture_options(HF_REUSE_MAGAZINES, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = 1 << 20;
    hf_table *quick = fixture_create(&options);
    for (int i = 0; i < 10; i++)
        fixture_open(quick, world, FAKE_RUNDOWN);
    cr_assert_geq(fixture_stats(quick).peak, 10);
    cr_assert_leq(fixture_stats(quick).peak, 10 + 192);
    hf_table_destroy(quick);
}

Test(stats, detached_handles_are_closed)
{
    hf_value value;
    MUST_OK(hf_detach(table, fixture_open(table, world, FAKE_RUNDOWN), &value));
    hf_table_stats stats = fixture_stats(table);
    cr_assert_eq(stats.live, 0);
    cr_assert_eq(stats.closed, 1);
}

Test(stats, refusals_are_counted_by_cause)
{
    hf_region region;
    hf_value value;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < 3; i++)
        MUST(hf_enter(table, HF_NULL_HANDLE, NULL, &region), HF_E_NULL_HANDLE);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST(hf_detach(table, handle, &value), HF_E_BUSY);
    hf_leave(&region);
    MUST(hf_enter(table, handle, &world->types[FAKE_PLAIN], &region), HF_E_WRONG_TYPE);
    MUST_OK(hf_close(table, handle, NULL));
    for (int i = 0; i < 2; i++)
        MUST(hf_enter(table, handle, NULL, &region), HF_E_STALE_HANDLE);
    hf_table_stats stats = fixture_stats(table);
    cr_assert_eq(stats.refused[HF_E_NULL_HANDLE], 3);
    cr_assert_eq(stats.refused[HF_E_BUSY], 1);
    cr_assert_eq(stats.refused[HF_E_WRONG_TYPE], 1);
    cr_assert_eq(stats.refused[HF_E_STALE_HANDLE], 2);
    cr_assert_eq(stats.refused[HF_OK], 0);
    cr_assert_eq(stats.reports[HF_REPORT_STALE_USE], 2);
    cr_assert_eq(stats.reports[HF_REPORT_WRONG_TYPE], 1);
}

Test(stats, inspect_describes_an_open_handle)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    hf_table *known = fixture_create(&options);
    hf_handle handle;
    hf_open_options open = HF_OPEN_OPTIONS_INIT;
    open.label = "a label";
    open.borrowed = true;
    open.parent = fixture_open(known, world, FAKE_RUNDOWN);
    MUST_OK(hf_open(known, &world->types[FAKE_PLAIN], 5, &open, &handle));
    hf_info info = fixture_info(known, handle);
    cr_assert_eq(info.size, sizeof(info));
    cr_assert_eq(info.life, HF_LIFE_OPEN);
    cr_assert_eq(info.type, &world->types[FAKE_PLAIN]);
    cr_assert_str_eq(info.label, "a label");
    cr_assert(hf_handle_equal(info.parent, open.parent));
    cr_assert(info.borrowed);
    cr_assert(!info.hazard);
    cr_assert_eq(info.references + info.regions, 0);
    cr_assert_eq(info.opened_thread, (uint64_t)syscall(SYS_gettid));
    cr_assert_eq(info.closed_thread, 0);
    MUST_OK(hf_close(known, handle, NULL));
    info = fixture_info(known, handle);
    cr_assert_eq(info.life, HF_LIFE_CLOSED);
    cr_assert_eq(info.closed_thread, (uint64_t)syscall(SYS_gettid));
    hf_table_destroy(known);
}

Test(stats, inspect_tells_generations_apart)
{
    hf_handle first = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, first, NULL));
    hf_handle second = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(first, second));
    cr_assert_eq(fixture_info(table, second).generation, fixture_info(table, first).generation + 1);
    cr_assert_eq(fixture_life(table, first), HF_LIFE_CLOSED);
    cr_assert_eq(fixture_life(table, second), HF_LIFE_OPEN);
}

Test(stats, history_outlives_the_slots_next_life)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    hf_table *known = fixture_create(&options);
    hf_handle old = fixture_open(known, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(known, old, NULL));
    fixture_open(known, world, FAKE_RUNDOWN);
    MUST(hf_close(known, old, NULL), HF_E_STALE_HANDLE);
    const report_copy *report = reports_nth(HF_REPORT_HANDLE_REUSE, 0);
    cr_assert_not_null(report);
    cr_assert_gt(report->opened_frames, 0);
    cr_assert_gt(report->closed_frames, 0);
    cr_assert_gt(report->now_frames, 0);
    cr_assert_eq(report->now_thread, (uint64_t)syscall(SYS_gettid));
    hf_table_destroy(known);
}

/* The library remembers a stale handle by the place where it was refused; a policy that changes in
 * between must be obeyed all the same. */
Test(stats, stale_handle_tried_again_obeys_a_changed_policy)
{
    const hf_policy policies[] = {HF_POLICY_IGNORE, HF_POLICY_COUNT, HF_POLICY_IGNORE,
                                  HF_POLICY_COUNT};
    const uint64_t findings[] = {0, 3, 3, 6};
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_set_options("print_all=0"));
    hf_region first; /* only a thread with a record remembers */
    MUST_OK(hf_enter(table, handle, NULL, &first));
    hf_leave(&first);
    MUST_OK(hf_close(table, handle, NULL));
    for (unsigned i = 0; i < 12; i++) {
        hf_region region;
        if (i % 3 == 0)
            MUST_OK(hf_set_policy(HF_REPORT_STALE_USE, policies[i / 3]));
        MUST(hf_enter(table, handle, NULL, &region), HF_E_STALE_HANDLE);
        if (i % 3 == 2)
            cr_assert_eq(fixture_stats(table).reports[HF_REPORT_STALE_USE], findings[i / 3]);
    }
    cr_assert_eq(fixture_stats(table).refused[HF_E_STALE_HANDLE], 12);
}

/* Nor is it remembered what does not hold any more: that nobody else had the place. */
Test(stats, stale_handle_tried_again_is_told_that_its_place_has_a_new_owner)
{
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_set_options("print_all=0"));
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_leave(&region);
    MUST_OK(hf_close(table, handle, NULL));
    for (unsigned i = 0; i < 3; i++) {
        MUST(hf_enter(table, handle, NULL, &region), HF_E_STALE_HANDLE);
        if (i == 1)
            cr_assert(fixture_same_slot(fixture_open(table, world, FAKE_RUNDOWN), handle));
    }
    cr_assert_eq(fixture_stats(table).reports[HF_REPORT_STALE_USE], 2);
    cr_assert_eq(fixture_stats(table).reports[HF_REPORT_HANDLE_REUSE], 1);
}

/* Closing many handles with one barrier: every one is tried, each has its own result. */
#include "actor.h"
#include "core/close.h"
#include "fixture.h"

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(4096);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fixture_end(world);
}

/* More threads' regions than one look at the hazards has room for. */
enum { CROWD = 12, EACH = 8, CROWD_REGIONS = CROWD * EACH };

static hf_table *crowded;
static hf_handle crowd_handles[CROWD_REGIONS];
static hf_region crowd_regions[CROWD_REGIONS];

static void enter_eight(void *first)
{
    for (int i = *(int *)first; i < *(int *)first + EACH; i++)
        MUST_OK(hf_enter(crowded, crowd_handles[i], NULL, &crowd_regions[i]));
}

static void leave_eight(void *first)
{
    for (int i = *(int *)first; i < *(int *)first + EACH; i++)
        hf_leave(&crowd_regions[i]);
}

TestSuite(close_many, .init = set_up, .fini = tear_down);

Test(close_many, none)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_close_many(table, &handle, 0, NULL));
}

static void thousand(bool hot)
{
    enum { COUNT = 1000 };
    static hf_handle handles[COUNT];
    static hf_close_result results[COUNT];
    hf_region regions[COUNT / 100];
    hf_protection protection = hot ? HF_PROTECT_HAZARD : HF_PROTECT_COUNTED;
    hf_table *own = fixture_table(protection);
    for (int i = 0; i < COUNT; i++) {
        hf_region region;
        handles[i] = fixture_open(own, world, FAKE_RUNDOWN);
        MUST_OK(hf_enter(own, handles[i], NULL, &region));
        hf_leave(&region);
    }
    for (int i = 0; i < COUNT / 100; i++)
        MUST_OK(hf_enter(own, handles[i * 100], NULL, &regions[i]));
    MUST_OK(hf_close_many(own, handles, COUNT, results));
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(results[i].outcome, i % 100 == 0 ? HF_OUTCOME_DEFERRED : HF_OUTCOME_RELEASED,
                     "handle %d", i);
    cr_assert_eq(world->releases, COUNT - COUNT / 100);
    for (int i = 0; i < COUNT / 100; i++)
        hf_leave(&regions[i]);
    cr_assert_eq(world->releases, COUNT);
    hf_table_destroy(own);
}

Test(close_many, thousand_cold)
{
    thousand(false);
}

Test(close_many, thousand_hot)
{
    thousand(true);
}

/* The library goes on in batches; the results of each are in their places. */
Test(close_many, more_than_a_batch)
{
    enum { COUNT = HF_CLOSE_BATCH + 3 };
    static hf_handle handles[COUNT];
    static hf_close_result results[COUNT];
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    hf_ref ref;
    options.capacity_slots = COUNT;
    hf_table *own = fixture_create(&options);
    hf_value value = fake_make(world);
    for (int i = 0; i < COUNT; i++)
        handles[i] = fixture_borrow(own, world, value);
    MUST_OK(hf_addref(own, handles[COUNT - 1], &ref));
    MUST_OK(hf_close_many(own, handles, COUNT, results));
    for (int i = 0; i < COUNT - 1; i++)
        cr_assert_eq(results[i].outcome, HF_OUTCOME_NOT_OWNED, "handle %d", i);
    cr_assert_eq(results[COUNT - 1].outcome, HF_OUTCOME_DEFERRED);
    MUST_OK(hf_release(&ref));
    hf_table_destroy(own);
    fake_give_back(value);
}

Test(close_many, held_in_more_regions_than_one_look_has_room_for)
{
    actor *crowd[CROWD];
    int first[CROWD];
    hf_close_result results[CROWD_REGIONS];
    crowded = fixture_table(HF_PROTECT_HAZARD);
    for (int i = 0; i < CROWD_REGIONS; i++)
        crowd_handles[i] = fixture_open(crowded, world, FAKE_RUNDOWN);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = actor_start();
        first[i] = i * EACH;
        actor_do(crowd[i], enter_eight, &first[i]);
    }
    MUST_OK(hf_close_many(crowded, crowd_handles, CROWD_REGIONS, results));
    for (int i = 0; i < CROWD_REGIONS; i++)
        cr_expect_eq(results[i].outcome, HF_OUTCOME_DEFERRED, "handle %d", i);
    cr_assert_eq(world->releases, 0);
    for (int i = 0; i < CROWD; i++) {
        actor_do(crowd[i], leave_eight, &first[i]);
        actor_end(crowd[i]);
    }
    cr_assert_eq(world->releases, CROWD_REGIONS);
    hf_table_destroy(crowded);
}

Test(close_many, hot_cold_borrowed_and_reserved_together)
{
    hf_handle handles[4];
    hf_close_result results[4];
    handles[0] = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handles[0]);
    handles[1] = fixture_open(table, world, FAKE_RUNDOWN);
    handles[2] = fixture_borrow(table, world, 5);
    MUST_OK(hf_reserve(table, &world->types[FAKE_RUNDOWN], &handles[3]));
    MUST_OK(hf_close_many(table, handles, 4, results));
    cr_assert_eq(results[0].outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(results[1].outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(results[2].outcome, HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(results[3].outcome, HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(fixture_stats(table).live, 0);
}

Test(close_many, first_failure_is_answered_and_every_handle_is_tried)
{
    hf_close_result results[5];
    hf_handle handles[5] = {fixture_open(table, world, FAKE_RUNDOWN),
                            HF_NULL_HANDLE,
                            fixture_open(table, world, FAKE_RUNDOWN),
                            {.bits = 2},
                            fixture_open(table, world, FAKE_RUNDOWN)};
    MUST(hf_close_many(table, handles, 5, results), HF_E_NULL_HANDLE);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(results[i].outcome, i % 2 == 0 ? HF_OUTCOME_RELEASED : HF_OUTCOME_NONE);
    cr_assert_eq(world->releases, 3);
}

static void same_handle_twice(bool hot)
{
    hf_close_result results[3];
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    if (hot)
        fixture_heat(table, handle);
    hf_handle handles[3] = {handle, handle, handle};
    hf_status status = hf_close_many(table, handles, 3, results);
    cr_assert(status == HF_E_STALE_HANDLE || status == HF_E_CLOSING, "%s", hf_status_name(status));
    cr_assert_eq(results[0].outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(results[1].outcome, HF_OUTCOME_NONE);
    cr_assert_eq(results[2].outcome, HF_OUTCOME_NONE);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 2);
}

Test(close_many, same_cold_handle_twice)
{
    same_handle_twice(false);
}

Test(close_many, same_hot_handle_twice)
{
    same_handle_twice(true);
}

static void family(bool parent_first, bool hot)
{
    hf_close_result results[2];
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    uint32_t releases = world->releases;
    if (hot) {
        fixture_heat(table, parent);
        fixture_heat(table, child);
    }
    hf_handle handles[2] = {parent_first ? parent : child, parent_first ? child : parent};
    MUST_OK(hf_close_many(table, handles, 2, results));
    cr_assert_eq(world->releases, releases + 2, "a family was not released whole");
    cr_assert_eq(fixture_stats(table).live, 0);
}

Test(close_many, family_in_any_order)
{
    family(true, false);
    family(false, false);
    family(true, true);
    family(false, true);
}

static void close_the_other(fake_value *value, void *argument)
{
    (void)value;
    hf_close(table, *(hf_handle *)argument, NULL);
}

Test(close_many, release_function_closes_another_of_the_same_list)
{
    hf_close_result results[2];
    hf_handle handles[2] = {fixture_open(table, world, FAKE_RUNDOWN),
                            fixture_open(table, world, FAKE_RUNDOWN)};
    world->argument = &handles[1];
    world->on_release = close_the_other;
    hf_close_many(table, handles, 2, results);
    cr_assert_eq(world->releases, 2);
    cr_assert(!hf_is_live(table, handles[0]));
    cr_assert(!hf_is_live(table, handles[1]));
    world->on_release = NULL;
}

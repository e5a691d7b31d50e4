/* Orderly shutdown: everything is closed, what was left open is told as a leak, what stays held is
 * waited for, and then told. */
#include "actor.h"
#include "fixture.h"

#include <sched.h>

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    reports_start();
    world = fake_world_create(4096);
    table = fixture_create(&options);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fixture_end(world);
}

TestSuite(shutdown, .init = set_up, .fini = tear_down);

Test(shutdown, of_an_empty_table_is_silent)
{
    MUST_OK(hf_table_shutdown(table, 0));
    cr_assert_eq(reports_total(), 0);
}

Test(shutdown, of_a_table_whose_handles_are_closed_is_silent)
{
    hf_handle hot = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, hot);
    MUST_OK(hf_close(table, hot, NULL));
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(reports_total(), 0);
    cr_assert_eq(world->releases, 2);
}

Test(shutdown, closes_and_reports_what_was_left_open)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(world->releases, 1);
    const report_copy *report = reports_nth(HF_REPORT_LEAK, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, handle));
    cr_assert_eq(report->group_count, 1);
    cr_assert_gt(report->opened_frames, 0);
    cr_assert_str_eq(report->type_name, "fake");
    cr_assert_str_eq(report->table_name, "test table");
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
}

/* Kept out of line: each place that calls it is one stack. */
__attribute__((noinline)) static void leak_here(int count)
{
    for (int i = 0; i < count; i++)
        fixture_open(table, world, FAKE_RUNDOWN);
}

Test(shutdown, leaks_are_grouped_by_the_stack_that_opened_them)
{
    leak_here(1);
    leak_here(20);
    leak_here(500);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 521);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 3, "%u groups", reports_count(HF_REPORT_LEAK));
    cr_assert_eq(world->releases, 521);
}

Test(shutdown, leaks_of_different_types_are_told_apart)
{
    hf_table *bare = fixture_table(HF_PROTECT_ADAPTIVE);
    fixture_open(bare, world, FAKE_RUNDOWN);
    fixture_open(bare, world, FAKE_PLAIN);
    MUST_OK(hf_table_shutdown(bare, HF_FOREVER));
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 2);
    hf_table_destroy(bare);
}

__attribute__((noinline)) static void leak_one(const hf_type *type)
{
    hf_handle handle;
    MUST_OK(hf_open(table, type, fake_make(world), NULL, &handle));
}

/* The last one that is told takes in what finds no other. */
Test(shutdown, leaks_of_more_kinds_than_are_told_apart)
{
    enum { TYPES = 30, TOLD = 64 };
    static hf_type types[TYPES];
    for (unsigned i = 0; i < TYPES; i++) {
        types[i] = world->types[FAKE_PLAIN];
        leak_one(&types[i]);
        leak_one(&types[i]);
        leak_one(&types[i]);
    }
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(reports_count(HF_REPORT_LEAK), TOLD);
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 3 * TYPES);
}

Test(shutdown, leaks_are_counted_at_level_zero_too)
{
    hf_table *bare = fixture_table(HF_PROTECT_ADAPTIVE);
    for (int i = 0; i < 10; i++)
        fixture_open(bare, world, FAKE_RUNDOWN);
    MUST_OK(hf_table_shutdown(bare, HF_FOREVER));
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 10);
    hf_table_destroy(bare);
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 10, "told twice");
}

Test(shutdown, leaked_label_is_told)
{
    hf_handle handle;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.label = "the log";
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], fake_make(world), &options, &handle));
    cr_assert_str_eq(fixture_info(table, handle).label, "the log");
    MUST_OK(hf_table_shutdown(table, 0));
    cr_assert_str_eq(reports_nth(HF_REPORT_LEAK, 0)->label, "the log");
}

Test(shutdown, closes_borrowed_handles_without_releasing)
{
    hf_value value = fake_make(world);
    fixture_borrow(table, world, value);
    MUST_OK(hf_table_shutdown(table, 0));
    cr_assert_eq(world->releases, 0);
    cr_assert_eq(fixture_stats(table).live, 0);
    fake_give_back(value);
}

Test(shutdown, refuses_new_handles)
{
    hf_handle out;
    hf_value value = fake_make(world);
    MUST_OK(hf_table_shutdown(table, 0));
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, NULL, &out), HF_E_CLOSING);
    MUST(hf_reserve(table, &world->types[FAKE_RUNDOWN], &out), HF_E_CLOSING);
    cr_assert_eq(fake_of(value)->life, FAKE_ALIVE);
    cr_assert_eq(fixture_stats(table).opened, 0);
    fake_give_back(value);
}

Test(shutdown, twice_is_fine)
{
    fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 1);
    cr_assert_eq(world->releases, 1);
}

Test(shutdown, held_handle_times_out_and_is_told)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle free = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST(hf_table_shutdown(table, 0), HF_E_TIMED_OUT);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSING);
    cr_assert_eq(fixture_life(table, free), HF_LIFE_CLOSED);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
    const report_copy *report = reports_nth(HF_REPORT_HELD_AT_SHUTDOWN, 0);
    cr_assert(hf_handle_equal(report->subject, handle));
    cr_assert_eq(report->references, 1);
    cr_assert_eq(world->releases, 1);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 2);
    MUST_OK(hf_table_shutdown(table, 0));
}

Test(shutdown, held_but_closed_by_its_user_is_no_leak)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_table_shutdown(table, 1), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
    MUST_OK(hf_release(&ref));
}

static void inside_own_region(hf_protection protection)
{
    hf_region region;
    hf_table *own = fixture_table(protection);
    hf_handle handle = fixture_open(own, world, FAKE_RUNDOWN);
    hf_handle free = fixture_open(own, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(own, handle, NULL, &region));
    MUST(hf_table_shutdown(own, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(fixture_life(own, handle), HF_LIFE_CLOSING, "closed all the same");
    cr_assert_eq(fixture_life(own, free), HF_LIFE_CLOSED);
    fake_use(region.value);
    hf_leave(&region);
    MUST_OK(hf_table_shutdown(own, HF_FOREVER));
    cr_assert_eq(world->releases, 2);
    hf_table_destroy(own);
}

Test(shutdown, inside_own_counted_region_is_refused)
{
    inside_own_region(HF_PROTECT_COUNTED);
}

Test(shutdown, inside_own_hazard_region_is_refused)
{
    inside_own_region(HF_PROTECT_HAZARD);
}

static hf_status answer_inside;

static void shut_down_inside(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    answer_inside = hf_table_shutdown(table, 0);
}

/* It would be inside for ever, so that it does not matter that it is not to wait. */
Test(shutdown, inside_own_release_function_is_refused)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    world->on_release = shut_down_inside;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    world->on_release = NULL;
    MUST(answer_inside, HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
}

typedef struct holder {
    hf_handle handle;
    hf_region region;
} holder;

static void enter_task(void *argument)
{
    holder *h = argument;
    MUST_OK(hf_enter(table, h->handle, NULL, &h->region));
}

static void leave_when_closing_task(void *argument)
{
    holder *h = argument;
    while (fixture_life(table, h->handle) != HF_LIFE_CLOSING)
        sched_yield();
    fake_use(h->region.value);
    hf_leave(&h->region);
}

static void waits(bool hot)
{
    holder h;
    actor *other = actor_start();
    h.handle = fixture_open(table, world, FAKE_RUNDOWN);
    if (hot)
        fixture_heat(table, h.handle);
    actor_do(other, enter_task, &h);
    actor_begin(other, leave_when_closing_task, &h);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(world->releases, 1);
    actor_finish(other);
    actor_end(other);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 0);
}

Test(shutdown, waits_for_counted_holders)
{
    waits(false);
}

Test(shutdown, waits_for_hazard_holders)
{
    waits(true);
}

Test(shutdown, thousand_hot_handles)
{
    enum { COUNT = 1000 };
    hf_table *hot = fixture_table(HF_PROTECT_HAZARD);
    for (int i = 0; i < COUNT; i++) {
        hf_region region;
        MUST_OK(hf_enter(hot, fixture_open(hot, world, FAKE_RUNDOWN), NULL, &region));
        hf_leave(&region);
    }
    MUST_OK(hf_table_shutdown(hot, HF_FOREVER));
    cr_assert_eq(world->releases, COUNT);
    hf_table_destroy(hot);
}

Test(shutdown, release_that_fails_is_told)
{
    fixture_open(table, world, FAKE_RUNDOWN);
    world->outcome = HF_OUTCOME_NOT_RELEASED;
    world->error = 9;
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(reports_count(HF_REPORT_RELEASE_FAILED), 1);
}

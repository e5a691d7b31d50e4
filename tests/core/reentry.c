/* User functions that call the library: release, duplicate, unblock and the report hook may open,
 * close, enter and shut down, in this table and in others. */
#include "fixture.h"

static hf_table *table;
static hf_table *other;
static fake_world *world;
static hf_handle handle;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(256);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    other = fixture_table(HF_PROTECT_HAZARD);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
}

static void tear_down(void)
{
    world->on_release = NULL;
    reports_on(NULL, NULL);
    hf_table_destroy(table);
    hf_table_destroy(other);
    fixture_end(world);
}

TestSuite(reentry, .init = set_up, .fini = tear_down);

/* Everything once, on handles of its own. */
static void whole_life(hf_table *where)
{
    hf_ref ref;
    hf_region region;
    hf_handle copy;
    hf_handle own = fixture_open(where, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(where, own, NULL, &region));
    fake_use(region.value);
    hf_leave(&region);
    MUST_OK(hf_addref(where, own, &ref));
    MUST_OK(hf_duplicate(where, own, where, &copy));
    MUST_OK(hf_close(where, copy, NULL));
    MUST_OK(hf_release(&ref));
    MUST_OK(hf_close_wait(where, own, HF_FOREVER, NULL));
}

static void live_inside(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    fake_action outer = world->on_release;
    world->on_release = NULL;
    whole_life(table);
    whole_life(other);
    world->on_release = outer;
}

Test(reentry, release_function_lives_whole_lives)
{
    world->on_release = live_inside;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 5);
    cr_assert_eq(reports_total(), 0);
}

Test(reentry, release_function_called_by_a_leave_lives_whole_lives)
{
    hf_region region;
    hf_handle hot = fixture_open(other, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(other, hot, NULL, &region));
    MUST_OK(hf_close(other, hot, NULL));
    world->on_release = live_inside;
    hf_leave(&region);
    cr_assert_eq(world->releases, 5);
}

static void use_itself(fake_value *value, void *argument)
{
    hf_ref ref;
    hf_region region;
    hf_value out;
    (void)value;
    (void)argument;
    world->on_release = NULL;
    hf_status closed = hf_close(table, handle, NULL);
    cr_assert(closed == HF_E_CLOSING || closed == HF_E_STALE_HANDLE);
    cr_assert_neq(hf_enter(table, handle, NULL, &region), HF_OK);
    cr_assert_neq(hf_addref(table, handle, &ref), HF_OK);
    cr_assert_neq(hf_detach(table, handle, &out), HF_OK);
    cr_assert(!hf_is_live(table, handle));
    fixture_info(table, handle);
}

Test(reentry, release_function_uses_the_handle_that_is_being_released)
{
    world->on_release = use_itself;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 1);
}

/* Each release closes the next handle: as deep as the user's own recursion. */
static hf_handle chain[40];
static int next_in_chain;

static void close_the_next(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    if (next_in_chain < 40)
        MUST_OK(hf_close(table, chain[next_in_chain++], NULL));
}

Test(reentry, release_functions_close_the_next_handle)
{
    for (int i = 0; i < 40; i++)
        chain[i] = fixture_open(table, world, FAKE_RUNDOWN);
    world->on_release = close_the_next;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 41);
}

static void shut_the_other_down(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    world->on_release = NULL;
    MUST_OK(hf_table_shutdown(other, HF_FOREVER));
}

Test(reentry, release_function_shuts_another_table_down)
{
    fixture_open(other, world, FAKE_RUNDOWN);
    world->on_release = shut_the_other_down;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 2);
}

static hf_status open_during_shutdown;

static void open_another(fake_value *value, void *argument)
{
    hf_handle out;
    (void)value;
    (void)argument;
    world->on_release = NULL;
    hf_value extra = fake_make(world);
    open_during_shutdown = hf_open(table, &world->types[FAKE_RUNDOWN], extra, NULL, &out);
    fake_give_back(extra);
}

Test(reentry, release_function_opens_while_its_table_shuts_down)
{
    world->on_release = open_another;
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(open_during_shutdown, HF_E_CLOSING);
}

static void destroy_the_other(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    world->on_release = NULL;
    hf_table_destroy(other);
    other = NULL;
}

Test(reentry, release_function_destroys_another_table)
{
    fixture_open(other, world, FAKE_RUNDOWN);
    world->on_release = destroy_the_other;
    MUST_OK(hf_close(table, handle, NULL));
    cr_assert_eq(world->releases, 2);
}

static void live_in_hook(const hf_report *report, void *argument)
{
    (void)report;
    (void)argument;
    reports_on(NULL, NULL);
    whole_life(table);
    whole_life(other);
}

Test(reentry, report_hook_lives_whole_lives)
{
    MUST_OK(hf_close(table, handle, NULL));
    reports_on(live_in_hook, NULL);
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(world->releases, 5);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

static unsigned depth;

static void find_again(const hf_report *report, void *argument)
{
    (void)report;
    (void)argument;
    if (depth < 3) {
        depth++;
        MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    }
}

Test(reentry, report_hook_makes_findings_of_its_own)
{
    MUST_OK(hf_close(table, handle, NULL));
    reports_on(find_again, NULL);
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 4);
    cr_assert_eq(fixture_stats(table).reports[HF_REPORT_DOUBLE_CLOSE], 4);
}

static void close_what_leaks(const hf_report *report, void *argument)
{
    (void)argument;
    hf_close(table, report->subject.handle, NULL);
    whole_life(other);
}

Test(reentry, report_hook_closes_the_handle_that_is_reported_as_leak)
{
    reports_on(close_what_leaks, NULL);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    reports_on(NULL, NULL);
    cr_assert_eq(world->values[0].releases, 1);
    cr_assert_geq(reports_count(HF_REPORT_LEAK), 1);
}

static void close_the_source(fake_value *value, void *argument)
{
    (void)value;
    *(hf_outcome *)argument = fixture_close(table, handle);
}

Test(reentry, duplicate_function_closes_the_source)
{
    hf_handle copy;
    hf_outcome outcome = HF_OUTCOME_NONE;
    world->on_duplicate = close_the_source;
    world->argument = &outcome;
    MUST_OK(hf_duplicate(table, handle, other, &copy));
    cr_assert_eq(outcome, HF_OUTCOME_DEFERRED, "the source is held meanwhile");
    cr_assert_eq(world->values[0].releases, 1);
    MUST_OK(hf_close(other, copy, NULL));
}

static void leave_in_unblock(fake_value *value, void *argument)
{
    (void)value;
    hf_region *region = argument;
    if (hf_region_entered(region))
        hf_leave(region);
}

Test(reentry, unblock_function_leaves_the_region_that_holds)
{
    hf_region region;
    fake_world_unblocks(world, leave_in_unblock);
    world->argument = &region;
    hf_table *fresh = fixture_table(HF_PROTECT_HAZARD);
    hf_handle blocked = fixture_open(fresh, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(fresh, blocked, NULL, &region));
    MUST_OK(hf_close(fresh, blocked, NULL));
    cr_assert_eq(world->unblocks, 1);
    cr_assert_eq(world->releases, 1);
    hf_table_destroy(fresh);
}

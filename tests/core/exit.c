/* The exit latch, set by hand: what each call answers from then on, and what goes on as ever.  Each
 * test has a process of its own. */
#include "scene.h"

#include "actor.h"
#include "core/exit.h"

#include <errno.h>
#include <holdfast/process.h>

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(64);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
}

static void tear_down(void)
{
    cr_assert(fake_world_is_sound(world));
    cr_assert_eq(reports_total(), 0, "exit is no finding");
    fake_world_destroy(world);
}

TestSuite(exit_latch, .init = set_up, .fini = tear_down);

static uint32_t refusals(const hf_table *of)
{
    return (uint32_t)fixture_stats(of).refused[HF_E_EXITING];
}

Test(exit_latch, clear_then_set)
{
    cr_assert_not(hf_is_exiting());
    hf_process_exiting();
    cr_assert(hf_is_exiting());
    hf_process_exiting();
    cr_assert(hf_is_exiting());
}

Test(exit_latch, errno_is_preserved)
{
    errno = 12345;
    hf_process_exiting();
    cr_assert_eq(errno, 12345);
}

/* ---- every call that is refused, with a handle in every state -------------------------------- */

static void never(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    cr_assert_fail("a completion was called");
}

static void expect_refused(scene *on)
{
    hf_close_result result = {.outcome = HF_OUTCOME_RELEASED, .references = 1};
    hf_close_result results[2] = {result, result};
    hf_handle both[2] = {on->handle, on->handle};
    MUST(hf_close(on->table, on->handle, &result), HF_E_EXITING);
    cr_assert_eq(result.outcome, HF_OUTCOME_NONE, "%s", scene_name(on->state));
    MUST(hf_close(on->table, on->handle, NULL), HF_E_EXITING);
    MUST(hf_close_many(on->table, both, 2, results), HF_E_EXITING);
    cr_assert_eq(results[0].outcome, HF_OUTCOME_NONE);
    cr_assert_eq(results[1].outcome, HF_OUTCOME_NONE);
    MUST(hf_close_many(on->table, both, 2, NULL), HF_E_EXITING);
    result.outcome = HF_OUTCOME_RELEASED;
    MUST(hf_close_wait(on->table, on->handle, HF_FOREVER, &result), HF_E_EXITING);
    cr_assert_eq(result.outcome, HF_OUTCOME_NONE);
    MUST(hf_wait(on->table, on->handle, HF_FOREVER), HF_E_EXITING);
    MUST(hf_close_then(on->table, on->handle, never, NULL), HF_E_EXITING);
    MUST(hf_table_shutdown(on->table, HF_FOREVER), HF_E_EXITING);
    hf_table_destroy(on->table);
    cr_assert_str_eq(hf_table_name(on->table), "test table", "it was destroyed");
}

Test(exit_latch, every_state_is_refused)
{
    for (unsigned state = 0; state < SCENE_COUNT; state++) {
        scene on;
        scene_build(&on, (scene_state)state, false);
        uint32_t alive = (uint32_t)fake_alive(on.world);
        reports_clear();
        hf_process_exiting();
        expect_refused(&on);
        cr_assert_eq(refusals(on.table), 8, "%s", scene_name(on.state));
        cr_assert_eq(fake_alive(on.world), alive, "%s: something was released", scene_name(state));
        cr_assert_eq(reports_total(), 0, "%s", scene_name(state));
        hf_exit_latch.set = 0; /* for the next one */
        scene_strike(&on);
        reports_clear();
    }
}

Test(exit_latch, table_creation)
{
    hf_status status = HF_OK;
    hf_table *made = table;
    hf_process_exiting();
    MUST(hf_table_create(NULL, &made), HF_E_EXITING);
    cr_assert_eq(made, table, "a failed call changed something");
    cr_assert_null(hf_table_new(NULL, &status));
    cr_assert_eq(status, HF_E_EXITING);
}

Test(exit_latch, bad_arguments_come_first)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    hf_handle handle = fixture_open(table, world, FAKE_PLAIN);
    hf_table *made;
    options.size = 1;
    hf_process_exiting();
    MUST(hf_close(NULL, handle, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_many(NULL, &handle, 1, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_many(table, NULL, 1, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_wait(NULL, handle, 0, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_wait(table, handle, -1, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_wait(NULL, handle, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_then(NULL, handle, never, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_then(table, handle, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(NULL, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_wait(table, handle, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_shutdown(NULL, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_shutdown(table, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_create(NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_create(&options, &made), HF_E_INVALID_ARGUMENT);
    hf_table_destroy(NULL);
    MUST(hf_close_many(table, NULL, 0, NULL), HF_E_EXITING);
    MUST(hf_close(table, HF_NULL_HANDLE, NULL), HF_E_EXITING);
}

/* ---- what goes on as ever ------------------------------------------------------------------- */

Test(exit_latch, handles_are_used_opened_and_detached)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle other = HF_NULL_HANDLE;
    hf_value value = 0;
    hf_ref ref;
    hf_process_exiting();
    fixture_heat(table, handle);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_release(&ref));
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
    MUST_OK(hf_duplicate(table, handle, table, &other));
    MUST_OK(hf_reserve(table, &world->types[FAKE_PLAIN], &other));
    MUST_OK(hf_commit(table, other, fake_make(world)));
    other = fixture_open(table, world, FAKE_PLAIN);
    MUST_OK(hf_detach(table, other, &value));
    fake_give_back(value);
    cr_assert_eq(fake_alive(world), 3);
}

/* ---- the last to leave does not release ------------------------------------------------------ */

static void close_held(hf_handle handle)
{
    hf_close_result result;
    MUST_OK(hf_close(table, handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_DEFERRED);
    hf_process_exiting();
}

static void expect_unreleased(hf_handle handle)
{
    cr_assert_eq(world->releases, 0, "it was released");
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSING);
}

static void leave_closed(bool hot)
{
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    if (hot)
        fixture_heat(table, handle);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    close_held(handle);
    fake_use(region.value);
    hf_leave(&region);
    expect_unreleased(handle);
}

Test(exit_latch, last_leaves_counted_region)
{
    leave_closed(false);
}

Test(exit_latch, last_leaves_hazard_region)
{
    leave_closed(true);
}

Test(exit_latch, last_gives_back_reference)
{
    hf_ref ref;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    close_held(handle);
    MUST_OK(hf_release(&ref));
    expect_unreleased(handle);
}

Test(exit_latch, last_child_is_detached)
{
    hf_value value = 0;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    close_held(parent);
    MUST_OK(hf_detach(table, child, &value));
    fake_give_back(value);
    expect_unreleased(parent);
}

static void leave_region_open(void *handle)
{
    hf_region region;
    MUST_OK(hf_enter(table, *(hf_handle *)handle, NULL, &region));
}

Test(exit_latch, thread_ends_inside)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    actor *other = actor_start();
    actor_do(other, leave_region_open, &handle);
    close_held(handle);
    actor_end(other);
    expect_unreleased(handle);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_THREAD_EXIT), 1);
    reports_clear();
}

Test(exit_latch, deferred_by_a_signal_handler)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    hf_signal_begin();
    close_held(handle);
    hf_signal_end();
    (void)fixture_open(table, world, FAKE_RUNDOWN); /* would settle it */
    expect_unreleased(handle);
}

/* ---- waiters -------------------------------------------------------------------------------- */

typedef struct wait_task {
    hf_handle handle;
    hf_status (*wait)(hf_handle handle);
    hf_status answer;
} wait_task;

static void do_wait(void *argument)
{
    wait_task *task = argument;
    task->answer = task->wait(task->handle);
}

static hf_status close_and_wait(hf_handle handle)
{
    hf_close_result result = {.outcome = HF_OUTCOME_RELEASED};
    hf_status status = hf_close_wait(table, handle, HF_FOREVER, &result);
    cr_assert_eq(result.outcome, HF_OUTCOME_NONE);
    return status;
}

static hf_status only_wait(hf_handle handle)
{
    MUST_OK(hf_close(table, handle, NULL));
    return hf_wait(table, handle, HF_FOREVER);
}

static hf_status shut_down(hf_handle handle)
{
    (void)handle;
    return hf_table_shutdown(table, HF_FOREVER);
}

static void wake_waiter(hf_status (*wait)(hf_handle handle))
{
    hf_ref ref;
    wait_task task = {.handle = fixture_open(table, world, FAKE_RUNDOWN), .wait = wait};
    actor *other = actor_start();
    MUST_OK(hf_addref(table, task.handle, &ref));
    actor_begin(other, do_wait, &task);
    while ((hf_state_load(hf_slot_at(table, 1)) & HF_WAITER) == 0)
        ;
    hf_process_exiting();
    actor_finish(other);
    MUST(task.answer, HF_E_EXITING);
    cr_assert_eq(refusals(table), 1);
    MUST_OK(hf_release(&ref));
    expect_unreleased(task.handle);
    actor_end(other);
}

Test(exit_latch, waiter_in_close_wait_is_woken)
{
    wake_waiter(close_and_wait);
}

Test(exit_latch, waiter_in_wait_is_woken)
{
    wake_waiter(only_wait);
}

Test(exit_latch, waiter_in_shutdown_is_woken)
{
    wake_waiter(shut_down);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 1, "found before the latch was set");
    cr_assert_eq(reports_total(), 1);
    reports_clear();
}

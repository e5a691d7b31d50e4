/* Groups: functions that run elsewhere while a group is drained, and tables that come and go. */
#include "groups_support.h"

#include <sched.h>
#include <time.h>

TestSuite(groups_meanwhile, .init = groups_begin, .fini = groups_end);

static _Atomic bool reached;
static _Atomic bool may_go_on;

static void block(void)
{
    reached = true;
    while (!may_go_on)
        sched_yield();
}

static void until_reached(void)
{
    while (!reached)
        sched_yield();
}

static void block_in_completion(void *context, const hf_close_result *result)
{
    (void)result;
    *(hf_handle *)context = fixture_open(the_table, world, FAKE_RUNDOWN);
    block();
}

static void close_then_task(void *argument)
{
    visit *v = argument;
    MUST_OK(hf_close_then(v->table, v->handle, block_in_completion, &v->handle));
}

Test(groups_meanwhile, completion_that_runs_is_waited_for)
{
    actor *closer = actor_start();
    actor *drainer = actor_start();
    drain d = {.timeout = HF_FOREVER};
    visit v = {.table = the_table, .handle = open_member(the_table)};
    hf_handle member = v.handle;
    actor_begin(closer, close_then_task, &v);
    until_reached();
    hf_ref stranger;
    MUST_OK(hf_addref(the_table, v.handle, &stranger));
    MUST(hf_group_close_wait(the_group, 0), HF_E_TIMED_OUT);
    MUST_OK(hf_release(&stranger));
    const report_copy *report = reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, member), "not the member that leaves");
    cr_assert_eq(report->holder_count, 1, "the thread whose completion runs is not named");
    cr_assert_eq(report->references, 0);
    actor_begin(drainer, drain_task, &d);
    may_go_on = true;
    actor_finish(closer);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert(hf_is_live(the_table, v.handle));
    actor_end(closer);
    actor_end(drainer);
}

static bool identify_slowly(hf_value value, void *context, hf_identity *out)
{
    (void)value;
    (void)context;
    block();
    *out = (hf_identity){.object = 1};
    return true;
}

static hf_handle late;

static void open_task(void *argument)
{
    (void)argument;
    late = open_member(the_table);
}

Test(groups_meanwhile, open_that_joined_before_is_waited_for_and_closed)
{
    actor *opener = actor_start();
    actor *drainer = actor_start();
    drain d = {.timeout = HF_FOREVER};
    world->types[FAKE_RUNDOWN].identify = identify_slowly;
    actor_begin(opener, open_task, NULL);
    until_reached();
    cr_assert_eq(hf_group_size(the_group), 1);
    MUST(hf_group_close_wait(the_group, 0), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_RUNDOWN_TIMEOUT), 1);
    actor_begin(drainer, drain_task, &d);
    (void)nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL); /* let it walk, most likely */
    may_go_on = true;
    actor_finish(opener);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert_eq(fixture_life(the_table, late), HF_LIFE_CLOSED);
    cr_assert_eq(world->releases, 1);
    actor_end(opener);
    actor_end(drainer);
}

/* ---- tables that come and go ---------------------------------------------------------------- */

static void destroy_the_other(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    if (other_table == NULL)
        return;
    hf_table *gone = other_table;
    other_table = NULL;
    hf_table_destroy(gone);
}

Test(groups_meanwhile, release_function_destroys_a_table_that_is_to_be_walked)
{
    open_member(the_table);
    open_member(other_table);
    world->on_release = destroy_the_other;
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    cr_assert_eq(world->releases, 2);
}

static void destroy_own(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    destroy_the_other(NULL, NULL);
}

/* The table that is being walked is destroyed by the completion that the walk itself calls. */
Test(groups_meanwhile, completion_destroys_the_table_that_is_walked)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_HAZARD);
    actor *holder = actor_start();
    visit v = {.table = other_table, .handle = open_member(other_table)};
    hf_table *walked = other_table;
    drain d = {.timeout = HF_FOREVER};
    actor *drainer = actor_start();
    actor_do(holder, enter_task, &v);
    MUST_OK(hf_close_then(other_table, v.handle, destroy_own, NULL));
    actor_begin(drainer, drain_task, &d);
    actor_do(holder, leave_task, &v);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert_null(other_table);
    cr_assert_eq(hf_group_size(the_group), 0);
    other_table = fixture_create(&options);
    cr_assert_eq(other_table, walked, "its place in the pool was not given back");
    actor_end(holder);
    actor_end(drainer);
}

static void make_a_table(fake_value *value, void *argument)
{
    hf_open_options options = member_options(the_group);
    (void)value;
    (void)argument;
    world->on_release = NULL;
    hf_table *made = fixture_table(HF_PROTECT_ADAPTIVE);
    fixture_open(made, world, FAKE_RUNDOWN);
    MUST(try_open(&options), HF_E_CLOSING);
    hf_table_destroy(made);
}

Test(groups_meanwhile, release_function_makes_a_table_during_the_walk)
{
    open_member(the_table);
    open_member(other_table);
    world->on_release = make_a_table;
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    cr_assert_eq(world->releases, 3);
}

Test(groups_meanwhile, table_is_destroyed_with_a_held_member)
{
    hf_ref ref;
    hf_handle member = open_member(other_table);
    MUST_OK(hf_addref(other_table, member, &ref));
    hf_table_destroy(other_table);
    MUST(hf_group_close_wait(the_group, 0), HF_E_TIMED_OUT);
    MUST_OK(hf_release(&ref));
    MUST_OK(hf_group_close_wait(the_group, 0));
    cr_assert_eq(world->releases, 1);
    other_table = NULL;
}

/* Groups of a process that is exiting.  These leave everything to the end of the test's process. */
#include "groups_support.h"

#include <holdfast/process.h>

TestSuite(groups_at_exit, .init = groups_begin);

static void end_the_process(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    hf_process_exiting();
}

static void never(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    cr_assert_fail("a completion was called");
}

Test(groups_at_exit, drain_is_refused)
{
    hf_handle member = open_member(the_table);
    hf_process_exiting();
    MUST(hf_group_close_wait(the_group, HF_FOREVER), HF_E_EXITING);
    cr_assert(hf_is_live(the_table, member));
    cr_assert_eq(hf_group_size(the_group), 1);
    hf_open_options options = member_options(the_group);
    MUST_OK(try_open(&options));
    cr_assert_eq(reports_total(), 0);
}

Test(groups_at_exit, drain_ends_when_it_begins)
{
    drain d = {.timeout = HF_FOREVER};
    actor *drainer = actor_start();
    hf_region region;
    hf_handle member = open_member(the_table);
    MUST_OK(hf_enter(the_table, member, NULL, &region));
    actor_begin(drainer, drain_task, &d);
    fixture_until_closed(the_table, member);
    hf_process_exiting();
    actor_finish(drainer);
    MUST(d.status, HF_E_EXITING);
    hf_leave(&region);
    cr_assert_eq(world->releases, 0);
    cr_assert_eq(reports_total(), 0);
    actor_end(drainer);
}

Test(groups_at_exit, completion_is_not_called)
{
    hf_handle first = open_member(the_table);
    world->on_release = end_the_process;
    MUST_OK(hf_close_then(the_table, first, never, NULL));
    cr_assert_eq(world->releases, 1);
}

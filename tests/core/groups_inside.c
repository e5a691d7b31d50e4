/* Groups: those who drain a group inside one of its own members wait for nobody. */
#include "groups_support.h"

TestSuite(groups_inside, .init = groups_begin, .fini = groups_end);

static void inside_a_region(hf_table *where)
{
    hf_region region;
    hf_handle idle = open_member(the_table);
    hf_handle held = open_member(where);
    MUST_OK(hf_enter(where, held, NULL, &region));
    MUST(hf_group_close_wait(the_group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(fixture_life(the_table, idle), HF_LIFE_CLOSED, "not closed all the same");
    cr_assert_eq(fixture_life(where, held), HF_LIFE_CLOSING);
    cr_assert_eq(reports_total(), 1);
    const report_copy *report = reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, held));
    fake_use(region.value);
    hf_leave(&region);
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
}

Test(groups_inside, inside_a_counted_region_of_a_member)
{
    inside_a_region(the_table);
}

Test(groups_inside, inside_a_hazard_region_of_a_member)
{
    inside_a_region(other_table);
}

Test(groups_inside, inside_a_region_of_a_stranger)
{
    hf_region region;
    hf_handle stranger = fixture_open(other_table, world, FAKE_RUNDOWN);
    open_member(other_table);
    MUST_OK(hf_enter(other_table, stranger, NULL, &region));
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    hf_leave(&region);
    cr_assert_eq(reports_total(), 0);
}

static unsigned drained;

static void drain_inside(void)
{
    drained++;
    MUST(hf_group_close_wait(the_group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_geq(hf_group_size(the_group), 1, "a member whose function runs has not left");
}

static void drain_in_callback(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    (void)self;
    drain_inside();
    fake_use(value);
}

Test(groups_inside, inside_a_callback_of_a_member)
{
    hf_handle member = open_member(the_table);
    MUST_OK(hf_dispatch(the_table, member, NULL, drain_in_callback, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert_eq(hf_group_size(the_group), 0);
    MUST_OK(hf_group_close_wait(the_group, 0));
}

static void drain_in_function(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    world->on_release = NULL;
    drain_inside();
}

Test(groups_inside, inside_the_release_function_of_a_member)
{
    hf_handle idle = open_member(other_table);
    hf_handle member = open_member(the_table);
    world->on_release = drain_in_function;
    MUST_OK(hf_close(the_table, member, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(fixture_life(other_table, idle), HF_LIFE_CLOSED);
    cr_assert_eq(hf_group_size(the_group), 0);
}

static void drain_in_completion(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    hf_handle refilled = fixture_open(the_table, world, FAKE_RUNDOWN); /* the slot of the member */
    drain_inside();
    cr_assert(hf_is_live(the_table, refilled));
}

Test(groups_inside, inside_the_completion_of_a_member)
{
    hf_handle member = open_member(the_table);
    MUST_OK(hf_close_then(the_table, member, drain_in_completion, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert(hf_handle_equal(reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0)->subject, member));
    cr_assert_eq(hf_group_size(the_group), 0);
}

static void drain_after_return(void *argument)
{
    (void)argument;
    drained++;
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
}

static void ask_for_drain(hf_value value, void *argument, hf_callback *self)
{
    (void)value;
    (void)argument;
    MUST_OK(hf_after_return(self, drain_after_return, NULL));
}

Test(groups_inside, after_a_callback_of_a_member_has_returned)
{
    hf_handle member = open_member(other_table);
    MUST_OK(hf_dispatch(other_table, member, NULL, ask_for_drain, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
}

Test(groups_inside, in_more_regions_than_are_listed)
{
    enum { REGIONS = 90 };
    hf_region regions[REGIONS];
    hf_handle stranger[4];
    hf_handle member = open_member(the_table);
    for (int i = 0; i < 4; i++)
        stranger[i] = fixture_open(the_table, world, FAKE_RUNDOWN);
    for (int i = 0; i < REGIONS; i++)
        MUST_OK(hf_enter(the_table, stranger[i % 4], NULL, &regions[i]));
    MUST(hf_group_close_wait(the_group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(fixture_life(the_table, member), HF_LIFE_CLOSED);
    for (int i = 0; i < REGIONS; i++)
        hf_leave(&regions[i]);
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
}

static bool drain_in_identify(hf_value value, void *context, hf_identity *out)
{
    (void)value;
    (void)context;
    (void)out;
    if (drained == 0)
        drain_inside();
    return false;
}

Test(groups_inside, inside_the_identify_function_of_a_member)
{
    world->types[FAKE_RUNDOWN].identify = drain_in_identify;
    hf_handle member = open_member(the_table);
    cr_assert_eq(drained, 1);
    cr_assert(hf_is_live(the_table, member), "an open that had joined failed");
    cr_assert_eq(hf_group_size(the_group), 1);
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
}

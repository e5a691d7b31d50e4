/* Groups: all members are refused, closed and waited for together. */
#include "groups_support.h"

#include <string.h>

TestSuite(groups_drain, .init = groups_begin, .fini = groups_end);

Test(groups_drain, empty_group_is_drained_at_once_and_refuses)
{
    hf_open_options options = member_options(the_group);
    MUST_OK(hf_group_close_wait(the_group, 0));
    MUST(try_open(&options), HF_E_CLOSING);
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    cr_assert_eq(hf_group_size(the_group), 0);
}

Test(groups_drain, members_in_all_tables_and_no_others)
{
    enum { MANY = 1300 };
    static hf_handle strangers[3];
    hf_group *neighbour;
    MUST_OK(hf_group_create("neighbour", &neighbour));
    hf_table *third = fixture_table(HF_PROTECT_COUNTED);
    strangers[0] = fixture_open(the_table, world, FAKE_RUNDOWN);
    for (int i = 0; i < MANY; i++)
        open_kind(i % 2 == 0   ? the_table
                  : i % 3 == 0 ? other_table
                               : third,
                  the_group, FAKE_RUNDOWN);
    strangers[1] = open_kind(the_table, neighbour, FAKE_RUNDOWN);
    strangers[2] = open_kind(other_table, neighbour, FAKE_RUNDOWN);
    cr_assert_eq(hf_group_size(the_group), MANY);
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    cr_assert_eq(world->releases, MANY);
    cr_assert_eq(hf_group_size(neighbour), 2);
    cr_assert(hf_is_live(the_table, strangers[0]));
    cr_assert(hf_is_live(the_table, strangers[1]));
    cr_assert(hf_is_live(other_table, strangers[2]));
    cr_assert_eq(reports_total(), 0);
    MUST_OK(hf_group_close_wait(neighbour, 0));
    MUST_OK(hf_group_destroy(neighbour));
    hf_table_destroy(third);
}

static void waits_for_a_region(hf_table *where, fake_kind kind)
{
    drain d = {.timeout = HF_FOREVER};
    actor *drainer = actor_start();
    hf_region region;
    hf_handle idle = open_member(the_table);
    hf_handle held = open_kind(where, the_group, kind);
    hf_handle last = open_member(other_table);
    MUST_OK(hf_enter(where, held, NULL, &region));
    actor_begin(drainer, drain_task, &d);
    fixture_until_closed(other_table, last);
    fixture_until_closed(the_table, idle);
    fixture_until_closed(where, held);
    cr_assert_geq(hf_group_size(the_group), 1);
    fake_use(region.value);
    hf_leave(&region);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert_eq(hf_group_size(the_group), 0);
    cr_assert_eq(world->releases, 3);
    actor_end(drainer);
}

Test(groups_drain, waits_for_a_counted_region)
{
    waits_for_a_region(the_table, FAKE_RUNDOWN);
}

Test(groups_drain, waits_for_a_hazard_region)
{
    waits_for_a_region(other_table, FAKE_RUNDOWN);
}

Test(groups_drain, waits_for_a_type_that_admits_until_released)
{
    waits_for_a_region(other_table, FAKE_UNTIL_RELEASED);
}

static char group_in_report[48];
static hf_hold_kind hold_in_report;

static void note_group(const hf_report *report, void *argument)
{
    char text[4096];
    (void)argument;
    strncpy(group_in_report, report->subject.group_name, sizeof(group_in_report) - 1);
    if (report->holder_count > 0)
        hold_in_report = report->holders[0].hold;
    hf_report_text(report, text, sizeof(text));
    cr_assert_not_null(strstr(text, "group \"plug-in\""), "%s", text);
    hf_report_json(report, text, sizeof(text));
    cr_assert_not_null(strstr(text, "\"group\":\"plug-in\""), "%s", text);
}

static void times_out(hf_table *where, hf_timeout timeout)
{
    actor *holder = actor_start();
    hf_handle idle = open_member(the_table);
    visit v = {.table = where, .handle = open_member(where)};
    actor_do(holder, enter_task, &v);
    reports_on(note_group, NULL);
    MUST(hf_group_close_wait(the_group, timeout), HF_E_TIMED_OUT);
    reports_on(NULL, NULL);
    cr_assert_eq(fixture_life(the_table, idle), HF_LIFE_CLOSED);
    cr_assert_eq(hf_group_size(the_group), 1);
    const report_copy *report = reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 0);
    cr_assert_not_null(report);
    cr_assert_eq(reports_total(), 1);
    cr_assert(hf_handle_equal(report->subject, v.handle));
    cr_assert_eq(report->holder_count, 1);
    cr_assert_str_eq(report->operation, "hf_group_close_wait");
    cr_assert_str_eq(group_in_report, "plug-in");
    actor_do(holder, leave_task, &v);
    MUST_OK(hf_group_close_wait(the_group, timeout));
    cr_assert_eq(world->releases, 2);
    actor_end(holder);
}

Test(groups_drain, times_out_at_once_and_names_the_holder)
{
    times_out(other_table, 0);
}

Test(groups_drain, times_out_later_and_names_the_holder)
{
    times_out(the_table, 20 * HF_MILLISECONDS);
}

/* Groups: all handles of one owner are refused, closed and waited for together. */
#include "actor.h"
#include "core/group.h"
#include "fixture.h"
#include "platform/platform.h"

#include <holdfast/process.h>

#include <sched.h>
#include <string.h>
#include <time.h>

static hf_table *table;
static hf_table *other;
static fake_world *world;
static hf_group *group;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(4096);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    other = fixture_table(HF_PROTECT_HAZARD);
    MUST_OK(hf_group_create("plug-in", &group));
}

static void tear_down(void)
{
    world->on_release = NULL;
    hf_table_destroy(table);
    hf_table_destroy(other);
    MUST_OK(hf_group_destroy(group));
    cr_assert(fake_world_is_sound(world));
    cr_assert_eq(fake_alive(world), 0);
    fake_world_destroy(world);
}

TestSuite(groups, .init = set_up, .fini = tear_down);

static hf_open_options member_options(hf_group *of)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.group = of;
    return options;
}

static hf_handle open_kind(hf_table *where, hf_group *of, fake_kind kind)
{
    hf_handle handle;
    hf_open_options options = member_options(of);
    MUST_OK(hf_open(where, &world->types[kind], fake_make(world), &options, &handle));
    return handle;
}

static hf_handle open_member(hf_table *where)
{
    return open_kind(where, group, FAKE_RUNDOWN);
}

static hf_status try_open(const hf_open_options *options)
{
    hf_handle handle;
    hf_value value = fake_make(world);
    hf_status status = hf_open(table, &world->types[FAKE_RUNDOWN], value, options, &handle);
    if (status != HF_OK)
        fake_give_back(value);
    return status;
}

/* ---- making, counting ----------------------------------------------------------------------- */

Test(groups, bad_arguments)
{
    hf_group local;
    char *inside = (char *)group + 8;
    hf_open_options options = member_options(&local);
    MUST(hf_group_create("x", NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(NULL, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(group, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(&local, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_destroy(&local), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_destroy((hf_group *)(void *)inside), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_group_destroy(NULL));
    cr_assert_eq(hf_group_size(NULL), 0);
    cr_assert_eq(hf_group_size(&local), 0);
    MUST(try_open(&options), HF_E_INVALID_ARGUMENT);
    options.group = group;
    MUST_OK(try_open(&options));
}

Test(groups, given_back_and_used_again)
{
    hf_group *mine;
    MUST_OK(hf_group_create(NULL, &mine));
    hf_open_options options = member_options(mine);
    MUST_OK(hf_group_destroy(mine));
    MUST(hf_group_destroy(mine), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(mine, 0), HF_E_INVALID_ARGUMENT);
    MUST(try_open(&options), HF_E_INVALID_ARGUMENT);
    cr_assert_eq(hf_group_size(mine), 0);
}

Test(groups, as_many_as_there_may_be)
{
    enum { MANY = 4095 };
    static hf_group *all[MANY];
    hf_group *more = NULL;
    for (int i = 0; i < MANY; i++)
        MUST_OK(hf_group_create("one of many", &all[i]));
    MUST(hf_group_create("one too many", &more), HF_E_TABLE_FULL);
    cr_assert_null(more);
    MUST_OK(hf_group_destroy(all[77]));
    MUST_OK(hf_group_create("one more", &all[77]));
    for (int i = 0; i < MANY; i++)
        MUST_OK(hf_group_destroy(all[i]));
}

Test(groups, members_are_counted)
{
    hf_value value;
    hf_handle first = open_member(table);
    hf_handle second = open_member(other);
    fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert_eq(hf_group_size(group), 2);
    MUST(hf_group_destroy(group), HF_E_BUSY);
    MUST_OK(hf_close(table, first, NULL));
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_detach(other, second, &value));
    fake_give_back(value);
    cr_assert_eq(hf_group_size(group), 0);
}

Test(groups, held_member_stays_one)
{
    hf_ref ref;
    hf_handle member = open_member(table);
    MUST_OK(hf_addref(table, member, &ref));
    MUST_OK(hf_close(table, member, NULL));
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(hf_group_size(group), 0);
}

Test(groups, next_life_of_a_member_s_slot_is_no_member)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    hf_table *recorded = fixture_create(&options);
    hf_handle member = open_member(recorded);
    MUST_OK(hf_close(recorded, member, NULL));
    hf_handle next = fixture_open(recorded, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(member, next));
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert(hf_is_live(recorded, next));
    MUST_OK(hf_close(recorded, next, NULL));
    cr_assert_eq(hf_group_size(group), 0);
    hf_table_destroy(recorded);
}

Test(groups, duplicate_is_no_member)
{
    hf_handle copy;
    hf_handle member = open_member(table);
    MUST_OK(hf_duplicate(table, member, table, &copy));
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert(hf_is_live(table, copy));
    MUST_OK(hf_close(table, copy, NULL));
}

Test(groups, borrowed_and_child_members)
{
    hf_handle handle;
    hf_open_options options = member_options(group);
    hf_handle parent = open_member(table);
    options.parent = parent;
    MUST_OK(try_open(&options));
    options.parent = HF_NULL_HANDLE;
    options.borrowed = true;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], 5, &options, &handle));
    cr_assert_eq(hf_group_size(group), 3);
    MUST_OK(hf_group_close_wait(group, 0));
    cr_assert_eq(world->releases, 2);
}

Test(groups, failed_open_joins_nothing)
{
    hf_open_options options = member_options(group);
    options.parent.bits = 7;
    cr_assert_neq(try_open(&options), HF_OK);
    options.parent = HF_NULL_HANDLE;
    hf_os_fail_allocation(1); /* of cold records */
    MUST(try_open(&options), HF_E_NO_MEMORY);
    hf_os_fail_allocation(2);
    MUST(try_open(&options), HF_E_NO_MEMORY);
    hf_os_fail_allocation(0);
    cr_assert_eq(hf_group_size(group), 0);
    MUST_OK(hf_table_shutdown(other, 0));
    hf_table *closing = other;
    hf_handle handle;
    hf_value value = fake_make(world);
    MUST(hf_open(closing, &world->types[FAKE_RUNDOWN], value, &options, &handle), HF_E_CLOSING);
    fake_give_back(value);
    cr_assert_eq(hf_group_size(group), 0);
    MUST_OK(try_open(&options));
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_group_close_wait(group, 0));
}

/* ---- draining ------------------------------------------------------------------------------- */

Test(groups, empty_group_is_drained_at_once_and_refuses)
{
    hf_open_options options = member_options(group);
    MUST_OK(hf_group_close_wait(group, 0));
    MUST(try_open(&options), HF_E_CLOSING);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert_eq(hf_group_size(group), 0);
}

Test(groups, members_in_all_tables_and_no_others)
{
    enum { MANY = 1300 };
    static hf_handle strangers[3];
    hf_group *neighbour;
    MUST_OK(hf_group_create("neighbour", &neighbour));
    hf_table *third = fixture_table(HF_PROTECT_COUNTED);
    strangers[0] = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < MANY; i++)
        open_kind(i % 2 == 0 ? table : i % 3 == 0 ? other : third, group, FAKE_RUNDOWN);
    strangers[1] = open_kind(table, neighbour, FAKE_RUNDOWN);
    strangers[2] = open_kind(other, neighbour, FAKE_RUNDOWN);
    cr_assert_eq(hf_group_size(group), MANY);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert_eq(world->releases, MANY);
    cr_assert_eq(hf_group_size(neighbour), 2);
    cr_assert(hf_is_live(table, strangers[0]));
    cr_assert(hf_is_live(table, strangers[1]));
    cr_assert(hf_is_live(other, strangers[2]));
    cr_assert_eq(reports_total(), 0);
    MUST_OK(hf_group_close_wait(neighbour, 0));
    MUST_OK(hf_group_destroy(neighbour));
    hf_table_destroy(third);
}

typedef struct visit {
    hf_table *table;
    hf_handle handle;
    hf_region region;
} visit;

static void enter_task(void *argument)
{
    visit *v = argument;
    MUST_OK(hf_enter(v->table, v->handle, NULL, &v->region));
}

static void leave_task(void *argument)
{
    visit *v = argument;
    fake_use(v->region.value);
    hf_leave(&v->region);
}

typedef struct drain {
    hf_timeout timeout;
    hf_status status;
    uintptr_t thread;
} drain;

static void drain_task(void *argument)
{
    drain *d = argument;
    d->thread = fake_thread();
    d->status = hf_group_close_wait(group, d->timeout);
}

static void until_closing(hf_table *where, hf_handle handle)
{
    while (fixture_life(where, handle) == HF_LIFE_OPEN)
        sched_yield();
}

static void waits_for_a_region(hf_table *where, fake_kind kind)
{
    drain d = {.timeout = HF_FOREVER};
    actor *drainer = actor_start();
    hf_region region;
    hf_handle idle = open_member(table);
    hf_handle held = open_kind(where, group, kind);
    hf_handle last = open_member(other);
    MUST_OK(hf_enter(where, held, NULL, &region));
    actor_begin(drainer, drain_task, &d);
    until_closing(other, last);
    until_closing(table, idle);
    until_closing(where, held);
    cr_assert_geq(hf_group_size(group), 1);
    fake_use(region.value);
    hf_leave(&region);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert_eq(hf_group_size(group), 0);
    cr_assert_eq(world->releases, 3);
    actor_end(drainer);
}

Test(groups, waits_for_a_counted_region)
{
    waits_for_a_region(table, FAKE_RUNDOWN);
}

Test(groups, waits_for_a_hazard_region)
{
    waits_for_a_region(other, FAKE_RUNDOWN);
}

Test(groups, waits_for_a_type_that_admits_until_released)
{
    waits_for_a_region(other, FAKE_UNTIL_RELEASED);
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
    hf_handle idle = open_member(table);
    visit v = {.table = where, .handle = open_member(where)};
    actor_do(holder, enter_task, &v);
    reports_on(note_group, NULL);
    MUST(hf_group_close_wait(group, timeout), HF_E_TIMED_OUT);
    reports_on(NULL, NULL);
    cr_assert_eq(fixture_life(table, idle), HF_LIFE_CLOSED);
    cr_assert_eq(hf_group_size(group), 1);
    const report_copy *report = reports_nth(HF_REPORT_RUNDOWN_TIMEOUT, 0);
    cr_assert_not_null(report);
    cr_assert_eq(reports_total(), 1);
    cr_assert(hf_handle_equal(report->subject, v.handle));
    cr_assert_eq(report->holder_count, 1);
    cr_assert_str_eq(report->operation, "hf_group_close_wait");
    cr_assert_str_eq(group_in_report, "plug-in");
    actor_do(holder, leave_task, &v);
    MUST_OK(hf_group_close_wait(group, timeout));
    cr_assert_eq(world->releases, 2);
    actor_end(holder);
}

Test(groups, times_out_at_once_and_names_the_holder)
{
    times_out(other, 0);
}

Test(groups, times_out_later_and_names_the_holder)
{
    times_out(table, 20 * HF_MILLISECONDS);
}

/* ---- waiting for oneself -------------------------------------------------------------------- */

static void inside_a_region(hf_table *where)
{
    hf_region region;
    hf_handle idle = open_member(table);
    hf_handle held = open_member(where);
    MUST_OK(hf_enter(where, held, NULL, &region));
    MUST(hf_group_close_wait(group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(fixture_life(table, idle), HF_LIFE_CLOSED, "not closed all the same");
    cr_assert_eq(fixture_life(where, held), HF_LIFE_CLOSING);
    cr_assert_eq(reports_total(), 1);
    const report_copy *report = reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, held));
    fake_use(region.value);
    hf_leave(&region);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
}

Test(groups, inside_a_counted_region_of_a_member)
{
    inside_a_region(table);
}

Test(groups, inside_a_hazard_region_of_a_member)
{
    inside_a_region(other);
}

Test(groups, inside_a_region_of_a_stranger)
{
    hf_region region;
    hf_handle stranger = fixture_open(other, world, FAKE_RUNDOWN);
    open_member(other);
    MUST_OK(hf_enter(other, stranger, NULL, &region));
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    hf_leave(&region);
    cr_assert_eq(reports_total(), 0);
}

static unsigned drained;

static void drain_inside(void)
{
    drained++;
    MUST(hf_group_close_wait(group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_geq(hf_group_size(group), 1, "a member whose function runs has not left");
}

static void drain_in_callback(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    (void)self;
    drain_inside();
    fake_use(value);
}

Test(groups, inside_a_callback_of_a_member)
{
    hf_handle member = open_member(table);
    MUST_OK(hf_dispatch(table, member, NULL, drain_in_callback, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert_eq(hf_group_size(group), 0);
    MUST_OK(hf_group_close_wait(group, 0));
}

static void drain_in_function(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    world->on_release = NULL;
    drain_inside();
}

Test(groups, inside_the_release_function_of_a_member)
{
    hf_handle idle = open_member(other);
    hf_handle member = open_member(table);
    world->on_release = drain_in_function;
    MUST_OK(hf_close(table, member, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(fixture_life(other, idle), HF_LIFE_CLOSED);
    cr_assert_eq(hf_group_size(group), 0);
}

static void drain_in_completion(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    hf_handle refilled = fixture_open(table, world, FAKE_RUNDOWN); /* the slot of the member */
    drain_inside();
    cr_assert(hf_is_live(table, refilled));
}

Test(groups, inside_the_completion_of_a_member)
{
    hf_handle member = open_member(table);
    MUST_OK(hf_close_then(table, member, drain_in_completion, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_assert(hf_handle_equal(reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0)->subject, member));
    cr_assert_eq(hf_group_size(group), 0);
}

static void drain_after_return(void *argument)
{
    (void)argument;
    drained++;
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
}

static void ask_for_drain(hf_value value, void *argument, hf_callback *self)
{
    (void)value;
    (void)argument;
    MUST_OK(hf_after_return(self, drain_after_return, NULL));
}

Test(groups, after_a_callback_of_a_member_has_returned)
{
    hf_handle member = open_member(other);
    MUST_OK(hf_dispatch(other, member, NULL, ask_for_drain, NULL));
    cr_assert_eq(drained, 1);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
}

Test(groups, in_more_regions_than_are_listed)
{
    enum { REGIONS = 90 };
    hf_region regions[REGIONS];
    hf_handle stranger[4];
    hf_handle member = open_member(table);
    for (int i = 0; i < 4; i++)
        stranger[i] = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < REGIONS; i++)
        MUST_OK(hf_enter(table, stranger[i % 4], NULL, &regions[i]));
    MUST(hf_group_close_wait(group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(fixture_life(table, member), HF_LIFE_CLOSED);
    for (int i = 0; i < REGIONS; i++)
        hf_leave(&regions[i]);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
}

/* ---- functions that run elsewhere ----------------------------------------------------------- */

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
    *(hf_handle *)context = fixture_open(table, world, FAKE_RUNDOWN);
    block();
}

static void close_then_task(void *argument)
{
    visit *v = argument;
    MUST_OK(hf_close_then(v->table, v->handle, block_in_completion, &v->handle));
}

Test(groups, completion_that_runs_is_waited_for)
{
    actor *closer = actor_start();
    actor *drainer = actor_start();
    drain d = {.timeout = HF_FOREVER};
    visit v = {.table = table, .handle = open_member(table)};
    hf_handle member = v.handle;
    actor_begin(closer, close_then_task, &v);
    until_reached();
    hf_ref stranger;
    MUST_OK(hf_addref(table, v.handle, &stranger));
    MUST(hf_group_close_wait(group, 0), HF_E_TIMED_OUT);
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
    cr_assert(hf_is_live(table, v.handle));
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
    late = open_member(table);
}

Test(groups, open_that_joined_before_is_waited_for_and_closed)
{
    actor *opener = actor_start();
    actor *drainer = actor_start();
    drain d = {.timeout = HF_FOREVER};
    world->types[FAKE_RUNDOWN].identify = identify_slowly;
    actor_begin(opener, open_task, NULL);
    until_reached();
    cr_assert_eq(hf_group_size(group), 1);
    MUST(hf_group_close_wait(group, 0), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_RUNDOWN_TIMEOUT), 1);
    actor_begin(drainer, drain_task, &d);
    (void)nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL); /* let it walk, most likely */
    may_go_on = true;
    actor_finish(opener);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert_eq(fixture_life(table, late), HF_LIFE_CLOSED);
    cr_assert_eq(world->releases, 1);
    actor_end(opener);
    actor_end(drainer);
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

Test(groups, inside_the_identify_function_of_a_member)
{
    world->types[FAKE_RUNDOWN].identify = drain_in_identify;
    hf_handle member = open_member(table);
    cr_assert_eq(drained, 1);
    cr_assert(hf_is_live(table, member), "an open that had joined failed");
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
}

/* ---- exit ----------------------------------------------------------------------------------- */

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

/* These leave everything to the end of the test's process. */
TestSuite(groups_at_exit, .init = set_up);

Test(groups_at_exit, drain_is_refused)
{
    hf_handle member = open_member(table);
    hf_process_exiting();
    MUST(hf_group_close_wait(group, HF_FOREVER), HF_E_EXITING);
    cr_assert(hf_is_live(table, member));
    cr_assert_eq(hf_group_size(group), 1);
    hf_open_options options = member_options(group);
    MUST_OK(try_open(&options));
    cr_assert_eq(reports_total(), 0);
}

Test(groups_at_exit, drain_ends_when_it_begins)
{
    drain d = {.timeout = HF_FOREVER};
    actor *drainer = actor_start();
    hf_region region;
    hf_handle member = open_member(table);
    MUST_OK(hf_enter(table, member, NULL, &region));
    actor_begin(drainer, drain_task, &d);
    until_closing(table, member);
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
    hf_handle first = open_member(table);
    world->on_release = end_the_process;
    MUST_OK(hf_close_then(table, first, never, NULL));
    cr_assert_eq(world->releases, 1);
}

/* ---- tables that come and go ---------------------------------------------------------------- */

static void destroy_the_other(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    if (other == NULL)
        return;
    hf_table *gone = other;
    other = NULL;
    hf_table_destroy(gone);
}

Test(groups, release_function_destroys_a_table_that_is_to_be_walked)
{
    open_member(table);
    open_member(other);
    world->on_release = destroy_the_other;
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert_eq(world->releases, 2);
}

static void destroy_own(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    destroy_the_other(NULL, NULL);
}

/* The table that is being walked is destroyed by the completion that the walk itself calls. */
Test(groups, completion_destroys_the_table_that_is_walked)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_HAZARD);
    actor *holder = actor_start();
    visit v = {.table = other, .handle = open_member(other)};
    hf_table *walked = other;
    drain d = {.timeout = HF_FOREVER};
    actor *drainer = actor_start();
    actor_do(holder, enter_task, &v);
    MUST_OK(hf_close_then(other, v.handle, destroy_own, NULL));
    actor_begin(drainer, drain_task, &d);
    actor_do(holder, leave_task, &v);
    actor_finish(drainer);
    MUST_OK(d.status);
    cr_assert_null(other);
    cr_assert_eq(hf_group_size(group), 0);
    other = fixture_create(&options);
    cr_assert_eq(other, walked, "its place in the pool was not given back");
    actor_end(holder);
    actor_end(drainer);
}

static void make_a_table(fake_value *value, void *argument)
{
    hf_open_options options = member_options(group);
    (void)value;
    (void)argument;
    world->on_release = NULL;
    hf_table *made = fixture_table(HF_PROTECT_ADAPTIVE);
    fixture_open(made, world, FAKE_RUNDOWN);
    MUST(try_open(&options), HF_E_CLOSING);
    hf_table_destroy(made);
}

Test(groups, release_function_makes_a_table_during_the_walk)
{
    open_member(table);
    open_member(other);
    world->on_release = make_a_table;
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert_eq(world->releases, 3);
}

Test(groups, table_is_destroyed_with_a_held_member)
{
    hf_ref ref;
    hf_handle member = open_member(other);
    MUST_OK(hf_addref(other, member, &ref));
    hf_table_destroy(other);
    MUST(hf_group_close_wait(group, 0), HF_E_TIMED_OUT);
    MUST_OK(hf_release(&ref));
    MUST_OK(hf_group_close_wait(group, 0));
    cr_assert_eq(world->releases, 1);
    other = NULL;
}

/* What is flushed when the process exits, and what is lost.  Each test has a process of its own. */
#include "fixture.h"

#include "actor.h"
#include "core/exit.h"

#include <errno.h>
#include <holdfast/process.h>

enum { VALUES = 512, MANY = 200 };

static hf_table *table;
static fake_world *world;
static hf_type type;

/* What release_at_exit does. */
static unsigned flushes;
static hf_outcome flush_outcome = HF_OUTCOME_RELEASED;
static int32_t flush_error;
static fake_action on_flush;

static hf_outcome flush(hf_value value, void *context, int32_t *error)
{
    (void)context;
    flushes++;
    fake_use(value);
    if (on_flush != NULL)
        on_flush(fake_of(value), NULL);
    if (flush_outcome != HF_OUTCOME_NOT_RELEASED)
        fake_give_back(value);
    errno = 4321;
    *error = flush_error;
    return flush_outcome;
}

static void set_up(void)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    reports_start();
    world = fake_world_create(VALUES);
    table = fixture_create(&options);
    type = world->types[FAKE_RUNDOWN];
    type.name = "flushed fake";
    type.flags |= HF_TYPE_FLUSH_AT_EXIT;
    type.release_at_exit = flush;
}

static void tear_down(void)
{
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(exit_sweep, .init = set_up, .fini = tear_down);

static hf_handle open_as(const hf_type *as, const hf_open_options *options)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_open(table, as, fake_make(world), options, &handle));
    return handle;
}

static hf_handle open_one(void)
{
    return open_as(&type, NULL);
}

static hf_handle open_child(const hf_type *as, hf_handle parent)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.parent = parent;
    return open_as(as, &options);
}

static bool is_alive(unsigned number)
{
    return world->values[number].life == FAKE_ALIVE;
}

/* How the sweep goes: how often it flushes, and what it finds lost. */
static void expect_sweep(unsigned flushed, unsigned lost)
{
    hf_process_exiting();
    hf_process_exiting();
    cr_assert_eq(flushes, flushed, "%u values were flushed, not %u", flushes, flushed);
    cr_assert_eq(reports_count(HF_REPORT_LOST_AT_EXIT), lost);
    cr_assert_eq(reports_total(), lost, "there are other findings");
    cr_assert_eq(world->releases, 0, "the ordinary release function was called");
}

static void expect_lost(hf_handle handle, unsigned holders, int32_t error)
{
    const report_copy *report = reports_nth(HF_REPORT_LOST_AT_EXIT, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, handle));
    cr_assert_str_eq(report->operation, "hf_process_exiting");
    cr_assert_str_eq(report->table_name, "test table");
    cr_assert_str_eq(report->type_name, "flushed fake");
    cr_assert_gt(report->opened_frames, 0, "the opener is to blame, and must be known");
    cr_assert_eq(report->holder_count, holders);
    cr_assert_eq(report->error, error);
}

/* Uses of what was swept are refused, without a word. */
static void expect_swept(hf_handle handle)
{
    hf_region region;
    hf_ref ref;
    hf_value value;
    reports_clear();
    MUST(hf_enter(table, handle, NULL, &region), HF_E_CLOSING);
    MUST(hf_addref(table, handle, &ref), HF_E_CLOSING);
    MUST(hf_detach(table, handle, &value), HF_E_CLOSING);
    MUST(hf_close(table, handle, NULL), HF_E_EXITING);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_CLOSING);
    cr_assert_eq(reports_total(), 0);
}

/* ---- open ------------------------------------------------------------------------------------ */

Test(exit_sweep, open_cold)
{
    hf_handle handle = open_one();
    errno = 12345;
    expect_sweep(1, 0);
    cr_assert_eq(errno, 12345);
    expect_swept(handle);
}

Test(exit_sweep, open_hot)
{
    hf_handle handle = open_one();
    fixture_heat(table, handle);
    expect_sweep(1, 0);
    expect_swept(handle);
}

Test(exit_sweep, open_at_level_zero)
{
    hf_handle handle = HF_NULL_HANDLE;
    table = fixture_table(HF_PROTECT_HAZARD);
    handle = open_one();
    expect_sweep(1, 0);
    expect_swept(handle);
}

Test(exit_sweep, more_than_a_batch_in_two_tables)
{
    for (unsigned i = 0; i < MANY; i++)
        (void)open_one();
    table = fixture_table(HF_PROTECT_HAZARD);
    for (unsigned i = 0; i < MANY; i++)
        (void)open_one();
    expect_sweep(2 * MANY, 0);
}

Test(exit_sweep, admitting_until_released)
{
    type.flags |= HF_TYPE_ADMIT_UNTIL_RELEASED;
    hf_handle handle = open_one();
    expect_sweep(1, 0);
    expect_swept(handle);
}

Test(exit_sweep, closed_before)
{
    cr_assert_eq(fixture_close(table, open_one()), HF_OUTCOME_RELEASED);
    hf_process_exiting();
    cr_assert_eq(flushes, 0);
    cr_assert_eq(reports_total(), 0);
}

/* ---- held ------------------------------------------------------------------------------------ */

static void held_in_region(bool hot)
{
    hf_region region;
    hf_handle handle = open_one();
    if (hot)
        fixture_heat(table, handle);
    MUST_OK(hf_enter(table, handle, &type, &region));
    expect_sweep(0, 1);
    expect_lost(handle, 1, 0);
    fake_use(region.value);
    hf_leave(&region);
    MUST_OK(hf_enter(table, handle, &type, &region)); /* it is open as before */
    hf_leave(&region);
    cr_assert_eq(fixture_info(table, handle).hazard, hot, "it is not what it was");
}

Test(exit_sweep, held_in_counted_region)
{
    held_in_region(false);
}

Test(exit_sweep, held_in_hazard_region)
{
    held_in_region(true);
}

Test(exit_sweep, held_by_reference)
{
    hf_ref ref;
    hf_handle handle = open_one();
    MUST_OK(hf_addref(table, handle, &ref));
    expect_sweep(0, 1);
    expect_lost(handle, 0, 0);
    cr_assert_eq(reports_nth(HF_REPORT_LOST_AT_EXIT, 0)->references, 1);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
}

static void stay_inside(void *handle)
{
    hf_region region;
    MUST_OK(hf_enter(table, *(hf_handle *)handle, NULL, &region));
}

Test(exit_sweep, held_by_another_thread)
{
    hf_handle handle = open_one();
    actor *other = actor_start();
    fixture_heat(table, handle);
    actor_do(other, stay_inside, &handle);
    expect_sweep(0, 1);
    expect_lost(handle, 1, 0);
    actor_end(other);
    cr_assert(is_alive(0));
}

/* Of hot and cold, held and free, in one batch. */
Test(exit_sweep, held_among_free)
{
    hf_region region;
    (void)open_one();
    hf_handle held = open_one();
    fixture_heat(table, open_one());
    MUST_OK(hf_enter(table, held, NULL, &region));
    expect_sweep(2, 1);
    expect_lost(held, 1, 0);
    hf_leave(&region);
}

/* ---- parents --------------------------------------------------------------------------------- */

Test(exit_sweep, parents_after_their_children)
{
    hf_handle chain = open_one();
    for (unsigned i = 0; i < 5; i++)
        chain = open_child(&type, chain);
    (void)open_child(&type, chain);
    (void)open_child(&type, chain);
    expect_sweep(8, 0);
}

Test(exit_sweep, parent_of_a_child_that_is_not_flushed)
{
    hf_handle parent = open_one();
    (void)open_child(&world->types[FAKE_RUNDOWN], parent);
    expect_sweep(0, 1);
    expect_lost(parent, 0, 0);
}

Test(exit_sweep, parent_of_a_child_that_cannot_be)
{
    flush_outcome = HF_OUTCOME_NOT_RELEASED;
    (void)open_child(&type, open_one());
    expect_sweep(1, 2);
}

Test(exit_sweep, parent_that_is_not_flushed)
{
    (void)open_child(&type, open_as(&world->types[FAKE_RUNDOWN], NULL));
    expect_sweep(1, 0);
    cr_assert(is_alive(0));
}

/* ---- closing --------------------------------------------------------------------------------- */

static void closing_and_held(bool hot)
{
    hf_region region;
    hf_handle handle = open_one();
    if (hot)
        fixture_heat(table, handle);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    expect_sweep(0, 1);
    expect_lost(handle, 1, 0);
    fake_use(region.value);
    hf_leave(&region);
    cr_assert(is_alive(0));
}

Test(exit_sweep, closing_and_held_by_count)
{
    closing_and_held(false);
}

Test(exit_sweep, closing_and_held_by_hazard)
{
    closing_and_held(true);
}

Test(exit_sweep, closed_by_a_signal_handler)
{
    hf_handle handle = open_one();
    hf_signal_begin();
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    hf_signal_end();
    expect_sweep(1, 0);
    expect_swept(handle);
}

/* A closer that stopped between two of its steps, as other threads see it. */
static hf_handle half_closed(bool sealed, bool hot, uint64_t more)
{
    hf_handle handle = open_one();
    if (hot)
        fixture_heat(table, handle);
    uint64_t *state = &hf_slot_at(table, hf_raw_index(handle.bits ^ table->head.secret))->state;
    *state = ((*state & ~(HF_LIVE_ | HF_HAZARD_)) | HF_CLOSED | (sealed ? HF_SEALED : 0)) + more;
    return handle;
}

Test(exit_sweep, closer_stopped_before_its_barrier)
{
    hf_handle handle = half_closed(false, true, 0);
    expect_sweep(1, 0);
    expect_swept(handle);
}

Test(exit_sweep, closer_stopped_after_sealing)
{
    hf_handle handle = half_closed(true, true, 0);
    expect_sweep(1, 0);
    expect_swept(handle);
}

Test(exit_sweep, closer_stopped_while_it_holds)
{
    hf_handle handle = half_closed(true, false, HF_COUNT_ONE);
    expect_sweep(0, 1);
    expect_lost(handle, 0, 0);
}

Test(exit_sweep, waiter_stopped)
{
    (void)half_closed(true, false, HF_WAITER);
    expect_sweep(1, 0);
}

/* ---- what is nobody's, or somebody else's ---------------------------------------------------- */

Test(exit_sweep, borrowed)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = true;
    (void)open_as(&type, &options);
    expect_sweep(0, 0);
    cr_assert(is_alive(0));
}

Test(exit_sweep, reserved)
{
    hf_handle handle;
    MUST_OK(hf_reserve(table, &type, &handle));
    expect_sweep(0, 0);
    MUST_OK(hf_commit(table, handle, fake_make(world)));
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
}

Test(exit_sweep, detached)
{
    hf_value value;
    MUST_OK(hf_detach(table, open_one(), &value));
    expect_sweep(0, 0);
    cr_assert(is_alive(0));
}

Test(exit_sweep, being_detached)
{
    uint64_t before;
    hf_handle handle = open_one();
    uint64_t *state = &hf_slot_at(table, hf_raw_index(handle.bits ^ table->head.secret))->state;
    before = *state;
    *state |= HF_RELEASED;
    expect_sweep(0, 0);
    *state = before;
}

Test(exit_sweep, other_types)
{
    (void)open_as(&world->types[FAKE_RUNDOWN], NULL);
    fixture_heat(table, open_as(&world->types[FAKE_PLAIN], NULL));
    expect_sweep(0, 0);
}

/* What a table held in a former life does not count. */
Test(exit_sweep, table_from_the_pool)
{
    cr_assert_eq(fixture_close(table, open_one()), HF_OUTCOME_RELEASED);
    uintptr_t former = (uintptr_t)table;
    hf_table_destroy(table);
    fake_world_destroy(world);
    set_up();
    cr_assert_eq((uintptr_t)table, former, "it was not taken from the pool");
    (void)open_as(&world->types[FAKE_RUNDOWN], NULL);
    expect_sweep(0, 0);
}

Test(exit_sweep, abandoned_table)
{
    hf_ref ref;
    MUST_OK(hf_addref(table, open_one(), &ref));
    hf_table_destroy(table); /* reports it, and keeps the memory */
    reports_clear();
    expect_sweep(0, 0);
}

static bool identify(hf_value value, void *context, hf_identity *out)
{
    (void)context;
    *out = (hf_identity){.object = fake_of(value)->content};
    return true;
}

Test(exit_sweep, closed_behind_the_tables_back)
{
    type.identify = identify;
    (void)open_one();
    hf_handle handle = open_one();
    fake_give_back((hf_value)&world->values[1]); /* changes its content */
    hf_process_exiting();
    cr_assert_eq(flushes, 1);
    cr_assert_eq(reports_total(), 1);
    cr_assert_eq(reports_count(HF_REPORT_FOREIGN_CLOSE), 1);
    cr_assert(hf_handle_equal(reports_nth(HF_REPORT_FOREIGN_CLOSE, 0)->subject, handle));
}

static hf_namespace numbers = HF_NAMESPACE_INIT("numbers", HF_VALUES_SPARSE);

/* Neither its borrowers nor its next owner are reported. */
Test(exit_sweep, struck_off_its_namespace)
{
    hf_handle handle;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    type.name_space = &numbers;
    (void)open_one();
    hf_value value = (hf_value)&world->values[0];
    options.borrowed = true;
    MUST_OK(hf_open(table, &type, value, &options, &handle));
    expect_sweep(1, 0);
    MUST_OK(hf_open(table, &type, value, NULL, &handle));
    cr_assert_eq(reports_total(), 0);
}

/* ---- functions that fail, that are missing, that call back ----------------------------------- */

Test(exit_sweep, flush_fails)
{
    hf_handle handle = open_one();
    flush_outcome = HF_OUTCOME_NOT_RELEASED;
    flush_error = EBUSY;
    expect_sweep(1, 1);
    expect_lost(handle, 0, EBUSY);
    expect_swept(handle);
}

Test(exit_sweep, flush_has_an_error)
{
    hf_handle handle = open_one();
    flush_outcome = HF_OUTCOME_RELEASED_WITH_ERROR;
    flush_error = ENOSPC;
    expect_sweep(1, 1);
    expect_lost(handle, 0, ENOSPC);
}

Test(exit_sweep, without_a_function)
{
    type.release_at_exit = NULL;
    hf_handle handle = open_one();
    expect_sweep(0, 1);
    expect_lost(handle, 0, 0);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
}

/* A release inside a signal handler would be deferred: there is no later any more. */
Test(exit_sweep, inside_a_signal_handler)
{
    hf_handle handle = open_one();
    hf_signal_begin();
    expect_sweep(0, 1);
    expect_lost(handle, 0, 0);
    hf_signal_end();
}

static hf_handle own;

static void call_back(fake_value *value, void *argument)
{
    hf_region region;
    hf_handle handle = HF_NULL_HANDLE;
    (void)value;
    (void)argument;
    cr_assert(hf_is_exiting());
    MUST(hf_enter(table, own, NULL, &region), HF_E_CLOSING);
    MUST(hf_close_wait(table, own, HF_FOREVER, NULL), HF_E_EXITING);
    MUST(hf_table_shutdown(table, HF_FOREVER), HF_E_EXITING);
    hf_table_destroy(table);
    hf_process_exiting();
    if (fake_alive(world) < 3) /* the sweep comes by here; and one that it does not come by */
        MUST_OK(hf_open(table, &type, fake_make(world), NULL, &handle));
}

Test(exit_sweep, flush_calls_the_library)
{
    own = open_one();
    on_flush = call_back;
    hf_process_exiting();
    cr_assert_geq(flushes, 1);
    cr_assert_eq(reports_count(HF_REPORT_LOST_AT_EXIT) + flushes, world->made);
}

static void call_back_from_hook(const hf_report *report, void *argument)
{
    (void)argument;
    own = report->subject.handle;
    MUST(hf_close(table, own, NULL), HF_E_EXITING);
    hf_process_exiting();
    cr_assert_eq(fixture_life(table, own), HF_LIFE_OPEN);
}

Test(exit_sweep, hook_calls_the_library)
{
    type.release_at_exit = NULL;
    (void)open_one();
    reports_on(call_back_from_hook, NULL);
    expect_sweep(0, 1);
}

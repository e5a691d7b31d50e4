/* Closing with a completion: it is called exactly once, after the release and with the slot free,
 * by whoever is last. */
#include "actor.h"
#include "completion.h"
#include "platform/platform.h"

#include <errno.h>

TestSuite(close_then, .init = stage_make, .fini = stage_end);

Test(close_then, nobody_holds_it)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = completion_of(the_handle);
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(c.thread, fake_thread());
    MUST(hf_close_then(the_table, the_handle, completion_note, &c), HF_E_STALE_HANDLE);
    cr_assert_eq(c.calls, 1);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
    cr_assert_str_eq(reports_nth(HF_REPORT_DOUBLE_CLOSE, 0)->operation, "hf_close_then");
}

Test(close_then, without_a_function)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST(hf_close_then(the_table, the_handle, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_then(NULL, the_handle, completion_note, NULL), HF_E_INVALID_ARGUMENT);
    cr_assert(hf_is_live(the_table, the_handle));
}

Test(close_then, hot_and_held_by_nobody)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    fixture_heat(the_table, the_handle);
    completion c = completion_of(the_handle);
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

static void region_here(hf_protection protection)
{
    hf_region region;
    stage_open(protection);
    completion c = completion_of(the_handle);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    must_be_held(&c);
    fake_use(region.value);
    hf_leave(&region);
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, counted_region_of_this_thread)
{
    region_here(HF_PROTECT_COUNTED);
}

Test(close_then, hazard_region_of_this_thread)
{
    region_here(HF_PROTECT_HAZARD);
}

typedef struct visit {
    hf_region region;
    uintptr_t thread;
} visit;

static void enter_task(void *argument)
{
    visit *v = argument;
    v->thread = fake_thread();
    MUST_OK(hf_enter(the_table, the_handle, NULL, &v->region));
}

static void leave_task(void *argument)
{
    visit *v = argument;
    hf_leave(&v->region);
}

static void region_elsewhere(hf_protection protection, bool thread_ends)
{
    visit v;
    actor *other = actor_start();
    stage_open(protection);
    completion c = completion_of(the_handle);
    actor_do(other, enter_task, &v);
    must_be_held(&c);
    if (!thread_ends)
        actor_do(other, leave_task, &v);
    actor_end(other);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(c.thread, v.thread, "not called by the last holder");
}

Test(close_then, counted_region_of_another_thread)
{
    region_elsewhere(HF_PROTECT_COUNTED, false);
}

Test(close_then, hazard_region_of_another_thread)
{
    region_elsewhere(HF_PROTECT_HAZARD, false);
}

Test(close_then, counted_region_of_a_thread_that_ends)
{
    region_elsewhere(HF_PROTECT_COUNTED, true);
}

Test(close_then, hazard_region_of_a_thread_that_ends)
{
    region_elsewhere(HF_PROTECT_HAZARD, true);
}

Test(close_then, reference)
{
    hf_ref ref;
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = completion_of(the_handle);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    must_be_held(&c);
    MUST_OK(hf_release(&ref));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, type_that_admits_until_released)
{
    hf_ref first;
    hf_region second;
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle lenient = fixture_open(the_table, world, FAKE_UNTIL_RELEASED);
    completion c = {.calls = 0};
    MUST_OK(hf_addref(the_table, lenient, &first));
    MUST_OK(hf_close_then(the_table, lenient, completion_note, &c));
    MUST_OK(hf_enter(the_table, lenient, NULL, &second));
    MUST_OK(hf_release(&first));
    cr_assert_eq(c.calls, 0);
    hf_leave(&second);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

Test(close_then, reserved_handle_is_not_owned)
{
    hf_handle reserved;
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_reserve(the_table, &world->types[FAKE_RUNDOWN], &reserved));
    completion c = completion_of(reserved);
    MUST_OK(hf_close_then(the_table, reserved, completion_note, &c));
    must_be_over(&c, HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(world->releases, 0);
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

Test(close_then, borrowed_handle_is_not_owned)
{
    hf_region region;
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle borrowed = fixture_borrow(the_table, world, 5);
    MUST_OK(hf_enter(the_table, borrowed, NULL, &region));
    completion c = completion_of(borrowed);
    must_be_held(&c);
    hf_leave(&region);
    must_be_over(&c, HF_OUTCOME_NOT_OWNED);
    MUST_OK(hf_close(the_table, the_handle, NULL));
}

Test(close_then, failed_release_is_told)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = {.calls = 0};
    world->outcome = HF_OUTCOME_NOT_RELEASED;
    world->error = EBADF;
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    must_be_over(&c, HF_OUTCOME_NOT_RELEASED);
    cr_assert_eq(c.result.error, EBADF);
    world->outcome = HF_OUTCOME_RELEASED;
}

Test(close_then, errno_is_preserved_where_a_reserved_handle_is_abandoned)
{
    hf_handle reserved;
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_reserve(the_table, &world->types[FAKE_RUNDOWN], &reserved));
    completion c = {.calls = 0};
    errno = EXDEV;
    MUST_OK(hf_close_then(the_table, reserved, completion_note, &c));
    cr_assert_eq(errno, EXDEV);
    cr_assert_eq(c.calls, 1);
}

Test(close_then, errno_is_preserved)
{
    hf_ref ref;
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle held = fixture_open(the_table, world, FAKE_RUNDOWN);
    completion c = {.calls = 0};
    MUST_OK(hf_addref(the_table, held, &ref));
    errno = EXDEV;
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    MUST_OK(hf_close_then(the_table, held, completion_note, &c));
    MUST_OK(hf_release(&ref));
    cr_assert_eq(errno, EXDEV);
    cr_assert_eq(c.calls, 2);
}

/* ---- signal handlers ------------------------------------------------------------------------ */

Test(close_then, closed_inside_a_signal_handler)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = completion_of(the_handle);
    hf_signal_begin();
    must_be_held(&c);
    hf_signal_end();
    MUST_OK(hf_close(the_table, fixture_open(the_table, world, FAKE_RUNDOWN), NULL));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, left_inside_a_signal_handler)
{
    hf_region region;
    stage_open(HF_PROTECT_HAZARD);
    completion c = completion_of(the_handle);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    must_be_held(&c);
    hf_signal_begin();
    hf_leave(&region);
    cr_assert_eq(c.calls, 0, "called inside the handler");
    hf_signal_end();
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

/* ---- memory --------------------------------------------------------------------------------- */

Test(close_then, out_of_memory_changes_nothing)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = completion_of(the_handle);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        hf_os_fail_allocation(nth);
        MUST(hf_close_then(the_table, the_handle, completion_note, &c), HF_E_NO_MEMORY);
        cr_assert_eq(hf_os_fail_allocation(0), nth);
        cr_assert(hf_is_live(the_table, the_handle));
        cr_assert_eq(c.calls, 0);
    }
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    hf_handle other = fixture_open(the_table, world, FAKE_RUNDOWN);
    hf_os_fail_allocation(1);
    MUST_OK(hf_close_then(the_table, other, completion_note, &c));
    cr_assert_eq(hf_os_fail_allocation(0), 0, "the record was there");
}

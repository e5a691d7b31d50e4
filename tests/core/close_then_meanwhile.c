/* Closing with a completion: others that wait for the handle or close it too, the slot's next life,
 * and the end of the table. */
#include "actor.h"
#include "completion.h"
#include "core/close.h"

#include <sched.h>

TestSuite(close_then_meanwhile, .init = stage_make, .fini = stage_end);

typedef struct wait {
    uintptr_t thread;
    hf_status status;
} wait;

static void wait_task(void *argument)
{
    wait *w = argument;
    w->thread = fake_thread();
    w->status = hf_wait(the_table, the_handle, HF_FOREVER);
}

static void until_awaited(void)
{
    hf_subject subject;
    cr_assert(hf_subject_find(the_table, the_handle, &subject));
    while ((hf_state_load(subject.slot) & HF_WAITER) == 0)
        sched_yield();
}

static void waiter_completes(hf_protection protection)
{
    hf_region region;
    wait w;
    actor *waiter = actor_start();
    stage_open(protection);
    completion c = completion_of(the_handle);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    must_be_held(&c);
    actor_begin(waiter, wait_task, &w);
    until_awaited();
    hf_leave(&region);
    actor_finish(waiter);
    cr_assert_eq(w.status, HF_OK);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(c.thread, w.thread, "not called by the one who waits");
    actor_end(waiter);
}

Test(close_then_meanwhile, who_waits_for_a_counted_region_completes)
{
    waiter_completes(HF_PROTECT_COUNTED);
}

Test(close_then_meanwhile, who_waits_for_a_hazard_region_completes)
{
    waiter_completes(HF_PROTECT_HAZARD);
}

Test(close_then_meanwhile, close_and_detach_come_too_late)
{
    hf_ref ref;
    hf_value value;
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = completion_of(the_handle);
    completion late = {.calls = 0};
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    must_be_held(&c);
    MUST(hf_close(the_table, the_handle, NULL), HF_E_CLOSING);
    MUST(hf_close_wait(the_table, the_handle, 0, NULL), HF_E_CLOSING);
    MUST(hf_close_then(the_table, the_handle, completion_note, &late), HF_E_CLOSING);
    MUST(hf_detach(the_table, the_handle, &value), HF_E_CLOSING);
    MUST_OK(hf_release(&ref));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(late.calls, 0);
}

Test(close_then_meanwhile, comes_too_late_after_close)
{
    hf_ref ref;
    stage_open(HF_PROTECT_ADAPTIVE);
    completion late = {.calls = 0};
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST_OK(hf_close(the_table, the_handle, NULL));
    MUST(hf_close_then(the_table, the_handle, completion_note, &late), HF_E_CLOSING);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(late.calls, 0);
}

Test(close_then_meanwhile, next_life_of_the_slot_has_no_completion)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = {.calls = 0};
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    hf_handle next = fixture_open(the_table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(the_handle, next));
    hf_region region;
    MUST_OK(hf_enter(the_table, next, NULL, &region));
    MUST_OK(hf_close(the_table, next, NULL));
    hf_leave(&region);
    cr_assert_eq(world->releases, 2);
    cr_assert_eq(c.calls, 1);
}

Test(close_then_meanwhile, every_life_of_a_slot_until_it_is_retired)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    unsigned lives = 0;
    for (hf_handle next = the_handle; fixture_same_slot(the_handle, next); lives++) {
        completion c = {.of = next};
        hf_ref ref;
        MUST_OK(hf_addref(the_table, next, &ref));
        must_be_held(&c);
        MUST_OK(hf_release(&ref));
        cr_assert_eq(c.calls, 1);
        next = fixture_open(the_table, world, FAKE_RUNDOWN);
    }
    cr_assert_eq(fixture_stats(the_table).retired_slots, 1);
    cr_assert_gt(lives, 2);
}

static void shut_down(bool destroys)
{
    hf_ref ref;
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = {.calls = 0};
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    if (destroys) {
        hf_table_destroy(the_table);
        the_table = NULL;
    } else {
        MUST(hf_table_shutdown(the_table, 0), HF_E_TIMED_OUT);
    }
    cr_assert_eq(c.calls, 0);
    MUST_OK(hf_release(&ref));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
}

Test(close_then_meanwhile, table_is_shut_down_meanwhile)
{
    shut_down(false);
}

Test(close_then_meanwhile, table_is_destroyed_meanwhile)
{
    shut_down(true);
}

/* What a completion may do: open, close and wait for other handles, also in its own slot, and
 * destroy its table. */
#include "completion.h"

TestSuite(completions, .init = stage_make, .fini = stage_end);

static void live_and_close_another(void *argument)
{
    completion *other = argument;
    hf_region region;
    hf_handle own = fixture_open(the_table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(own, the_handle), "the slot is not free");
    MUST_OK(hf_enter(the_table, own, NULL, &region));
    hf_leave(&region);
    MUST_OK(hf_close(the_table, own, NULL));
    MUST(hf_close_wait(the_table, the_handle, HF_FOREVER, NULL), HF_E_STALE_HANDLE);
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    MUST_OK(hf_close_then(the_table, other->of, completion_note, other));
    cr_assert_eq(other->calls, 1);
}

Test(completions, completion_lives_whole_lives)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion second = {.of = fixture_open(the_table, world, FAKE_RUNDOWN)};
    completion first = {.action = live_and_close_another, .argument = &second};
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &first));
    cr_assert_eq(first.calls, 1);
    cr_assert_eq(world->releases, 3);
}

static void destroy_table(void *argument)
{
    (void)argument;
    hf_table_destroy(the_table);
    the_table = NULL;
}

Test(completions, completion_destroys_its_table)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    completion c = {.action = destroy_table};
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    the_table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle fresh = fixture_open(the_table, world, FAKE_RUNDOWN);
    cr_assert_eq(fixture_close(the_table, fresh), HF_OUTCOME_RELEASED);
}

Test(completions, completion_called_by_a_leave_destroys_its_table)
{
    hf_region region;
    stage_open(HF_PROTECT_HAZARD);
    completion c = {.action = destroy_table};
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    hf_leave(&region);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_null(the_table);
}

Test(completions, completion_of_a_child_destroys_its_table)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(the_table, world, the_handle);
    completion c = {.action = destroy_table};
    MUST_OK(hf_close_then(the_table, child, completion_note, &c));
    cr_assert_eq(c.calls, 1);
    cr_assert_null(the_table);
    cr_assert_eq(world->releases, 2, "destroy released the parent");
    the_table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close(the_table, fixture_open(the_table, world, FAKE_RUNDOWN), NULL));
}

/* Closing with a completion: a parent's comes after those of its children. */
#include "completion.h"

TestSuite(close_then_parents, .init = stage_make, .fini = stage_end);

Test(close_then_parents, child_holds_it)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(the_table, world, the_handle);
    completion parent = completion_of(the_handle);
    completion own = completion_of(child);
    must_be_held(&parent);
    MUST_OK(hf_close_then(the_table, child, completion_note, &own));
    cr_assert_eq(own.calls, 1);
    cr_assert_eq(parent.calls, 1);
    cr_assert_lt(own.order, parent.order);
    cr_assert_eq(own.releases, 1, "the parent was released first");
    cr_assert_eq(parent.releases, 2);
}

static void close_wait_parent(void *argument)
{
    MUST_OK(hf_close_wait(the_table, the_handle, HF_FOREVER, argument));
}

Test(close_then_parents, completion_of_a_child_runs_its_parent_down)
{
    hf_close_result result = {.outcome = HF_OUTCOME_NONE};
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(the_table, world, the_handle);
    completion c = {.of = child, .action = close_wait_parent, .argument = &result};
    MUST_OK(hf_close_then(the_table, child, completion_note, &c));
    cr_assert_eq(c.calls, 1);
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 2);
}

static void wait_for_parent(void *argument)
{
    (void)argument;
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    cr_assert_eq(world->releases, 2);
}

Test(close_then_parents, completion_of_a_child_waits_for_its_closed_parent)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(the_table, world, the_handle);
    completion parent = completion_of(the_handle);
    completion own = {.of = child, .action = wait_for_parent};
    must_be_held(&parent);
    MUST_OK(hf_close_then(the_table, child, completion_note, &own));
    cr_assert_eq(own.calls, 1);
    cr_assert_eq(parent.calls, 1);
}

Test(close_then_parents, chain_of_parents_completes_from_the_youngest_on)
{
    enum { DEPTH = 20 };
    completion all[DEPTH];
    hf_handle chain[DEPTH];
    stage_open(HF_PROTECT_ADAPTIVE);
    chain[0] = the_handle;
    for (int i = 1; i < DEPTH; i++)
        chain[i] = fixture_child(the_table, world, chain[i - 1]);
    for (int i = 0; i < DEPTH; i++) {
        all[i] = completion_of(chain[i]);
        MUST_OK(hf_close_then(the_table, chain[i], completion_note, &all[i]));
        cr_assert_eq(all[i].calls, (unsigned)(i == DEPTH - 1));
    }
    for (unsigned i = 0; i < DEPTH; i++) {
        cr_assert_eq(all[i].calls, 1);
        cr_assert_eq(all[i].order, DEPTH - i);
        cr_assert_eq(all[i].releases, DEPTH - i);
    }
}

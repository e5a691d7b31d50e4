/* Parents and children: a child keeps its parent from being released; closing the parent first is
 * deferred and says so. */
#include "fixture.h"
#include "platform/platform.h"

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(1024);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fixture_end(world);
}

TestSuite(parents, .init = set_up, .fini = tear_down);

Test(parents, child_names_its_parent)
{
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    cr_assert(hf_handle_equal(fixture_info(table, child).parent, parent));
    cr_assert(hf_handle_is_null(fixture_info(table, parent).parent));
    cr_assert_eq(fixture_info(table, parent).references, 1);
}

Test(parents, parent_closed_first_is_deferred_and_says_how_many_children)
{
    hf_ref ref;
    hf_close_result result;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle children[3];
    for (int i = 0; i < 3; i++)
        children[i] = fixture_child(table, world, parent);
    MUST_OK(hf_addref(table, parent, &ref));
    MUST_OK(hf_close(table, parent, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_DEFERRED);
    cr_assert_eq(result.children, 3);
    cr_assert_eq(result.references, 4);
    MUST_OK(hf_release(&ref));
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(world->values[0].releases, 0);
        cr_assert_eq(fixture_close(table, children[i]), HF_OUTCOME_RELEASED);
    }
    cr_assert_eq(world->values[0].releases, 1, "the last child did not release the parent");
}

Test(parents, children_that_are_gone_are_not_counted)
{
    hf_close_result result;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle first = fixture_child(table, world, parent);
    hf_handle second = fixture_child(table, world, parent);
    cr_assert_eq(fixture_close(table, first), HF_OUTCOME_RELEASED);
    MUST_OK(hf_close(table, parent, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_DEFERRED);
    cr_assert_eq(result.children, 1);
    cr_assert_eq(fixture_close(table, second), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->values[0].releases, 1);
}

Test(parents, child_closed_first)
{
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    cr_assert_eq(fixture_close(table, child), HF_OUTCOME_RELEASED);
    cr_assert_eq(fixture_info(table, parent).references, 0);
    cr_assert_eq(fixture_close(table, parent), HF_OUTCOME_RELEASED);
}

Test(parents, child_is_released_before_its_parent)
{
    hf_ref ref;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    MUST_OK(hf_addref(table, child, &ref));
    MUST_OK(hf_close(table, parent, NULL));
    cr_assert_eq(fixture_close(table, child), HF_OUTCOME_DEFERRED);
    cr_assert_eq(world->releases, 0);
    fake_use(ref.value);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 2);
}

Test(parents, detached_child_lets_its_parent_go)
{
    hf_value value;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    cr_assert_eq(fixture_close(table, parent), HF_OUTCOME_DEFERRED);
    MUST_OK(hf_detach(table, child, &value));
    cr_assert_eq(world->values[0].releases, 1);
    fake_give_back(value);
}

Test(parents, borrowed_child_holds_its_parent_too)
{
    hf_handle child;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    options.parent = parent;
    options.borrowed = true;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], 5, &options, &child));
    cr_assert_eq(fixture_close(table, parent), HF_OUTCOME_DEFERRED);
    cr_assert_eq(fixture_close(table, child), HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(world->releases, 1);
}

Test(parents, hot_parent_is_held_by_its_child)
{
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, parent);
    hf_handle child = fixture_child(table, world, parent);
    cr_assert_eq(fixture_close(table, parent), HF_OUTCOME_DEFERRED);
    cr_assert_eq(fixture_close(table, child), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 2);
}

Test(parents, parent_of_another_table_is_refused)
{
    hf_handle out;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_table *other = fixture_table(HF_PROTECT_ADAPTIVE);
    options.parent = fixture_open(other, world, FAKE_RUNDOWN);
    hf_value value = fake_make(world);
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &out), HF_E_FOREIGN_HANDLE);
    fake_give_back(value);
    cr_assert_eq(fixture_stats(table).live, 0);
    MUST_OK(hf_close(other, options.parent, NULL));
    hf_table_destroy(other);
}

Test(parents, failed_open_gives_the_parent_back)
{
    hf_handle out;
    hf_open_options child = HF_OPEN_OPTIONS_INIT;
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = 1;
    hf_table *small = fixture_create(&options);
    child.parent = fixture_open(small, world, FAKE_RUNDOWN);
    hf_value value = fake_make(world);
    MUST(hf_open(small, &world->types[FAKE_RUNDOWN], value, &child, &out), HF_E_TABLE_FULL);
    fake_give_back(value);
    cr_assert_eq(fixture_info(small, child.parent).references, 0);
    cr_assert_eq(fixture_close(small, child.parent), HF_OUTCOME_RELEASED);
    hf_table_destroy(small);
}

/* A family that is closed from the top; the last close at the bottom releases all of it. */
Test(parents, chain_closed_from_the_top)
{
    enum { DEPTH = 200 };
    hf_handle chain[DEPTH];
    chain[0] = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 1; i < DEPTH; i++)
        chain[i] = fixture_child(table, world, chain[i - 1]);
    for (int i = 0; i < DEPTH - 1; i++)
        cr_assert_eq(fixture_close(table, chain[i]), HF_OUTCOME_DEFERRED);
    cr_assert_eq(world->releases, 0);
    cr_assert_eq(fixture_close(table, chain[DEPTH - 1]), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, DEPTH);
    cr_assert_eq(fixture_stats(table).live, 0);
}

Test(parents, family_is_shut_down_children_first)
{
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle child = fixture_child(table, world, parent);
    fixture_child(table, world, child);
    fixture_child(table, world, parent);
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    cr_assert_eq(world->releases, 4);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 0);
    cr_assert_eq(reports_group_sum(HF_REPORT_LEAK), 4);
}

Test(parents, family_is_destroyed_children_first)
{
    hf_table *doomed = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle parent = fixture_open(doomed, world, FAKE_RUNDOWN);
    fixture_child(doomed, world, fixture_child(doomed, world, parent));
    hf_table_destroy(doomed);
    cr_assert_eq(world->releases, 3);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 0);
}

/* CLOSING comes before TOO_MANY_REFERENCES, in the order of <holdfast/status.h>, and after what is
 * wrong with the parent. */
Test(parents, group_that_closes_refuses_before_a_saturated_parent)
{
    enum { LIMIT = (1 << HF_COUNT_BITS_) - 1 };
    static hf_ref refs[LIMIT];
    hf_group *group;
    hf_handle child;
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    MUST_OK(hf_group_create("group", &group));
    MUST_OK(hf_group_close_wait(group, 0));
    options.group = group;
    options.parent = parent;
    for (int i = 0; i < LIMIT; i++)
        MUST_OK(hf_addref(table, parent, &refs[i]));
    hf_value value = fake_make(world);
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &child), HF_E_CLOSING);
    cr_assert_eq(fixture_stats(table).refused[HF_E_CLOSING], 1);
    for (int i = 0; i < LIMIT; i++)
        MUST_OK(hf_release(&refs[i]));
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &child), HF_E_CLOSING);
    MUST_OK(hf_close(table, parent, NULL));
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &child), HF_E_STALE_HANDLE);
    fake_give_back(value);
    MUST_OK(hf_group_destroy(group));
}

/* The record of a parent that had none is the first that is asked for. */
Test(parents, memory_that_fails_for_the_parent_is_counted)
{
    hf_handle child;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_value value = fake_make(world);
    hf_os_fail_allocation(1);
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &child), HF_E_NO_MEMORY);
    hf_os_fail_allocation(0);
    cr_assert_eq(fixture_stats(table).refused[HF_E_NO_MEMORY], 1);
    cr_assert_eq(fixture_info(table, options.parent).references, 0);
    fake_give_back(value);
    MUST_OK(hf_close(table, options.parent, NULL));
}

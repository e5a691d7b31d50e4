/* Duplicates: a second value for the same thing, in the same table or in another. */
#include "fixture.h"

static hf_table *from;
static hf_table *to;
static fake_world *world;
static hf_handle source;

static void set_up(void)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    reports_start();
    world = fake_world_create(256);
    from = fixture_create(&options);
    options.capacity_slots = 1;
    to = fixture_create(&options);
    source = fixture_open(from, world, FAKE_RUNDOWN);
}

static void tear_down(void)
{
    hf_table_destroy(from);
    hf_table_destroy(to);
    fixture_end(world);
}

TestSuite(duplicate, .init = set_up, .fini = tear_down);

static void both_live_their_own_lives(hf_table *target)
{
    hf_handle copy = HF_NULL_HANDLE;
    hf_region region;
    MUST_OK(hf_duplicate(from, source, target, &copy));
    cr_assert(!hf_handle_equal(copy, source));
    cr_assert_eq(world->duplicates, 1);
    cr_assert_eq(fixture_info(from, source).references, 0, "the source is still held");
    cr_assert_eq(fixture_close(from, source), HF_OUTCOME_RELEASED);
    MUST_OK(hf_enter(target, copy, &world->types[FAKE_RUNDOWN], &region));
    fake_use(region.value);
    hf_leave(&region);
    cr_assert_eq(fixture_close(target, copy), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 2);
}

Test(duplicate, in_the_same_table)
{
    both_live_their_own_lives(from);
}

Test(duplicate, into_another_table)
{
    both_live_their_own_lives(to);
}

Test(duplicate, of_a_hot_handle)
{
    fixture_heat(from, source);
    both_live_their_own_lives(to);
}

Test(duplicate, of_a_borrowed_handle_is_owned)
{
    hf_handle copy;
    hf_value value = fake_make(world);
    hf_handle borrowed = fixture_borrow(from, world, value);
    MUST_OK(hf_duplicate(from, borrowed, from, &copy));
    cr_assert_eq(fixture_close(from, borrowed), HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(fixture_close(from, copy), HF_OUTCOME_RELEASED);
    fake_give_back(value);
}

Test(duplicate, of_a_child_has_no_parent)
{
    hf_handle copy;
    hf_handle child = fixture_child(from, world, source);
    MUST_OK(hf_duplicate(from, child, from, &copy));
    cr_assert(hf_handle_is_null(fixture_info(from, copy).parent));
    MUST_OK(hf_close(from, child, NULL));
    cr_assert_eq(fixture_close(from, source), HF_OUTCOME_RELEASED);
}

Test(duplicate, type_without_duplicate)
{
    hf_handle copy;
    hf_handle plain = fixture_open(from, world, FAKE_PLAIN);
    MUST(hf_duplicate(from, plain, to, &copy), HF_E_NOT_SUPPORTED);
    cr_assert_eq(fixture_info(from, plain).references, 0);
    cr_assert_eq(fixture_stats(to).live, 0);
    hf_handle whole = fixture_open(to, world, FAKE_RUNDOWN);
    cr_assert_eq(fixture_close(to, whole), HF_OUTCOME_RELEASED, "a slot was lost");
}

Test(duplicate, function_that_fails)
{
    hf_handle copy;
    world->duplicate_answer = HF_E_SYSTEM;
    MUST(hf_duplicate(from, source, to, &copy), HF_E_SYSTEM);
    cr_assert_eq(fixture_info(from, source).references, 0);
    cr_assert_eq(fixture_stats(to).live, 0);
    world->duplicate_answer = HF_OK;
    MUST_OK(hf_duplicate(from, source, to, &copy));
}

Test(duplicate, into_a_full_table)
{
    hf_handle copy;
    fixture_open(to, world, FAKE_RUNDOWN);
    MUST(hf_duplicate(from, source, to, &copy), HF_E_TABLE_FULL);
    cr_assert_eq(fake_alive(world), 2, "a duplicated value was left over");
    cr_assert_eq(fixture_info(from, source).references, 0);
}

Test(duplicate, into_a_table_that_shuts_down)
{
    hf_handle copy;
    MUST_OK(hf_table_shutdown(to, 0));
    MUST(hf_duplicate(from, source, to, &copy), HF_E_CLOSING);
    cr_assert_eq(fake_alive(world), 1);
    cr_assert_eq(fixture_info(from, source).references, 0);
}

Test(duplicate, of_a_closing_handle_that_still_admits)
{
    hf_ref ref;
    hf_handle copy;
    hf_handle lenient = fixture_open(from, world, FAKE_UNTIL_RELEASED);
    MUST_OK(hf_addref(from, lenient, &ref));
    MUST_OK(hf_close(from, lenient, NULL));
    MUST_OK(hf_duplicate(from, lenient, to, &copy));
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
}

/* A duplicate function that answers the value of another owner: who calls hf_duplicate is told so,
 * not who commits inside the library. */
static hf_namespace numbers = HF_NAMESPACE_INIT("duplicate numbers", HF_VALUES_SMALL);

static hf_outcome release_number(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    *error = 0;
    return HF_OUTCOME_RELEASED;
}

static hf_status same_number(hf_value value, void *context, hf_value *out)
{
    (void)context;
    *out = value;
    return HF_OK;
}

Test(duplicate, of_a_value_that_has_an_owner)
{
    static const hf_type type = {.size = (uint32_t)sizeof(hf_type),
                                 .name = "number",
                                 .name_space = &numbers,
                                 .release = release_number,
                                 .duplicate = same_number};
    hf_handle owner;
    hf_handle copy;
    MUST_OK(hf_open(from, &type, 7, NULL, &owner));
    MUST_OK(hf_duplicate(from, owner, to, &copy));
    const report_copy *report = reports_nth(HF_REPORT_DUPLICATE_OWNER, 0);
    cr_assert_not_null(report);
    cr_assert(hf_handle_equal(report->subject, copy));
    cr_assert(hf_handle_equal(report->other, owner));
    cr_assert_str_eq(report->operation, "hf_duplicate");
    MUST_OK(hf_close(to, copy, NULL));
    MUST_OK(hf_close(from, owner, NULL));
}

static void shut_the_target_down(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    MUST_OK(hf_table_shutdown(to, 0));
}

/* The place that was taken for it is gone: the value that was made is given back. */
Test(duplicate, into_a_table_that_is_shut_down_meanwhile)
{
    hf_handle copy = HF_NULL_HANDLE;
    world->on_duplicate = shut_the_target_down;
    MUST(hf_duplicate(from, source, to, &copy), HF_E_CLOSING);
    cr_assert(hf_handle_is_null(copy));
    cr_assert_eq(world->duplicates, 1);
    cr_assert_eq(reports_total(), 0, "nobody was given that handle");
    cr_assert_eq(fake_alive(world), 1, "only the source");
}

Test(duplicate, that_fails_into_a_table_that_is_shut_down_meanwhile)
{
    hf_handle copy = HF_NULL_HANDLE;
    world->on_duplicate = shut_the_target_down;
    world->duplicate_answer = HF_E_NO_MEMORY;
    MUST(hf_duplicate(from, source, to, &copy), HF_E_NO_MEMORY);
    cr_assert_eq(reports_total(), 0, "nobody was given that handle");
}

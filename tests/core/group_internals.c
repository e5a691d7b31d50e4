/* What groups rest on: pins, which keep a table that is destroyed from being cleaned, and counting
 * anew in a forked child. */
#include "core/group.h"
#include "core/registry.h"
#include "fixture.h"

static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(64);
}

static void tear_down(void)
{
    fake_world_destroy(world);
}

TestSuite(group_internals, .init = set_up, .fini = tear_down);

Test(group_internals, pinned_table_is_cleaned_by_the_last_unpin)
{
    hf_table *first = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_table *place = hf_registry_at(0);
    cr_assert_eq(first, place);
    MUST_OK(hf_close(first, fixture_open(first, world, FAKE_RUNDOWN), NULL));
    cr_assert(hf_table_pin(place));
    cr_assert(hf_table_pin(place));
    hf_table_destroy(first);
    hf_table *second = fixture_table(HF_PROTECT_ADAPTIVE);
    cr_assert_neq(second, place, "a pinned table was given out again");
    cr_assert_not(hf_table_pin(place), "a destroyed table was pinned");
    cr_assert_eq(hf_word_generation(hf_state_load(hf_slot_at(place, 1))), 2, "it was cleaned");
    hf_table_unpin(place);
    hf_table_unpin(place);
    hf_table *third = fixture_table(HF_PROTECT_ADAPTIVE);
    cr_assert_eq(third, place, "the last unpin did not give it back");
    cr_assert_eq(hf_state_load(hf_slot_at(place, 1)), 0, "it was not cleaned");
    hf_table_destroy(second);
    hf_table_destroy(third);
}

static hf_group *group;
static unsigned calls;

static void recount_in_completion(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    calls++;
    hf_groups_recount();
    cr_assert_eq(hf_group_size(group), 3, "two and the one that leaves");
}

Test(group_internals, counted_anew)
{
    hf_group *empty;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_table *tables[] = {fixture_table(HF_PROTECT_COUNTED), fixture_table(HF_PROTECT_HAZARD)};
    hf_handle handles[3];
    hf_groups_recount(); /* of none */
    MUST_OK(hf_group_create("group", &group));
    MUST_OK(hf_group_create("empty", &empty));
    options.group = group;
    for (int i = 0; i < 3; i++)
        MUST_OK(hf_open(tables[i % 2], &world->types[FAKE_RUNDOWN], fake_make(world), &options,
                        &handles[i]));
    /* What threads that are gone were about to do. */
    (void)__atomic_fetch_add(&group->word, 2 * HF_GROUP_MEMBER_ONE + HF_GROUP_OPENING_ONE,
                             __ATOMIC_RELAXED);
    hf_groups_recount();
    cr_assert_eq(hf_group_size(group), 3);
    cr_assert_eq(hf_group_size(empty), 0);
    MUST_OK(hf_close_then(tables[0], handles[0], recount_in_completion, NULL));
    cr_assert_eq(calls, 1);
    cr_assert_eq(hf_group_size(group), 2);
    MUST_OK(hf_group_close_wait(group, 0));
    MUST_OK(hf_group_destroy(group));
    MUST_OK(hf_group_destroy(empty));
    for (int i = 0; i < 2; i++)
        hf_table_destroy(tables[i]);
    cr_assert_eq(fake_alive(world), 0);
}

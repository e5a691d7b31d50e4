/* Groups: what they are made of, and who is a member. */
#include "groups_support.h"

#include "core/group.h"
#include "platform/platform.h"

TestSuite(groups, .init = groups_begin, .fini = groups_end);

Test(groups, bad_arguments)
{
    hf_group local;
    char *inside = (char *)the_group + 8;
    hf_open_options options = member_options(&local);
    MUST(hf_group_create("x", NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(NULL, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(the_group, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_close_wait(&local, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_destroy(&local), HF_E_INVALID_ARGUMENT);
    MUST(hf_group_destroy((hf_group *)(void *)inside), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_group_destroy(NULL));
    cr_assert_eq(hf_group_size(NULL), 0);
    cr_assert_eq(hf_group_size(&local), 0);
    MUST(try_open(&options), HF_E_INVALID_ARGUMENT);
    options.group = the_group;
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
    hf_handle first = open_member(the_table);
    hf_handle second = open_member(other_table);
    fixture_open(the_table, world, FAKE_RUNDOWN);
    cr_assert_eq(hf_group_size(the_group), 2);
    MUST(hf_group_destroy(the_group), HF_E_BUSY);
    MUST_OK(hf_close(the_table, first, NULL));
    cr_assert_eq(hf_group_size(the_group), 1);
    MUST_OK(hf_detach(other_table, second, &value));
    fake_give_back(value);
    cr_assert_eq(hf_group_size(the_group), 0);
}

Test(groups, held_member_stays_one)
{
    hf_ref ref;
    hf_handle member = open_member(the_table);
    MUST_OK(hf_addref(the_table, member, &ref));
    MUST_OK(hf_close(the_table, member, NULL));
    cr_assert_eq(hf_group_size(the_group), 1);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(hf_group_size(the_group), 0);
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
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    cr_assert(hf_is_live(recorded, next));
    MUST_OK(hf_close(recorded, next, NULL));
    cr_assert_eq(hf_group_size(the_group), 0);
    hf_table_destroy(recorded);
}

Test(groups, duplicate_is_no_member)
{
    hf_handle copy;
    hf_handle member = open_member(the_table);
    MUST_OK(hf_duplicate(the_table, member, the_table, &copy));
    cr_assert_eq(hf_group_size(the_group), 1);
    MUST_OK(hf_group_close_wait(the_group, HF_FOREVER));
    cr_assert(hf_is_live(the_table, copy));
    MUST_OK(hf_close(the_table, copy, NULL));
}

Test(groups, borrowed_and_child_members)
{
    hf_handle handle;
    hf_open_options options = member_options(the_group);
    hf_handle parent = open_member(the_table);
    options.parent = parent;
    MUST_OK(try_open(&options));
    options.parent = HF_NULL_HANDLE;
    options.borrowed = true;
    MUST_OK(hf_open(the_table, &world->types[FAKE_RUNDOWN], 5, &options, &handle));
    cr_assert_eq(hf_group_size(the_group), 3);
    MUST_OK(hf_group_close_wait(the_group, 0));
    cr_assert_eq(world->releases, 2);
}

Test(groups, failed_open_joins_nothing)
{
    hf_open_options options = member_options(the_group);
    options.parent.bits = 7;
    cr_assert_neq(try_open(&options), HF_OK);
    options.parent = HF_NULL_HANDLE;
    hf_os_fail_allocation(1); /* of cold records */
    MUST(try_open(&options), HF_E_NO_MEMORY);
    hf_os_fail_allocation(2);
    MUST(try_open(&options), HF_E_NO_MEMORY);
    hf_os_fail_allocation(0);
    cr_assert_eq(hf_group_size(the_group), 0);
    MUST_OK(hf_table_shutdown(other_table, 0));
    hf_table *closing = other_table;
    hf_handle handle;
    hf_value value = fake_make(world);
    MUST(hf_open(closing, &world->types[FAKE_RUNDOWN], value, &options, &handle), HF_E_CLOSING);
    fake_give_back(value);
    cr_assert_eq(hf_group_size(the_group), 0);
    MUST_OK(try_open(&options));
    cr_assert_eq(hf_group_size(the_group), 1);
    MUST_OK(hf_group_close_wait(the_group, 0));
}

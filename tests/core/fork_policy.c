/* Fork policies: what becomes of the values of a type in the child. */
#include "fork_scene.h"

#include <sys/mman.h>
#include <unistd.h>

static hf_handle second;
static hf_namespace numbers = HF_NAMESPACE_INIT("fake numbers", HF_VALUES_SPARSE);

TestSuite(fork_policy, .init = fork_scene_begin, .fini = fork_scene_end);

static void choose(hf_fork_policy policy)
{
    scene_now.world->types[FAKE_RUNDOWN].fork = policy;
    scene_now.world->types[FAKE_UNTIL_RELEASED].fork = policy;
}

Test(fork_policy, unknown_policy_is_refused)
{
    scene_now.world->types[FAKE_RUNDOWN].fork = HF_FORK_POISON + 1;
    MUST(hf_reserve(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN], &scene_now.handle),
         HF_E_INVALID_ARGUMENT);
}

/* ---- owned ---------------------------------------------------------------------------------- */

static int is_open(void *argument)
{
    (void)argument;
    HOLDS(hf_is_live(scene_now.table, scene_now.handle));
    HOLDS(close_now() == HF_OUTCOME_RELEASED);
    HOLDS(ends_well());
    return 0;
}

static int was_closed(void *argument)
{
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && releases_of(scene_now.value) == 1);
    HOLDS(ends_well());
    return 0;
}

static int was_poisoned(void *argument)
{
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && releases_of(scene_now.value) == 0);
    HOLDS(hf_enter(scene_now.table, scene_now.handle, NULL, &scene_now.region) ==
          HF_E_STALE_HANDLE);
    reports_clear();
    HOLDS(ends_well());
    HOLDS(releases_of(scene_now.value) == 0);
    return 0;
}

/* As when the module that it was in is unloaded: nothing is left of it but that it was used. */
Test(fork_policy, type_that_is_gone_is_not_read)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    hf_type *type = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)type, MAP_FAILED);
    *type = scene_now.world->types[FAKE_PLAIN];
    hf_handle of_it;
    MUST_OK(hf_open(scene_now.table, type, fake_make(scene_now.world), NULL, &of_it));
    MUST_OK(hf_close(scene_now.table, of_it, NULL));
    cr_assert_eq(mprotect(type, page, PROT_NONE), 0);
    fork_scene_open(FAKE_RUNDOWN);
    CHILD_MUST(is_open);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static void owned(hf_fork_policy policy, fake_kind kind, bool hot, int (*check)(void *argument))
{
    choose(policy);
    fork_scene_open(kind);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    CHILD_MUST(check);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork_policy, inherit_owned)
{
    owned(HF_FORK_INHERIT, FAKE_RUNDOWN, false, is_open);
}

Test(fork_policy, close_owned_cold)
{
    owned(HF_FORK_CLOSE, FAKE_RUNDOWN, false, was_closed);
}

Test(fork_policy, close_owned_hot)
{
    owned(HF_FORK_CLOSE, FAKE_RUNDOWN, true, was_closed);
}

Test(fork_policy, close_owned_lenient)
{
    owned(HF_FORK_CLOSE, FAKE_UNTIL_RELEASED, true, was_closed);
}

Test(fork_policy, poison_owned_cold)
{
    owned(HF_FORK_POISON, FAKE_RUNDOWN, false, was_poisoned);
}

Test(fork_policy, poison_owned_hot)
{
    owned(HF_FORK_POISON, FAKE_RUNDOWN, true, was_poisoned);
}

Test(fork_policy, poison_owned_lenient)
{
    owned(HF_FORK_POISON, FAKE_UNTIL_RELEASED, false, was_poisoned);
}

Test(fork_policy, other_types_stay)
{
    choose(HF_FORK_CLOSE);
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    fork_scene_open(FAKE_PLAIN);
    CHILD_MUST(is_open);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
    MUST_OK(hf_close(scene_now.table, second, NULL));
}

static int all_were_poisoned(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < FORK_SLOTS; i++)
        HOLDS(releases_of((hf_value)&scene_now.world->values[i]) == 0);
    HOLDS(ends_well());
    return 0;
}

/* More than are settled one by one. */
Test(fork_policy, poison_a_full_table)
{
    hf_handle handles[FORK_SLOTS];
    choose(HF_FORK_POISON);
    for (unsigned i = 0; i < FORK_SLOTS; i++)
        handles[i] = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    CHILD_MUST(all_were_poisoned);
    MUST_OK(hf_close_many(scene_now.table, handles, FORK_SLOTS, NULL));
}

/* ---- held ----------------------------------------------------------------------------------- */

static int leaves_last(void *argument)
{
    unsigned before = releases_of(scene_now.value);
    (void)argument;
    HOLDS(before == 0 && !hf_is_live(scene_now.table, scene_now.handle));
    if (hf_region_entered(&scene_now.region)) {
        fake_use(scene_now.region.value);
        hf_leave(&scene_now.region);
    } else {
        HOLDS(hf_release(&scene_now.ref) == HF_OK);
    }
    HOLDS(is_stale(scene_now.handle));
    HOLDS(releases_of(scene_now.value) ==
          (scene_now.world->types[FAKE_RUNDOWN].fork == HF_FORK_CLOSE ? 1 : 0));
    HOLDS(ends_well());
    return 0;
}

static void held_by_own_region(hf_fork_policy policy, bool hot)
{
    choose(policy);
    fork_scene_open(FAKE_RUNDOWN);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    enter_it(NULL);
    CHILD_MUST(leaves_last);
    leave_it(NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork_policy, close_held_by_own_counted_region)
{
    held_by_own_region(HF_FORK_CLOSE, false);
}

Test(fork_policy, close_held_by_own_hazard_region)
{
    held_by_own_region(HF_FORK_CLOSE, true);
}

Test(fork_policy, poison_held_by_own_counted_region)
{
    held_by_own_region(HF_FORK_POISON, false);
}

Test(fork_policy, poison_held_by_own_hazard_region)
{
    held_by_own_region(HF_FORK_POISON, true);
}

static void held_by_reference(hf_fork_policy policy)
{
    choose(policy);
    fork_scene_open(FAKE_RUNDOWN);
    MUST_OK(hf_addref(scene_now.table, scene_now.handle, &scene_now.ref));
    CHILD_MUST(leaves_last);
    MUST_OK(hf_release(&scene_now.ref));
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork_policy, close_held_by_reference)
{
    held_by_reference(HF_FORK_CLOSE);
}

Test(fork_policy, poison_held_by_reference)
{
    held_by_reference(HF_FORK_POISON);
}

/* To unblock is to shut a connection down, which would be the parent's. */
static int disturbs_nobody(void *argument)
{
    (void)argument;
    HOLDS(scene_now.world->unblocks == 0);
    if (scene_now.world->types[FAKE_RUNDOWN].fork == HF_FORK_POISON) {
        HOLDS(hf_table_shutdown(scene_now.table, 2) != HF_OK);
        HOLDS(scene_now.world->unblocks == 0);
    }
    return 0;
}

static void held_by_reference_of_a_blocker(hf_fork_policy policy)
{
    choose(policy);
    fake_world_unblocks(scene_now.world, NULL);
    fork_scene_open(FAKE_RUNDOWN);
    MUST_OK(hf_addref(scene_now.table, scene_now.handle, &scene_now.ref));
    CHILD_MUST(disturbs_nobody);
    MUST_OK(hf_release(&scene_now.ref));
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork_policy, close_unblocks_nobody)
{
    held_by_reference_of_a_blocker(HF_FORK_CLOSE);
}

Test(fork_policy, poison_unblocks_nobody)
{
    held_by_reference_of_a_blocker(HF_FORK_POISON);
}

/* What was closed before the fork, and is held by another, ends in the child, unreleased. */
Test(fork_policy, poison_closing_held_by_another)
{
    choose(HF_FORK_POISON);
    fork_scene_open(FAKE_RUNDOWN);
    actor_do(scene_now.other, enter_it, NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_DEFERRED);
    scene_now.region.place_ = 0;
    CHILD_MUST(was_poisoned);
    actor_do(scene_now.other, leave_it, NULL);
}

/* ---- families ------------------------------------------------------------------------------- */

static int both_are_gone(void *argument)
{
    bool closed = scene_now.world->types[FAKE_RUNDOWN].fork == HF_FORK_CLOSE;
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && is_stale(second));
    HOLDS(atomic_load(&scene_now.world->releases) == (closed ? 2 : 0));
    HOLDS(ends_well());
    return 0;
}

static void parent_and_child(hf_fork_policy policy)
{
    choose(policy);
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    scene_now.handle = fixture_child(scene_now.table, scene_now.world, second);
    CHILD_MUST(both_are_gone);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
    MUST_OK(hf_close(scene_now.table, second, NULL));
}

Test(fork_policy, close_parent_and_child)
{
    parent_and_child(HF_FORK_CLOSE);
}

Test(fork_policy, poison_parent_and_child)
{
    parent_and_child(HF_FORK_POISON);
}

static int owner_and_borrower_are_gone(void *argument)
{
    bool closed = scene_now.world->types[FAKE_RUNDOWN].fork == HF_FORK_CLOSE;
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && is_stale(second));
    HOLDS(releases_of(scene_now.value) == (closed ? 1 : 0));
    HOLDS(reports_total() == 0);
    HOLDS(hf_open(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN], scene_now.value, NULL,
                  &second) == HF_OK);
    HOLDS(reports_total() == 0);
    return 0;
}

static void borrowed(hf_fork_policy policy)
{
    choose(policy);
    scene_now.world->types[FAKE_RUNDOWN].name_space = &numbers;
    fork_scene_open(FAKE_RUNDOWN);
    second = fixture_borrow(scene_now.table, scene_now.world, scene_now.value);
    CHILD_MUST(owner_and_borrower_are_gone);
    MUST_OK(hf_close(scene_now.table, second, NULL));
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork_policy, close_owner_with_borrower)
{
    borrowed(HF_FORK_CLOSE);
}

Test(fork_policy, poison_owner_with_borrower)
{
    borrowed(HF_FORK_POISON);
}

static int borrower_stays(void *argument)
{
    (void)argument;
    HOLDS(hf_is_live(scene_now.table, second));
    HOLDS(hf_close(scene_now.table, second, NULL) == HF_OK);
    HOLDS(ends_well());
    return 0;
}

Test(fork_policy, borrowed_without_a_known_owner_stays)
{
    choose(HF_FORK_CLOSE);
    scene_now.world->types[FAKE_RUNDOWN].name_space = &numbers;
    scene_now.value = fake_make(scene_now.world);
    second = fixture_borrow(scene_now.table, scene_now.world, scene_now.value);
    CHILD_MUST(borrower_stays);
    MUST_OK(hf_close(scene_now.table, second, NULL));
    fake_give_back(scene_now.value);
}

Test(fork_policy, reserved_stays)
{
    choose(HF_FORK_POISON);
    MUST_OK(hf_reserve(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN], &scene_now.handle));
    CHILD_MUST(can_be_committed);
    MUST_OK(hf_close(scene_now.table, scene_now.handle, NULL));
}

/* What comes between two steps of somebody else, or long after: made to happen by calling the steps
 * one by one. */
#include "fixture.h"

#include "core/detach.h"
#include "core/release.h"

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(64);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(halfway, .init = set_up, .fini = tear_down);

static hf_subject subject_of(hf_handle handle)
{
    hf_subject subject;
    cr_assert(hf_subject_find(table, handle, &subject));
    return subject;
}

/* A leaver that was stopped for a whole life goes on when the next one is closed and held. */
Test(halfway, late_leaver_leaves_the_next_life_alone)
{
    hf_region region;
    table = fixture_table(HF_PROTECT_HAZARD);
    hf_handle former = fixture_open(table, world, FAKE_RUNDOWN);
    hf_subject late = subject_of(former);
    cr_assert_eq(fixture_close(table, former), HF_OUTCOME_RELEASED);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(former, handle));
    MUST_OK(hf_enter(table, handle, NULL, &region));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    hf_settle(&late, HF_SITE());
    cr_assert_eq(world->releases, 1, "the next life's value was released under its holder");
    hf_leave(&region);
    cr_assert_eq(world->releases, 2);
}

/* A hazard of a handle that is stale by now: an enterer published it before he looked. */
static void late_hazard(uint32_t number)
{
    table = fixture_table(HF_PROTECT_HAZARD);
    hf_handle former = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert_eq(fixture_close(table, former), HF_OUTCOME_RELEASED);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(former, handle));
    uint64_t *hazard = &hf_record_hazards(hf_record_current())[number];
    hf_record_deepen(hf_record_current());
    hf_hazard_store(hazard, former.bits);
    hf_outcome outcome = fixture_close(table, handle);
    hf_hazard_store(hazard, HF_HAZARD_FREE_);
    cr_assert_eq(outcome, HF_OUTCOME_RELEASED);
}

Test(halfway, late_hazard_in_the_first_slot_holds_up_only_its_own_life)
{
    late_hazard(0);
}

Test(halfway, late_hazard_in_a_further_slot_holds_up_only_its_own_life)
{
    late_hazard(1);
}

/* Regions that come and go between the two steps of a detach neither fail nor make it fail. */
Test(halfway, regions_between_the_steps_of_a_detach)
{
    uint64_t before;
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    hf_subject subject = subject_of(handle);
    MUST_OK(hf_detach_begin(&subject, &before));
    fixture_heat(table, handle);
    cr_assert_not(fixture_info(table, handle).hazard, "promoted while it is being detached");
    hf_inside_begin(handle.bits);
    MUST_OK(hf_detach_end(&subject, before));
    hf_value value = (hf_value)__atomic_load_n(&subject.slot->value, __ATOMIC_RELAXED);
    hf_release_slot(&subject, HF_SITE());
    cr_assert_eq(world->releases, 0);
    fake_give_back(value);
}

Test(halfway, detach_of_a_referenced_value_is_busy)
{
    hf_ref ref;
    hf_value value;
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST(hf_detach(table, handle, &value), HF_E_BUSY);
    MUST_OK(hf_release(&ref));
    MUST_OK(hf_detach(table, handle, &value));
    fake_give_back(value);
}

/* A detach that finds the handle held leaves it as hot as it was. */
Test(halfway, detach_that_fails_puts_the_hazard_mode_back)
{
    hf_region region;
    hf_value value;
    table = fixture_table(HF_PROTECT_HAZARD);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST(hf_detach(table, handle, &value), HF_E_BUSY);
    cr_assert(fixture_info(table, handle).hazard);
    hf_leave(&region);
}

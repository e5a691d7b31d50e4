/* Whether a value is still what was opened: device, object and kind must be the same.  And who is
 * asked about a value's other handles. */
#include "fixture.h"

#include <errno.h>

static hf_table *table;
static fake_world *world;
static hf_identity present; /* what identify answers now */
static bool is_known;       /* whether it answers at all */
static hf_type identified;
static hf_namespace numbers = HF_NAMESPACE_INIT("identified numbers", HF_VALUES_SPARSE);

static bool identify(hf_value value, void *context, hf_identity *out)
{
    (void)value;
    (void)context;
    *out = present;
    return is_known;
}

static hf_table *table_with_stacks(bool skip_checks)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    options.skip_checks = skip_checks;
    return fixture_create(&options);
}

static void set_up(void)
{
    reports_start();
    world = fake_world_create(16);
    table = table_with_stacks(false);
    present = (hf_identity){.device = 1, .object = 2, .kind = 3};
    is_known = true;
    identified = world->types[FAKE_PLAIN];
    identified.identify = identify;
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(identity, .init = set_up, .fini = tear_down);

static hf_handle open_in(hf_table *where, const hf_type *type, hf_value value)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_open(where, type, value, NULL, &handle));
    return handle;
}

Test(identity, unchanged_is_released)
{
    hf_handle handle = open_in(table, &identified, fake_make(world));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(reports_total(), 0);
}

/* The value that is open and would be released by mistake is the last one that was made. */
static void expect_foreign_close(hf_handle handle)
{
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_NOT_RELEASED);
    cr_assert_eq(world->releases, 0);
    cr_assert_eq(reports_count(HF_REPORT_FOREIGN_CLOSE), 1);
    cr_assert_eq(reports_total(), 1);
}

Test(identity, another_device_is_a_foreign_close)
{
    hf_handle handle = open_in(table, &identified, fake_make(world));
    present.device++;
    expect_foreign_close(handle);
}

Test(identity, another_device_is_a_foreign_close_at_level_0)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_COUNTERS;
    hf_table *plain = fixture_create(&options);
    hf_handle handle = open_in(plain, &identified, fake_make(world));
    present.device++;
    cr_assert_eq(fixture_close(plain, handle), HF_OUTCOME_NOT_RELEASED);
    cr_assert_eq(reports_count(HF_REPORT_FOREIGN_CLOSE), 1);
    hf_table_destroy(plain);
}

Test(identity, another_object_is_a_foreign_close)
{
    hf_handle handle = open_in(table, &identified, fake_make(world));
    present.object++;
    expect_foreign_close(handle);
}

Test(identity, another_kind_is_a_foreign_close)
{
    hf_handle handle = open_in(table, &identified, fake_make(world));
    present.kind++;
    expect_foreign_close(handle);
}

Test(identity, unknown_at_release_is_a_foreign_close)
{
    hf_handle handle = open_in(table, &identified, fake_make(world));
    is_known = false;
    expect_foreign_close(handle);
}

Test(identity, that_was_unknown_at_open_is_not_compared)
{
    is_known = false;
    hf_handle handle = open_in(table, &identified, fake_make(world));
    is_known = true;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
}

Test(identity, of_a_former_life_of_the_slot_is_forgotten)
{
    hf_handle former = open_in(table, &identified, fake_make(world));
    cr_assert_eq(fixture_close(table, former), HF_OUTCOME_RELEASED);
    is_known = false; /* this time nothing is known, and so nothing to be compared */
    hf_handle handle = open_in(table, &identified, fake_make(world));
    cr_assert(fixture_same_slot(former, handle));
    is_known = true;
    present.object++;
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(reports_total(), 0);
}

static bool identify_and_change_errno(hf_value value, void *context, hf_identity *out)
{
    errno = 4321;
    return identify(value, context, out);
}

Test(identity, errno_is_preserved_by_open)
{
    identified.identify = identify_and_change_errno;
    errno = 1234;
    hf_handle handle = open_in(table, &identified, fake_make(world));
    cr_assert_eq(errno, 1234);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(errno, 1234);
}

static hf_handle reserved;
static hf_status second_commit;

static bool identify_and_commit(hf_value value, void *context, hf_identity *out)
{
    second_commit = hf_commit(table, reserved, value);
    return identify(value, context, out);
}

Test(identity, second_commit_while_the_first_identifies_is_busy)
{
    identified.identify = identify_and_commit;
    MUST_OK(hf_reserve(table, &identified, &reserved));
    MUST_OK(hf_commit(table, reserved, fake_make(world)));
    MUST(second_commit, HF_E_BUSY);
    cr_assert_eq(fixture_close(table, reserved), HF_OUTCOME_RELEASED);
}

static hf_value told;

static void note_value(const hf_report *report, void *argument)
{
    (void)argument;
    told = report->subject.value;
}

Test(identity, reports_know_the_value_that_was_committed)
{
    hf_value value = fake_make(world);
    reports_on(note_value, NULL);
    MUST_OK(hf_reserve(table, &identified, &reserved));
    MUST_OK(hf_commit(table, reserved, value));
    MUST_OK(hf_close(table, reserved, NULL));
    MUST(hf_close(table, reserved, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(told, value);
}

/* A table without checks asks nobody, and tells nobody.  Whoever closes a handle that is held
 * leaves the release to its last holder. */
static void closed_in_a_table_without_checks(bool held)
{
    hf_open_options borrowing = HF_OPEN_OPTIONS_INIT;
    hf_table *unchecked = table_with_stacks(true);
    hf_value value = fake_make(world);
    hf_handle borrowed = HF_NULL_HANDLE;
    hf_ref ref;
    identified.name_space = &numbers;
    borrowing.borrowed = true;
    MUST_OK(hf_open(table, &identified, value, &borrowing, &borrowed));
    hf_handle owned = open_in(unchecked, &identified, value);
    if (held)
        MUST_OK(hf_addref(unchecked, owned, &ref));
    MUST_OK(hf_close(unchecked, owned, NULL));
    if (held)
        MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
    cr_assert_eq(fixture_close(table, borrowed), HF_OUTCOME_NOT_OWNED);
    hf_table_destroy(unchecked);
}

Test(identity, borrower_elsewhere_is_none_of_the_business_of_a_table_without_checks)
{
    closed_in_a_table_without_checks(false);
}

Test(identity, nor_of_the_last_holder_of_its_handle)
{
    closed_in_a_table_without_checks(true);
}

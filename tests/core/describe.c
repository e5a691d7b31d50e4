/* What is known of an address: which handles are told, by exact value, and which are not.  All
 * values of a world lie in one block of the heap, and are told together where AddressSanitizer
 * knows it; tests/sanitizers has more of that. */
#include "fixture.h"

#include <string.h>

enum { ROOM = 1 << 16 };

static hf_table *table;
static fake_world *world;
static char text[ROOM];

static void set_up(void)
{
    reports_start();
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.level = HF_LEVEL_STACKS;
    MUST_OK(hf_table_create(&options, &table));
    world = fake_world_create(64);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fake_world_destroy(world);
}

TestSuite(describe, .init = set_up, .fini = tear_down);

static const char *describe(hf_value value)
{
    size_t length = hf_describe_address((const void *)value, text, sizeof text);
    cr_assert_eq(length, strlen(text));
    return text;
}

static hf_handle open_labelled(hf_value value, const char *label, bool borrowed)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle;
    options.label = label;
    options.borrowed = borrowed;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &handle));
    return handle;
}

static bool says(const char *what)
{
    return strstr(text, what) != NULL;
}

static unsigned count(const char *what)
{
    unsigned found = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        found++;
    return found;
}

Test(describe, open_handle)
{
    hf_value value = fake_make(world);
    (void)open_labelled(value, "alice", false);
    describe(value);
    cr_assert(says("open, owned handle"), "%s", text);
    cr_assert(says("\"alice\""));
    cr_assert(says(world->types[FAKE_RUNDOWN].name));
    cr_assert(says("table \"test table\""));
    cr_assert(says("opened by thread"));
    cr_assert(says("in open_labelled") || says("(/"), "no frame: %s", text);
    cr_assert(says("nothing holds it"));
    cr_assert_not(says("closed by thread"));
}

Test(describe, closed_handle)
{
    hf_value value = fake_make(world);
    MUST_OK(hf_close(table, open_labelled(value, "alice", false), NULL));
    describe(value);
    cr_assert(says("closed, owned handle"), "%s", text);
    cr_assert(says("closed by thread"));
    cr_assert(says("opened by thread"));
    cr_assert_eq(reports_total(), 0);
}

Test(describe, held_in_a_region_and_by_a_reference)
{
    hf_region region;
    hf_ref reference;
    hf_value value = fake_make(world);
    hf_handle handle = open_labelled(value, "alice", false);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST_OK(hf_addref(table, handle, &reference));
    describe(value);
    cr_assert(says("held in a counted region by thread"), "%s", text);
    cr_assert(says("counted holders: 2"));
    cr_assert_not(says("nothing holds it"));
    MUST_OK(hf_close(table, handle, NULL));
    describe(value);
    cr_assert(says("closing, owned handle"), "%s", text);
    hf_leave(&region);
    MUST_OK(hf_release(&reference));
}

Test(describe, held_in_a_hazard_region)
{
    hf_region region;
    hf_value value = fake_make(world);
    hf_handle handle = open_labelled(value, "alice", false);
    for (int i = 0; i < FIXTURE_HOT_USES; i++) {
        MUST_OK(hf_enter(table, handle, NULL, &region));
        hf_leave(&region);
    }
    MUST_OK(hf_enter(table, handle, NULL, &region));
    describe(value);
    hf_leave(&region);
    cr_assert(says("held in a hazard region by thread"), "%s", text);
}

Test(describe, live_ones_come_first)
{
    hf_value value = fake_make(world);
    hf_handle owner = open_labelled(value, "the owner", false);
    (void)open_labelled(value, "the borrower", true);
    MUST_OK(hf_close(table, owner, NULL));
    describe(value);
    const char *borrower = strstr(text, "open, borrowed handle");
    const char *closed = strstr(text, "closed, owned handle");
    cr_assert(borrower != NULL && closed != NULL && borrower < closed, "%s", text);
}

Test(describe, no_more_than_eight)
{
    hf_value value = fake_make(world);
    for (int i = 0; i < 12; i++)
        (void)open_labelled(value, "again", true);
    describe(value);
    cr_assert_eq(count("pointed to by"), 8);
}

Test(describe, of_another_table)
{
    hf_table *other = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle handle;
    hf_value value = fake_make(world);
    MUST_OK(hf_open(other, &world->types[FAKE_RUNDOWN], value, NULL, &handle));
    describe(value);
    cr_assert(says("open, owned handle"), "%s", text);
    hf_table_destroy(other);
    cr_assert_eq(hf_describe_address((const void *)value, text, sizeof text), 0,
                 "a destroyed table is told of: %s", text);
}

/* Without a record nobody knows the value any more: it made room for the slot's link. */
Test(describe, closed_handle_without_a_record_is_not_known)
{
    hf_table *plain = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle handle;
    hf_value value = fake_make(world);
    MUST_OK(hf_open(plain, &world->types[FAKE_PLAIN], value, NULL, &handle));
    MUST_OK(hf_close(plain, handle, NULL));
    cr_assert_eq(hf_describe_address((const void *)value, text, sizeof text), 0, "%s", text);
    hf_table_destroy(plain);
}

Test(describe, reserved_handle_has_no_value)
{
    hf_handle handle;
    hf_value value = fake_make(world);
    MUST_OK(hf_reserve(table, &world->types[FAKE_RUNDOWN], &handle));
    cr_assert_eq(hf_describe_address((const void *)value, text, sizeof text), 0);
    MUST_OK(hf_commit(table, handle, value));
    describe(value);
    cr_assert(says("open, owned handle"), "%s", text);
}

static hf_outcome release_number(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type number_type = {
    .size = sizeof(hf_type), .name = "number", .release = release_number};

Test(describe, numbers_are_no_pointers)
{
    const hf_value numbers[] = {0, 3, 65535, UINTPTR_MAX};
    hf_handle handle;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        MUST_OK(hf_open(table, &number_type, numbers[i], NULL, &handle));
        cr_assert_eq(hf_describe_address((const void *)numbers[i], text, sizeof text), 0,
                     "of %#lx: %s", (unsigned long)numbers[i], text);
    }
    MUST_OK(hf_open(table, &number_type, 65536, NULL, &handle));
    cr_assert_gt(hf_describe_address((const void *)65536, text, sizeof text), 0);
}

Test(describe, nothing_known)
{
    (void)open_labelled(fake_make(world), "alice", false);
    memset(text, 'x', sizeof text);
    cr_assert_eq(hf_describe_address(&world, text, sizeof text), 0);
    cr_assert_str_empty(text);
    cr_assert_eq(hf_describe_address(NULL, NULL, 0), 0);
}

Test(describe, buffer_too_small_is_terminated)
{
    char small[16];
    hf_value value = fake_make(world);
    (void)open_labelled(value, "alice", false);
    size_t whole = strlen(describe(value));
    memset(small, 'x', sizeof small);
    cr_assert_eq(hf_describe_address((const void *)value, small, sizeof small), whole);
    cr_assert_eq(small[sizeof small - 1], '\0');
    cr_assert_eq(strncmp(small, text, sizeof small - 1), 0);
    cr_assert_eq(hf_describe_address((const void *)value, NULL, 0), whole);
}

Test(describe, stray_pointer_into_a_table)
{
    hf_region region;
    hf_handle handle = open_labelled(fake_make(world), "alice", false);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    const hf_slot_ *slot = region.slot_;
    hf_leave(&region);
    describe((hf_value)&slot[2].value);
    cr_assert(says("it lies in the slots of table \"test table\""), "%s", text);
}

Test(describe, sanitizer_report_of_none)
{
    hf_describe_sanitizer_report(NULL); /* changes nothing, and returns */
    hf_describe_sanitizer_report("no address");
    cr_assert_eq(reports_total(), 0);
}

/* Regions on one thread: nesting, order of leaving, what falls back to the count, and when a handle
 * goes to hazard mode. */
#include "fixture.h"

static hf_table *table;
static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(256);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fixture_end(world);
}

TestSuite(regions, .init = set_up, .fini = tear_down);

static hf_table *instead(hf_protection protection)
{
    hf_table_destroy(table);
    table = fixture_table(protection);
    return table;
}

Test(regions, entered_region_shows_the_value)
{
    hf_region region;
    hf_value value = fake_make(world);
    hf_handle handle;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], value, NULL, &handle));
    MUST_OK(hf_enter(table, handle, &world->types[FAKE_RUNDOWN], &region));
    cr_assert(hf_region_entered(&region));
    cr_assert_eq(region.value, value);
    hf_leave(&region);
    cr_assert(!hf_region_entered(&region));
}

Test(regions, adaptive_handle_starts_counted)
{
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_info info = fixture_info(table, handle);
    cr_assert(!info.hazard);
    cr_assert_eq(info.references, 1);
    cr_assert_eq(info.regions, 0);
    hf_leave(&region);
    cr_assert_eq(fixture_info(table, handle).references, 0);
}

Test(regions, adaptive_handle_that_proves_hot_is_promoted_once_and_for_good)
{
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    cr_assert(fixture_info(table, handle).hazard);
    cr_assert_eq(fixture_stats(table).promoted, 1);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_info info = fixture_info(table, handle);
    cr_assert_eq(info.references, 0);
    cr_assert_eq(info.regions, 1);
    hf_leave(&region);
    cr_assert_eq(fixture_info(table, handle).regions, 0);
}

Test(regions, next_life_of_a_hot_slot_starts_counted)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    MUST_OK(hf_close(table, handle, NULL));
    hf_handle next = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(handle, next));
    cr_assert(!fixture_info(table, next).hazard);
    for (int i = 0; i < 100; i++) {
        hf_region region;
        MUST_OK(hf_enter(table, next, NULL, &region));
        hf_leave(&region);
    }
    cr_assert(!fixture_info(table, next).hazard, "heat was inherited");
}

Test(regions, counted_table_never_promotes)
{
    hf_handle handle = fixture_open(instead(HF_PROTECT_COUNTED), world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    fixture_heat(table, handle);
    cr_assert(!fixture_info(table, handle).hazard);
    cr_assert_eq(fixture_stats(table).promoted, 0);
}

Test(regions, hazard_table_promotes_at_the_first_region)
{
    hf_region region;
    hf_handle handle = fixture_open(instead(HF_PROTECT_HAZARD), world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    hf_info info = fixture_info(table, handle);
    cr_assert(info.hazard);
    cr_assert_eq(info.regions, 1);
    cr_assert_eq(info.references, 0);
    hf_leave(&region);
}

Test(regions, level_three_counts_every_region)
{
    hf_region region;
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_HAZARD);
    options.level = HF_LEVEL_EVERYTHING;
    hf_table *own = fixture_create(&options);
    hf_handle handle = fixture_open(own, world, FAKE_RUNDOWN);
    fixture_heat(own, handle);
    MUST_OK(hf_enter(own, handle, NULL, &region));
    cr_assert_eq(fixture_info(own, handle).references, 1);
    hf_leave(&region);
    cr_assert_eq(fixture_close(own, handle), HF_OUTCOME_RELEASED);
    hf_table_destroy(own);
}

enum { DEEP = 20 };

/* Enters one handle DEEP times and leaves in an order given by a stride that is prime to DEEP. */
static void nest(hf_protection protection, int stride, bool closed_meanwhile)
{
    hf_region regions[DEEP];
    hf_handle handle = fixture_open(instead(protection), world, FAKE_RUNDOWN);
    uint32_t releases = world->releases;
    for (int i = 0; i < DEEP; i++)
        MUST_OK(hf_enter(table, handle, NULL, &regions[i]));
    hf_info info = fixture_info(table, handle);
    cr_assert_eq(info.regions + info.references, DEEP);
    cr_assert_eq(info.regions, protection == HF_PROTECT_HAZARD ? 8 : 0);
    if (closed_meanwhile)
        cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    for (int i = 0, next = DEEP - 1; i < DEEP; i++, next = (next + stride) % DEEP) {
        cr_assert_eq(world->releases, releases, "released while %d hold it", DEEP - i);
        fake_use(regions[next].value);
        hf_leave(&regions[next]);
    }
    if (!closed_meanwhile)
        cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, releases + 1);
    cr_assert_eq(reports_total(), 0);
}

#define NEST(name, protection)                                            \
    Test(regions, nest_and_leave_in_any_order_##name)                     \
    {                                                                     \
        const int strides[] = {1, 3, 7, 9, 11, 13, 17, 19};               \
        for (size_t i = 0; i < sizeof(strides) / sizeof(*strides); i++) { \
            nest(protection, strides[i], false);                          \
            nest(protection, strides[i], true);                           \
        }                                                                 \
    }

NEST(adaptive, HF_PROTECT_ADAPTIVE)
NEST(counted, HF_PROTECT_COUNTED)
NEST(hazard, HF_PROTECT_HAZARD)

Test(regions, hazard_slots_are_shared_by_all_handles_of_the_thread)
{
    hf_region regions[10];
    hf_handle handles[10];
    instead(HF_PROTECT_HAZARD);
    for (int i = 0; i < 10; i++) {
        handles[i] = fixture_open(table, world, FAKE_RUNDOWN);
        MUST_OK(hf_enter(table, handles[i], NULL, &regions[i]));
    }
    for (int i = 0; i < 10; i++) {
        hf_info info = fixture_info(table, handles[i]);
        cr_assert_eq(info.regions + info.references, 1);
        cr_assert_eq(fixture_close(table, handles[i]), HF_OUTCOME_DEFERRED, "handle %d", i);
    }
    for (int i = 0; i < 10; i++) {
        hf_leave(&regions[i]);
        cr_assert_eq(world->releases, (uint32_t)i + 1);
    }
}

Test(regions, promotion_while_counted_regions_are_open)
{
    hf_region old[3];
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < 3; i++)
        MUST_OK(hf_enter(table, handle, NULL, &old[i]));
    fixture_heat(table, handle);
    hf_region hot;
    MUST_OK(hf_enter(table, handle, NULL, &hot));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    hf_leave(&old[1]);
    hf_leave(&hot);
    hf_leave(&old[0]);
    fake_use(old[2].value);
    cr_assert_eq(world->releases, 0);
    hf_leave(&old[2]);
    cr_assert_eq(world->releases, 1);
}

Test(regions, hot_closed_without_holders_is_released_at_once)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
}

Test(regions, hot_region_and_reference_both_hold)
{
    hf_ref ref;
    hf_region region;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, handle);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_enter(table, handle, NULL, &region));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    hf_leave(&region);
    cr_assert_eq(world->releases, 0);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
}

Test(regions, macro_leaves_at_the_end_of_the_scope)
{
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    {
        HF_REGION(region, table, handle, &world->types[FAKE_RUNDOWN]);
        cr_assert(hf_region_entered(&region));
        cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
        fake_use(region.value);
    }
    cr_assert_eq(world->releases, 1);
    {
        HF_REGION(region, table, handle, NULL);
        cr_assert(!hf_region_entered(&region));
    }
    cr_assert_eq(reports_count(HF_REPORT_OVER_RELEASE), 0);
}

HF_DEFINE_HANDLE(file_handle);
HF_DEFINE_HANDLE(timer_handle);

Test(regions, defined_handles_are_types_of_their_own)
{
    file_handle file = file_handle_from(fixture_open(table, world, FAKE_RUNDOWN));
    cr_assert_eq(_Generic(file, file_handle : 1, default : 0), 1);
    cr_assert_eq(_Generic(file, timer_handle : 1, hf_handle : 1, default : 0), 0);
    cr_assert(hf_is_live(table, file.handle));
    timer_handle none = timer_handle_from(HF_NULL_HANDLE);
    cr_assert(hf_handle_is_null(none.handle));
}

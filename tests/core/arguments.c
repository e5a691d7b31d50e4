/* Arguments that no call may trust: null pointers, sizes of other versions, numbers out of range,
 * types that lack what is asked of them, and the order in which causes are answered. */
#include "fixture.h"

static hf_table *table;
static fake_world *world;
static hf_handle handle;

static void set_up(void)
{
    reports_start();
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    world = fake_world_create(512);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(arguments, .init = set_up, .fini = tear_down);

Test(arguments, null_table)
{
    hf_handle out;
    hf_region region;
    hf_ref ref;
    hf_value value;
    hf_close_result result;
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    const hf_type *type = &world->types[FAKE_RUNDOWN];
    MUST(hf_open(NULL, type, 1, NULL, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_reserve(NULL, type, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_commit(NULL, handle, 1), HF_E_INVALID_ARGUMENT);
    MUST(hf_close(NULL, handle, &result), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_many(NULL, &handle, 1, &result), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_wait(NULL, handle, 0, &result), HF_E_INVALID_ARGUMENT);
    MUST(hf_wait(NULL, handle, 0), HF_E_INVALID_ARGUMENT);
    MUST(hf_detach(NULL, handle, &value), HF_E_INVALID_ARGUMENT);
    MUST(hf_duplicate(NULL, handle, table, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_duplicate(table, handle, NULL, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_enter(NULL, handle, type, &region), HF_E_INVALID_ARGUMENT);
    cr_assert(!hf_region_entered(&region));
    MUST(hf_addref(NULL, handle, &ref), HF_E_INVALID_ARGUMENT);
    MUST(hf_inspect(NULL, handle, &info), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_get_stats(NULL, &stats), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_shutdown(NULL, 0), HF_E_INVALID_ARGUMENT);
    cr_assert(!hf_is_live(NULL, handle));
    hf_table_destroy(NULL);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
}

Test(arguments, null_out_pointer)
{
    const hf_type *type = &world->types[FAKE_RUNDOWN];
    MUST(hf_table_create(NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_open(table, type, 1, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_reserve(table, type, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_detach(table, handle, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_duplicate(table, handle, table, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_enter(table, handle, type, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_addref(table, handle, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_inspect(table, handle, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_get_stats(table, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_release(NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_many(table, NULL, 1, NULL), HF_E_INVALID_ARGUMENT);
    cr_assert_eq(world->releases + world->duplicates, 0);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
}

Test(arguments, null_region_is_not_left)
{
    hf_leave(NULL);
}

Test(arguments, null_result_is_allowed)
{
    MUST_OK(hf_close_many(table, &handle, 1, NULL));
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    MUST_OK(hf_close_wait(table, fixture_open(table, world, FAKE_RUNDOWN), 0, NULL));
}

Test(arguments, invalid_argument_comes_before_every_other_cause)
{
    hf_handle out;
    hf_value value;
    MUST(hf_enter(NULL, HF_NULL_HANDLE, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_enter(table, HF_NULL_HANDLE, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close(NULL, HF_NULL_HANDLE, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_detach(NULL, HF_NULL_HANDLE, &value), HF_E_INVALID_ARGUMENT);
    MUST(hf_duplicate(table, HF_NULL_HANDLE, NULL, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_wait(table, HF_NULL_HANDLE, -1, NULL), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_close_wait(table, handle, -1, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_wait(table, handle, -1), HF_E_INVALID_ARGUMENT);
}

Test(arguments, negative_timeout_changes_nothing)
{
    MUST(hf_close_wait(table, handle, -1, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_wait(table, handle, INT64_MIN, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_wait(table, handle, -1), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_shutdown(table, -1), HF_E_INVALID_ARGUMENT);
    cr_assert_eq(fixture_life(table, handle), HF_LIFE_OPEN);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
}

Test(arguments, null_type)
{
    hf_handle out;
    MUST(hf_open(table, NULL, 1, NULL, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_reserve(table, NULL, &out), HF_E_INVALID_ARGUMENT);
}

Test(arguments, type_of_unknown_size)
{
    hf_handle out;
    hf_type odd = world->types[FAKE_RUNDOWN];
    odd.size = 0;
    MUST(hf_open(table, &odd, 1, NULL, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_reserve(table, &odd, &out), HF_E_INVALID_ARGUMENT);
}

Test(arguments, type_without_release_owns_nothing)
{
    hf_handle out;
    hf_type no_release = world->types[FAKE_RUNDOWN];
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    no_release.release = NULL;
    MUST(hf_open(table, &no_release, 1, NULL, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_open(table, &no_release, 1, &options, &out), HF_E_INVALID_ARGUMENT);
    MUST(hf_reserve(table, &no_release, &out), HF_E_INVALID_ARGUMENT);
    options.borrowed = true;
    MUST_OK(hf_open(table, &no_release, 1, &options, &out));
    cr_assert_eq(fixture_close(table, out), HF_OUTCOME_NOT_OWNED);
}

Test(arguments, open_options_of_unknown_size)
{
    hf_handle out;
    hf_value value = fake_make(world);
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.size = 0;
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &out), HF_E_INVALID_ARGUMENT);
    options.size = 4096;
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &out), HF_E_INVALID_ARGUMENT);
    cr_assert_eq(fake_of(value)->life, FAKE_ALIVE);
}

Test(arguments, info_and_stats_of_unknown_size)
{
    hf_info info = {.size = 0};
    hf_table_stats stats = {.size = 0};
    MUST(hf_inspect(table, handle, &info), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_get_stats(table, &stats), HF_E_INVALID_ARGUMENT);
    info.size = stats.size = 1u << 20;
    MUST(hf_inspect(table, handle, &info), HF_E_INVALID_ARGUMENT);
    MUST(hf_table_get_stats(table, &stats), HF_E_INVALID_ARGUMENT);
}

static void refused(hf_table_options options)
{
    hf_status status = HF_OK;
    hf_table *out = NULL;
    MUST(hf_table_create(&options, &out), HF_E_INVALID_ARGUMENT);
    out = hf_table_new(&options, &status);
    cr_assert_null(out);
    cr_assert_eq(status, HF_E_INVALID_ARGUMENT);
    out = hf_table_new(&options, NULL);
    cr_assert_null(out);
}

Test(arguments, table_options_out_of_range)
{
    const hf_table_options good = fixture_options(HF_REUSE_FIFO, HF_PROTECT_COUNTED);
    hf_table_options bad = good;
    bad.size = 0;
    refused(bad);
    bad.size = 4096;
    refused(bad);
    bad = good;
    bad.reuse = (hf_reuse)4;
    refused(bad);
    bad.reuse = (hf_reuse)-1;
    refused(bad);
    bad = good;
    bad.protection = (hf_protection)3;
    refused(bad);
    bad = good;
    bad.level = (hf_level)5;
    refused(bad);
}

Test(arguments, table_capacity_out_of_range)
{
    hf_table_options bad = fixture_options(HF_REUSE_FIFO, HF_PROTECT_COUNTED);
    bad.capacity_slots = UINT64_MAX;
    refused(bad);
    bad.capacity_slots = UINT64_C(1) << 60;
    refused(bad);
    bad.capacity_slots = (UINT64_C(1) << 30) + 1;
    refused(bad);
}

Test(arguments, table_defaults)
{
    hf_status status = HF_E_BUSY;
    hf_table *plain = hf_table_new(NULL, &status);
    cr_assert_not_null(plain);
    cr_assert_eq(status, HF_OK);
    cr_assert_str_eq(hf_table_name(plain), "table");
    hf_table_destroy(plain);
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    plain = fixture_create(&options);
    MUST_OK(hf_close(plain, fixture_open(plain, world, FAKE_RUNDOWN), NULL));
    hf_table_destroy(plain);
}

Test(arguments, table_name_is_copied_and_cut)
{
    char name[100];
    hf_table_options options = fixture_options(HF_REUSE_FIFO, HF_PROTECT_COUNTED);
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = 'n';
    name[sizeof(name) - 1] = '\0';
    options.name = name;
    hf_table *named = fixture_create(&options);
    name[0] = 'x';
    cr_assert_eq(strlen(hf_table_name(named)), 47);
    cr_assert_eq(hf_table_name(named)[0], 'n');
    hf_table_destroy(named);
}

Test(arguments, too_many_types)
{
    enum { TYPES = 200 };
    static hf_type types[TYPES];
    hf_handle out[TYPES];
    hf_status status = HF_OK;
    int count = 0;
    for (; count < TYPES && status == HF_OK; count++) {
        types[count] = world->types[FAKE_RUNDOWN];
        status = hf_open(table, &types[count], fake_make(world), NULL, &out[count]);
    }
    cr_assert_eq(status, HF_E_TOO_MANY_TYPES);
    cr_assert_geq(count, 16, "%d types", count - 1);
    cr_assert_eq(fake_of((hf_value)&world->values[count])->life, FAKE_ALIVE);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    MUST_OK(hf_close(table, out[count - 2], NULL));
}

Test(arguments, too_many_tables)
{
    enum { TABLES = 1 << 17 };
    static hf_table *tables[TABLES];
    hf_table_options options = fixture_options(HF_REUSE_FIFO, HF_PROTECT_COUNTED);
    hf_status status = HF_OK;
    int count = 0;
    options.capacity_slots = 1;
    while (count < TABLES && (status = hf_table_create(&options, &tables[count])) == HF_OK)
        count++;
    cr_assert_eq(status, HF_E_TOO_MANY_TABLES, "after %d: %s", count, hf_status_name(status));
    hf_table_destroy(tables[--count]);
    MUST_OK(hf_table_create(&options, &tables[count++]));
    while (count > 0)
        hf_table_destroy(tables[--count]);
    MUST_OK(hf_close(table, handle, NULL));
}

/* The shared beginnings of core tests. */
#include "fixture.h"

#include <sched.h>

hf_table *fixture_create(const hf_table_options *options)
{
    hf_table *table = NULL;
    MUST_OK(hf_table_create(options, &table));
    cr_assert_not_null(table);
    return table;
}

hf_table *fixture_table(hf_protection protection)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, protection);
    return fixture_create(&options);
}

void fixture_end(fake_world *world)
{
    cr_assert(fake_world_is_sound(world), "a value was misused");
    cr_assert_eq(fake_alive(world), 0, "a value was never released");
    fake_world_destroy(world);
}

hf_handle fixture_open(hf_table *table, fake_world *world, fake_kind kind)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_open(table, &world->types[kind], fake_make(world), NULL, &handle));
    cr_assert(!hf_handle_is_null(handle));
    return handle;
}

hf_handle fixture_borrow(hf_table *table, fake_world *world, hf_value value)
{
    hf_handle handle = HF_NULL_HANDLE;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.borrowed = true;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &handle));
    return handle;
}

hf_handle fixture_child(hf_table *table, fake_world *world, hf_handle parent)
{
    hf_handle handle = HF_NULL_HANDLE;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.parent = parent;
    MUST_OK(hf_open(table, &world->types[FAKE_RUNDOWN], fake_make(world), &options, &handle));
    return handle;
}

void fixture_heat(hf_table *table, hf_handle handle)
{
    for (int i = 0; i < FIXTURE_HOT_USES; i++) {
        hf_region region;
        MUST_OK(hf_enter(table, handle, NULL, &region));
        hf_leave(&region);
    }
}

hf_info fixture_info(hf_table *table, hf_handle handle)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    MUST_OK(hf_inspect(table, handle, &info));
    return info;
}

hf_life fixture_life(hf_table *table, hf_handle handle)
{
    return fixture_info(table, handle).life;
}

hf_table_stats fixture_stats(const hf_table *table)
{
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    MUST_OK(hf_table_get_stats(table, &stats));
    return stats;
}

void fixture_until_closed(hf_table *table, hf_handle handle)
{
    while (fixture_life(table, handle) == HF_LIFE_OPEN)
        sched_yield();
}

hf_outcome fixture_close(hf_table *table, hf_handle handle)
{
    hf_close_result result = {.outcome = HF_OUTCOME_NONE};
    MUST_OK(hf_close(table, handle, &result));
    return result.outcome;
}

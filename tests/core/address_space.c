/* Address space that cannot be reserved: a status of its own, nothing leaks, smaller tables work.
 */
#include "fake.h"
#include "forked.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROOM = 48 << 20 };

/* Leaves the process about ROOM bytes more than it has. */
static bool limit_address_space(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%llu", &pages) != 1)
        return false;
    fclose(file);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ROOM;
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    return setrlimit(RLIMIT_AS, &limit) == 0;
}

static hf_status create(uint64_t slots, hf_level level, hf_table **out)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.capacity_slots = slots;
    options.level = level;
    return hf_table_create(&options, out);
}

static int big_tables_do_not_fit(void *argument)
{
    hf_table *table = NULL;
    (void)argument;
    if (!limit_address_space())
        return 2;
    for (int i = 0; i < 100; i++) {
        if (create(0, HF_LEVEL_COUNTERS, &table) != HF_E_NO_ADDRESS_SPACE)
            return 3;
        if (create(1 << 26, HF_LEVEL_STACKS, &table) != HF_E_NO_ADDRESS_SPACE)
            return 4;
    }
    return 0;
}

static int small_table_fits_after_big_ones_did_not(void *argument)
{
    hf_table *table = NULL;
    hf_handle handle;
    hf_region region;
    fake_world *world = argument;
    if (!limit_address_space() || create(0, HF_LEVEL_COUNTERS, &table) != HF_E_NO_ADDRESS_SPACE)
        return 2;
    for (int i = 0; i < 100; i++) {
        if (create(1 << 10, HF_LEVEL_COUNTERS, &table) != HF_OK)
            return 3;
        if (hf_open(table, &world->types[FAKE_RUNDOWN], fake_make(world), NULL, &handle) != HF_OK ||
            hf_enter(table, handle, NULL, &region) != HF_OK)
            return 4;
        fake_use(region.value);
        hf_leave(&region);
        if (hf_close(table, handle, NULL) != HF_OK)
            return 5;
        hf_table_destroy(table);
    }
    return fake_world_is_sound(world) && fake_alive(world) == 0 ? 0 : 6;
}

Test(address_space, big_table_does_not_fit)
{
    cr_assert_eq(forked(big_tables_do_not_fit, NULL), 0);
}

Test(address_space, small_table_fits_after_a_big_one_did_not)
{
    fake_world *world = fake_world_create(100);
    int result = forked(small_table_fits_after_big_ones_did_not, world);
    cr_assert_eq(result, 0, "%d", result);
    fake_world_destroy(world);
}

/* A world, a table, a handle. */
#include "stage.h"

fake_world *world;
hf_table *the_table;
hf_handle the_handle;

void stage_make(void)
{
    reports_start();
    world = fake_world_create(4096);
}

void stage_open(hf_protection protection)
{
    the_table = fixture_table(protection);
    the_handle = fixture_open(the_table, world, FAKE_RUNDOWN);
}

void stage_end(void)
{
    hf_table_destroy(the_table);
    fixture_end(world);
}

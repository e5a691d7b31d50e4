/* What a process or a thread does the first time, it does without a lock as well: a thread that
 * stands still for ever in its first call is not in the way of the others' first calls. */
#include "others.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MOST = 150 };

static hf_handle mine;
static hf_handle theirs;
static hf_region region;
static hf_table *made;

static void prepare_table(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    hf_type *type;
    options.capacity_slots = 4096;
    options.level = HF_LEVEL_COUNTERS;
    all.world = fake_world_create(VALUES);
    type = &all.world->types[FAKE_RUNDOWN];
    DEMAND(hf_table_create(&options, &all.table) == HF_OK);
    DEMAND(hf_open(all.table, type, fake_make(all.world), NULL, &mine) == HF_OK);
    DEMAND(hf_open(all.table, type, fake_make(all.world), NULL, &theirs) == HF_OK);
}

static void prepare_nothing(void)
{
    all.world = fake_world_create(VALUES);
}

/* ---- the first thread ----------------------------------------------------------------------- */

static void enter(void)
{
    DEMAND(hf_enter(all.table, mine, NULL, &region) == HF_OK);
}

static void leave_and_close(void)
{
    hf_leave(&region);
    DEMAND(hf_close(all.table, mine, NULL) == HF_OK);
    DEMAND(fake_world_is_sound(all.world) && fake_alive(all.world) == 0);
}

static void create(void)
{
    DEMAND(hf_table_create(NULL, &made) == HF_OK);
}

static void destroy(void)
{
    hf_table_destroy(made);
}

static void create_and_destroy(void)
{
    create();
    destroy();
}

/* So that there is an idle table for the one who comes next. */
static void prepare_pool(void)
{
    prepare_nothing();
    create_and_destroy();
}

/* ---- the others ----------------------------------------------------------------------------- */

static void others_enter(void)
{
    hf_region stay;
    stepper_stage("the first enter");
    DEMAND(hf_enter(all.table, theirs, NULL, &stay) == HF_OK);
    stepper_stage("the first leave");
    hf_leave(&stay);
    stepper_stage("the first close");
    DEMAND(hf_close(all.table, theirs, NULL) == HF_OK);
}

static void others_create(void)
{
    enum { TABLES = 3 };
    hf_table *tables[TABLES];
    hf_handle handle;
    for (int i = 0; i < TABLES; i++) {
        stepper_stage("creating a table");
        DEMAND(hf_table_create(NULL, &tables[i]) == HF_OK);
        stepper_stage("opening in it");
        DEMAND(hf_open(tables[i], &all.world->types[FAKE_RUNDOWN], fake_make(all.world), NULL,
                       &handle) == HF_OK);
        stepper_stage("closing");
        DEMAND(hf_close(tables[i], handle, NULL) == HF_OK);
    }
    for (int i = 0; i < TABLES; i++) {
        stepper_stage("shutting it down");
        DEMAND(hf_table_shutdown(tables[i], HF_FOREVER) == HF_OK);
        stepper_stage("destroying it");
        hf_table_destroy(tables[i]);
    }
}

Test(frozen_first, entering)
{
    static const stepper_case scene = {.name = "a thread's first enter",
                                       .prepare = prepare_table,
                                       .operation = enter,
                                       .others = others_enter,
                                       .settle = leave_and_close};
    stepper_run(&scene, STEPPER_INSTRUCTIONS, MOST);
}

Test(frozen_first, creating)
{
    static const stepper_case scene = {.name = "the first hf_table_create",
                                       .prepare = prepare_nothing,
                                       .operation = create,
                                       .others = others_create,
                                       .settle = destroy};
    stepper_run(&scene, STEPPER_INSTRUCTIONS, MOST);
}

Test(frozen_first, creating_and_destroying_another)
{
    static const stepper_case scene = {.name = "a later hf_table_create and hf_table_destroy",
                                       .prepare = prepare_pool,
                                       .operation = create_and_destroy,
                                       .others = others_create};
    stepper_run(&scene, STEPPER_INSTRUCTIONS, MOST);
}

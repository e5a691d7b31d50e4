/* The group, its members, and what threads do with it. */
#include "groups_support.h"

hf_table *other_table;
hf_group *the_group;

void groups_begin(void)
{
    stage_make();
    the_table = fixture_table(HF_PROTECT_ADAPTIVE);
    other_table = fixture_table(HF_PROTECT_HAZARD);
    MUST_OK(hf_group_create("plug-in", &the_group));
}

void groups_end(void)
{
    world->on_release = NULL;
    hf_table_destroy(the_table);
    hf_table_destroy(other_table);
    MUST_OK(hf_group_destroy(the_group));
    fixture_end(world);
}

hf_open_options member_options(hf_group *of)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.group = of;
    return options;
}

hf_handle open_kind(hf_table *where, hf_group *of, fake_kind kind)
{
    hf_handle handle;
    hf_open_options options = member_options(of);
    MUST_OK(hf_open(where, &world->types[kind], fake_make(world), &options, &handle));
    return handle;
}

hf_handle open_member(hf_table *where)
{
    return open_kind(where, the_group, FAKE_RUNDOWN);
}

hf_status try_open(const hf_open_options *options)
{
    hf_handle handle;
    hf_value value = fake_make(world);
    hf_status status = hf_open(the_table, &world->types[FAKE_RUNDOWN], value, options, &handle);
    if (status != HF_OK)
        fake_give_back(value);
    return status;
}

void enter_task(void *argument)
{
    visit *v = argument;
    MUST_OK(hf_enter(v->table, v->handle, NULL, &v->region));
}

void leave_task(void *argument)
{
    visit *v = argument;
    fake_use(v->region.value);
    hf_leave(&v->region);
}

void drain_task(void *argument)
{
    drain *d = argument;
    d->thread = fake_thread();
    d->status = hf_group_close_wait(the_group, d->timeout);
}

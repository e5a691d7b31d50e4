/* What the others do.  Each operation is named before it begins, for the case that it hangs. */
#include "others.h"

#include <pthread.h>
#include <stdlib.h>

crowd all;

#define STAGE(call)           \
    do {                      \
        stepper_stage(#call); \
        call;                 \
    } while (0)
#define OK(call) STAGE(DEMAND((call) == HF_OK))

#define MOMENT (HF_MILLISECONDS / 10)

/* ---- making --------------------------------------------------------------------------------- */

hf_handle others_open(fake_kind kind, const char *label)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle = HF_NULL_HANDLE;
    options.label = label;
    OK(hf_open(all.table, &all.world->types[kind], fake_make(all.world),
               label != NULL ? &options : NULL, &handle));
    return handle;
}

static void use(hf_table *table, hf_handle handle)
{
    hf_region region;
    OK(hf_enter(table, handle, NULL, &region));
    fake_use(region.value);
    STAGE(hf_leave(&region));
}

void others_heat(hf_handle handle, unsigned uses)
{
    for (unsigned i = 0; i < uses; i++)
        use(all.table, handle);
}

void others_prepare(const hf_table_options *options)
{
    enum { NEARLY_HOT = 500, HOT = 600 };
    DEMAND(hf_set_options("print_all=1:symbolize=0:log_path=/dev/null") == HF_OK);
    all.world = fake_world_create(VALUES);
    DEMAND(hf_table_create(options, &all.table) == HF_OK);
    all.subject = others_open(FAKE_RUNDOWN, NULL);
    all.cold = others_open(FAKE_RUNDOWN, NULL);
    all.hot = others_open(FAKE_PLAIN, NULL);
    all.warm = others_open(FAKE_UNTIL_RELEASED, NULL);
    all.closed = others_open(FAKE_RUNDOWN, NULL);
    others_heat(all.hot, HOT);
    others_heat(all.warm, NEARLY_HOT);
    OK(hf_close(all.table, all.closed, NULL));
}

/* ---- on other handles ----------------------------------------------------------------------- */

static void open_and_close(void)
{
    hf_handle label = others_open(FAKE_RUNDOWN, "a label");
    hf_handle plain = others_open(FAKE_RUNDOWN, NULL);
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle child;
    options.parent = label;
    OK(hf_open(all.table, &all.world->types[FAKE_PLAIN], fake_make(all.world), &options, &child));
    OK(hf_close(all.table, label, NULL));
    OK(hf_close(all.table, child, NULL));
    OK(hf_close_wait(all.table, plain, HF_FOREVER, NULL));
}

static void reserve_and_commit(void)
{
    hf_handle abandoned;
    hf_handle kept;
    hf_value value;
    OK(hf_reserve(all.table, &all.world->types[FAKE_RUNDOWN], &abandoned));
    OK(hf_reserve(all.table, &all.world->types[FAKE_RUNDOWN], &kept));
    OK(hf_close(all.table, abandoned, NULL));
    OK(hf_commit(all.table, kept, fake_make(all.world)));
    OK(hf_detach(all.table, kept, &value));
    fake_give_back(value);
}

static void hold(hf_handle handle)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_handle copy;
    hf_ref reference;
    use(all.table, handle);
    OK(hf_addref(all.table, handle, &reference));
    OK(hf_inspect(all.table, handle, &info));
    if (all.world->types[FAKE_PLAIN].name != info.type->name) {
        OK(hf_duplicate(all.table, handle, all.table, &copy));
        OK(hf_close(all.table, copy, NULL));
    }
    OK(hf_release(&reference));
}

/* Closes what is held: the holder is this thread, by reference, which is not known to be its. */
static void close_held(bool hot)
{
    hf_handle handle = others_open(FAKE_RUNDOWN, NULL);
    hf_ref reference;
    if (hot)
        others_heat(handle, 600);
    OK(hf_addref(all.table, handle, &reference));
    STAGE(DEMAND(hf_close_wait(all.table, handle, MOMENT, NULL) == HF_E_TIMED_OUT));
    STAGE(DEMAND(hf_wait(all.table, handle, 0) == HF_E_TIMED_OUT));
    OK(hf_release(&reference));
    OK(hf_wait(all.table, handle, HF_FOREVER));
}

static void close_many(void)
{
    enum { MANY = 4 };
    hf_handle many[MANY];
    for (int i = 0; i < MANY; i++)
        many[i] = others_open(FAKE_RUNDOWN, NULL);
    others_heat(many[0], 600);
    OK(hf_close_many(all.table, many, MANY, NULL));
}

static void misuse(void)
{
    hf_region region;
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    STAGE(DEMAND(hf_close(all.table, all.closed, NULL) == HF_E_STALE_HANDLE));
    STAGE(DEMAND(hf_enter(all.table, all.closed, NULL, &region) == HF_E_STALE_HANDLE));
    STAGE(DEMAND(hf_enter(all.table, all.cold, &all.world->types[FAKE_PLAIN], &region) ==
                 HF_E_WRONG_TYPE));
    OK(hf_inspect(all.table, all.closed, &info));
    OK(hf_table_get_stats(all.table, &stats));
}

/* ---- beside the table ----------------------------------------------------------------------- */

static void with_another_table(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    hf_handle handle;
    hf_handle leaked;
    hf_table *table;
    options.capacity_slots = 4096;
    OK(hf_table_create(&options, &table));
    OK(hf_open(table, &all.world->types[FAKE_RUNDOWN], fake_make(all.world), NULL, &handle));
    use(table, handle);
    OK(hf_close(table, handle, NULL));
    OK(hf_open(table, &all.world->types[FAKE_PLAIN], fake_make(all.world), NULL, &leaked));
    OK(hf_table_shutdown(table, HF_FOREVER));
    STAGE(hf_table_destroy(table));
}

static void *short_life(void *argument)
{
    (void)argument;
    use(all.table, all.cold);
    use(all.table, all.hot);
    return NULL;
}

void others_thread(void)
{
    pthread_t thread;
    stepper_stage("a thread that comes, enters and goes");
    DEMAND(pthread_create(&thread, NULL, short_life, NULL) == 0);
    DEMAND(pthread_join(thread, NULL) == 0);
}

void others_elsewhere(void)
{
    open_and_close();
    reserve_and_commit();
    hold(all.cold);
    hold(all.hot);
    others_heat(all.warm, 30);
    close_held(false);
    close_held(true);
    close_many();
    misuse();
    with_another_table();
}

void others_meet(void)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    STAGE((void)hf_inspect(all.table, all.hot, &info));
    hold(all.cold);
    open_and_close();
}

/* ---- on the subject ------------------------------------------------------------------------- */

void others_on_subject(void)
{
    hf_region region;
    hf_ref reference;
    hf_status answer;
    hf_info info = {.size = (uint32_t)sizeof(info)};
    STAGE((void)hf_inspect(all.table, all.subject, &info));
    STAGE(if (hf_enter(all.table, all.subject, NULL, &region) == HF_OK) hf_leave(&region));
    STAGE(if (hf_addref(all.table, all.subject, &reference) == HF_OK) hf_release(&reference));
    STAGE((void)hf_close(all.table, all.subject, NULL));
    STAGE(answer = hf_close_wait(all.table, all.subject, 0, NULL));
    STAGE(answer = hf_wait(all.table, all.subject, 0));
    (void)answer;
}

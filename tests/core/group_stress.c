/* A module at work that is to be unloaded: threads open members in several tables, dispatch them,
 * close them; then the group is drained.  From that moment on no function of it runs. */
#include "fixture.h"

#include <pthread.h>
#include <sched.h>

enum { TABLES = 3, WORKERS = 3, SHARED = 4, ROUNDS = 60 };

static hf_table *tables[TABLES];
static hf_group *group;
static _Atomic uint64_t shared[SHARED]; /* handles that all dispatch */
static _Atomic bool drained;
static _Atomic unsigned opened;
static _Atomic unsigned ended; /* releases */
static _Atomic unsigned completed;
static _Atomic unsigned asked; /* completions */
static _Atomic unsigned surprises;
static _Atomic unsigned working;

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    surprises += drained;
    ended++;
    return HF_OUTCOME_RELEASED;
}

static const hf_type type = {
    .size = (uint32_t)sizeof(hf_type), .name = "module's", .release = release};

static void complete(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    sched_yield();
    surprises += drained;
    completed++;
}

static void on_event(hf_value value, void *argument, hf_callback *self)
{
    (void)argument;
    (void)self;
    surprises += drained || value != 1;
}

static void dispatch_shared(unsigned which)
{
    hf_handle handle = {shared[which % SHARED]};
    if (!hf_handle_is_null(handle))
        (void)hf_dispatch(tables[which % SHARED % TABLES], handle, &type, on_event, NULL);
}

/* False: the group is closing. */
static bool live_once(unsigned which)
{
    hf_handle handle;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_table *table = tables[which % TABLES];
    options.group = group;
    hf_status status = hf_open(table, &type, 1, &options, &handle);
    if (status != HF_OK) {
        surprises += status != HF_E_CLOSING;
        return false;
    }
    opened++;
    (void)hf_dispatch(table, handle, &type, on_event, NULL);
    dispatch_shared(which);
    if (which % 3 == 0 && hf_close_then(table, handle, complete, NULL) == HF_OK)
        asked++;
    else if (which % 3 == 1)
        (void)hf_close(table, handle, NULL);
    return true; /* else left open: the drain closes it */
}

static void *work(void *argument)
{
    unsigned which = *(const unsigned *)argument;
    hf_status status;
    working++;
    do
        which += 7;
    while (live_once(which) && which < 3000);
    do {
        dispatch_shared(which++);
        status = hf_dispatch(tables[0], (hf_handle){shared[0]}, &type, on_event, NULL);
    } while (status == HF_OK);
    surprises += status != HF_E_CLOSING && status != HF_E_STALE_HANDLE;
    return NULL;
}

static void open_shared(void)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.group = group;
    for (unsigned i = 0; i < SHARED; i++) {
        hf_handle handle;
        MUST_OK(hf_open(tables[i % TABLES], &type, 1, &options, &handle));
        shared[i] = handle.bits;
        opened++;
    }
}

static void drain_once(unsigned round)
{
    pthread_t threads[WORKERS];
    unsigned starts[WORKERS];
    drained = false;
    working = 0;
    MUST_OK(hf_group_create("module", &group));
    open_shared();
    for (unsigned i = 0; i < WORKERS; i++) {
        starts[i] = i;
        cr_assert_eq(pthread_create(&threads[i], NULL, work, &starts[i]), 0);
    }
    while (working < WORKERS)
        sched_yield();
    for (unsigned i = 0; i < round % 8; i++)
        sched_yield();
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    drained = true;
    cr_assert_eq(hf_group_size(group), 0);
    for (unsigned i = 0; i < WORKERS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(opened, ended, "%u opened, %u released", opened, ended);
    cr_assert_eq(completed, asked);
    MUST_OK(hf_group_destroy(group));
}

static void drain_often(hf_protection protection)
{
    reports_start();
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        MUST_OK(hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT));
    hf_table_options options = fixture_options(HF_REUSE_LIFO, protection);
    options.capacity_slots = 1 << 16;
    for (int i = 0; i < TABLES; i++)
        tables[i] = fixture_create(&options);
    for (unsigned round = 0; round < ROUNDS; round++)
        drain_once(round);
    cr_assert_eq(surprises, 0);
    for (int i = 0; i < TABLES; i++)
        hf_table_destroy(tables[i]);
}

Test(group_stress, drained_while_it_works_counted)
{
    drain_often(HF_PROTECT_COUNTED);
}

Test(group_stress, drained_while_it_works_hazard)
{
    drain_often(HF_PROTECT_HAZARD);
}

Test(group_stress, drained_while_it_works_adaptive)
{
    drain_often(HF_PROTECT_ADAPTIVE);
}

/* ---- beside tables that come and go --------------------------------------------------------- */

static _Atomic bool over;

static void *make_tables(void *argument)
{
    (void)argument;
    while (!over) {
        hf_handle handle;
        hf_open_options options = HF_OPEN_OPTIONS_INIT;
        options.label = "of a table that comes and goes";
        hf_table *table = fixture_table(HF_PROTECT_ADAPTIVE);
        for (int i = 0; i < 10; i++)
            surprises += hf_open(table, &type, 1, &options, &handle) != HF_OK;
        surprises += hf_table_shutdown(table, 0) != HF_OK;
        hf_table_destroy(table);
    }
    return NULL;
}

Test(group_stress, tables_come_and_go_during_the_walk)
{
    pthread_t thread;
    reports_start();
    MUST_OK(hf_set_policy(HF_REPORT_LEAK, HF_POLICY_COUNT));
    tables[0] = fixture_table(HF_PROTECT_ADAPTIVE);
    cr_assert_eq(pthread_create(&thread, NULL, make_tables, NULL), 0);
    for (unsigned round = 0; round < 300; round++) {
        hf_handle handle;
        hf_open_options options = HF_OPEN_OPTIONS_INIT;
        MUST_OK(hf_group_create(NULL, &group));
        options.group = group;
        for (int i = 0; i < 5; i++)
            MUST_OK(hf_open(tables[0], &type, 1, &options, &handle));
        MUST_OK(hf_group_close_wait(group, HF_FOREVER));
        MUST_OK(hf_group_destroy(group));
    }
    over = true;
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(surprises, 0);
    hf_table_destroy(tables[0]);
}

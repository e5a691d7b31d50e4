/* Every allocation fails once: for each n, a script of all operations runs with the n-th allocation
 * failing.  Each call either works or says that memory is out; then the same script, in the same
 * process, must work, and nothing may have leaked.
 *
 * Each n has a child of its own, because some memory is taken once in a process's life. */
#include "fake.h"
#include "forked.h"
#include "platform/platform.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <unistd.h>

enum { NOT_REACHED = 3 };

static int line_of_failure;

#define CHECK(condition)                          \
    do {                                          \
        if (!(condition) && line_of_failure == 0) \
            line_of_failure = __LINE__;           \
    } while (0)

typedef struct script {
    hf_table_options options;
    uint64_t nth;
    fake_world *world;
    hf_table *table;
    hf_table *other;
    hf_handle handle;
    hf_handle child;
    hf_handle borrowed;
    hf_handle reserved;
    hf_handle copy;
    hf_handle crowd[300];
    unsigned lost; /* values that a failed open left with their owner */
} script;

static hf_namespace numbers = HF_NAMESPACE_INIT("failing numbers", HF_VALUES_SPARSE);

static bool is_out_of_memory(hf_status status)
{
    return status == HF_E_NO_MEMORY || status == HF_E_NO_ADDRESS_SPACE;
}

/* Opens, or gives the value back as its owner must after a failure. */
static hf_handle open_one(script *s, hf_table *table, const hf_open_options *options)
{
    hf_handle handle = HF_NULL_HANDLE;
    hf_value value = fake_make(s->world);
    hf_status status = hf_open(table, &s->world->types[FAKE_RUNDOWN], value, options, &handle);
    CHECK(status == HF_OK || is_out_of_memory(status));
    if (status == HF_OK)
        return handle;
    fake_give_back(value);
    return HF_NULL_HANDLE;
}

static void open_all(script *s)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    options.label = "label";
    s->handle = open_one(s, s->table, &options);
    options.parent = s->handle;
    s->child = open_one(s, s->table, &options);
    options.parent = HF_NULL_HANDLE;
    hf_status status = hf_reserve(s->table, &s->world->types[FAKE_PLAIN], &s->reserved);
    CHECK(status == HF_OK || is_out_of_memory(status));
    if (status != HF_OK)
        s->reserved = HF_NULL_HANDLE;
    for (unsigned i = 0; i < 300; i++)
        s->crowd[i] = open_one(s, s->table, NULL);
}

/* Enters and leaves allocate nothing, so they never fail for want of memory. */
static void use_all(script *s)
{
    hf_ref ref;
    hf_region regions[12];
    if (hf_handle_is_null(s->handle))
        return;
    for (int i = 0; i < 12; i++) {
        CHECK(hf_enter(s->table, s->handle, NULL, &regions[i]) == HF_OK);
        fake_use(regions[i].value);
    }
    CHECK(hf_addref(s->table, s->handle, &ref) == HF_OK);
    for (int i = 0; i < 12; i++)
        hf_leave(&regions[i]);
    CHECK(hf_release(&ref) == HF_OK);
    hf_status status = hf_duplicate(s->table, s->handle, s->other, &s->copy);
    CHECK(status == HF_OK || is_out_of_memory(status));
    if (status == HF_OK)
        CHECK(hf_close(s->other, s->copy, NULL) == HF_OK);
}

static void close_all(script *s)
{
    hf_value value = fake_make(s->world);
    hf_region region;
    if (hf_handle_is_null(s->reserved) || hf_commit(s->table, s->reserved, value) != HF_OK)
        fake_give_back(value);
    if (!hf_handle_is_null(s->reserved))
        CHECK(hf_close(s->table, s->reserved, NULL) == HF_OK);
    if (!hf_handle_is_null(s->child))
        CHECK(hf_close(s->table, s->child, NULL) == HF_OK);
    if (!hf_handle_is_null(s->handle)) {
        CHECK(hf_close_wait(s->table, s->handle, HF_FOREVER, NULL) == HF_OK);
        CHECK(hf_close(s->table, s->handle, NULL) == HF_E_STALE_HANDLE);
        CHECK(hf_enter(s->table, s->handle, NULL, &region) == HF_E_STALE_HANDLE);
    }
    for (unsigned i = 0; i < 200; i++) {
        if (!hf_handle_is_null(s->crowd[i]))
            CHECK(hf_close(s->table, s->crowd[i], NULL) == HF_OK);
    }
}

static bool count_report(const hf_report *report, void *count)
{
    (void)report;
    ++*(unsigned *)count;
    return true;
}

static void perform(script *s)
{
    hf_status status = hf_table_create(&s->options, &s->table);
    CHECK(status == HF_OK || is_out_of_memory(status));
    if (status != HF_OK)
        return;
    status = hf_table_create(&s->options, &s->other);
    CHECK(status == HF_OK || is_out_of_memory(status));
    if (status == HF_OK) {
        open_all(s);
        use_all(s);
        close_all(s);
        CHECK(hf_table_shutdown(s->table, HF_FOREVER) == HF_OK);
        hf_table_destroy(s->other);
    }
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    CHECK(hf_table_get_stats(s->table, &stats) == HF_OK);
    CHECK(stats.live == 0 && stats.opened == stats.closed);
    hf_table_destroy(s->table);
    CHECK(fake_alive(s->world) == 0 && fake_world_is_sound(s->world));
    fake_world_reset(s->world);
}

/* In a child: the script with the n-th allocation failing, then once more with none. */
static int fail_one(void *argument)
{
    script *s = argument;
    unsigned reports = 0;
    hf_set_report_hook(count_report, &reports);
    s->world = fake_world_create(1024);
    for (int kind = 0; kind < FAKE_KINDS; kind++)
        s->world->types[kind].name_space = &numbers;
    hf_os_fail_allocation(s->nth);
    perform(s);
    uint64_t counted = hf_os_fail_allocation(0);
    script again = {.options = s->options, .world = s->world};
    perform(&again);
    CHECK(!hf_handle_is_null(again.crowd[299]));
    if (line_of_failure != 0) {
        fprintf(stderr, "failing_memory.c:%d does not hold with allocation %llu failing\n",
                line_of_failure, (unsigned long long)s->nth);
        return 1;
    }
    fake_world_destroy(s->world);
    return s->nth > counted ? NOT_REACHED : 0;
}

static void fail_every_one(hf_level level, hf_reuse reuse)
{
    int result = 0;
    script s = {.options = HF_TABLE_OPTIONS_INIT};
    s.options.level = level;
    s.options.reuse = reuse;
    s.options.capacity_slots = 1 << 17;
    for (s.nth = 1; result == 0 && s.nth < 1000; s.nth++)
        result = forked(fail_one, &s);
    cr_assert_eq(result, NOT_REACHED, "allocation %llu: %d", (unsigned long long)s.nth - 1, result);
    cr_assert_gt(s.nth, 4, "hardly any allocation was seen");
}

Test(failing_memory, every_allocation_at_level_zero)
{
    fail_every_one(HF_LEVEL_COUNTERS, HF_REUSE_MAGAZINES);
}

Test(failing_memory, every_allocation_with_stacks)
{
    fail_every_one(HF_LEVEL_STACKS, HF_REUSE_MAGAZINES);
}

Test(failing_memory, every_allocation_with_history)
{
    fail_every_one(HF_LEVEL_HISTORY, HF_REUSE_LIFO);
}

Test(failing_memory, every_allocation_with_everything)
{
    fail_every_one(HF_LEVEL_EVERYTHING, HF_REUSE_FIFO);
}

Test(failing_memory, every_allocation_in_random_order)
{
    fail_every_one(HF_LEVEL_COUNTERS, HF_REUSE_RANDOM);
}

/* Whatever an open that fails had taken is there for the next one. */
Test(failing_memory, failed_open_loses_no_slot)
{
    enum { SLOTS = 40, FAILURES = 6 };
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    fake_world *world = fake_world_create(SLOTS + FAILURES + 1);
    hf_handle handle;
    hf_table *first; /* what is taken once in a process is taken for this one */
    hf_table *table;
    options.level = HF_LEVEL_STACKS;
    options.capacity_slots = SLOTS;
    cr_assert_eq(hf_set_policy(HF_REPORT_LEAK, HF_POLICY_IGNORE), HF_OK);
    const hf_type *type = &world->types[FAKE_PLAIN];
    unsigned opened = 0;
    cr_assert_eq(hf_table_create(&options, &first), HF_OK);
    cr_assert_eq(hf_open(first, type, fake_make(world), NULL, &handle), HF_OK);
    cr_assert_eq(hf_table_create(&options, &table), HF_OK);
    for (uint64_t nth = 1; nth <= FAILURES; nth++) {
        hf_value value = fake_make(world);
        hf_os_fail_allocation(nth);
        hf_status status = hf_open(table, type, value, NULL, &handle);
        hf_os_fail_allocation(0);
        cr_assert(status == HF_OK || is_out_of_memory(status));
        opened += status == HF_OK;
        if (status != HF_OK)
            fake_give_back(value);
    }
    cr_assert_lt(opened, FAILURES, "no allocation failed");
    for (; opened < SLOTS; opened++)
        cr_assert_eq(hf_open(table, type, fake_make(world), NULL, &handle), HF_OK);
    hf_table_destroy(table);
    hf_table_destroy(first);
    fake_world_destroy(world);
}

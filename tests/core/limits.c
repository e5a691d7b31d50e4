/* The two counters that must not wrap: generations (a used-up slot is retired, no handle value is
 * issued twice) and references (the count saturates with an error).  The widths are narrow here. */
#include "fixture.h"

#include <stdlib.h>

enum {
    LIVES = (1 << HF_GENERATION_BITS_) - 1, /* of a slot */
    HOLDS = (1 << HF_COUNT_BITS_) - 1,      /* of a handle */
    MAGAZINE_SLOTS = 1 << 16,               /* smaller tables have no magazines */
    ISSUED = MAGAZINE_SLOTS * LIVES + 1
};

static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(4096);
}

static void tear_down(void)
{
    fixture_end(world);
}

TestSuite(limits, .init = set_up, .fini = tear_down);

static int by_bits(const void *left, const void *right)
{
    uint64_t a = ((const hf_handle *)left)->bits;
    uint64_t b = ((const hf_handle *)right)->bits;
    return a < b ? -1 : a > b;
}

static void no_value_twice(hf_handle *handles, size_t count)
{
    qsort(handles, count, sizeof(*handles), by_bits);
    for (size_t i = 1; i < count; i++)
        cr_assert_neq(handles[i - 1].bits, handles[i].bits, "a handle value was issued twice");
}

/* Opens and closes, `width` at a time, until the table is full for good. */
static size_t exhaust(hf_table *table, hf_handle *issued, size_t width)
{
    size_t count = 0;
    hf_open_options borrowed = HF_OPEN_OPTIONS_INIT;
    borrowed.borrowed = true;
    for (;;) {
        size_t batch = 0;
        while (batch < width) {
            hf_status status =
                hf_open(table, &world->types[FAKE_RUNDOWN], 5, &borrowed, &issued[count]);
            if (status == HF_E_TABLE_FULL)
                break;
            MUST_OK(status);
            count++;
            batch++;
        }
        for (size_t i = 0; i < batch; i++)
            MUST_OK(hf_close(table, issued[count - 1 - i], NULL));
        if (batch == 0)
            return count;
    }
}

static void wear_out(hf_reuse reuse, uint64_t capacity, size_t width)
{
    static hf_handle issued[ISSUED];
    hf_table_options options = fixture_options(reuse, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = capacity;
    hf_table *table = fixture_create(&options);
    size_t count = exhaust(table, issued, width);
    cr_assert_eq(count, capacity * LIVES, "%zu lives in %llu slots", count,
                 (unsigned long long)capacity);
    hf_table_stats stats = fixture_stats(table);
    cr_assert_eq(stats.retired_slots, capacity);
    cr_assert_eq(stats.opened, count);
    cr_assert_eq(stats.closed, count);
    cr_assert_eq(stats.live, 0);
    for (size_t i = 0; i < count; i++)
        cr_assert(!hf_is_live(table, issued[i]));
    no_value_twice(issued, count);
    hf_table_destroy(table);
}

#define WEAR_OUT(name, reuse)            \
    Test(limits, no_handle_twice_##name) \
    {                                    \
        wear_out(reuse, 1, 1);           \
        wear_out(reuse, 7, 1);           \
        wear_out(reuse, 7, 3);           \
        wear_out(reuse, 7, 7);           \
        wear_out(reuse, 100, 10);        \
    }

WEAR_OUT(fifo, HF_REUSE_FIFO)
WEAR_OUT(lifo, HF_REUSE_LIFO)
WEAR_OUT(random, HF_REUSE_RANDOM)

Test(limits, no_handle_twice_magazines)
{
    wear_out(HF_REUSE_MAGAZINES, 1, 1);
    wear_out(HF_REUSE_MAGAZINES, 7, 3);
    wear_out(HF_REUSE_MAGAZINES, MAGAZINE_SLOTS, 300);
}

Test(limits, handle_of_a_retired_slot_stays_stale)
{
    hf_handle first = HF_NULL_HANDLE;
    hf_handle last = HF_NULL_HANDLE;
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = 1;
    hf_table *table = fixture_create(&options);
    for (int i = 0; i < LIVES; i++) {
        last = fixture_open(table, world, FAKE_RUNDOWN);
        first = i == 0 ? last : first;
        MUST_OK(hf_close(table, last, NULL));
    }
    MUST(hf_close(table, first, NULL), HF_E_STALE_HANDLE);
    MUST(hf_close(table, last, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(fixture_life(table, last), HF_LIFE_CLOSED);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 2);
    hf_table_destroy(table);
}

Test(limits, handle_of_the_next_life_is_forged)
{
    hf_region region;
    hf_table *table = fixture_table(HF_PROTECT_ADAPTIVE);
    const hf_table_head_ *head = (const hf_table_head_ *)(const void *)table;
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle next = {((handle.bits ^ head->secret) + (UINT64_C(1) << HF_GENERATION_SHIFT_)) ^
                      head->secret};
    MUST(hf_enter(table, next, NULL, &region), HF_E_FORGED_HANDLE);
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_enter(table, next, NULL, &region), HF_E_FORGED_HANDLE);
    MUST(hf_close(table, next, NULL), HF_E_FORGED_HANDLE);
    hf_table_destroy(table);
}

static void flip_every_bit(hf_table *table, hf_handle handle, const char *state)
{
    hf_ref ref;
    hf_region region;
    for (int bit = 0; bit < 64; bit++) {
        hf_handle flipped = {handle.bits ^ (UINT64_C(1) << bit)};
        hf_status entered = hf_enter(table, flipped, NULL, &region);
        hf_status referenced = hf_addref(table, flipped, &ref);
        cr_assert(entered == HF_E_FORGED_HANDLE || entered == HF_E_STALE_HANDLE, "%s, bit %d: %s",
                  state, bit, hf_status_name(entered));
        cr_assert_eq(referenced, entered, "%s, bit %d: %s", state, bit, hf_status_name(referenced));
        cr_assert(!hf_is_live(table, flipped), "%s, bit %d", state, bit);
    }
}

Test(limits, handle_with_any_flipped_bit_is_never_accepted)
{
    hf_ref ref;
    hf_handle reserved;
    hf_table *table = fixture_table(HF_PROTECT_ADAPTIVE);
    for (int i = 0; i < LIVES / 2; i++)
        MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    flip_every_bit(table, handle, "cold");
    fixture_heat(table, handle);
    flip_every_bit(table, handle, "hot");
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    flip_every_bit(table, handle, "hot and closing");
    MUST_OK(hf_release(&ref));
    flip_every_bit(table, handle, "closed");
    handle = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    flip_every_bit(table, handle, "cold and closing");
    MUST_OK(hf_release(&ref));
    MUST_OK(hf_reserve(table, &world->types[FAKE_RUNDOWN], &reserved));
    flip_every_bit(table, reserved, "reserved");
    MUST_OK(hf_close(table, reserved, NULL));
    hf_table_destroy(table);
}

Test(limits, references_saturate)
{
    hf_ref refs[HOLDS + 1];
    hf_ref extra;
    hf_table *table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < HOLDS; i++)
        MUST_OK(hf_addref(table, handle, &refs[i]));
    MUST(hf_addref(table, handle, &extra), HF_E_TOO_MANY_REFERENCES);
    MUST(hf_release(&extra), HF_E_OVER_RELEASE);
    cr_assert_eq(fixture_info(table, handle).references, HOLDS);
    MUST_OK(hf_release(&refs[0]));
    MUST_OK(hf_addref(table, handle, &refs[0]));
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_DEFERRED);
    for (int i = 0; i < HOLDS; i++) {
        cr_assert_eq(world->releases, 0);
        MUST_OK(hf_release(&refs[i]));
    }
    cr_assert_eq(world->releases, 1);
    hf_table_destroy(table);
}

Test(limits, counted_regions_saturate)
{
    hf_region regions[HOLDS];
    hf_region extra;
    hf_table *table = fixture_table(HF_PROTECT_COUNTED);
    hf_handle handle = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < HOLDS; i++)
        MUST_OK(hf_enter(table, handle, NULL, &regions[i]));
    MUST(hf_enter(table, handle, NULL, &extra), HF_E_TOO_MANY_REFERENCES);
    cr_assert(!hf_region_entered(&extra));
    for (int i = 0; i < HOLDS; i++)
        hf_leave(&regions[i]);
    cr_assert_eq(fixture_close(table, handle), HF_OUTCOME_RELEASED);
    hf_table_destroy(table);
}

Test(limits, children_saturate)
{
    hf_handle extra;
    hf_handle copy;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_table *table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle parent = fixture_open(table, world, FAKE_RUNDOWN);
    hf_handle children[HOLDS];
    for (int i = 0; i < HOLDS; i++)
        children[i] = fixture_child(table, world, parent);
    options.parent = parent;
    hf_value value = fake_make(world);
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, &options, &extra),
         HF_E_TOO_MANY_REFERENCES);
    fake_give_back(value);
    MUST(hf_duplicate(table, parent, table, &copy), HF_E_TOO_MANY_REFERENCES);
    cr_assert_eq(fixture_stats(table).live, HOLDS + 1);
    MUST_OK(hf_close_many(table, children, HOLDS, NULL));
    cr_assert_eq(fixture_close(table, parent), HF_OUTCOME_RELEASED);
    hf_table_destroy(table);
}

/* Regions come first, and take all the places that a report has. */
Test(limits, more_holders_than_a_report_lists)
{
    enum { LISTED = 16, REGIONS = LISTED, REFERENCES = 3 };
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    hf_region regions[REGIONS];
    hf_ref refs[REFERENCES];
    options.level = HF_LEVEL_EVERYTHING;
    hf_table *own = fixture_create(&options);
    hf_handle handle = fixture_open(own, world, FAKE_RUNDOWN);
    for (int i = 0; i < REGIONS; i++)
        MUST_OK(hf_enter(own, handle, NULL, &regions[i]));
    for (int i = 0; i < REFERENCES; i++)
        MUST_OK(hf_addref(own, handle, &refs[i]));
    MUST(hf_table_shutdown(own, 0), HF_E_POSSIBLE_DEADLOCK);
    const report_copy *report = reports_nth(HF_REPORT_HELD_AT_SHUTDOWN, 0);
    cr_assert_not_null(report);
    cr_assert_eq(report->holder_count, LISTED);
    cr_assert_eq(report->references, REGIONS + REFERENCES);
    for (int i = 0; i < REGIONS; i++)
        hf_leave(&regions[i]);
    for (int i = 0; i < REFERENCES; i++)
        MUST_OK(hf_release(&refs[i]));
    hf_table_destroy(own);
}

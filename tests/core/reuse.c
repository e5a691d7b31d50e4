/* The order in which closed slots are used again, seen through which slot comes back. */
#include "core/bag.h"
#include "fixture.h"

enum { SLOTS = 64 };

static fake_world *world;

static void set_up(void)
{
    reports_start();
    world = fake_world_create((3 << 16) + 4096);
}

static void tear_down(void)
{
    cr_assert(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(reuse, .init = set_up, .fini = tear_down);

static hf_table *table_of(hf_reuse reuse, uint64_t capacity, uint64_t seed)
{
    hf_table_options options = fixture_options(reuse, HF_PROTECT_ADAPTIVE);
    options.capacity_slots = capacity;
    options.seed = seed;
    return fixture_create(&options);
}

static void fill(hf_table *table, hf_handle *handles, int count)
{
    for (int i = 0; i < count; i++)
        handles[i] = fixture_open(table, world, FAKE_RUNDOWN);
}

Test(reuse, lifo_gives_the_slots_back_in_reverse)
{
    hf_handle old[5];
    hf_handle new[5];
    hf_table *table = table_of(HF_REUSE_LIFO, SLOTS, 0);
    fill(table, old, 5);
    for (int i = 0; i < 5; i++)
        MUST_OK(hf_close(table, old[i], NULL));
    fill(table, new, 5);
    for (int i = 0; i < 5; i++)
        cr_assert(fixture_same_slot(new[i], old[4 - i]), "slot %d", i);
    hf_table_destroy(table);
}

Test(reuse, lifo_follows_closes_that_were_deferred)
{
    hf_ref ref;
    hf_handle old[2];
    hf_handle new[2];
    hf_table *table = table_of(HF_REUSE_LIFO, SLOTS, 0);
    fill(table, old, 2);
    MUST_OK(hf_addref(table, old[0], &ref));
    MUST_OK(hf_close(table, old[0], NULL));
    MUST_OK(hf_close(table, old[1], NULL));
    MUST_OK(hf_release(&ref));
    fill(table, new, 2);
    cr_assert(fixture_same_slot(new[0], old[0]), "freed last, used first");
    cr_assert(fixture_same_slot(new[1], old[1]));
    hf_table_destroy(table);
}

Test(reuse, fifo_gives_the_slots_back_in_order)
{
    hf_handle old[SLOTS];
    hf_table *table = table_of(HF_REUSE_FIFO, SLOTS, 0);
    fill(table, old, SLOTS);
    const int order[6] = {40, 3, 17, 62, 0, 9};
    for (int i = 0; i < 6; i++)
        MUST_OK(hf_close(table, old[order[i]], NULL));
    for (int i = 0; i < 6; i++)
        cr_assert(fixture_same_slot(fixture_open(table, world, FAKE_RUNDOWN), old[order[i]]),
                  "slot %d", i);
    hf_table_destroy(table);
}

/* Not the slots that were never used before those, but still the one that was freed first. */
Test(reuse, fifo_with_a_rest_keeps_to_as_many_slots)
{
    enum { REST = 4 };
    hf_handle old[REST + 1];
    hf_table *table = table_of(HF_REUSE_FIFO, SLOTS, 0);
    hf_bag_set_rest(table, REST);
    for (int i = 0; i < REST; i++) {
        old[i] = fixture_open(table, world, FAKE_RUNDOWN);
        MUST_OK(hf_close(table, old[i], NULL));
        for (int before = 0; before < i; before++)
            cr_assert_not(fixture_same_slot(old[i], old[before]), "%d and %d", i, before);
    }
    hf_handle again = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(again, old[0]), "freed first, used first");
    old[REST] = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < REST; i++)
        cr_assert_not(fixture_same_slot(old[REST], old[i]), "too few rest: a fresh one");
    MUST_OK(hf_close(table, again, NULL));
    MUST_OK(hf_close(table, old[REST], NULL));
    cr_assert(fixture_same_slot(fixture_open(table, world, FAKE_RUNDOWN), old[1]));
    hf_table_destroy(table);
}

Test(reuse, fifo_with_a_rest_still_uses_the_whole_capacity)
{
    hf_handle handles[SLOTS];
    hf_table *table = table_of(HF_REUSE_FIFO, SLOTS, 0);
    hf_bag_set_rest(table, 4);
    for (int round = 0; round < 3; round++) {
        fill(table, handles, SLOTS);
        for (int i = 0; i < SLOTS; i++)
            MUST_OK(hf_close(table, handles[i], NULL));
    }
    hf_table_destroy(table);
}

Test(reuse, fifo_reuses_as_late_as_possible)
{
    hf_table *table = table_of(HF_REUSE_FIFO, SLOTS, 0);
    hf_handle first = fixture_open(table, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(table, first, NULL));
    for (int i = 1; i < SLOTS; i++) {
        hf_handle next = fixture_open(table, world, FAKE_RUNDOWN);
        cr_assert(!fixture_same_slot(first, next), "reused after %d opens", i);
        MUST_OK(hf_close(table, next, NULL));
    }
    cr_assert(fixture_same_slot(first, fixture_open(table, world, FAKE_RUNDOWN)));
    hf_table_destroy(table);
}

/* One deterministic history of opens and closes; the handles that were issued. */
static void history(hf_table *table, hf_handle *issued, int count)
{
    uint32_t random = 12345;
    hf_handle live[8];
    int lives = 0;
    for (int i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        if (lives == 8 || (lives > 0 && (random >> 28) < 6)) {
            MUST_OK(hf_close(table, live[--lives], NULL));
        }
        issued[i] = live[lives++] = fixture_open(table, world, FAKE_RUNDOWN);
    }
}

static void same_seed_same_handles(hf_reuse reuse)
{
    hf_handle first[100];
    hf_handle second[100];
    hf_table *table = table_of(reuse, SLOTS, 42);
    history(table, first, 100);
    hf_table_destroy(table);
    table = table_of(reuse, SLOTS, 42);
    history(table, second, 100);
    hf_table_destroy(table);
    for (int i = 0; i < 100; i++)
        cr_assert(hf_handle_equal(first[i], second[i]), "handle %d differs", i);
}

Test(reuse, same_seed_same_handles_magazines)
{
    same_seed_same_handles(HF_REUSE_MAGAZINES);
}

Test(reuse, same_seed_same_handles_fifo)
{
    same_seed_same_handles(HF_REUSE_FIFO);
}

Test(reuse, same_seed_same_handles_lifo)
{
    same_seed_same_handles(HF_REUSE_LIFO);
}

Test(reuse, same_seed_same_handles_random)
{
    same_seed_same_handles(HF_REUSE_RANDOM);
}

/* The order in which a table of 32 slots gives them out after all were freed in one order. */
static void order_of_reuse(uint64_t seed, int *order)
{
    hf_handle old[32];
    hf_table *table = table_of(HF_REUSE_RANDOM, 32, seed);
    fill(table, old, 32);
    for (int i = 0; i < 32; i++)
        MUST_OK(hf_close(table, old[i], NULL));
    for (int i = 0; i < 32; i++) {
        hf_handle new = fixture_open(table, world, FAKE_RUNDOWN);
        order[i] = 0;
        while (order[i] < 32 && !fixture_same_slot(new, old[order[i]]))
            order[i]++;
        cr_assert_lt(order[i], 32, "a slot that was never seen");
    }
    hf_table_destroy(table);
}

Test(reuse, random_order_differs_by_seed)
{
    int one[32];
    int two[32];
    int in_order = 0;
    order_of_reuse(1, one);
    order_of_reuse(2, two);
    cr_assert_neq(memcmp(one, two, sizeof(one)), 0);
    for (int i = 0; i < 32; i++)
        in_order += one[i] == i || one[i] == 31 - i;
    cr_assert_lt(in_order, 16, "this is no random order");
}

Test(reuse, tables_without_a_seed_issue_different_handles)
{
    hf_table *left = table_of(HF_REUSE_MAGAZINES, SLOTS, 0);
    hf_table *right = table_of(HF_REUSE_MAGAZINES, SLOTS, 0);
    cr_assert_neq(fixture_open(left, world, FAKE_RUNDOWN).bits,
                  fixture_open(right, world, FAKE_RUNDOWN).bits);
    hf_table_destroy(left);
    hf_table_destroy(right);
}

Test(reuse, two_live_tables_with_one_seed_do_not_take_each_others_handles)
{
    hf_region region;
    hf_table *left = table_of(HF_REUSE_LIFO, SLOTS, 42);
    hf_table *right = table_of(HF_REUSE_LIFO, SLOTS, 42);
    hf_handle handle = fixture_open(left, world, FAKE_RUNDOWN);
    fixture_open(right, world, FAKE_RUNDOWN);
    MUST(hf_enter(right, handle, NULL, &region), HF_E_FOREIGN_HANDLE);
    hf_table_destroy(left);
    hf_table_destroy(right);
}

static void whole_capacity_is_usable(hf_reuse reuse, uint64_t capacity)
{
    static hf_handle handles[1 << 16];
    hf_handle extra;
    hf_table *table = table_of(reuse, capacity, 0);
    for (int round = 0; round < 3; round++) {
        fill(table, handles, (int)capacity);
        MUST(hf_reserve(table, &world->types[FAKE_RUNDOWN], &extra), HF_E_TABLE_FULL);
        cr_assert_eq(fixture_stats(table).live, capacity);
        MUST_OK(hf_close_many(table, handles, capacity, NULL));
    }
    hf_table_destroy(table);
}

Test(reuse, whole_capacity_is_usable_in_every_order)
{
    for (int reuse = HF_REUSE_MAGAZINES; reuse <= HF_REUSE_RANDOM; reuse++) {
        whole_capacity_is_usable((hf_reuse)reuse, 1);
        whole_capacity_is_usable((hf_reuse)reuse, 3);
        whole_capacity_is_usable((hf_reuse)reuse, 257);
    }
    whole_capacity_is_usable(HF_REUSE_MAGAZINES, 1 << 16);
}

static hf_handle open_labelled(hf_table *table, const char *label, bool borrowed)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle = HF_NULL_HANDLE;
    options.label = label;
    options.borrowed = borrowed;
    MUST_OK(hf_open(table, &world->types[FAKE_PLAIN], fake_make(world), &options, &handle));
    return handle;
}

Test(reuse, many_lives_of_a_slot_leave_its_neighbours_record_alone)
{
    hf_table *table = table_of(HF_REUSE_LIFO, SLOTS, 0);
    hf_handle left = open_labelled(table, "left", false);
    hf_handle right = open_labelled(table, "right", false);
    for (int life = 0; life < 8; life++) {
        MUST_OK(hf_close(table, left, NULL));
        left = open_labelled(table, "left", false);
        cr_assert_str_eq(fixture_info(table, left).label, "left");
        cr_assert_str_eq(fixture_info(table, right).label, "right");
    }
    hf_table_destroy(table);
}

/* A record keeps a few lives; of one that it does not keep it knows nothing. */
Test(reuse, forgotten_life_is_not_taken_for_one_that_is_known)
{
    hf_table *table = table_of(HF_REUSE_LIFO, SLOTS, 0);
    hf_handle first = open_labelled(table, "first", false);
    MUST_OK(hf_close(table, first, NULL));
    for (int life = 0; life < 4; life++)
        MUST_OK(hf_close(table, open_labelled(table, "later", true), NULL));
    cr_assert_not(fixture_info(table, first).borrowed);
    cr_assert_null(fixture_info(table, first).label);
    hf_table_destroy(table);
}

/* A head that is the same again after a slot went and came back would pass for the old one with a
 * thread that was slow. */
Test(reuse, head_of_the_free_slots_is_never_the_same_again)
{
    hf_table *table = table_of(HF_REUSE_LIFO, SLOTS, 0);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    uint64_t head = __atomic_load_n(&table->bag.tops[0], __ATOMIC_RELAXED);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    cr_assert_neq(__atomic_load_n(&table->bag.tops[0], __ATOMIC_RELAXED), head);
    hf_table_destroy(table);
}

/* Takes all records there are, as if for other threads.  Answers this thread's own. */
static uint32_t use_up_records(void)
{
    uint32_t own = hf_record_current();
    do
        hf_this_thread.record = 0;
    while (hf_record_take() != 0);
    return own;
}

/* How many handles can be opened until the table is full. */
static size_t open_all(hf_table *table, hf_handle *handles)
{
    size_t count = 0;
    while (hf_reserve(table, &world->types[FAKE_RUNDOWN], &handles[count]) == HF_OK)
        count++;
    return count;
}

/* One has magazines, the other has not: each finds what the other gave back. */
Test(reuse, slots_go_to_and_fro_between_threads_with_and_without_a_record)
{
    enum { CAPACITY = 1 << 16, OF_A_MAGAZINE = 2 * HF_CHAIN };
    static hf_handle handles[CAPACITY + 1];
    hf_table *table = table_of(HF_REUSE_MAGAZINES, CAPACITY, 0);
    uint32_t own = use_up_records();
    hf_this_thread.record = own;
    size_t count = open_all(table, handles);
    cr_assert_eq(count, CAPACITY);
    MUST_OK(hf_close_many(table, handles, count, NULL));
    hf_this_thread.record = 0;
    count = open_all(table, handles);
    cr_assert_geq(count, CAPACITY - OF_A_MAGAZINE, "%zu of the chains' slots only", count);
    MUST_OK(hf_close_many(table, handles, count, NULL));
    hf_this_thread.record = own;
    cr_assert_eq(open_all(table, handles), CAPACITY);
    hf_table_destroy(table);
}

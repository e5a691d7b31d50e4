/* Slots that their opener keeps between two handles. */
#include <pthread.h>

#include "core/cold.h"
#include "core/kept.h"
#include "fixture.h"
#include "spin_barrier.h"

enum { SLOTS = 16, ROUNDS = 2000 };

static hf_table *table;
static fake_world *world;
static int releases;

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    releases++;
    return HF_OUTCOME_RELEASED;
}

static const hf_type type = {.size = (uint32_t)sizeof(hf_type), .name = "kept", .release = release};

static void create(uint64_t slots)
{
    hf_table_options options = fixture_options(HF_REUSE_FIFO, HF_PROTECT_COUNTED);
    options.level = HF_LEVEL_STACKS;
    options.capacity_slots = slots;
    table = fixture_create(&options);
}

static void set_up(void)
{
    reports_start();
    create(SLOTS);
    world = fake_world_create(SLOTS);
    releases = 0;
}

static void tear_down(void)
{
    hf_table_destroy(table);
    fixture_end(world);
}

TestSuite(kept, .init = set_up, .fini = tear_down);

static hf_handle open_again(hf_handle former)
{
    hf_handle handle = former;
    MUST_OK(hf_open_again(table, &type, 7, "label", &handle, HF_SITE(), "test"));
    return handle;
}

static hf_status close_keeping(hf_handle handle)
{
    return hf_close_keeping(table, handle, HF_SITE(), "test");
}

/* A closed handle whose slot is kept. */
static hf_handle keep(void)
{
    hf_handle handle = open_again(HF_NULL_HANDLE);
    MUST_OK(close_keeping(handle));
    return handle;
}

Test(kept, opened_again_in_its_slot)
{
    hf_handle former = keep();
    hf_handle handle = open_again(former);
    cr_assert(fixture_same_slot(handle, former));
    cr_assert_neq(handle.bits, former.bits);
    cr_assert(hf_is_live(table, handle));
    cr_assert(!hf_is_live(table, former));
    MUST_OK(hf_close(table, handle, NULL));
}

Test(kept, closed_handle_is_stale)
{
    hf_handle former = keep();
    cr_assert_eq(fixture_life(table, former), HF_LIFE_CLOSED);
    MUST(close_keeping(former), HF_E_STALE_HANDLE);
    MUST(hf_close(table, former, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(releases, 0, "the caller's care");
    MUST_OK(hf_close(table, open_again(former), NULL));
}

Test(kept, nobody_else_gets_it)
{
    hf_handle others[SLOTS];
    hf_handle former = keep();
    for (int i = 0; i < SLOTS - 1; i++) {
        others[i] = fixture_open(table, world, FAKE_RUNDOWN);
        cr_assert(!fixture_same_slot(others[i], former));
    }
    hf_value value = fake_make(world);
    MUST(hf_open(table, &world->types[FAKE_RUNDOWN], value, NULL, &others[SLOTS - 1]),
         HF_E_TABLE_FULL);
    fake_give_back(value);
    cr_assert(fixture_same_slot(open_again(former), former));
}

Test(kept, is_taken_once)
{
    hf_handle former = keep();
    hf_handle first = open_again(former);
    hf_handle second = open_again(former);
    cr_assert(fixture_same_slot(first, former));
    cr_assert(!fixture_same_slot(second, former));
    MUST_OK(close_keeping(first));
    cr_assert(!fixture_same_slot(open_again(former), former), "kept for the later handle alone");
    cr_assert(fixture_same_slot(open_again(first), former));
}

Test(kept, slot_that_was_given_back_is_not_kept)
{
    hf_handle handle = open_again(HF_NULL_HANDLE);
    MUST_OK(hf_close(table, handle, NULL));
    hf_handle again = open_again(handle);
    hf_handle other = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(!fixture_same_slot(again, handle), "fresh ones come first in this order");
    cr_assert(!fixture_same_slot(again, other));
}

Test(kept, held_one_is_given_back_by_its_holder)
{
    hf_ref ref;
    hf_handle handle = open_again(HF_NULL_HANDLE);
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(close_keeping(handle));
    cr_assert_eq(releases, 0);
    cr_assert(!fixture_same_slot(open_again(handle), handle), "held still");
    MUST_OK(hf_release(&ref));
    cr_assert_eq(releases, 1);
    cr_assert(!fixture_same_slot(open_again(handle), handle));
}

Test(kept, slot_is_retired_after_its_last_generation)
{
    hf_handle former = keep();
    hf_handle handle = open_again(former);
    uint32_t lives = 2;
    for (; fixture_same_slot(handle, former); lives++) {
        MUST_OK(close_keeping(handle));
        handle = open_again(handle);
    }
    cr_assert_eq(lives, (UINT32_C(1) << HF_GENERATION_BITS_), "one life is another slot's");
    cr_assert_eq(fixture_stats(table).retired_slots, 1);
}

Test(kept, forged_and_foreign_handles_are_no_former_ones)
{
    hf_table *other = fixture_table(HF_PROTECT_COUNTED);
    hf_table_destroy(table);
    create(4 * SLOTS);
    hf_handle former = keep();
    hf_handle foreign = fixture_open(other, world, FAKE_RUNDOWN);
    MUST_OK(hf_close(other, foreign, NULL));
    cr_assert(!fixture_same_slot(open_again(foreign), former));
    cr_assert(!fixture_same_slot(open_again((hf_handle){former.bits ^ 1}), former));
    for (unsigned bit = HF_TYPE_SHIFT_; bit < 64; bit++)
        (void)open_again((hf_handle){former.bits ^ UINT64_C(1) << bit});
    cr_assert(fixture_same_slot(open_again(former), former));
    hf_table_destroy(other);
}

Test(kept, table_that_is_shut_down_opens_none)
{
    hf_handle handle = keep();
    MUST_OK(hf_table_shutdown(table, HF_FOREVER));
    MUST(hf_open_again(table, &type, 7, NULL, &handle, HF_SITE(), "test"), HF_E_CLOSING);
}

Test(kept, another_type_takes_the_same_slot)
{
    static const hf_type other = {
        .size = (uint32_t)sizeof(hf_type), .name = "other", .release = release};
    hf_handle former = keep();
    hf_handle handle = former;
    MUST_OK(hf_open_again(table, &other, 7, NULL, &handle, HF_SITE(), "test"));
    cr_assert(fixture_same_slot(handle, former));
    hf_region region;
    MUST(hf_enter(table, handle, &type, &region), HF_E_WRONG_TYPE);
    MUST_OK(hf_enter(table, handle, &other, &region));
    hf_leave(&region);
    MUST_OK(close_keeping(handle));
    cr_assert(fixture_same_slot(open_again(handle), former));
}

Test(kept, type_too_many_is_refused)
{
    static hf_type types[HF_TYPE_FIELDS_];
    hf_handle handle = keep();
    uint32_t opened = 0;
    hf_status status = HF_OK;
    while (status == HF_OK) {
        cr_assert_lt(opened, HF_TYPE_FIELDS_);
        types[opened] = type;
        status = hf_open_again(table, &types[opened++], 7, NULL, &handle, HF_SITE(), "test");
        if (status == HF_OK)
            MUST_OK(close_keeping(handle));
    }
    cr_assert_eq(status, HF_E_TOO_MANY_TYPES);
    cr_assert(fixture_same_slot(open_again(handle), handle), "still kept");
}

Test(kept, signal_handler_leaves_it_to_a_later_call)
{
    hf_handle handle = open_again(HF_NULL_HANDLE);
    hf_signal_begin();
    MUST_OK(close_keeping(handle));
    hf_signal_end();
    cr_assert(!fixture_same_slot(open_again(handle), handle), "given back, not kept");
    cr_assert_eq(releases, 1);
}

Test(kept, life_is_told_whole)
{
    hf_cold_life life;
    hf_handle handle = open_again(keep());
    uint64_t raw = handle.bits ^ table->head.secret;
    bool found = false;
    MUST_OK(close_keeping(handle));
    for (uint32_t i = 0; i < table->cold_lives && !found; i++)
        found = hf_cold_read(table, hf_raw_index(raw), i, &life) && life.raw == raw;
    cr_assert(found);
    cr_assert_eq(life.value, 7);
    cr_assert_str_eq(life.label, "label");
    cr_assert_eq(life.parent, 0);
    cr_assert_eq(life.borrowed, 0);
}

Test(kept, counts_are_right)
{
    hf_handle handle = open_again(HF_NULL_HANDLE);
    for (int i = 0; i < 5; i++) {
        MUST_OK(close_keeping(handle));
        handle = open_again(handle);
    }
    cr_assert_eq(fixture_stats(table).opened, 6);
    cr_assert_eq(fixture_stats(table).closed, 5);
}

Test(kept, both_lives_are_remembered)
{
    hf_cold_life life;
    hf_handle former = keep();
    hf_handle handle = open_again(former);
    uint64_t raw = handle.bits ^ table->head.secret;
    uint32_t found = 0;
    MUST_OK(close_keeping(handle));
    for (uint32_t i = 0; i < table->cold_lives; i++) {
        cr_assert(hf_cold_read(table, hf_raw_index(raw), i, &life));
        cr_assert(life.raw == raw || life.raw == (former.bits ^ table->head.secret));
        cr_assert_neq(life.opened, 0);
        cr_assert_neq(life.closed, 0);
        found += life.raw == raw;
    }
    cr_assert_eq(found, 1);
}

/* ---- two who think that it is theirs -------------------------------------------------------- */

typedef struct racer {
    pthread_t thread;
    spin_barrier *barrier;
    const struct racer *other;
    hf_handle *former;
    hf_handle handle;
    uint32_t won;
} racer;

static void race_once(racer *of)
{
    hf_handle former = *of->former;
    spin_barrier_wait(of->barrier);
    of->handle = former;
    MUST_OK(hf_open_again(table, &type, 7, NULL, &of->handle, HF_SITE(), "test"));
    spin_barrier_wait(of->barrier);
    cr_assert(!fixture_same_slot(of->handle, of->other->handle));
    bool won = fixture_same_slot(of->handle, former);
    of->won += won;
    /* The first racer's, once the slot is retired. */
    if (won || (of < of->other && !fixture_same_slot(of->other->handle, former)))
        *of->former = of->handle;
    MUST_OK(close_keeping(of->handle));
    spin_barrier_wait(of->barrier);
}

static void *race(void *argument)
{
    for (int round = 0; round < ROUNDS; round++)
        race_once(argument);
    return NULL;
}

Test(kept, two_threads_never_get_the_same)
{
    static racer racers[2];
    spin_barrier barrier = {.threads = 2};
    hf_table_destroy(table);
    create(4 * ROUNDS); /* what the loser keeps is never used again */
    hf_handle former = keep();
    for (int i = 0; i < 2; i++)
        racers[i] = (racer){.barrier = &barrier, .other = &racers[1 - i], .former = &former};
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_join(racers[i].thread, NULL), 0);
    cr_assert_gt(racers[0].won + racers[1].won, ROUNDS / 2);
}

/* The index of pointers: found again, displaced, never displaced while live. */
#include "pointers.h"

#include <pthread.h>

#include "preload_support.h"
#include "table.h"

TestSuite(pointers, .init = preload_up);

enum { MANY = 1 << 15 }; /* twice what the index holds */

static char things[MANY];

static hf_handle open_stream(const void *pointer)
{
    hf_handle handle;
    cr_assert_eq(
        hf_open(run_this_process.table, &run_type_stream, (hf_value)pointer, NULL, &handle), HF_OK);
    return handle;
}

/* False: there was no room. */
static bool add_as(const void *pointer, hf_handle handle)
{
    hf_handle last;
    run_pointer *cell = run_pointer_take(pointer, &last);
    if (cell != NULL)
        run_pointer_publish(cell, handle);
    return cell != NULL;
}

static hf_handle add(const void *pointer)
{
    hf_handle handle = open_stream(pointer);
    cr_assert(add_as(pointer, handle));
    return handle;
}

static bool has(const void *pointer, hf_handle handle)
{
    run_pointer_view view;
    return run_pointer_look_up(pointer, &view) && hf_handle_equal(view.handle, handle);
}

Test(pointers, unknown)
{
    run_pointer_view view;
    cr_expect_not(run_pointer_look_up(&things[0], &view));
    cr_expect_not(run_pointer_look_up(NULL, &view));
}

Test(pointers, known)
{
    hf_handle handle = add(&things[0]);
    cr_expect(has(&things[0], handle));
    cr_expect_not(has(&things[1], handle));
}

Test(pointers, taken_but_not_published_is_unknown)
{
    run_pointer_view view;
    hf_handle last;
    cr_assert_not_null(run_pointer_take(&things[0], &last));
    cr_expect(hf_handle_is_null(last));
    cr_expect_not(run_pointer_look_up(&things[0], &view));
}

/* Whoever took a cell is still writing to it. */
Test(pointers, taken_but_not_published_is_nobody_elses)
{
    static run_pointer *taken[MANY];
    hf_handle last;
    for (int i = 0; i < MANY; i++)
        taken[i] = run_pointer_take(&things[i], &last);
    for (int i = 0; i < MANY; i++)
        if (taken[i] != NULL)
            cr_assert_eq(taken[i]->key, (uintptr_t)&things[i], "%d", i);
}

Test(pointers, taken_tells_of_its_last_life)
{
    hf_handle last;
    hf_handle handle = add(&things[0]);
    cr_assert_not_null(run_pointer_take(&things[0], &last), "it was closed unseen");
    cr_expect(hf_handle_equal(last, handle));
}

Test(pointers, forgotten)
{
    run_pointer_view view;
    add(&things[0]);
    cr_assert(run_pointer_look_up(&things[0], &view));
    run_pointer_forget(&view);
    cr_expect_not(run_pointer_look_up(&things[0], &view));
}

Test(pointers, forgotten_too_late)
{
    run_pointer_view view;
    hf_handle first = add(&things[0]);
    cr_assert(run_pointer_look_up(&things[0], &view));
    hf_close(run_this_process.table, first, NULL);
    hf_handle second = add(&things[0]);
    run_pointer_forget(&view);
    cr_expect(has(&things[0], second));
}

Test(pointers, closed_is_still_known)
{
    hf_handle handle = add(&things[0]);
    hf_close(run_this_process.table, handle, NULL);
    cr_expect(has(&things[0], handle));
}

Test(pointers, opened_again_has_the_same_cell)
{
    hf_handle first = add(&things[0]);
    hf_close(run_this_process.table, first, NULL);
    hf_handle second = add(&things[0]);
    cr_expect_not(has(&things[0], first));
    cr_expect(has(&things[0], second));
}

Test(pointers, live_ones_keep_their_cells)
{
    static bool added[MANY];
    unsigned known = 0;
    hf_handle live = open_stream(&things[0]); /* of all: the index does not mind */
    for (int i = 0; i < MANY; i++)
        added[i] = add_as(&things[i], live);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(has(&things[i], live), added[i], "%d", i);
        known += added[i];
    }
    cr_expect_gt(known, MANY / 4);
    cr_expect_lt(known, MANY);
}

Test(pointers, closed_ones_make_room)
{
    for (int i = 0; i < MANY; i++) {
        hf_handle handle = add(&things[i]);
        cr_assert(has(&things[i], handle), "%d", i);
        hf_close(run_this_process.table, handle, NULL);
    }
}

/* ---- threads -------------------------------------------------------------------------------- */

enum { OPENERS = 3, ROUNDS = 500000, CROWD = 2 * OPENERS };

static int crowd[CROWD]; /* pointers whose first choice is one cell */
static bool openers_are_done;

/* Pointers that lie side by side hardly ever meet. */
static const void *anywhere(int number)
{
    uint64_t bits = ((uint64_t)number + 1) * UINT64_C(0xbf58476d1ce4e5b9);
    return (const void *)(uintptr_t)((bits ^ bits >> 31) * UINT64_C(0x94d049bb133111eb));
}

static run_pointer *first_choice(int number)
{
    hf_handle last;
    run_pointer *cell = run_pointer_take(anywhere(number), &last);
    cr_assert_not_null(cell);
    run_pointer_publish(cell, HF_NULL_HANDLE);
    return cell;
}

static void find_crowd(void)
{
    static run_pointer *choices[MANY];
    for (int i = 0; i < MANY; i++)
        choices[i] = first_choice(i);
    for (int i = 0; i < MANY; i++) {
        int count = 0;
        for (int other = i; other < MANY && count < CROWD; other++)
            if (choices[other] == choices[i])
                crowd[count++] = other;
        if (count == CROWD)
            return;
    }
    cr_assert(false, "no cell is so many's first choice");
}

/* Each pointer's descriptor is its number. */
static void open_and_close_once(int number)
{
    run_pointer_view view;
    hf_handle last;
    run_pointer *cell = run_pointer_take(anywhere(number), &last);
    cr_assert_not_null(cell);
    hf_handle handle = open_stream(anywhere(number));
    __atomic_store_n(&cell->descriptor, number, __ATOMIC_RELAXED);
    run_pointer_publish(cell, handle);
    cr_assert(run_pointer_look_up(anywhere(number), &view));
    cr_assert(hf_handle_equal(view.handle, handle));
    hf_close(run_this_process.table, handle, NULL);
}

static void *open_and_close_its_own(void *argument)
{
    const int *own = argument;
    for (int round = 0; round < ROUNDS; round++)
        open_and_close_once(own[round % 2]);
    return NULL;
}

static void *look_at_all(void *argument)
{
    while (!__atomic_load_n(&openers_are_done, __ATOMIC_RELAXED))
        for (int i = 0; i < CROWD; i++) {
            run_pointer_view view;
            if (run_pointer_look_up(anywhere(crowd[i]), &view))
                cr_assert_eq(view.descriptor, crowd[i]);
        }
    return argument;
}

Test(pointers, threads_do_not_mix_what_they_write)
{
    pthread_t reader;
    pthread_t openers[OPENERS];
    cr_assert(run_table_make(OPENERS * ROUNDS)); /* in place of the suite's */
    find_crowd();
    cr_assert_eq(pthread_create(&reader, NULL, look_at_all, NULL), 0);
    for (int i = 0; i < OPENERS; i++)
        cr_assert_eq(pthread_create(&openers[i], NULL, open_and_close_its_own, &crowd[2 * i]), 0);
    for (int i = 0; i < OPENERS; i++)
        cr_assert_eq(pthread_join(openers[i], NULL), 0);
    __atomic_store_n(&openers_are_done, true, __ATOMIC_RELAXED);
    cr_assert_eq(pthread_join(reader, NULL), 0);
}

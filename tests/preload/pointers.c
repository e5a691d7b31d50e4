/* The index of pointers: found again, displaced, never displaced while live. */
#include "pointers.h"

#include "preload_support.h"

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
    run_pointer *cell = run_pointer_take(pointer);
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
    cr_assert_not_null(run_pointer_take(&things[0]));
    cr_expect_not(run_pointer_look_up(&things[0], &view));
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

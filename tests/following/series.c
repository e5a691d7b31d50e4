/* Loops over the whole table, told from closes that follow each other by chance. */
#include "following_support.h"

static const char code[4096];
static const char *const here = code;
static const char *const there = code + 2048;

/* Numbers from `first` up or down to `last`; those from `unknown` on were never seen open. */
static void walk(run_operation operation, int first, int last, int step, int unknown)
{
    for (int i = first; step > 0 ? i <= last : i >= last; i += step)
        run_series_step(operation, i, here, i >= unknown);
}

Test(series, none)
{
    cr_expect_eq(run_series_verdict(), RUN_TELL);
    run_series_break();
    cr_expect_eq(flushed, 0);
}

Test(series, one_call_waits_for_the_next)
{
    run_series_step(RUN_CLOSING, 5, here, false);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    cr_expect_eq(flushed, 0);
    run_series_break();
    cr_expect_eq(flushed, 1);
    cr_expect_eq(run_series_verdict(), RUN_TELL);
}

Test(series, same_number_again_is_none)
{
    for (int i = 0; i < 5; i++)
        run_series_step(RUN_CLOSING, 5, here, true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    cr_expect_eq(flushed, 4);
    cr_expect_eq(dropped, 0);
}

Test(series, upwards_into_the_unknown_is_a_loop)
{
    walk(RUN_CLOSING, 3, 20, 1, 21);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    run_series_step(RUN_CLOSING, 21, here, true);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
    cr_expect_eq(dropped, 1);
    walk(RUN_CLOSING, 22, 4000, 1, 22);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
    cr_expect_eq(dropped, 1);
    cr_expect_eq(flushed, 0);
}

Test(series, downwards_from_the_unknown_is_a_loop)
{
    walk(RUN_CLOSING, 100, 3, -1, 90);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
    cr_expect_eq(dropped, 1);
}

Test(series, probes_as_closes)
{
    walk(RUN_PROBING, 0, 10, 1, 3);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
}

Test(series, two_calls_are_no_loop)
{
    walk(RUN_CLOSING, 3, 4, 1, 0);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    run_series_break();
    cr_expect_eq(flushed, 1);
    cr_expect_eq(dropped, 0);
}

Test(series, three_calls_are)
{
    walk(RUN_CLOSING, 3, 5, 1, 5);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
}

Test(series, known_numbers_alone_are_a_batch)
{
    walk(RUN_CLOSING, 3, 200, 1, 1000);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    run_series_break();
    cr_expect_eq(flushed, 1);
    cr_expect_eq(dropped, 0);
}

Test(series, kept_numbers_are_left_out)
{
    run_series_step(RUN_CLOSING, 3, here, false);
    run_series_step(RUN_CLOSING, 5, here, false);
    run_series_step(RUN_CLOSING, 21, here, true);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
    cr_expect_eq(flushed, 0);
}

Test(series, far_away_is_another_one)
{
    walk(RUN_CLOSING, 3, 4, 1, 3);
    run_series_step(RUN_CLOSING, 21, here, true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    cr_expect_eq(flushed, 1);
}

Test(series, to_and_fro_is_none)
{
    for (int i = 0; i < 10; i++)
        run_series_step(RUN_CLOSING, 5 + i % 2, here, true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    cr_expect_eq(dropped, 0);
}

/* As compilers make it of a loop: the same call several times, one behind the other. */
Test(series, unrolled_loop_is_one)
{
    for (int i = 3; i < 40; i++)
        run_series_step(RUN_CLOSING, i, &code[i % 4 * 16], i >= 30);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
    cr_expect_eq(flushed, 0);
}

Test(series, calls_one_by_one_are_none)
{
    for (int i = 3; i < 12; i++)
        run_series_step(RUN_CLOSING, i, &code[i * 16], true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    run_series_break();
    cr_expect_eq(flushed, 1);
    cr_expect_eq(dropped, 0);
}

Test(series, another_place_ends_it)
{
    walk(RUN_CLOSING, 3, 10, 1, 3);
    run_series_step(RUN_CLOSING, 11, there, true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
}

Test(series, another_operation_ends_it)
{
    walk(RUN_CLOSING, 3, 10, 1, 3);
    run_series_step(RUN_PROBING, 11, here, true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
}

Test(series, a_loop_that_ended_is_forgotten)
{
    walk(RUN_CLOSING, 3, 10, 1, 3);
    run_series_break();
    run_series_step(RUN_CLOSING, 11, here, false);
    run_series_step(RUN_CLOSING, 12, here, false);
    run_series_step(RUN_CLOSING, 13, here, false);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
}

Test(series, extreme_numbers)
{
    run_series_step(RUN_CLOSING, INT32_MAX, here, true);
    run_series_step(RUN_CLOSING, INT32_MIN, here, true);
    run_series_step(RUN_CLOSING, -1, here, true);
    cr_expect_eq(run_series_verdict(), RUN_WAIT);
    walk(RUN_CLOSING, -3, 3, 1, -3);
    cr_expect_eq(run_series_verdict(), RUN_DROP);
}

/* Returning by a jump, and not: what a function answers, and to whom, is the same. */
#include "returns.h"

#include <criterion/criterion.h>
#include <stdint.h>

enum { DEPTH = 100 };

RUN_MAY_JUMP_BACK __attribute__((noinline)) static uint64_t sum(uint64_t to)
{
    __asm__ volatile(""); /* no loop is made of it */
    return to == 0 ? 0 : to + sum(to - 1);
}

typedef struct pair {
    uint64_t one;
    uint64_t other;
} pair;

RUN_MAY_JUMP_BACK __attribute__((noinline)) static pair both(uint64_t one, uint64_t other)
{
    __asm__ volatile("");
    return (pair){other, one};
}

static void expect_answers(void)
{
    for (uint64_t depth = 0; depth < DEPTH; depth++)
        cr_assert_eq(sum(depth), depth * (depth + 1) / 2);
    pair swapped = both(3, UINT64_MAX);
    cr_expect_eq(swapped.one, UINT64_MAX);
    cr_expect_eq(swapped.other, 3);
}

Test(returns, as_others_do)
{
    expect_answers();
    run_returns_by_jump(false);
    expect_answers();
}

Test(returns, by_jump)
{
    run_returns_by_jump(true);
    expect_answers();
    run_returns_by_jump(false);
    expect_answers();
}

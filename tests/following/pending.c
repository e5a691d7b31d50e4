/* Findings that wait. */
#include "following_support.h"

#include <pthread.h>
#include <unistd.h>

#include "forked.h"
#include "pending.h"

static unsigned told;
static uintptr_t last_told;

/* In place of records' states: their places stand for the findings. */
static uint32_t states[1000];

static void tell(uint32_t *waiting)
{
    told++;
    last_told = (uintptr_t)(waiting - states);
}

static bool add(uintptr_t number)
{
    return run_pending_add(&states[number]);
}

static void tell_own(void *argument)
{
    (void)argument;
    run_pending_settle(tell);
}

Test(pending, none_is_told)
{
    run_pending_settle(tell);
    run_pending_settle_all(tell);
    cr_expect_eq(told, 0);
}

Test(pending, told_once)
{
    cr_expect(add(7));
    run_pending_settle(tell);
    run_pending_settle(tell);
    run_pending_settle_all(tell);
    cr_expect_eq(told, 1);
    cr_expect_eq(last_told, 7);
}

static void withdraw(uint32_t *waiting)
{
    (void)waiting;
}

Test(pending, withdrawn_is_not_told)
{
    cr_expect(add(7));
    run_pending_settle(withdraw);
    run_pending_settle(tell);
    run_pending_settle_all(tell);
    cr_expect_eq(told, 0);
}

Test(pending, room_for_a_few_and_again)
{
    for (int round = 0; round < 200; round++) {
        unsigned kept = 0;
        while (add(kept))
            kept++;
        cr_assert_gt(kept, 1);
        cr_assert_lt(kept, 100);
        told = 0;
        run_pending_settle(tell);
        cr_assert_eq(told, kept);
    }
}

static void *add_one(void *argument)
{
    cr_assert(add((uintptr_t)argument));
    return NULL;
}

static void in_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, body, argument), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

Test(pending, told_when_the_thread_ends)
{
    run_pending_start(tell_own);
    for (uintptr_t i = 1; i <= 200; i++) {
        in_thread(add_one, (void *)i);
        cr_assert_eq(told, i);
        cr_assert_eq(last_told, i);
    }
}

Test(pending, of_another_thread_told_by_all)
{
    in_thread(add_one, (void *)3);
    run_pending_settle(tell);
    cr_expect_eq(told, 0);
    run_pending_settle_all(tell);
    cr_expect_eq(told, 1);
}

static void *try_one(void *argument)
{
    *(unsigned *)argument += add(1) ? 1 : 0;
    return NULL;
}

enum { THREADS = 300 };

static unsigned threads_that_may_wait(void)
{
    unsigned kept = 0;
    for (int i = 0; i < THREADS; i++)
        in_thread(try_one, &kept);
    return kept;
}

Test(pending, full_thread_leaves_the_others_their_room)
{
    unsigned most = threads_that_may_wait();
    run_pending_settle_all(tell);
    while (add(1)) {
    }
    cr_expect_eq(threads_that_may_wait(), most - 1);
}

Test(pending, refused_when_many_threads_wait)
{
    unsigned kept = threads_that_may_wait();
    cr_expect_gt(kept, 1);
    cr_expect_lt(kept, THREADS);
    run_pending_settle_all(tell);
    cr_expect_eq(told, kept);
}

static int tell_all_here(void *argument)
{
    (void)argument;
    run_pending_forget();
    run_pending_settle(tell);
    run_pending_settle_all(tell);
    return (int)told + (add(1) ? 0 : 100);
}

Test(pending, forgotten_in_a_forked_child)
{
    cr_expect(add(1));
    cr_expect_eq(forked(tell_all_here, NULL), 0);
    run_pending_settle(tell);
    cr_expect_eq(told, 1);
}

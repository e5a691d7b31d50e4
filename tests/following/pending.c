/* Findings that wait. */
#include "following_support.h"

#include <pthread.h>
#include <unistd.h>

#include "forked.h"
#include "pending.h"

static unsigned told;
static hf_value last_told;

static void tell(const hf_report *report)
{
    told++;
    last_told = report->subject.value;
    cr_assert_null(report->holders);
}

static bool add(hf_value value)
{
    static const hf_report_holder holder;
    hf_report report = {.size = (uint32_t)sizeof report,
                        .holders = &holder,
                        .holder_count = 1,
                        .subject.value = value};
    return run_pending_add(&report);
}

static void tell_own(void *argument)
{
    (void)argument;
    run_pending_tell(tell);
}

Test(pending, none_is_told)
{
    run_pending_tell(tell);
    run_pending_tell_all(tell);
    run_pending_drop();
    cr_expect_eq(told, 0);
}

Test(pending, told_once)
{
    cr_expect(add(7));
    run_pending_tell(tell);
    run_pending_tell(tell);
    run_pending_tell_all(tell);
    cr_expect_eq(told, 1);
    cr_expect_eq(last_told, 7);
}

Test(pending, dropped_is_not_told)
{
    cr_expect(add(7));
    run_pending_drop();
    run_pending_tell(tell);
    run_pending_tell_all(tell);
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
        run_pending_tell(tell);
        cr_assert_eq(told, kept);
    }
}

static void *add_one(void *argument)
{
    cr_assert(add((hf_value)(uintptr_t)argument));
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
    run_pending_tell(tell);
    cr_expect_eq(told, 0);
    run_pending_tell_all(tell);
    cr_expect_eq(told, 1);
}

static void *try_one(void *argument)
{
    *(unsigned *)argument += add(1) ? 1 : 0;
    return NULL;
}

Test(pending, refused_when_many_threads_wait)
{
    enum { THREADS = 300 };
    unsigned kept = 0;
    for (int i = 0; i < THREADS; i++)
        in_thread(try_one, &kept);
    cr_expect_gt(kept, 1);
    cr_expect_lt(kept, THREADS);
    run_pending_tell_all(tell);
    cr_expect_eq(told, kept);
}

static int tell_all_here(void *argument)
{
    (void)argument;
    run_pending_forget();
    run_pending_tell(tell);
    run_pending_tell_all(tell);
    return (int)told + (add(1) ? 0 : 100);
}

Test(pending, forgotten_in_a_forked_child)
{
    cr_expect(add(1));
    cr_expect_eq(forked(tell_all_here, NULL), 0);
    run_pending_tell(tell);
    cr_expect_eq(told, 1);
}

/* Uses: what is answered of closed numbers, and who is inside of a call. */
#include "uses.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <unistd.h>

#include "core/record.h"
#include "preload_support.h"
#include "report/trace.h"

static sem_t go_on;
static sem_t is_there_now;

static void up_among_threads(void)
{
    preload_up();
    sem_init(&go_on, 0, 0);
    sem_init(&is_there_now, 0, 0);
}

TestSuite(uses, .init = preload_up);
TestSuite(uses_among_threads, .init = up_among_threads);

/* The calls of all threads, ended ones' left out, that are inside of the number's last life. */
static uint32_t calls_of(int number)
{
    uint64_t handle = run_handle_of(number).bits;
    uint32_t found = 0;
    for (uint32_t record = 1; record <= hf_record_peak(); record++)
        for (uint32_t i = 0;
             hf_record_is_taken(record) && i < run_calls_taken(&run_all_calls[record]); i++)
            found += run_all_calls[record].calls[i].handle == handle;
    return found;
}

static uint32_t own_count(void)
{
    return run_calls_taken(&run_all_calls[hf_this_thread.record]);
}

/* ---- numbers -------------------------------------------------------------------------------- */

Test(uses, live_and_unknown_pass)
{
    run_use use;
    int number = opened_seen();
    cr_expect(run_use_begin(&use, number, "read"));
    run_use_end(&use, true);
    cr_expect(run_use_begin(&use, opened_unseen(), "read"));
    run_use_end(&use, true);
    cr_expect(run_use_begin(&use, -1, "read"));
    run_use_end(&use, true);
    cr_expect_eq(reports_total(), 0);
}

Test(uses, tombstone_is_refused_and_told)
{
    run_use use;
    int number = opened_seen();
    must_close_number(number);
    errno = 0;
    cr_expect_not(run_use_begin(&use, number, "read"));
    cr_expect_eq(errno, EBADF);
    cr_assert_eq(reports_total(), 1);
    cr_expect_str_eq(reports_nth(HF_REPORT_STALE_USE, 0)->operation, "read");
}

Test(uses, own_is_refused_silently)
{
    run_use use;
    int number = run_make_own(opened_unseen());
    cr_assert(number >= 0);
    errno = 0;
    cr_expect_not(run_use_begin(&use, number, "read"));
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(reports_total(), 0);
}

static int opened_and_driven_out(void)
{
    int number = opened_seen();
    must_close_number(number);
    run_quarantine_empty();
    cr_assert_eq(run_state_of(number), RUN_FREE);
    return number;
}

Test(uses, free_is_told_if_the_system_says_so)
{
    run_use use;
    int number = opened_and_driven_out();
    cr_assert(run_use_begin(&use, number, "write"));
    errno = EBADF;
    run_use_end(&use, true);
    cr_expect_eq(errno, EBADF);
    cr_assert_eq(reports_total(), 1);
    cr_expect_str_eq(reports_nth(HF_REPORT_STALE_USE, 0)->operation, "write");
}

Test(uses, free_that_succeeds_was_opened_unseen)
{
    run_use use;
    int number = opened_and_driven_out();
    cr_assert(run_use_begin(&use, number, "write"));
    run_use_end(&use, false);
    cr_expect_eq(reports_total(), 0);
}

/* EBADF may also mean that it is open for reading only. */
Test(uses, free_that_is_open_in_another_mode)
{
    run_use use;
    int number = opened_and_driven_out();
    cr_assert_eq(opened_unseen(), number);
    cr_assert(run_use_begin(&use, number, "write"));
    errno = EBADF;
    run_use_end(&use, true);
    cr_expect_eq(reports_total(), 0);
}

Test(uses, another_error_says_nothing)
{
    run_use use;
    int number = opened_and_driven_out();
    cr_assert(run_use_begin(&use, number, "write"));
    errno = EINVAL;
    run_use_end(&use, true);
    cr_expect_eq(reports_total(), 0);
}

Test(uses, probes_are_refused_silently)
{
    run_use use;
    int number = opened_seen();
    must_close_number(number);
    errno = 0;
    cr_expect_not(run_probe_begin(&use, number, "fcntl"));
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(reports_total(), 0);
    run_this_process.settings[RUN_PROBES] = 1;
    cr_expect_not(run_probe_begin(&use, number, "fcntl"));
    cr_expect_eq(reports_total(), 1);
}

Test(uses, looks_are_told)
{
    run_use use;
    int number = opened_seen();
    must_close_number(number);
    cr_expect_not(run_look_begin(&use, number, "fstat"));
    cr_expect_eq(reports_count(HF_REPORT_STALE_USE), 1);
}

Test(uses, absolute_paths_do_not_use_the_directory)
{
    run_use use;
    int number = opened_seen();
    must_close_number(number);
    cr_expect(run_use_begin_at(&use, number, "/etc", "fstatat"));
    run_use_end(&use, true);
    cr_expect_eq(reports_total(), 0);
    cr_expect_not(run_use_begin_at(&use, number, "etc", "fstatat"));
    cr_expect_not(run_use_begin_at(&use, number, "", "fstatat"));
    cr_expect_eq(reports_total(), 2);
}

Test(uses, in_a_set)
{
    int live = opened_seen();
    int closed = opened_seen();
    int unknown = opened_unseen();
    must_close_number(closed);
    cr_expect_not(run_use_in_set(live, "select"));
    cr_expect_not(run_use_in_set(unknown, "select"));
    cr_expect_eq(reports_total(), 0);
    cr_expect(run_use_in_set(closed, "select"));
    cr_expect_eq(reports_total(), 1);
}

Test(uses, in_a_set_free_but_opened_unseen)
{
    int number = opened_and_driven_out();
    cr_assert_eq(opened_unseen(), number);
    cr_expect_not(run_use_in_set(number, "select"));
    cr_expect_eq(reports_total(), 0);
}

Test(uses, inside_the_library_passes)
{
    run_use use;
    int number = opened_seen();
    must_close_number(number);
    run_self.inside++;
    cr_expect(run_use_begin(&use, number, "read"));
    run_use_end(&use, true);
    run_self.inside--;
    cr_expect_eq(reports_total(), 0);
}

/* ---- regions -------------------------------------------------------------------------------- */

Test(uses, alone_announces_nothing)
{
    run_use use;
    int number = opened_seen();
    run_alone_now = true;
    cr_assert(run_use_begin(&use, number, "read"));
    cr_expect_eq(calls_of(number), 0);
    run_use_end(&use, false);
}

Test(uses_among_threads, begin_and_end_bracket_a_call)
{
    run_use use;
    int number = opened_seen();
    errno = ENOTTY;
    cr_assert(run_use_begin(&use, number, "read"));
    cr_expect_eq(calls_of(number), 1);
    run_use_end(&use, false);
    cr_expect_eq(errno, ENOTTY);
    cr_expect_eq(calls_of(number), 0);
    cr_expect_eq(own_count(), 0);
}

Test(uses_among_threads, two_of_one_call)
{
    run_use from;
    run_use to;
    int number = opened_seen();
    cr_assert(run_use_begin(&from, number, "tee"));
    cr_assert(run_use_begin(&to, number, "tee"));
    cr_expect_eq(calls_of(number), 2);
    run_use_end(&to, false);
    run_use_end(&from, false);
    cr_expect_eq(calls_of(number), 0);
}

Test(uses_among_threads, more_than_there_is_room_for)
{
    enum { MANY = 20 };
    run_use all[MANY];
    int number = opened_seen();
    for (int i = 0; i < MANY; i++)
        cr_assert(run_use_begin(&all[i], number, "read"));
    cr_expect_gt(calls_of(number), 4);
    for (int i = MANY; i-- > 0;)
        run_use_end(&all[i], false);
    cr_expect_eq(calls_of(number), 0);
    cr_expect_eq(own_count(), 0);
}

Test(uses_among_threads, one_inside_of_another_again_and_again)
{
    enum { OFTEN = 3 * RUN_CALLS };
    run_use outer;
    run_use inner;
    int number = opened_seen();
    cr_assert(run_use_begin(&outer, number, "read"));
    for (int i = 0; i < OFTEN; i++) {
        cr_assert(run_use_begin(&inner, number, "read"));
        cr_assert_eq(calls_of(number), 2);
        run_use_end(&inner, false);
        cr_assert_eq(own_count(), 1);
    }
    run_use_end(&outer, false);
    cr_expect_eq(own_count(), 0);
}

Test(uses_among_threads, set_holds_its_first_few)
{
    enum { COUNT = RUN_SET_USES + 2 };
    run_set_use set = {0};
    int numbers[COUNT];
    for (int i = 0; i < COUNT; i++)
        numbers[i] = opened_seen();
    for (int i = 0; i < COUNT; i++)
        cr_expect(run_use_enter_in_set(&set, numbers[i], "poll"));
    for (int i = 0; i < COUNT; i++)
        cr_expect_eq(calls_of(numbers[i]), i < RUN_SET_USES ? 1 : 0);
    run_use_leave_set(&set);
    for (int i = 0; i < COUNT; i++)
        cr_expect_eq(calls_of(numbers[i]), 0);
    cr_expect_eq(reports_total(), 0);
}

Test(uses_among_threads, set_holds_what_is_open)
{
    run_set_use set = {0};
    int closed = opened_seen();
    must_close_number(closed);
    cr_expect_not(run_use_enter_in_set(&set, closed, "poll"));
    cr_expect_not(run_use_enter_in_set(&set, opened_unseen(), "poll"));
    cr_expect_not(run_use_enter_in_set(&set, -1, "poll"));
    cr_expect_eq(set.count, 0);
    cr_expect_eq(reports_total(), 0);
}

Test(uses_among_threads, closed_meanwhile)
{
    run_use use;
    int number = opened_seen();
    cr_assert(run_use_begin(&use, number, "read"));
    must_close_number(number);
    run_use_end(&use, true);
    cr_expect_eq(reports_total(), 0, "only this very thread was inside");
    cr_expect_not(run_use_begin(&use, number, "read"));
}

static sigjmp_buf out;

__attribute__((noinline)) static void begin_deeply_and_jump(int number, int depth)
{
    run_use use;
    if (depth > 0) {
        begin_deeply_and_jump(number, depth - 1);
        __asm__ volatile(""); /* no loop is made of it */
        return;
    }
    cr_assert(run_use_begin(&use, number, "read"));
    siglongjmp(out, 1);
}

Test(uses_among_threads, left_by_a_jump_is_over_at_the_next_call)
{
    run_use use;
    int left = opened_seen();
    int other = opened_seen();
    if (sigsetjmp(out, 0) == 0)
        begin_deeply_and_jump(left, 10);
    cr_expect_eq(calls_of(left), 1);
    cr_assert(run_use_begin(&use, other, "read"));
    cr_expect_eq(calls_of(left), 0);
    cr_expect_eq(calls_of(other), 1);
    run_use_end(&use, false);
    cr_expect_eq(calls_of(other), 0);
}

Test(uses_among_threads, left_by_a_wrapped_jump_is_over_at_once)
{
    run_use use;
    int number = opened_seen();
    cr_assert(run_use_begin(&use, number, "read"));
    cr_assert(run_use_begin(&use, number, "read"));
    run_use_leave_all();
    cr_expect_eq(calls_of(number), 0);
    run_use_end(&use, false); /* does nothing */
    cr_expect_eq(own_count(), 0);
}

/* ---- holders -------------------------------------------------------------------------------- */

static void *hold(void *argument)
{
    run_use use;
    int number = *(const int *)argument;
    cr_assert(run_use_begin(&use, number, "recv"));
    pthread_setname_np(pthread_self(), "receiver");
    sem_post(&is_there_now);
    sem_wait(&go_on);
    run_use_end(&use, false);
    return NULL;
}

Test(uses_among_threads, holder_is_another_thread)
{
    run_use use;
    hf_trace_holder holder;
    pthread_t thread;
    int number = opened_seen();
    cr_assert(run_use_begin(&use, number, "read"));
    cr_expect_not(run_use_find_holder(run_handle_of(number), &holder));
    run_use_end(&use, false);
    cr_assert_eq(pthread_create(&thread, NULL, hold, &number), 0);
    sem_wait(&is_there_now);
    cr_assert(run_use_find_holder(run_handle_of(number), &holder));
    cr_expect_str_eq(holder.operation, "recv");
    cr_expect_str_eq(holder.moment.thread_name, "receiver");
    cr_expect_gt(holder.moment.frame_count, 0);
    cr_expect_neq(holder.moment.thread, 0);
    sem_post(&go_on);
    pthread_join(thread, NULL);
    cr_expect_not(run_use_find_holder(run_handle_of(number), &holder));
}

Test(uses_among_threads, close_during_use)
{
    pthread_t thread;
    int number = opened_seen();
    cr_assert_eq(pthread_create(&thread, NULL, hold, &number), 0);
    sem_wait(&is_there_now);
    must_close_number(number);
    cr_expect_eq(reports_count(HF_REPORT_CLOSE_DURING_USE), 1);
    cr_expect_eq(reports_total(), 1);
    sem_post(&go_on);
    pthread_join(thread, NULL);
}

/* A thread that ends inside of a call, by cancellation, does not hold for ever. */
static void *hold_and_end(void *argument)
{
    run_use use;
    cr_assert(run_use_begin(&use, *(const int *)argument, "recv"));
    return NULL;
}

Test(uses_among_threads, ended_inside_of_a_call)
{
    hf_trace_holder holder;
    pthread_t thread;
    int number = opened_seen();
    cr_assert_eq(pthread_create(&thread, NULL, hold_and_end, &number), 0);
    pthread_join(thread, NULL);
    cr_expect_eq(calls_of(number), 0);
    cr_expect_not(run_use_find_holder(run_handle_of(number), &holder));
}

/* The next thread that has its record has not left what is there. */
static void *have_a_record(void *argument)
{
    (void)argument;
    (void)hf_record_current();
    sem_post(&is_there_now);
    sem_wait(&go_on);
    return NULL;
}

Test(uses_among_threads, left_by_one_that_ended_is_not_the_next_ones)
{
    pthread_t thread;
    int number = opened_seen();
    cr_assert_eq(pthread_create(&thread, NULL, hold_and_end, &number), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(pthread_create(&thread, NULL, have_a_record, NULL), 0);
    sem_wait(&is_there_now);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
    sem_post(&go_on);
    pthread_join(thread, NULL);
}

static void *use_once(void *argument)
{
    run_use use;
    cr_assert(run_use_begin(&use, *(const int *)argument, "send"));
    run_use_end(&use, false);
    return NULL;
}

/* Whoever used it first, or last. */
Test(uses_among_threads, close_during_the_use_of_one_of_several)
{
    pthread_t thread;
    pthread_t holder;
    int number = opened_seen();
    (void)use_once(&number);
    cr_assert_eq(pthread_create(&holder, NULL, hold, &number), 0);
    sem_wait(&is_there_now);
    cr_assert_eq(pthread_create(&thread, NULL, use_once, &number), 0);
    pthread_join(thread, NULL);
    (void)use_once(&number);
    must_close_number(number);
    cr_expect_eq(reports_count(HF_REPORT_CLOSE_DURING_USE), 1);
    sem_post(&go_on);
    pthread_join(holder, NULL);
}

Test(uses_among_threads, used_by_another_thread_before)
{
    pthread_t thread;
    int number = opened_seen();
    cr_assert_eq(pthread_create(&thread, NULL, use_once, &number), 0);
    pthread_join(thread, NULL);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

/* The user's locks in the search for deadlocks. */
#include "actor.h"
#include "core/waiting.h"
#include "fixture.h"

#include <holdfast/lock.h>
#include <holdfast/posix.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

enum { MANY = 24 };

static hf_table *table;
static fake_world *world;
static hf_handle handle;
static pthread_mutex_t mutexes[MANY];
static hf_region region; /* of the actor */
static actor *other;
static hf_status status;
static int answer;

static void set_up(void)
{
    reports_start();
    world = fake_world_create(64);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(pthread_mutex_init(&mutexes[i], NULL), 0);
    other = actor_start();
}

static void tear_down(void)
{
    actor_end(other);
    hf_table_destroy(table);
    fixture_end(world);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(pthread_mutex_destroy(&mutexes[i]), 0, "a mutex stayed locked");
}

TestSuite(locks, .init = set_up, .fini = tear_down);

static void enter_task(void *argument)
{
    (void)argument;
    MUST_OK(hf_enter(table, handle, NULL, &region));
}

static void leave_task(void *argument)
{
    (void)argument;
    hf_leave(&region);
}

static void lock_task(void *argument)
{
    answer = hf_mutex_lock(argument);
}

static void unlock_task(void *argument)
{
    cr_assert_eq(hf_mutex_unlock(argument), 0);
}

static void close_task(void *argument)
{
    (void)argument;
    status = hf_close_wait(table, handle, HF_FOREVER, NULL);
}

/* It has searched, too: it will not be the one refused. */
static void until_other_waits(void)
{
    while (hf_waiting_next(0) == 0)
        sched_yield();
    actor_until_asleep(other);
}

static const report_copy *the_report(unsigned steps)
{
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    const report_copy *report = reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0);
    cr_assert_eq(report->holder_count, steps);
    return report;
}

/* ---- close waits for a callback that waits for a lock that the closer has ------------------- */

Test(locks, closer_comes_last)
{
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), 0);
    actor_do(other, enter_task, NULL);
    actor_begin(other, lock_task, &mutexes[0]);
    until_other_waits();
    MUST(hf_close_wait(table, handle, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    const report_copy *report = the_report(2);
    cr_expect_eq(report->holders[0].hold, HF_HOLD_LOCK);
    cr_expect_eq(report->holders[0].held_lock, &mutexes[0]);
    cr_expect_eq(report->holders[0].held.bits, 0);
    cr_expect_eq(report->holders[0].awaited.bits, handle.bits);
    cr_expect_eq(report->holders[1].hold, HF_HOLD_COUNTED);
    cr_expect_eq(report->holders[1].held.bits, handle.bits);
    cr_expect_eq(report->holders[1].awaited_lock, &mutexes[0]);
    cr_expect_eq(report->holders[1].awaited.bits, 0);
    cr_expect_gt(report->holders[1].waits_frames, 0);
    cr_expect_neq(report->holders[1].thread, report->now_thread);
    cr_assert(hf_is_live(table, handle));
    cr_assert_eq(hf_mutex_unlock(&mutexes[0]), 0);
    actor_finish(other);
    cr_assert_eq(answer, 0);
    actor_do(other, unlock_task, &mutexes[0]);
    actor_do(other, leave_task, NULL);
    MUST_OK(hf_close_wait(table, handle, HF_FOREVER, NULL));
}

Test(locks, locker_comes_last)
{
    hf_region own;
    MUST_OK(hf_enter(table, handle, NULL, &own));
    actor_do(other, lock_task, &mutexes[0]);
    actor_begin(other, close_task, NULL);
    until_other_waits();
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), EDEADLK);
    const report_copy *report = the_report(2);
    cr_expect_str_eq(report->operation, "hf_mutex_lock");
    cr_expect_eq(report->subject.bits, 0);
    cr_expect_eq(report->holders[0].held.bits, handle.bits);
    cr_expect_eq(report->holders[0].awaited_lock, &mutexes[0]);
    cr_expect_eq(report->holders[1].held_lock, &mutexes[0]);
    cr_expect_eq(report->holders[1].awaited.bits, handle.bits);
    cr_assert_eq(hf_mutex_trylock(&mutexes[0]), EBUSY);
    cr_assert_eq(hf_waiting_next(hf_waiting_next(0)), 0, "the refused wait is still published");
    hf_leave(&own);
    actor_finish(other);
    MUST_OK(status);
    actor_do(other, unlock_task, &mutexes[0]);
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), 0);
    cr_assert_eq(hf_mutex_unlock(&mutexes[0]), 0);
}

Test(locks, two_mutexes_in_two_orders)
{
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), 0);
    actor_do(other, lock_task, &mutexes[1]);
    actor_begin(other, lock_task, &mutexes[0]);
    until_other_waits();
    cr_assert_eq(hf_mutex_lock(&mutexes[1]), EDEADLK);
    the_report(2);
    cr_assert_eq(hf_mutex_unlock(&mutexes[0]), 0);
    actor_finish(other);
    cr_assert_eq(answer, 0);
    actor_do(other, unlock_task, &mutexes[0]);
    actor_do(other, unlock_task, &mutexes[1]);
}

Test(locks, own_mutex_again)
{
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), 0);
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), EDEADLK);
    cr_expect_eq(the_report(1)->holders[0].held_lock, &mutexes[0]);
    cr_assert_eq(hf_mutex_unlock(&mutexes[0]), 0);
}

/* Of such a mutex already trylock tells that the caller has it (the C library's own choice). */
Test(locks, own_robust_mutex_again)
{
    pthread_mutex_t robust;
    pthread_mutexattr_t attributes;
    cr_assert_eq(pthread_mutexattr_init(&attributes), 0);
    cr_assert_eq(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK), 0);
    cr_assert_eq(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
    cr_assert_eq(pthread_mutex_init(&robust, &attributes), 0);
    cr_assert_eq(hf_mutex_lock(&robust), 0);
    cr_assert_eq(hf_mutex_lock(&robust), EDEADLK);
    cr_expect_eq(the_report(1)->holders[0].held_lock, &robust);
    cr_assert_eq(hf_mutex_unlock(&robust), 0);
    cr_assert_eq(pthread_mutex_destroy(&robust), 0);
    (void)pthread_mutexattr_destroy(&attributes);
}

/* ---- no deadlock ---------------------------------------------------------------------------- */

Test(locks, given_back_in_time)
{
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), 0);
    actor_do(other, enter_task, NULL);
    actor_begin(other, lock_task, &mutexes[0]);
    until_other_waits();
    cr_assert_eq(hf_mutex_unlock(&mutexes[0]), 0);
    actor_finish(other);
    cr_assert_eq(answer, 0);
    actor_do(other, unlock_task, &mutexes[0]);
    actor_begin(other, leave_task, NULL);
    MUST_OK(hf_close_wait(table, handle, HF_FOREVER, NULL));
    actor_finish(other);
    cr_assert_eq(reports_total(), 0);
}

/* What a thread had given back when it began to wait is none of its locks. */
Test(locks, given_back_before_is_no_edge)
{
    actor_do(other, enter_task, NULL);
    actor_do(other, lock_task, &mutexes[1]);
    cr_assert_eq(hf_mutex_lock(&mutexes[0]), 0);
    actor_do(other, unlock_task, &mutexes[1]);
    actor_begin(other, lock_task, &mutexes[0]);
    until_other_waits();
    MUST_OK(hf_lock_waiting(&mutexes[1]));
    hf_lock_abandoned(&mutexes[1]);
    cr_assert_eq(hf_mutex_unlock(&mutexes[0]), 0);
    actor_finish(other);
    actor_do(other, unlock_task, &mutexes[0]);
    actor_do(other, leave_task, NULL);
    cr_assert_eq(reports_total(), 0);
}

Test(locks, recursive_mutex_may_be_locked_again)
{
    pthread_mutex_t recursive;
    pthread_mutexattr_t attributes;
    cr_assert_eq(pthread_mutexattr_init(&attributes), 0);
    cr_assert_eq(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE), 0);
    cr_assert_eq(pthread_mutex_init(&recursive, &attributes), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(hf_mutex_lock(&recursive), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(hf_mutex_unlock(&recursive), 0);
    pthread_mutex_destroy(&recursive);
    pthread_mutexattr_destroy(&attributes);
}

/* ---- many of them --------------------------------------------------------------------------- */

/* The actor has `count` locks and is in a region; does waiting for lock `which` close a cycle? */
static void wait_for_one_of(int count, int which, bool refused)
{
    hf_region own;
    MUST_OK(hf_enter(table, handle, NULL, &own));
    for (int i = 0; i < count; i++) {
        actor_do(other, lock_task, &mutexes[i]);
        cr_assert_eq(answer, 0);
    }
    actor_begin(other, close_task, NULL);
    until_other_waits();
    hf_status waiting = hf_lock_waiting(&mutexes[which]);
    cr_assert_eq(waiting, refused ? HF_E_POSSIBLE_DEADLOCK : HF_OK, "lock %d", which);
    hf_lock_abandoned(&mutexes[which]);
    hf_leave(&own);
    actor_finish(other);
    MUST_OK(status);
    for (int i = count; i-- > 0;)
        actor_do(other, unlock_task, &mutexes[i]);
}

Test(locks, nine_nested_the_first)
{
    wait_for_one_of(9, 0, true);
}

Test(locks, nine_nested_the_last)
{
    wait_for_one_of(9, 8, true);
}

Test(locks, sixteenth_is_the_last_that_is_known)
{
    wait_for_one_of(MANY, HF_LOCKS_PER_THREAD - 1, true);
}

Test(locks, seventeenth_is_not_known)
{
    wait_for_one_of(MANY, HF_LOCKS_PER_THREAD, false);
}

/* Beyond the sixteen, and back: places are used again. */
Test(locks, known_again_when_others_were_given_back)
{
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(hf_mutex_lock(&mutexes[i]), 0);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(hf_mutex_unlock(&mutexes[i]), 0);
    for (int i = 0; i < HF_LOCKS_PER_THREAD; i++)
        cr_assert_eq(hf_mutex_lock(&mutexes[i]), 0);
    for (int i = 0; i < HF_LOCKS_PER_THREAD; i++) {
        cr_assert_eq(hf_mutex_lock(&mutexes[i]), EDEADLK);
        cr_assert_eq(hf_mutex_unlock(&mutexes[i]), 0);
    }
}

/* ---- the functions themselves --------------------------------------------------------------- */

Test(locks, null_and_unknown_locks)
{
    MUST(hf_lock_waiting(NULL), HF_E_INVALID_ARGUMENT);
    hf_lock_acquired(NULL);
    hf_lock_released(NULL);
    hf_lock_abandoned(NULL);
    hf_lock_released(&mutexes[0]);
    hf_lock_abandoned(&mutexes[0]);
    cr_assert_eq(hf_mutex_lock(NULL), EINVAL);
    cr_assert_eq(hf_mutex_trylock(NULL), EINVAL);
    cr_assert_eq(hf_mutex_unlock(NULL), EINVAL);
    MUST_OK(hf_lock_waiting(&mutexes[0]));
    hf_lock_released(&mutexes[1]);
    hf_lock_abandoned(&mutexes[0]);
    cr_assert_eq(hf_waiting_next(0), 0);
    cr_assert_eq(reports_total(), 0);
}

Test(locks, any_address_is_a_lock)
{
    int lock = 0;
    MUST_OK(hf_lock_waiting(&lock));
    cr_assert_neq(hf_waiting_next(0), 0);
    hf_lock_acquired(&lock);
    cr_assert_eq(hf_waiting_next(0), 0);
    MUST(hf_lock_waiting(&lock), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(hf_waiting_next(0), 0);
    hf_lock_released(&lock);
    MUST_OK(hf_lock_waiting(&lock));
    hf_lock_abandoned(&lock);
}

/* A wait for a second lock takes the place of one that was never ended. */
Test(locks, one_wait_at_a_time)
{
    MUST_OK(hf_lock_waiting(&mutexes[0]));
    MUST_OK(hf_lock_waiting(&mutexes[1]));
    cr_assert_eq(hf_waiting_next(hf_waiting_next(0)), 0);
    hf_lock_acquired(&mutexes[1]);
    hf_lock_released(&mutexes[1]);
}

static void *end_with_a_lock(void *argument)
{
    MUST_OK(hf_lock_waiting(argument));
    hf_lock_acquired(argument);
    MUST_OK(hf_lock_waiting(&mutexes[1]));
    return NULL;
}

/* Whoever gets the record of a thread that ended gets neither its locks nor its wait. */
Test(locks, thread_that_ends_leaves_none_to_the_next)
{
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        cr_assert_eq(pthread_create(&thread, NULL, end_with_a_lock, &mutexes[0]), 0);
        cr_assert_eq(pthread_join(thread, NULL), 0);
    }
    cr_assert_eq(reports_total(), 0);
}

static void *die_with_mutex(void *mutex)
{
    pthread_mutex_lock(mutex);
    return NULL;
}

/* It is held all the same: who waits for it again waits for himself. */
Test(locks, mutex_whose_last_owner_died_is_held_by_the_next)
{
    pthread_t thread;
    pthread_mutexattr_t robust;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&robust);
    pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
    cr_assert_eq(pthread_mutex_init(&mutex, &robust), 0);
    cr_assert_eq(pthread_create(&thread, NULL, die_with_mutex, &mutex), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(hf_mutex_lock(&mutex), EOWNERDEAD);
    MUST(hf_lock_waiting(&mutex), HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(pthread_mutex_consistent(&mutex), 0);
    cr_assert_eq(hf_mutex_unlock(&mutex), 0);
    MUST_OK(hf_lock_waiting(&mutex));
    hf_lock_abandoned(&mutex);
    pthread_mutex_destroy(&mutex);
    pthread_mutexattr_destroy(&robust);
}

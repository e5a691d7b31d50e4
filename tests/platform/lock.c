/* The library's only lock: it excludes, and nobody waits for a holder who does not come back. */
#include "platform/lock.h"

#include "actor.h"
#include "forked.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 20000 };

#define FOR_EVER INT64_MAX
#define SHORT    INT64_C(1000000)

static hf_lock lock;

static bool has_flag(uint32_t flag)
{
    return (__atomic_load_n(&lock.word, __ATOMIC_RELAXED) & flag) != 0;
}

static void spin_until(uint32_t flag)
{
    while (!has_flag(flag))
        sched_yield();
}

static void take(void *argument)
{
    (void)argument;
    cr_assert(hf_lock_take(&lock, FOR_EVER));
}

static void give(void *argument)
{
    (void)argument;
    hf_lock_give(&lock);
}

/* ---- exclusion ------------------------------------------------------------------------------ */

/* A plain word on purpose: what the lock does not order is a race for ThreadSanitizer. */
static unsigned long guarded;

static void *add_up(void *argument)
{
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        if (!hf_lock_take(&lock, FOR_EVER))
            abort();
        guarded++;
        if (i % 64 == 0)
            sched_yield(); /* so that some sleep */
        hf_lock_give(&lock);
    }
    return NULL;
}

Test(lock_stress, excludes)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        cr_assert(pthread_create(&threads[i], NULL, add_up, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(guarded, (unsigned long)THREADS * ROUNDS);
    cr_assert_eq(lock.word, 0u);
}

/* As above, but nobody waits: what was not taken is not held. */
static void *try_to_add_up(void *argument)
{
    unsigned long *taken = argument;
    for (int i = 0; i < ROUNDS; i++) {
        if (!hf_lock_take(&lock, 0))
            continue;
        guarded++;
        ++*taken;
        hf_lock_give(&lock);
    }
    return NULL;
}

Test(lock_stress, excludes_those_who_only_try)
{
    pthread_t threads[THREADS];
    unsigned long taken[THREADS] = {0};
    unsigned long sum = 0;
    for (int i = 0; i < THREADS; i++)
        cr_assert(pthread_create(&threads[i], NULL, try_to_add_up, &taken[i]) == 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += taken[i];
    }
    cr_assert_eq(guarded, sum);
}

/* ---- a holder who comes back ---------------------------------------------------------------- */

Test(lock, free_is_taken_without_a_bound)
{
    cr_assert(hf_lock_take(&lock, 0));
    hf_lock_give(&lock);
    cr_assert(hf_lock_take(&lock, 0));
}

Test(lock, held_by_another_is_not_waited_for_without_a_bound)
{
    actor *other = actor_start();
    actor_do(other, take, NULL);
    cr_assert_not(hf_lock_take(&lock, 0));
    actor_do(other, give, NULL);
    cr_assert(hf_lock_take(&lock, 0));
    actor_end(other);
}

Test(lock, sleeper_is_marked_and_gets_it)
{
    actor *other = actor_start();
    take(NULL);
    actor_begin(other, take, NULL);
    spin_until(HF_LOCK_AWAITED);
    hf_lock_give(&lock);
    actor_finish(other);
    cr_assert_not(hf_lock_take(&lock, 0));
    actor_do(other, give, NULL);
    cr_assert_eq(lock.word, 0u);
    actor_end(other);
}

Test(lock, all_sleepers_get_it_in_turn)
{
    actor *others[THREADS];
    take(NULL);
    for (int i = 0; i < THREADS; i++) {
        others[i] = actor_start();
        actor_begin(others[i], take, NULL);
    }
    spin_until(HF_LOCK_AWAITED);
    hf_lock_give(&lock);
    for (int given = 0; given < THREADS; given++) {
        while (!has_flag(~HF_LOCK_AWAITED))
            sched_yield();
        uint32_t holder = __atomic_load_n(&lock.word, __ATOMIC_RELAXED) & ~HF_LOCK_AWAITED;
        cr_assert_neq(holder, hf_os_thread_number());
        hf_lock_give(&lock); /* for the one who has it: it knows no owner's rights */
    }
    for (int i = 0; i < THREADS; i++) {
        actor_finish(others[i]);
        actor_end(others[i]);
    }
}

/* ---- one who does not ----------------------------------------------------------------------- */

/* Holds the lock three times, each time for less than the bound, and lets go for a moment only. */
static void hog(void *argument)
{
    const struct timespec most = {.tv_nsec = 600 * 1000 * 1000};
    (void)argument;
    for (int i = 0; i < 3; i++) {
        take(NULL);
        nanosleep(&most, NULL);
        hf_lock_give(&lock);
    }
}

Test(lock, changes_of_hands_renew_the_bound)
{
    actor *other = actor_start();
    actor_begin(other, hog, NULL);
    while (!has_flag(UINT32_MAX))
        sched_yield();
    cr_assert(hf_lock_take(&lock, HF_LOCK_BOUND_NS), "given up although it was given back");
    hf_lock_give(&lock);
    actor_finish(other);
    actor_end(other);
}

Test(lock, own_is_refused_at_once)
{
    take(NULL);
    cr_assert_not(hf_lock_take(&lock, FOR_EVER));
    cr_assert_not(has_flag(HF_LOCK_GIVEN_UP));
    hf_lock_give(&lock);
    cr_assert(hf_lock_take(&lock, 0));
}

Test(lock, short_bound_ends_the_wait_of_one)
{
    actor *other = actor_start();
    actor_do(other, take, NULL);
    cr_assert_not(hf_lock_take(&lock, SHORT));
    cr_assert_not(has_flag(HF_LOCK_GIVEN_UP), "the holder had no time to speak of");
    actor_do(other, give, NULL);
    cr_assert_eq(lock.word, 0u);
    actor_end(other);
}

Test(lock, full_bound_ends_the_wait_of_all)
{
    actor *other = actor_start();
    actor_do(other, take, NULL);
    cr_assert_not(hf_lock_take(&lock, HF_LOCK_BOUND_NS));
    cr_assert(has_flag(HF_LOCK_GIVEN_UP));
    cr_assert_not(hf_lock_take(&lock, FOR_EVER));
    actor_do(other, give, NULL);
    cr_assert(hf_lock_take(&lock, 0), "given back in the end, it is as good as new");
    cr_assert_not(has_flag(HF_LOCK_GIVEN_UP));
    actor_end(other);
}

/* Ends as a thread that is killed: no clean-up runs.  Detached, for a sanitizer would wait for it.
 */
static void *take_and_vanish(void *argument)
{
    pthread_detach(pthread_self());
    take(argument);
    syscall(SYS_exit, 0);
    return NULL;
}

Test(lock, gone_holder_is_found_out)
{
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, take_and_vanish, NULL) == 0);
    while (__atomic_load_n(&lock.word, __ATOMIC_RELAXED) == 0)
        sched_yield();
    cr_assert_not(hf_lock_take(&lock, FOR_EVER));
    cr_assert(has_flag(HF_LOCK_GIVEN_UP));
    cr_assert_not(hf_lock_take(&lock, FOR_EVER));
}

/* ---- fork ----------------------------------------------------------------------------------- */

static int take_in_child(void *argument)
{
    (void)argument;
    hf_os_thread_renumber();
    if (hf_lock_take(&lock, FOR_EVER)) /* its holder is not in this process */
        return 1;
    hf_lock_reset(&lock);
    return hf_lock_take(&lock, 0) ? 0 : 2;
}

Test(lock, orphaned_in_a_child)
{
    actor *other = actor_start();
    actor_do(other, take, NULL);
    cr_assert_eq(forked(take_in_child, NULL), 0);
    cr_assert_not(hf_lock_take(&lock, 0), "here it is still held");
    actor_do(other, give, NULL);
    actor_end(other);
}

Test(lock, orphaned_in_a_child_of_its_holder)
{
    take(NULL);
    cr_assert_eq(forked(take_in_child, NULL), 0);
    hf_lock_give(&lock);
}

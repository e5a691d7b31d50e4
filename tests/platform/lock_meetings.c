/* What happens between two steps of one who waits for the lock: he must not believe of the new
 * holder what he found out about the old one.
 *
 * The library's looks at the clock and at threads are wrapped (LINKER:--wrap), so that a test can
 * act at such a moment. */
#include "platform/lock.h"

#include "actor.h"

#include <criterion/criterion.h>
#include <sched.h>

static hf_lock lock;
static actor *holder;
static actor *next_holder;

/* Called on the thread that set it, just before it is told the time, or whether thread `number`
 * lives. */
static _Thread_local void (*before_the_time)(void);
static _Thread_local void (*before_the_look)(uint32_t number);

static int64_t time_ahead_ns;

int64_t __real_hf_os_now_ns(void);
int64_t __wrap_hf_os_now_ns(void);
bool __real_hf_os_thread_lives(uint32_t number);
bool __wrap_hf_os_thread_lives(uint32_t number);

int64_t __wrap_hf_os_now_ns(void)
{
    if (before_the_time != NULL)
        before_the_time();
    return __real_hf_os_now_ns() + time_ahead_ns;
}

bool __wrap_hf_os_thread_lives(uint32_t number)
{
    if (before_the_look != NULL)
        before_the_look(number);
    return __real_hf_os_thread_lives(number);
}

static void take(void *argument)
{
    (void)argument;
    cr_assert(hf_lock_take(&lock, INT64_MAX));
}

static void give(void *argument)
{
    (void)argument;
    hf_lock_give(&lock);
}

/* ---- the holder ends ------------------------------------------------------------------------ */

static void holder_gives_and_ends(uint32_t number)
{
    before_the_look = NULL;
    actor_do(holder, give, NULL);
    actor_end(holder);
    while (__real_hf_os_thread_lives(number)) /* joined, but not yet out of the kernel's tables */
        sched_yield();
}

Test(lock_meetings, holder_that_gave_it_back_and_ended)
{
    holder = actor_start();
    actor_do(holder, take, NULL);
    before_the_look = holder_gives_and_ends;
    cr_assert(hf_lock_take(&lock, INT64_MAX), "refused although it was given back");
    cr_assert_null(before_the_look, "the test met nothing");
}

static void next_holder_gives(uint32_t number)
{
    before_the_look = NULL;
    cr_assert(__real_hf_os_thread_lives(number));
    actor_do(next_holder, give, NULL);
}

static void holder_hands_over_and_ends(uint32_t number)
{
    holder_gives_and_ends(number);
    actor_do(next_holder, take, NULL);
    before_the_look = next_holder_gives;
}

Test(lock_meetings, holder_that_ended_is_not_the_holder)
{
    holder = actor_start();
    next_holder = actor_start();
    actor_do(holder, take, NULL);
    before_the_look = holder_hands_over_and_ends;
    cr_assert(hf_lock_take(&lock, INT64_MAX), "refused for one who held it before");
    cr_assert_null(before_the_look, "the test met nothing");
    actor_end(next_holder);
}

/* ---- the bound ends ------------------------------------------------------------------------- */

enum { MOMENTS = 6 };

static unsigned looks_left; /* at the clock, until the lock changes hands */
static bool handed_over;

static void next_holder_gives_at_once(void)
{
    before_the_time = NULL;
    actor_do(next_holder, give, NULL);
}

/* The bound is over just as the lock changes hands: the new holder has had none of it. */
static void hand_over_at_the_end_of_the_bound(void)
{
    if (--looks_left != 0)
        return;
    actor_do(holder, give, NULL);
    actor_do(next_holder, take, NULL);
    time_ahead_ns += 2 * HF_LOCK_BOUND_NS;
    handed_over = true;
    before_the_time = next_holder_gives_at_once;
}

Test(lock_meetings, bound_that_ends_as_the_lock_changes_hands)
{
    holder = actor_start();
    next_holder = actor_start();
    for (unsigned moment = 1; moment <= MOMENTS; moment++) {
        handed_over = false;
        actor_do(holder, take, NULL);
        looks_left = moment;
        before_the_time = hand_over_at_the_end_of_the_bound;
        cr_assert(hf_lock_take(&lock, HF_LOCK_BOUND_NS), "given up at look %u", moment);
        cr_assert(handed_over);
        before_the_time = NULL;
        hf_lock_give(&lock);
    }
    actor_end(holder);
    actor_end(next_holder);
}

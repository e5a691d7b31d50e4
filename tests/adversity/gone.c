/* A thread that is gone without a word, as one that was killed: what it held stays held, everybody
 * else goes on, and who waits is told by whom it is held. */
#include "actor.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static fake_world *world;
static hf_table *table;
static hf_handle held;
static uint64_t holder;
static uint64_t named;

static void start(void)
{
    reports_start();
    world = fake_world_create(64);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    held = fixture_open(table, world, FAKE_RUNDOWN);
}

TestSuite(gone, .init = start);

static void note_holder(const hf_report *report, void *argument)
{
    (void)argument;
    if (report->kind == HF_REPORT_RUNDOWN_TIMEOUT && report->holder_count != 0)
        named = report->holders[0].entered.thread;
}

/* No clean-up of the C library nor of ours runs. */
static void *enter_and_vanish(void *argument)
{
    hf_region region;
    (void)argument;
    holder = (uint64_t)syscall(SYS_gettid);
    MUST_OK(hf_enter(table, held, NULL, &region));
    syscall(SYS_exit, 0);
    return NULL;
}

static void lose_holder(void)
{
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, enter_and_vanish, NULL) == 0);
    cr_assert(pthread_join(thread, NULL) == 0);
}

/* What is still possible: everything, but the end of that one handle. */
static void go_on(void)
{
    hf_handle other = fixture_open(table, world, FAKE_RUNDOWN);
    fixture_heat(table, other);
    cr_assert_eq(fixture_close(table, other), HF_OUTCOME_RELEASED);
    reports_on(note_holder, NULL);
    MUST(hf_close_wait(table, held, HF_MILLISECONDS, NULL), HF_E_TIMED_OUT);
    cr_assert_eq(named, holder);
    MUST(hf_wait(table, held, 0), HF_E_TIMED_OUT);
    MUST(hf_table_shutdown(table, 0), HF_E_TIMED_OUT);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1u);
    hf_table_destroy(table);
    cr_assert_eq(fake_alive(world), 1u, "what is held is not released");
    cr_assert(fake_world_is_sound(world));
    hf_table_destroy(fixture_table(HF_PROTECT_ADAPTIVE));
}

Test(gone, inside_a_counted_region)
{
    lose_holder();
    go_on();
}

Test(gone, inside_a_hot_region)
{
    fixture_heat(table, held);
    lose_holder();
    go_on();
}

static void use(void *argument)
{
    (void)argument;
    fixture_heat(table, held);
}

/* Its record stays taken; the others have records of their own. */
Test(gone, others_enter_what_it_holds)
{
    actor *other = actor_start();
    lose_holder();
    actor_do(other, use, NULL);
    use(NULL);
    actor_end(other);
    cr_assert_eq(fixture_life(table, held), HF_LIFE_OPEN);
}

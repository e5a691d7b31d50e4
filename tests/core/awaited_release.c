/* Waits that begin when the release function runs already on another thread: that thread is told in
 * its record, and goes on knowing what it is inside of. */
#include "actor.h"
#include "core/record.h"
#include "fixture.h"
#include "forked.h"

#include <sched.h>

static hf_table *table;
static fake_world *world;
static hf_handle handle;
static hf_status answers[2];
static int child_answer;

static void wait_for_it(void *argument)
{
    *(hf_status *)argument = hf_wait(table, handle, HF_FOREVER);
}

static void set_up(void)
{
    reports_start();
    world = fake_world_create(4);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_expect(fake_world_is_sound(world));
    fake_world_destroy(world);
}

TestSuite(awaited_release, .init = set_up, .fini = tear_down);

/* Until a waiter has marked this thread's place. */
static void await_mark(void)
{
    const hf_record *own = hf_record_at(hf_this_thread.record);
    while ((__atomic_load_n(&own->inside[0], __ATOMIC_RELAXED) & HF_HANDLE_MARK_) != 0)
        sched_yield();
}

static actor *others[2];

static void let_others_wait(void)
{
    for (unsigned i = 0; i < 2; i++)
        actor_begin(others[i], wait_for_it, &answers[i]);
    await_mark();
}

static void close_with(void (*on_release)(fake_value *value, void *argument))
{
    for (unsigned i = 0; i < 2; i++)
        others[i] = actor_start();
    world->on_release = on_release;
    MUST_OK(hf_close(table, handle, NULL));
    for (unsigned i = 0; i < 2; i++) {
        actor_finish(others[i]);
        actor_end(others[i]);
        cr_assert_eq(answers[i], HF_OK);
    }
    cr_assert_eq(hf_this_thread.inside, 0);
    cr_assert_eq(hf_this_thread.unlisted, 0);
    cr_assert_eq(hf_record_at(hf_this_thread.record)->inside[0], 0);
}

static void wait_inside(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    let_others_wait();
    cr_assert(hf_record_is_inside(handle.bits));
    MUST(hf_wait(table, handle, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
}

Test(awaited_release, releaser_must_not_wait_for_itself)
{
    close_with(wait_inside);
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
}

/* Of two threads that wait for each other the second is refused. */
static hf_handle held;

static void close_held(void *argument)
{
    hf_region region;
    (void)argument;
    MUST_OK(hf_enter(table, held, NULL, &region));
    answers[0] = hf_wait(table, handle, HF_FOREVER);
    hf_leave(&region);
}

static void wait_for_the_waiter(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    world->on_release = NULL;
    actor_begin(others[0], close_held, NULL);
    await_mark();
    MUST(hf_close_wait(table, held, HF_FOREVER, NULL), HF_E_POSSIBLE_DEADLOCK);
    actor_begin(others[1], wait_for_it, &answers[1]);
}

Test(awaited_release, releaser_and_waiter_must_not_wait_for_each_other)
{
    held = fixture_open(table, world, FAKE_RUNDOWN);
    close_with(wait_for_the_waiter);
    MUST_OK(hf_close(table, held, NULL));
}

static int wait_in_child(void *argument)
{
    (void)argument;
    return hf_wait(table, handle, HF_FOREVER) == HF_E_POSSIBLE_DEADLOCK ? 0 : 1;
}

static void fork_inside(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    let_others_wait();
    child_answer = forked(wait_in_child, NULL);
}

Test(awaited_release, forked_inside_of_it)
{
    close_with(fork_inside);
    cr_assert_eq(child_answer, 0);
}

static int end_in_child(void *argument)
{
    (void)argument;
    return hf_wait(table, handle, 0) == HF_OK ? 0 : 1;
}

static void fork_elsewhere(void *argument)
{
    (void)argument;
    child_answer = forked(end_in_child, NULL);
}

static void let_another_fork(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    actor *forker = actor_start();
    let_others_wait();
    actor_do(forker, fork_elsewhere, NULL);
    actor_end(forker);
}

Test(awaited_release, forked_while_another_releases)
{
    close_with(let_another_fork);
    cr_assert_eq(child_answer, 0, "the value counts as released there");
}

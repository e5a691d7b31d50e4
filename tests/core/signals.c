/* Signal handlers that enter and leave on the thread that they interrupt, and releases that are put
 * off because they would have run inside a handler. */
#include "actor.h"
#include "core/table.h"
#include "stage.h"

#include <signal.h>
#include <sys/time.h>

static _Atomic unsigned handled;
static _Atomic unsigned surprises;

TestSuite(signals, .init = stage_make, .fini = stage_end);

static void on_signal(int number)
{
    hf_region region;
    (void)number;
    hf_signal_begin();
    if (hf_enter(the_table, the_handle, NULL, &region) == HF_OK) {
        fake_use(region.value);
        hf_leave(&region);
    } else {
        surprises++;
    }
    hf_signal_end();
    handled++;
}

static void install(int number)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    cr_assert_eq(sigaction(number, &action, NULL), 0);
}

static void enter_use_leave(void)
{
    hf_region region;
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    fake_use(region.value);
    hf_leave(&region);
}

static void raised_inside(hf_protection protection)
{
    hf_region regions[10];
    stage_open(protection);
    install(SIGUSR1);
    enter_use_leave();
    for (int i = 0; i < 10; i++) {
        raise(SIGUSR1);
        MUST_OK(hf_enter(the_table, the_handle, NULL, &regions[i]));
        raise(SIGUSR1);
    }
    for (int i = 0; i < 10; i++) {
        hf_leave(&regions[i]);
        raise(SIGUSR1);
    }
    cr_assert_eq(handled, 30);
    cr_assert_eq(surprises, 0);
    hf_info info = fixture_info(the_table, the_handle);
    cr_assert_eq(info.references + info.regions, 0);
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_RELEASED);
}

Test(signals, raised_between_counted_regions)
{
    raised_inside(HF_PROTECT_COUNTED);
}

Test(signals, raised_between_hazard_regions)
{
    raised_inside(HF_PROTECT_HAZARD);
}

/* A timer interrupts the thread wherever it happens to be. */
static void interrupted_at_random(hf_protection protection)
{
    struct itimerval every = {.it_interval = {.tv_usec = 200}, .it_value = {.tv_usec = 200}};
    struct itimerval never = {.it_value = {.tv_usec = 0}};
    stage_open(protection);
    enter_use_leave();
    install(SIGALRM);
    cr_assert_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
    for (unsigned rounds = 0; handled < 300 && rounds < 50000000; rounds++)
        enter_use_leave();
    cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    cr_assert_gt(handled, 0);
    cr_assert_eq(surprises, 0);
    hf_info info = fixture_info(the_table, the_handle);
    cr_assert_eq(info.references + info.regions, 0, "an interrupted region was lost");
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_RELEASED);
    cr_assert_eq(reports_total(), 0);
}

Test(signals, interrupted_anywhere_counted)
{
    interrupted_at_random(HF_PROTECT_COUNTED);
}

Test(signals, interrupted_anywhere_hazard)
{
    interrupted_at_random(HF_PROTECT_HAZARD);
}

Test(signals, interrupted_anywhere_adaptive)
{
    interrupted_at_random(HF_PROTECT_ADAPTIVE);
}

/* ---- releases that are put off ----------------------------------------------------------------
 */

static void put_off_leave(hf_protection protection)
{
    hf_region region;
    stage_open(protection);
    hf_handle other = fixture_open(the_table, world, FAKE_RUNDOWN);
    MUST_OK(hf_enter(the_table, the_handle, NULL, &region));
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED);
    hf_signal_begin();
    hf_leave(&region);
    cr_assert_eq(world->releases, 0, "released inside the handler");
    hf_signal_end();
    MUST_OK(hf_close(the_table, other, NULL));
    cr_assert_eq(world->releases, 2, "the next ordinary call did not release");
}

Test(signals, release_by_a_counted_leave_is_put_off)
{
    put_off_leave(HF_PROTECT_COUNTED);
}

Test(signals, release_by_a_hazard_leave_is_put_off)
{
    put_off_leave(HF_PROTECT_HAZARD);
}

Test(signals, release_by_a_reference_is_put_off)
{
    hf_ref ref;
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST_OK(hf_close(the_table, the_handle, NULL));
    hf_signal_begin();
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 0);
    hf_signal_end();
    hf_handle next = fixture_open(the_table, world, FAKE_RUNDOWN);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(fixture_close(the_table, next), HF_OUTCOME_RELEASED);
}

Test(signals, release_by_close_is_put_off)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_signal_begin();
    cr_assert_eq(fixture_close(the_table, the_handle), HF_OUTCOME_DEFERRED);
    cr_assert(!hf_is_live(the_table, the_handle));
    cr_assert_eq(world->releases, 0);
    hf_signal_end();
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    cr_assert_eq(world->releases, 1);
}

Test(signals, brackets_nest)
{
    hf_ref ref;
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST_OK(hf_close(the_table, the_handle, NULL));
    hf_signal_begin();
    hf_signal_begin();
    hf_signal_end();
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 0, "the outer bracket still stands");
    hf_signal_end();
    MUST_OK(hf_wait(the_table, the_handle, HF_FOREVER));
    cr_assert_eq(world->releases, 1);
}

static void open_and_close_task(void *nothing)
{
    (void)nothing;
    cr_assert_eq(fixture_close(the_table, fixture_open(the_table, world, FAKE_RUNDOWN)),
                 HF_OUTCOME_RELEASED);
}

Test(signals, put_off_release_falls_to_any_thread)
{
    hf_ref ref;
    actor *other = actor_start();
    stage_open(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_addref(the_table, the_handle, &ref));
    MUST_OK(hf_close(the_table, the_handle, NULL));
    hf_signal_begin();
    MUST_OK(hf_release(&ref));
    actor_do(other, open_and_close_task, NULL);
    cr_assert_eq(world->releases, 2);
    cr_assert_neq(world->values[0].releaser, fake_thread());
    hf_signal_end();
    actor_end(other);
}

/* More than the table notes one by one. */
Test(signals, put_off_releases_of_very_many_handles)
{
    enum { MANY = 3 * HF_DEFERRED_SLOTS };
    static hf_ref refs[MANY];
    stage_open(HF_PROTECT_ADAPTIVE);
    for (unsigned i = 0; i < MANY; i++) {
        hf_handle one = fixture_open(the_table, world, FAKE_RUNDOWN);
        MUST_OK(hf_addref(the_table, one, &refs[i]));
        MUST_OK(hf_close(the_table, one, NULL));
    }
    hf_signal_begin();
    for (unsigned i = 0; i < MANY; i++)
        MUST_OK(hf_release(&refs[i]));
    cr_assert_eq(world->releases, 0);
    hf_signal_end();
    MUST_OK(hf_close(the_table, the_handle, NULL));
    cr_assert_eq(world->releases, MANY + 1, "some were forgotten");
}

Test(signals, put_off_releases_are_done_by_shutdown)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_signal_begin();
    MUST_OK(hf_close(the_table, the_handle, NULL));
    hf_signal_end();
    MUST_OK(hf_table_shutdown(the_table, HF_FOREVER));
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
}

Test(signals, put_off_releases_are_done_by_destroy)
{
    stage_open(HF_PROTECT_ADAPTIVE);
    hf_table *doomed = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle last = fixture_open(doomed, world, FAKE_RUNDOWN);
    hf_signal_begin();
    MUST_OK(hf_close(doomed, last, NULL));
    hf_signal_end();
    hf_table_destroy(doomed);
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(reports_total(), 0);
}

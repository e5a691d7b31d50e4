/* Processes that really exit: when the latch is set, and that nothing hangs or crashes wherever
 * exit is called.  The verdict is given by the handler that was registered first, and so runs last
 * of those that the test has registered. */
#include "fixture.h"
#include "forked.h"

#include <holdfast/process.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static hf_table *table;
static fake_world *world;
static unsigned flushes;

/* What each handler found, in the order in which they ran. */
static char seen[8];
static unsigned seen_count;
static const char *expected;
static unsigned expected_flushes;

TestSuite(exit_process);

static void note(char early)
{
    if (seen_count < sizeof seen - 1)
        seen[seen_count++] = hf_is_exiting() ? 'x' : early;
}

static void note_first(void)
{
    note('1');
}

static void note_second(void)
{
    note('2');
}

static void note_third(void)
{
    note('3');
}

static void give_verdict(void)
{
    bool good = strcmp(seen, expected) == 0 && flushes == expected_flushes;
    if (!good)
        fprintf(stderr, "seen %s, expected %s; %u flushes\n", seen, expected, flushes);
    _exit(good ? 0 : 1);
}

static hf_outcome flush(hf_value value, void *context, int32_t *error)
{
    (void)context;
    *error = 0;
    flushes++;
    fake_give_back(value);
    return HF_OUTCOME_RELEASED;
}

static hf_handle open_one(void)
{
    return fixture_open(table, world, FAKE_RUNDOWN);
}

static void set_up(void)
{
    world = fake_world_create(16);
    world->types[FAKE_RUNDOWN].flags |= HF_TYPE_FLUSH_AT_EXIT;
    world->types[FAKE_RUNDOWN].release_at_exit = flush;
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    reports_start();
}

/* ---- order ----------------------------------------------------------------------------------- */

static int exit_in_order(void *unused)
{
    (void)unused;
    expected = "132x";
    atexit(give_verdict);
    atexit(note_first); /* before the first table */
    set_up();
    atexit(note_second);
    hf_table_destroy(fixture_table(HF_PROTECT_ADAPTIVE)); /* another one changes nothing */
    atexit(note_third);
    atexit(note_first);
    exit(1);
}

Test(exit_process, handlers_registered_later_run_before)
{
    cr_assert_eq(forked(exit_in_order, NULL), 0);
}

static int quick_exit_in_order(void *unused)
{
    (void)unused;
    expected = "32x";
    expected_flushes = 1;
    at_quick_exit(give_verdict);
    at_quick_exit(note_first);
    set_up();
    (void)open_one();
    at_quick_exit(note_second);
    at_quick_exit(note_third);
    quick_exit(1);
}

Test(exit_process, quick_exit)
{
    cr_assert_eq(forked(quick_exit_in_order, NULL), 0);
}

/* ---- exit, from wherever --------------------------------------------------------------------- */

static void exit_now(fake_value *value, void *argument)
{
    (void)value;
    (void)argument;
    exit(1);
}

static void set_up_and_expect(unsigned flushed)
{
    expected = "x";
    expected_flushes = flushed;
    atexit(give_verdict);
    atexit(note_first);
    set_up();
}

static int exit_normally(void *unused)
{
    (void)unused;
    set_up_and_expect(2);
    (void)open_one();
    fixture_heat(table, open_one());
    exit(1);
}

Test(exit_process, open_values_are_flushed)
{
    cr_assert_eq(forked(exit_normally, NULL), 0);
}

static int exit_in_region(void *unused)
{
    hf_region region;
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    MUST_OK(hf_enter(table, open_one(), NULL, &region));
    exit(1);
}

Test(exit_process, inside_a_region)
{
    cr_assert_eq(forked(exit_in_region, NULL), 0);
}

static int exit_in_release(void *unused)
{
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    world->on_release = exit_now;
    (void)fixture_close(table, open_one());
    return 2;
}

Test(exit_process, inside_a_release_function)
{
    cr_assert_eq(forked(exit_in_release, NULL), 0);
}

static int exit_in_unblock(void *unused)
{
    hf_ref ref;
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    fake_world_unblocks(world, exit_now);
    hf_handle handle = open_one();
    MUST_OK(hf_addref(table, handle, &ref));
    return hf_close_wait(table, handle, HF_FOREVER, NULL) == HF_OK ? 2 : 3;
}

Test(exit_process, inside_an_unblock_function)
{
    cr_assert_eq(forked(exit_in_unblock, NULL), 0);
}

static bool exiting_hook(const hf_report *report, void *context)
{
    (void)context;
    if (report->kind != HF_REPORT_LOST_AT_EXIT)
        exit(1);
    return true;
}

static int exit_in_hook(void *unused)
{
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    hf_set_report_hook(exiting_hook, NULL);
    (void)hf_close(table, (hf_handle){12345}, NULL);
    return 2;
}

Test(exit_process, inside_a_report_hook)
{
    cr_assert_eq(forked(exit_in_hook, NULL), 0);
}

static hf_outcome flush_and_exit(hf_value value, void *context, int32_t *error)
{
    (void)flush(value, context, error);
    exit(1);
}

/* The rest of the sweep is given up, as the rest of everything is. */
static int exit_in_flush(void *unused)
{
    (void)unused;
    set_up_and_expect(1);
    world->types[FAKE_RUNDOWN].release_at_exit = flush_and_exit;
    (void)open_one();
    (void)open_one();
    exit(1);
}

Test(exit_process, inside_the_flush)
{
    cr_assert_eq(forked(exit_in_flush, NULL), 0);
}

static void exit_from_handler(int number)
{
    (void)number;
    exit(1);
}

static int exit_in_signal_handler(void *unused)
{
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    signal(SIGUSR1, exit_from_handler);
    raise(SIGUSR1);
    return 2;
}

Test(exit_process, inside_a_signal_handler)
{
#ifdef HF_TSAN_BUILD_
    cr_skip_test("ThreadSanitizer forbids what the standard does not promise");
#endif
    cr_assert_eq(forked(exit_in_signal_handler, NULL), 0);
}

static int latch_then_exit(void *unused)
{
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    hf_process_exiting();
    exit(1);
}

Test(exit_process, set_by_hand_before)
{
    cr_assert_eq(forked(latch_then_exit, NULL), 0);
}

static int only_exit(void *unused)
{
    (void)unused;
    exit(1);
}

/* A child of fork inherits the handlers, and copies of the values. */
static int exit_in_grandchild(void *unused)
{
    (void)unused;
    set_up_and_expect(1);
    (void)open_one();
    int status = forked(only_exit, NULL);
    _exit(status == 0 && !hf_is_exiting() && flushes == 0 ? 0 : 1);
}

Test(exit_process, forked_child_exits)
{
    cr_assert_eq(forked(exit_in_grandchild, NULL), 0);
}

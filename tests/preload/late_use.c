/* A use that is announced while its descriptor is being closed, and becomes visible to the closer
 * late: after it has looked for users the first time.
 *
 * The user's processor may hold the store back that announces the use while it looks whether the
 * life goes on, and enter the system; uses.c argues that the store is visible at the latest when
 * the file is closed.  Here that is acted: the store is undone after the use has begun, and done
 * again at that latest moment, for which the tests wrap (LINKER:--wrap) what closes the file. */
#include <criterion/criterion.h>

#include "actor.h"
#include "core/record.h"
#include "preload_support.h"
#include "uses.h"

static int number;
static run_use use;
static actor *user;
static run_call *call;
static uint64_t announced;
static uint32_t noted;
static unsigned closes; /* of files, while a use was to become visible */

static void begin(void *unused)
{
    (void)unused;
    cr_assert(run_use_begin(&use, number, "recv"));
    cr_assert(use.announced);
    call = &run_all_calls[hf_this_thread.record].calls[use.call];
}

static void end(void *unused)
{
    (void)unused;
    run_use_end(&use, false);
}

/* What the closer sees before and after. */
static void hold_back_the_announcement(void)
{
    announced = call->handle;
    __atomic_store_n(&call->handle, UINT64_C(0), __ATOMIC_RELEASE);
}

static void become_visible(void)
{
    if (announced == 0)
        return;
    closes++;
    __atomic_store_n(&call->handle, announced, __ATOMIC_RELEASE);
    if (noted != 0)
        __atomic_store_n(&run_number_of(number)->user, noted, __ATOMIC_RELEASE);
    announced = 0;
}

/* ---- when the file is closed ---------------------------------------------------------------- */

bool __real_run_quarantine_put(int descriptor, uint32_t word);
bool __wrap_run_quarantine_put(int descriptor, uint32_t word);
void __real_run_quarantine_put_watched(int descriptor);
void __wrap_run_quarantine_put_watched(int descriptor);

bool __wrap_run_quarantine_put(int descriptor, uint32_t word)
{
    bool put = __real_run_quarantine_put(descriptor, word);
    if (put)
        become_visible();
    return put;
}

void __wrap_run_quarantine_put_watched(int descriptor)
{
    become_visible();
    __real_run_quarantine_put_watched(descriptor);
}

/* ---- the tests ------------------------------------------------------------------------------ */

static void among_threads(void)
{
    user = actor_start();
    number = opened_seen();
}

static void up(void)
{
    preload_up();
    among_threads();
}

static void up_without_quarantine(void)
{
    preload_up_without_quarantine();
    among_threads();
}

TestSuite(late_use, .init = up);
TestSuite(late_use_without_quarantine, .init = up_without_quarantine);

static void close_and_expect_one_report(void)
{
    must_close_number(number);
    cr_expect_eq(closes, 1);
    cr_expect_eq(reports_total(), 1);
    cr_assert_eq(reports_count(HF_REPORT_CLOSE_DURING_USE), 1);
    cr_expect_str_eq(reports_nth(HF_REPORT_CLOSE_DURING_USE, 0)->operation, "close");
    actor_do(user, end, NULL);
    actor_end(user);
}

Test(late_use, is_told_when_it_shows)
{
    actor_do(user, begin, NULL);
    hold_back_the_announcement();
    close_and_expect_one_report();
}

Test(late_use_without_quarantine, is_told_when_it_shows)
{
    actor_do(user, begin, NULL);
    hold_back_the_announcement();
    close_and_expect_one_report();
}

/* The closer has used it itself, and the note of another user comes late as well. */
Test(late_use, is_told_when_it_is_noted_late_too)
{
    run_use own;
    cr_assert(run_use_begin(&own, number, "send"));
    run_use_end(&own, false);
    uint32_t before = run_number_of(number)->user;
    actor_do(user, begin, NULL);
    noted = run_number_of(number)->user;
    cr_assert_eq(noted, RUN_SEVERAL);
    hold_back_the_announcement();
    run_number_of(number)->user = before;
    close_and_expect_one_report();
}

/* A stream's descriptor is closed by the C library: whoever is announced before is told. */
Test(late_use, is_told_of_a_stream_if_it_shows_before)
{
    actor_do(user, begin, NULL);
    cr_assert(run_ends(number, "fclose"));
    cr_expect_eq(reports_total(), 1);
    cr_assert_eq(reports_count(HF_REPORT_CLOSE_DURING_USE), 1);
    cr_expect_str_eq(reports_nth(HF_REPORT_CLOSE_DURING_USE, 0)->operation, "fclose");
    actor_do(user, end, NULL);
    actor_end(user);
}

/* What has found the life over in time is no use. */
Test(late_use, is_not_told_if_it_was_taken_back)
{
    actor_do(user, begin, NULL);
    actor_do(user, end, NULL);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
    actor_end(user);
}

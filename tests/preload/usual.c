/* The usual way of a use, and when it is not open. */
#include "usual.h"

#include <pthread.h>
#include <unistd.h>

#include "actor.h"
#include "preload_support.h"
#include "report/trace.h"

static int number;
static run_calls *calls;
static actor *other;

/* As a wrapper does it. */
__attribute__((noinline)) static run_calls *enter(int descriptor)
{
    return run_usual_enter(descriptor, RUN_CALLER_SITE(), "read");
}

static void use_once(void *unused)
{
    run_use use;
    (void)unused;
    cr_assert(run_use_begin(&use, number, "send"));
    run_use_end(&use, false);
}

static void enter_there(void *unused)
{
    (void)unused;
    calls = enter(number);
}

static void leave_there(void *unused)
{
    (void)unused;
    run_usual_leave(calls);
}

/* The number was used once, by this thread. */
static void up(void)
{
    preload_up();
    number = opened_seen();
    use_once(NULL);
}

TestSuite(usual, .init = up);
TestSuite(ways, .init = up);

/* ---- which way ------------------------------------------------------------------------------ */

Test(ways, open_among_threads_is_usual)
{
    cr_expect_eq(run_way_of_use(number), RUN_USUAL);
    cr_expect_eq(run_way_of_look(number), RUN_USUAL);
}

Test(ways, open_alone_is_plain)
{
    run_alone_now = true;
    cr_expect_eq(run_way_of_use(number), RUN_PLAIN);
    cr_expect_eq(run_way_of_look(number), RUN_PLAIN);
}

/* But a look at it may be part of a loop over the table. */
Test(ways, unknown_is_plain)
{
    int unknown = opened_unseen();
    cr_expect_eq(run_way_of_use(unknown), RUN_PLAIN);
    cr_expect_eq(run_way_of_use(-1), RUN_PLAIN);
    cr_expect_eq(run_way_of_look(unknown), RUN_OTHERWISE);
    cr_expect_eq(run_way_of_look(-1), RUN_OTHERWISE);
}

Test(ways, closed_is_neither)
{
    must_close_number(number);
    run_self.last_closed = -1;
    cr_expect_eq(run_way_of_use(number), RUN_OTHERWISE);
    cr_expect_eq(run_way_of_look(number), RUN_OTHERWISE);
}

Test(ways, in_a_series_is_neither)
{
    run_self.series.length = 1;
    cr_expect_eq(run_way_of_use(number), RUN_OTHERWISE);
    cr_expect_eq(run_way_of_look(number), RUN_OTHERWISE);
}

Test(ways, after_a_close_is_neither)
{
    run_self.last_closed = 0;
    cr_expect_eq(run_way_of_use(number), RUN_OTHERWISE);
    cr_expect_eq(run_way_of_look(number), RUN_OTHERWISE);
}

/* Who asks about a standard descriptor wants to know whether it is open. */
Test(ways, look_at_a_standard_descriptor_is_plain)
{
    run_opened_path(STDERR_FILENO, "open", "/dev/null");
    cr_expect_eq(run_way_of_use(STDERR_FILENO), RUN_USUAL);
    cr_expect_eq(run_way_of_look(STDERR_FILENO), RUN_PLAIN);
}

/* ---- entering ------------------------------------------------------------------------------- */

Test(usual, enter_and_leave_bracket_a_call)
{
    run_calls *own = enter(number);
    cr_assert_eq(own, &run_all_calls[hf_this_thread.record]);
    cr_expect_eq(own->calls[0].handle, run_handle_of(number).bits);
    cr_expect_eq(run_calls_taken(own), 1);
    run_usual_leave(own);
    cr_expect_eq(own->calls[0].handle, 0);
    cr_expect_eq(run_calls_taken(own), 0);
}

Test(usual, holder_is_found)
{
    hf_trace_holder holder;
    other = actor_start();
    actor_do(other, use_once, NULL);
    actor_do(other, enter_there, NULL);
    cr_assert_not_null(calls, "one of several users");
    cr_assert(run_use_find_holder(run_handle_of(number), &holder));
    cr_expect_str_eq(holder.operation, "read");
    cr_expect_gt(holder.moment.frame_count, 0);
    must_close_number(number);
    cr_expect_eq(reports_count(HF_REPORT_CLOSE_DURING_USE), 1);
    actor_do(other, leave_there, NULL);
    cr_expect_not(run_use_find_holder(run_handle_of(number), &holder));
    actor_end(other);
}

static void expect_not_open(void)
{
    cr_expect_null(enter(number));
    cr_expect_eq(run_all_calls[hf_this_thread.record].calls[0].handle, 0);
}

Test(usual, not_while_the_library_is_at_work)
{
    run_self.inside++;
    expect_not_open();
    run_self.inside--;
}

Test(usual, not_of_a_vfork_child)
{
    run_self.is_vfork_child = true;
    expect_not_open();
    run_self.is_vfork_child = false;
}

Test(usual, not_inside_of_another_call)
{
    int another = number;
    number = opened_seen();
    use_once(NULL);
    run_calls *own = enter(number);
    cr_assert_not_null(own);
    cr_expect_null(enter(another));
    cr_expect_eq(own->calls[0].handle, run_handle_of(number).bits);
    run_usual_leave(own);
}

Test(usual, not_before_the_user_is_noted)
{
    int another = opened_seen();
    cr_expect_null(enter(another));
    cr_expect_eq(run_number_of(another)->user, 0);
}

Test(usual, not_of_another_user)
{
    other = actor_start();
    actor_do(other, enter_there, NULL);
    cr_expect_null(calls, "it has no calls yet");
    int own = number;
    number = opened_seen();
    actor_do(other, use_once, NULL);
    number = own;
    actor_do(other, enter_there, NULL);
    cr_expect_null(calls, "it is not the number's user");
    actor_end(other);
}

Test(usual, not_of_a_handle_that_is_closed)
{
    must_close_number(number);
    __atomic_store_n(&run_number_of(number)->user, RUN_SEVERAL, __ATOMIC_RELAXED);
    expect_not_open();
    cr_expect_eq(run_calls_taken(&run_all_calls[hf_this_thread.record]), 0);
}

/* Destructors of what a thread had go on calling when it has given its record back. */
Test(usual, not_with_the_record_of_another)
{
    uint32_t record = hf_this_thread.record;
    hf_this_thread.record = 0;
    run_number_of(number)->user = 0;
    cr_expect_null(enter(number));
    hf_this_thread.record = record;
    cr_expect_eq(run_calls_taken(&run_all_calls[record]), 0);
}

Test(usual, not_in_a_forked_child_at_first)
{
    run_use_forked();
    cr_expect_null(enter(number));
    use_once(NULL);
    run_calls *own = enter(number);
    cr_assert_not_null(own);
    run_usual_leave(own);
}

/* Numbers: how a life begins and ends, and what is found of it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preload_support.h"

TestSuite(numbers, .init = preload_up);

Test(numbers, open_seen)
{
    int number = opened_seen();
    cr_expect_eq(run_state_of(number), RUN_LIVE);
    cr_expect_str_eq(run_what_of(number), "/dev/null");
    cr_expect(hf_is_live(run_this_process.table, run_handle_of(number)));
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, open_keeps_errno)
{
    int number = opened_unseen();
    errno = ENOTTY;
    run_opened(number, RUN_CHOSEN, "open", "%s %d", "number", number);
    cr_expect_eq(errno, ENOTTY);
    cr_expect_eq(strncmp(run_what_of(number), "number ", 7), 0);
    run_opened_path(number, "open", "/dev/null");
    cr_expect_eq(errno, ENOTTY);
}

Test(numbers, texts_of_every_length_are_cut_and_ended)
{
    char path[2 * RUN_WHAT_BYTES];
    int number = opened_unseen();
    for (size_t length = 0; length < sizeof path; length++) {
        path[length] = '\0';
        run_opened_path(number, "open", path);
        size_t kept = length < RUN_WHAT_BYTES ? length : RUN_WHAT_BYTES - 1;
        cr_assert_eq(strlen(run_what_of(number)), kept);
        cr_assert_eq(strncmp(run_what_of(number), path, kept), 0);
        path[length] = (char)('a' + length % 23);
    }
}

Test(numbers, note_is_added)
{
    int number = opened_seen();
    run_note(number, "connected to %s", "nobody");
    cr_expect_str_eq(run_what_of(number), "/dev/null, connected to nobody");
}

Test(numbers, failed_open_is_ignored)
{
    run_opened_path(-1, "open", "/nowhere");
    cr_expect_eq(run_state_of(-1), RUN_UNKNOWN);
}

Test(numbers, beyond_the_tracked_ones_is_ignored)
{
    run_opened_path(RUN_NUMBERS, "open", "/dev/null");
    cr_expect_eq(run_state_of(RUN_NUMBERS), RUN_UNKNOWN);
    must_be_refused(RUN_NUMBERS);
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, highest_tracked_one)
{
    run_opened_path(RUN_NUMBERS - 1, "open", "/dev/null");
    cr_expect_eq(run_state_of(RUN_NUMBERS - 1), RUN_LIVE);
}

Test(numbers, live_closed_twice)
{
    int number = opened_seen();
    hf_handle handle = run_handle_of(number);
    must_close_number(number);
    must_be_refused(number);
    cr_expect_eq(reports_total(), 1);
    const report_copy *told = reports_nth(HF_REPORT_DOUBLE_CLOSE, 0);
    cr_assert_not_null(told);
    cr_expect(hf_handle_equal(told->subject, handle));
    cr_expect_str_eq(told->operation, "close");
    cr_expect_str_eq(told->label, "/dev/null");
    cr_expect_str_eq(told->type_name, "descriptor");
    cr_expect_gt(told->opened_frames, 0u);
    cr_expect_gt(told->closed_frames, 0u);
}

Test(numbers, unknown_closed_twice)
{
    int number = opened_unseen();
    must_close_number(number);
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(numbers, never_open_closed_twice)
{
    must_be_refused(700);
    must_be_refused(700);
    must_be_refused(-1);
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, closed_and_opened_again_unseen)
{
    int number = opened_unseen();
    must_close_number(number);
    cr_assert_eq(opened_unseen(), number);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, live_closed_unseen_and_opened_again)
{
    int number = opened_seen();
    hf_handle first = run_handle_of(number);
    cr_assert_eq(close(number), 0);
    cr_assert_eq(opened_seen(), number);
    cr_expect_not(hf_is_live(run_this_process.table, first));
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, standard_ones_get_no_tombstone)
{
    must_close_number(0);
    cr_expect_not(is_there(0));
}

Test(numbers, standard_one_reopened_later)
{
    must_close_number(0);
    must_close_number(opened_seen());
    cr_assert_eq(opened_unseen(), 0);
    must_close_number(0);
    int other = open("/proc/self/status", O_RDONLY);
    cr_assert_eq(other, 0);
    run_self.last_closed = -1;
    run_opened_path(other, "open", "/proc/self/status");
    cr_expect_eq(reports_count(HF_REPORT_STANDARD_DESCRIPTOR), 1);
}

Test(numbers, standard_one_that_the_process_began_without)
{
    cr_assert_eq(close(0), 0);
    cr_assert_eq(opened_seen(), 0);
    must_close_number(0);
    run_self.last_closed = -1;
    cr_assert_eq(open("/proc/self/status", O_RDONLY), 0);
    run_opened_path(0, "open", "/proc/self/status");
    cr_expect_eq(reports_total(), 0);
}

/* Whatever the program placed there was its own choice; what it got afterwards was not. */
Test(numbers, standard_one_that_was_placed_reopened_later)
{
    int from = opened_seen();
    cr_assert_eq(place(from, 0), 0);
    must_close_number(0);
    must_close_number(from);
    cr_assert_eq(open("/proc/self/status", O_RDONLY), 0);
    run_opened_path(0, "open", "/proc/self/status");
    cr_expect_eq(reports_count(HF_REPORT_STANDARD_DESCRIPTOR), 1);
}

Test(numbers, standard_one_reopened_at_once)
{
    must_close_number(0);
    cr_assert_eq(open("/proc/self/status", O_RDONLY), 0);
    run_opened_path(0, "open", "/proc/self/status");
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, standard_one_reopened_as_null_device)
{
    must_close_number(0);
    run_self.last_closed = -1;
    cr_assert_eq(opened_seen(), 0);
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, standard_one_reopened_by_a_forked_child)
{
    must_close_number(0);
    run_self.last_closed = -1;
    run_this_process.forked = true;
    cr_assert_eq(open("/proc/self/status", O_RDONLY), 0);
    run_opened_path(0, "open", "/proc/self/status");
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, descriptor_of_a_stream_closed)
{
    int number = opened_seen();
    int owner = opened_seen();
    run_set_stream(number, run_handle_of(owner));
    must_close_number(number);
    cr_expect_eq(reports_count(HF_REPORT_FOREIGN_CLOSE), 1);
    cr_expect(
        hf_handle_equal(reports_nth(HF_REPORT_FOREIGN_CLOSE, 0)->other, run_handle_of(owner)));
}

Test(numbers, descriptor_of_a_stream_closed_in_a_forked_child)
{
    int number = opened_seen();
    run_set_stream(number, run_handle_of(opened_seen()));
    run_this_process.forked = true;
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

/* Of a call that this very thread's signal handler interrupted; for other threads see uses.c. */
Test(numbers, closed_while_only_the_closer_uses_it)
{
    hf_region region;
    int number = opened_seen();
    MUST_OK(hf_enter(run_this_process.table, run_handle_of(number), NULL, &region));
    must_close_number(number);
    hf_leave(&region);
    cr_expect_eq(reports_total(), 0);
}

/* As far as a thread has come that won the close and has not closed the file yet. */
static int half_closed(void)
{
    int number = opened_seen();
    MUST_OK(hf_close(run_this_process.table, run_handle_of(number), NULL));
    return number;
}

Test(numbers, closed_while_another_thread_closes_it)
{
    int number = half_closed();
    must_be_refused(number);
    cr_expect(is_usable(number)); /* the other one's to close */
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(numbers, closed_in_a_forked_child_that_lacks_the_closing_thread)
{
    int number = half_closed();
    run_this_process.forked = true;
    must_close_number(number);
    cr_expect_not(is_usable(number));
    cr_expect_eq(reports_total(), 0);
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(numbers, closed_by_who_interrupted_the_library)
{
    int number = opened_seen();
    hf_handle first = run_handle_of(number);
    run_self.inside = 1;
    must_close_number(number);
    run_self.inside = 0;
    cr_expect_not(is_there(number));
    cr_expect_eq(run_state_of(number), RUN_UNKNOWN);
    cr_assert_eq(opened_seen(), number);
    cr_expect_not(hf_is_live(run_this_process.table, first));
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, tombstone_closed_by_who_interrupted_the_library)
{
    int number = opened_seen();
    must_close_number(number);
    run_self.inside = 1;
    must_be_refused(number);
    run_self.inside = 0;
    cr_expect(is_tombstone(number));
}

Test(numbers, vfork_child_closes)
{
    int number = opened_seen();
    run_self.is_vfork_child = true;
    must_close_number(number);
    run_self.is_vfork_child = false;
    cr_expect_eq(run_state_of(number), RUN_LIVE);
}

Test(numbers, live_ends_otherwise)
{
    int number = opened_seen();
    cr_expect(run_ends(number, "fclose"));
    cr_expect_not(run_ends(number, "fclose"));
    cr_expect_eq(run_state_of(number), RUN_FREE);
    cr_assert_eq(close(number), 0);
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(numbers, closed_after_the_exit_began)
{
    int number = opened_seen();
    hf_process_exiting();
    must_close_number(number);
    cr_expect_not(is_usable(number));
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, table_is_full)
{
    uint32_t number = 3;
    while (number < 8192 &&
           (run_opened_path((int)number, "open", ""), run_state_of((int)number) == RUN_LIVE))
        number++;
    cr_assert_lt(number, 8192u, "the table is never full");
    cr_expect(hf_handle_is_null(run_handle_of((int)number)));
    cr_expect_eq(reports_total(), 0);
}

Test(numbers, hidden_one_cannot_be_closed)
{
    int own = run_tombstone_source();
    cr_assert(own > 2);
    must_be_refused(own);
    cr_expect(is_tombstone(own));
    cr_expect_eq(reports_total(), 0);
}

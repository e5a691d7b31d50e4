/* Streams and directories as owners of descriptors: how they end, and what had become of theirs. */
#include "owners.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "preload_support.h"
#include "table.h"

TestSuite(owners, .init = preload_up);

static char thing;          /* its address is the stream */
static run_owner_end ended; /* of the last close */

static int opened_owned(void)
{
    int number = opened_seen();
    run_owner_opened(&thing, &run_type_stream, number, "fopen", NULL);
    return number;
}

/* As the wrapper of fclose: the system closes what is there. */
static int close_stream(void)
{
    if (!run_owner_ends(&ended, &thing, &run_type_stream, "fclose"))
        return -1;
    int result = ended.descriptor >= 0 ? close(ended.descriptor) : 0;
    return run_owner_ended(&ended, result);
}

Test(owners, open_knows_its_descriptor)
{
    int number = opened_owned();
    const run_number *of = run_number_of(number);
    cr_expect(run_owner_is_open(&thing));
    cr_expect_not(run_owner_is_closed(&thing));
    cr_expect_neq(of->stream, 0);
}

Test(owners, closed_ends_the_descriptor_too)
{
    int number = opened_owned();
    hf_handle life = run_handle_of(number);
    cr_expect_eq(close_stream(), 0);
    cr_expect(run_owner_is_closed(&thing));
    cr_expect_not(hf_is_live(run_this_process.table, life));
    cr_expect(is_tombstone(number));
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
    cr_expect_eq(reports_total(), 1);
}

Test(owners, closed_twice_is_refused)
{
    opened_owned();
    cr_expect_eq(close_stream(), 0);
    errno = 0;
    cr_expect_eq(close_stream(), -1);
    cr_expect_eq(errno, EBADF);
    cr_assert_eq(reports_total(), 1);
    const report_copy *told = reports_nth(HF_REPORT_DOUBLE_CLOSE, 0);
    cr_assert_not_null(told);
    cr_expect_str_eq(told->operation, "fclose");
    cr_expect_str_eq(told->type_name, "stream");
    cr_expect_str_eq(told->label, "/dev/null");
}

Test(owners, unknown_passes)
{
    cr_expect(run_owner_ends(&ended, &thing, &run_type_stream, "fclose"));
    cr_expect_eq(ended.descriptor, -1);
    cr_expect_eq(reports_total(), 0);
}

/* A pointer that was a directory, and was freed; what is there now was opened unseen. */
Test(owners, another_type_passes)
{
    opened_owned();
    cr_expect_eq(close_stream(), 0);
    cr_expect(run_owner_ends(&ended, &thing, &run_type_directory, "closedir"));
    cr_expect_eq(reports_total(), 0);
}

Test(owners, address_used_again)
{
    opened_owned();
    cr_expect_eq(close_stream(), 0);
    opened_owned();
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(reports_total(), 0);
}

static uint64_t slots_used(void)
{
    return fixture_stats(run_this_process.table).peak;
}

static void open_and_close(const void *pointer, const hf_type *type)
{
    run_owner_opened(pointer, type, -1, "open", "nothing");
    cr_assert(run_owner_ends(&ended, pointer, type, "close"));
}

Test(owners, address_keeps_its_slot)
{
    open_and_close(&thing, &run_type_stream);
    uint64_t used = slots_used();
    open_and_close(&thing, &run_type_stream);
    open_and_close(&thing, &run_type_directory);
    open_and_close(&thing, &run_type_stream);
    cr_expect_eq(slots_used(), used);
}

Test(owners, displaced_address_leaves_its_slot)
{
    enum { CELLS = 1 << 14 };
    static char many[4 * CELLS];
    cr_assert(run_table_make(2 * CELLS)); /* in place of the suite's */
    for (size_t i = 0; i < sizeof many; i++)
        open_and_close(&many[i], i % 2 == 0 ? &run_type_stream : &run_type_directory);
    cr_expect_geq(slots_used(), CELLS / 2);
    cr_expect_leq(slots_used(), CELLS);
}

Test(owners, address_used_again_after_an_unseen_close)
{
    int number = opened_owned();
    close(number);
    opened_owned();
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(reports_total(), 0);
}

Test(owners, without_a_descriptor)
{
    run_owner_opened(&thing, &run_type_stream, -1, "open_memstream", "memory stream");
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(close_stream(), -1);
    cr_assert_eq(reports_total(), 1);
    cr_expect_str_eq(reports_nth(HF_REPORT_DOUBLE_CLOSE, 0)->label, "memory stream");
}

Test(owners, of_an_unknown_descriptor)
{
    int number = opened_unseen();
    run_owner_opened(&thing, &run_type_stream, number, "fdopen", NULL);
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(reports_total(), 0);
}

Test(owners, raw_close_is_told_once)
{
    int number = opened_owned();
    must_close_number(number);
    cr_expect_eq(reports_count(HF_REPORT_FOREIGN_CLOSE), 1);
    errno = 0;
    cr_expect_eq(close_stream(), -1); /* as it would be without the tombstone */
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(reports_total(), 1);
}

/* In a forked child the raw close is silent, and told when the copy of the stream is closed. */
Test(owners, raw_close_in_a_forked_child)
{
    int number = opened_owned();
    run_this_process.forked = true;
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
    cr_expect_eq(close_stream(), -1);
    cr_expect_eq(reports_count(HF_REPORT_FOREIGN_CLOSE), 1);
    cr_expect_eq(reports_total(), 1);
}

Test(owners, tombstone_that_the_stream_closes_is_forgotten)
{
    int number = opened_owned();
    must_close_number(number);
    cr_expect_eq(close_stream(), -1);
    int again = dup(number); /* put back into the quarantine, or free */
    cr_expect(again < 0 || is_tombstone(number));
    run_quarantine_empty();
    cr_expect_not(is_there(number));
}

Test(owners, theft_names_the_victim)
{
    int number = opened_owned();
    must_close_number(number);
    run_quarantine_empty();
    int victim = opened_unseen();
    cr_assert_eq(victim, number);
    run_opened_path(victim, "open", "/victim");
    hf_handle life = run_handle_of(victim);
    reports_clear();
    cr_expect_eq(close_stream(), 0);
    cr_assert_eq(reports_total(), 1);
    const report_copy *told = reports_nth(HF_REPORT_HANDLE_REUSE, 0);
    cr_assert_not_null(told);
    cr_expect(hf_handle_equal(told->other, life));
    cr_expect_not(hf_is_live(run_this_process.table, life));
}

/* The number had `lives` lives since the stream's, each opened where the former one was closed
 * unseen: what the finding says of the stream's. */
static const char *told_after(unsigned lives)
{
    char path[16] = "/life-0";
    int number = opened_owned();
    for (unsigned i = 0; i < lives; i++) {
        path[6]++;
        run_opened_path(number, "open", path);
    }
    (void)close_stream();
    const report_copy *told = reports_nth(HF_REPORT_HANDLE_REUSE, 0);
    cr_assert_not_null(told);
    return told->label;
}

Test(owners, theft_says_what_the_number_was_before)
{
    cr_expect_str_eq(told_after(1), "/dev/null");
}

/* Of each number two texts are kept; this one is another life's by now. */
Test(owners, theft_does_not_say_what_the_number_was_long_before)
{
    cr_expect_str_eq(told_after(3), "");
}

Test(owners, descriptor_of_a_stream_that_was_closed_is_its_own_again)
{
    int number = opened_owned();
    cr_expect_eq(close_stream(), 0);
    run_quarantine_empty();
    cr_assert_eq(opened_seen(), number);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

Test(owners, reopened_has_another_descriptor)
{
    int first = opened_owned();
    cr_expect(run_owner_reopens(&ended, &thing, "freopen"));
    close(first);
    int second = opened_seen();
    run_owner_reopened(&ended, &thing, second);
    cr_expect(run_owner_is_open(&thing));
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(ended.descriptor, second);
    cr_expect_eq(reports_total(), 0);
}

Test(owners, reopening_failed)
{
    int number = opened_owned();
    cr_expect(run_owner_reopens(&ended, &thing, "freopen"));
    close(number);
    errno = ENOENT;
    run_owner_not_reopened(&ended, &thing, "freopen");
    cr_expect_eq(errno, ENOENT);
    cr_expect_eq(run_state_of(number), RUN_TOMB);
    cr_expect_eq(reports_total(), 0);
    cr_expect_eq(close_stream(), -1);
    cr_assert_eq(reports_total(), 1);
    cr_expect_not_null(reports_nth(HF_REPORT_DOUBLE_CLOSE, 0));
}

Test(owners, forgotten_is_unknown)
{
    int number = opened_owned();
    errno = ENOENT;
    run_owner_forget(&thing);
    run_owner_forget(&number);
    cr_expect_eq(errno, ENOENT);
    cr_expect_not(run_owner_is_open(&thing));
    cr_expect_not(run_owner_is_closed(&thing));
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(reports_total(), 0);
}

Test(owners, reopening_after_a_raw_close)
{
    int number = opened_owned();
    must_close_number(number);
    cr_expect(run_owner_reopens(&ended, &thing, "freopen"));
    cr_expect(ended.was_tombstone);
    cr_expect_eq(run_state_of(number), RUN_FREE);
    cr_expect_eq(reports_total(), 1);
}

Test(owners, adopted_has_no_opener)
{
    run_owner_adopted(&thing, &run_type_stream, -1, "stdout");
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(close_stream(), -1);
    cr_assert_eq(reports_total(), 1);
    cr_expect_eq(reports_nth(HF_REPORT_DOUBLE_CLOSE, 0)->opened_frames, 0);
    cr_expect_str_eq(reports_nth(HF_REPORT_DOUBLE_CLOSE, 0)->label, "stdout");
}

Test(owners, keep_errno)
{
    int number = opened_seen();
    errno = ENOTTY;
    run_owner_opened(&thing, &run_type_stream, number, "fopen", NULL);
    cr_expect_eq(errno, ENOTTY);
    cr_expect_eq(close_stream(), 0);
    cr_expect_eq(errno, ENOTTY);
}

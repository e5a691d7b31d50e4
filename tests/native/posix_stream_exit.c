/* Streams when the process exits: what is buffered is written, unless that would take a lock. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <holdfast/process.h>

#include "actor.h"
#include "forked.h"
#include "native_support.h"

/* Not table_down: streams stay open. */
TestSuite(stream_exit, .init = table_up);

static char path[] = "/tmp/holdfast-test-XXXXXX";

static FILE *temporary(void)
{
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    FILE *stream = fdopen(fd, "w");
    cr_assert_not_null(stream);
    return stream;
}

static void expect_content(const char *expected)
{
    char content[64] = "";
    FILE *stream = fopen(path, "r");
    cr_assert_not_null(stream);
    size_t length = fread(content, 1, sizeof content - 1, stream);
    content[length] = '\0';
    fclose(stream);
    unlink(path);
    cr_assert_str_eq(content, expected);
}

static hf_handle open_written(FILE *stream, const char *text)
{
    hf_handle handle = must_open(&hf_type_stream, hf_stream_value(stream));
    cr_assert_geq(fputs(text, stream), 0);
    return handle;
}

Test(stream_exit, buffer_is_written)
{
    FILE *stream = temporary();
    hf_handle handle = open_written(stream, "written");
    errno = 12345;
    hf_process_exiting();
    cr_expect_eq(errno, 12345);
    expect_content("written");
    expect_no_findings();
    MUST(hf_close(table, handle, NULL), HF_E_EXITING);
    cr_expect(fd_is_open(fileno(stream)), "it was closed");
    cr_expect_eq(fclose(stream), 0);
}

/* Unlike exit, quick_exit leaves alone what the C library has buffered. */
static int exit_quickly(void *stream)
{
    (void)open_written(stream, "kept");
    quick_exit(7);
}

Test(stream_exit, quick_exit)
{
    FILE *stream = temporary();
    cr_assert_eq(forked(exit_quickly, stream), 7);
    expect_content("kept");
    fclose(stream);
}

static int exit_as_usual(void *stream)
{
    (void)open_written(stream, "once");
    exit(7);
}

Test(stream_exit, written_once)
{
    FILE *stream = temporary();
    cr_assert_eq(forked(exit_as_usual, stream), 7);
    expect_content("once");
    fclose(stream);
}

Test(stream_exit, read_streams_are_left_in_peace)
{
    char byte[2];
    FILE *stream = fopen("/proc/self/maps", "r");
    cr_assert_not_null(stream);
    (void)must_open(&hf_type_stream, hf_stream_value(stream));
    cr_assert_eq(fread(byte, 1, 1, stream), 1);
    hf_process_exiting();
    expect_no_findings();
    cr_assert_eq(fread(byte, 1, 1, stream), 1);
    fclose(stream);
}

static void lock_stream(void *stream)
{
    flockfile(stream);
}

static void unlock_stream(void *stream)
{
    funlockfile(stream);
}

/* A thread that stopped, or was ended, with the lock. */
Test(stream_exit, lock_held_by_another_thread)
{
    FILE *stream = temporary();
    actor *other = actor_start();
    hf_handle handle = open_written(stream, "lost");
    actor_do(other, lock_stream, stream);
    hf_process_exiting();
    expect_only_finding(HF_REPORT_LOST_AT_EXIT, handle, HF_NULL_HANDLE);
    cr_expect_eq(reports_nth(HF_REPORT_LOST_AT_EXIT, 0)->error, EBUSY);
    actor_do(other, unlock_stream, stream);
    actor_end(other);
    expect_content("");
    fclose(stream);
}

static void try_to_lock_stream(void *stream)
{
    cr_assert_eq(ftrylockfile(stream), 0, "the sweep has kept the lock");
    funlockfile(stream);
}

Test(stream_exit, lock_is_given_back)
{
    FILE *stream = temporary();
    actor *other = actor_start();
    (void)open_written(stream, "free");
    hf_process_exiting();
    actor_do(other, try_to_lock_stream, stream);
    actor_end(other);
    expect_content("free");
    fclose(stream);
}

Test(stream_exit, lock_held_by_this_thread)
{
    FILE *stream = temporary();
    (void)open_written(stream, "mine");
    flockfile(stream);
    hf_process_exiting();
    funlockfile(stream);
    expect_no_findings();
    expect_content("mine");
    fclose(stream);
}

Test(stream_exit, held_in_a_region)
{
    hf_region region;
    FILE *stream = temporary();
    hf_handle handle = open_written(stream, "held");
    MUST_OK(hf_enter(table, handle, &hf_type_stream, &region));
    hf_process_exiting();
    expect_only_finding(HF_REPORT_LOST_AT_EXIT, handle, HF_NULL_HANDLE);
    expect_content("");
    hf_leave(&region);
    fclose(stream);
}

/* The disk is full: nobody else would tell. */
Test(stream_exit, buffer_cannot_be_written)
{
    FILE *stream = fopen("/dev/full", "w");
    cr_assert_not_null(stream);
    hf_handle handle = open_written(stream, "lost");
    hf_process_exiting();
    expect_only_finding(HF_REPORT_LOST_AT_EXIT, handle, HF_NULL_HANDLE);
    cr_expect_eq(reports_nth(HF_REPORT_LOST_AT_EXIT, 0)->error, ENOSPC);
    fclose(stream);
}

Test(stream_exit, borrowed_is_left_alone)
{
    FILE *stream = temporary();
    cr_assert_geq(fputs("later", stream), 0);
    (void)must_borrow(&hf_type_stream, hf_stream_value(stream));
    hf_process_exiting();
    expect_no_findings();
    cr_expect_eq(fclose(stream), 0);
    expect_content("later");
}

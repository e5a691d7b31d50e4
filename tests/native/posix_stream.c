/* Streams and directories: closed once, and what their buffers and descriptors went through reaches
 * the closer. */
#include <errno.h>
#include <unistd.h>

#include "native_support.h"

TestSuite(stream, .init = table_up, .fini = table_down);

static FILE *must_fopen(const char *path, const char *mode)
{
    FILE *stream = fopen(path, mode);
    cr_assert_not_null(stream, "%s", path);
    return stream;
}

Test(stream, owned_closed)
{
    FILE *stream = must_fopen("/dev/null", "r");
    int fd = fileno(stream);
    hf_handle handle = must_open(&hf_type_stream, hf_stream_value(stream));
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_expect_not(fd_is_open(fd));
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    expect_only_finding(HF_REPORT_DOUBLE_CLOSE, handle, HF_NULL_HANDLE);
}

Test(stream, borrowed_closed)
{
    FILE *stream = must_fopen("/dev/null", "r");
    hf_handle handle = must_borrow(&hf_type_stream, hf_stream_value(stream));
    must_close(handle, HF_OUTCOME_NOT_OWNED, 0);
    cr_expect_eq(fclose(stream), 0);
}

Test(stream, value_is_the_stream)
{
    hf_region region;
    FILE *stream = must_fopen("/dev/null", "r");
    hf_handle handle = must_open(&hf_type_stream, hf_stream_value(stream));
    MUST_OK(hf_enter(table, handle, &hf_type_stream, &region));
    cr_expect_eq(hf_value_stream(region.value), stream);
    hf_leave(&region);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
}

/* A handle of a stream whose buffer cannot be written out. */
static hf_handle open_full(int *fd)
{
    FILE *stream = must_fopen("/dev/full", "w");
    *fd = fileno(stream);
    cr_assert_geq(fputs("lost", stream), 0);
    return must_open(&hf_type_stream, hf_stream_value(stream));
}

Test(stream, flush_error_reaches_close)
{
    int fd;
    hf_handle handle = open_full(&fd);
    errno = 12345;
    must_close(handle, HF_OUTCOME_RELEASED_WITH_ERROR, ENOSPC);
    cr_expect_eq(errno, 12345);
    cr_expect_not(fd_is_open(fd));
    expect_no_findings();
}

Test(stream, flush_error_reaches_close_many)
{
    int fd;
    hf_close_result results[2];
    hf_handle handles[2] = {open_full(&fd), open_full(&fd)};
    MUST_OK(hf_close_many(table, handles, 2, results));
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(results[i].outcome, HF_OUTCOME_RELEASED_WITH_ERROR);
        cr_expect_eq(results[i].error, ENOSPC);
    }
}

Test(stream, flush_error_reaches_close_wait)
{
    int fd;
    hf_close_result result;
    hf_handle handle = open_full(&fd);
    MUST_OK(hf_close_wait(table, handle, HF_FOREVER, &result));
    cr_expect_eq(result.outcome, HF_OUTCOME_RELEASED_WITH_ERROR);
    cr_expect_eq(result.error, ENOSPC);
}

Test(stream, descriptor_closed_beneath_it)
{
    FILE *stream = must_fopen("/dev/null", "r");
    hf_handle handle = must_open(&hf_type_stream, hf_stream_value(stream));
    close_raw(fileno(stream));
    must_close(handle, HF_OUTCOME_RELEASED_WITH_ERROR, EBADF);
    expect_no_findings();
}

static int close_without_a_reason(void *cookie)
{
    (void)cookie;
    return -1;
}

/* What errno was before is no reason. */
Test(stream, close_that_fails_without_errno)
{
    hf_close_result result;
    cookie_io_functions_t functions = {.close = close_without_a_reason};
    FILE *stream = fopencookie(NULL, "r", functions);
    cr_assert_not_null(stream);
    hf_handle handle = must_open(&hf_type_stream, hf_stream_value(stream));
    errno = 12345;
    MUST_OK(hf_close(table, handle, &result));
    cr_expect_eq(result.outcome, HF_OUTCOME_RELEASED_WITH_ERROR);
    cr_expect_neq(result.error, 12345);
    cr_expect_eq(errno, 12345);
}

Test(stream, opened_by_two_owners)
{
    FILE *stream = must_fopen("/dev/null", "r");
    hf_handle first = must_open(&hf_type_stream, hf_stream_value(stream));
    hf_handle second = must_open(&hf_type_stream, hf_stream_value(stream));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, second, first);
    MUST_OK(hf_detach(table, second, &(hf_value){0}));
    must_close(first, HF_OUTCOME_RELEASED, 0);
}

Test(stream, borrow_outlives_its_owner)
{
    FILE *stream = must_fopen("/dev/null", "r");
    hf_handle owner = must_open(&hf_type_stream, hf_stream_value(stream));
    hf_handle borrower = must_borrow(&hf_type_stream, hf_stream_value(stream));
    must_close(owner, HF_OUTCOME_RELEASED, 0);
    expect_only_finding(HF_REPORT_BORROW_OUTLIVES_OWNER, owner, borrower);
    must_close(borrower, HF_OUTCOME_NOT_OWNED, 0);
}

Test(stream, has_no_duplicate)
{
    hf_handle copy;
    FILE *stream = must_fopen("/dev/null", "r");
    hf_handle handle = must_open(&hf_type_stream, hf_stream_value(stream));
    MUST(hf_duplicate(table, handle, table, &copy), HF_E_NOT_SUPPORTED);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
}

/* ---- directories ---------------------------------------------------------------------------- */

TestSuite(dir, .init = table_up, .fini = table_down);

static DIR *must_opendir(void)
{
    DIR *dir = opendir("/");
    cr_assert_not_null(dir);
    return dir;
}

Test(dir, owned_closed)
{
    DIR *dir = must_opendir();
    int fd = dirfd(dir);
    hf_handle handle = must_open(&hf_type_dir, hf_dir_value(dir));
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_expect_not(fd_is_open(fd));
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    expect_only_finding(HF_REPORT_DOUBLE_CLOSE, handle, HF_NULL_HANDLE);
}

Test(dir, borrowed_closed)
{
    DIR *dir = must_opendir();
    hf_handle handle = must_borrow(&hf_type_dir, hf_dir_value(dir));
    must_close(handle, HF_OUTCOME_NOT_OWNED, 0);
    cr_expect_eq(closedir(dir), 0);
}

Test(dir, read_in_a_region)
{
    hf_region region;
    hf_handle handle = must_open(&hf_type_dir, hf_dir_value(must_opendir()));
    MUST_OK(hf_enter(table, handle, &hf_type_dir, &region));
    cr_expect_not_null(readdir(hf_value_dir(region.value)));
    hf_leave(&region);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
}

Test(dir, descriptor_closed_beneath_it)
{
    DIR *dir = must_opendir();
    hf_handle handle = must_open(&hf_type_dir, hf_dir_value(dir));
    close_raw(dirfd(dir));
    errno = 12345;
    must_close(handle, HF_OUTCOME_RELEASED_WITH_ERROR, EBADF);
    cr_expect_eq(errno, 12345);
}

/* The function by itself, because core preserves errno a second time. */
Test(dir, release_preserves_errno)
{
    DIR *dir = must_opendir();
    int32_t error;
    close_raw(dirfd(dir));
    errno = 12345;
    cr_expect_eq(hf_type_dir.release(hf_dir_value(dir), NULL, &error),
                 HF_OUTCOME_RELEASED_WITH_ERROR);
    cr_expect_eq(error, EBADF);
    cr_expect_eq(errno, 12345);
}

Test(dir, opened_by_two_owners)
{
    DIR *dir = must_opendir();
    hf_handle first = must_open(&hf_type_dir, hf_dir_value(dir));
    hf_handle second = must_open(&hf_type_dir, hf_dir_value(dir));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, second, first);
    MUST_OK(hf_detach(table, second, &(hf_value){0}));
    must_close(first, HF_OUTCOME_RELEASED, 0);
}

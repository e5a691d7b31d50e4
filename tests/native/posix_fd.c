/* Descriptors: released once, outcomes of close, owners and borrowers, duplicates. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "native_support.h"

TestSuite(fd, .init = table_up, .fini = table_down);

Test(fd, owned_closed)
{
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    watch_close(fd, 0);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_expect_eq(watched_closes(), 1);
    cr_expect_not(fd_is_open(fd));
    expect_no_findings();
}

Test(fd, owned_closed_twice_spares_the_next_owner_of_the_number)
{
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    recycle(fd, "/dev/zero");
    MUST(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    cr_expect(fd_is_path(fd, "/dev/zero"));
    expect_only_finding(HF_REPORT_DOUBLE_CLOSE, handle, HF_NULL_HANDLE);
}

Test(fd, borrowed_closed)
{
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_borrow(&hf_type_fd, hf_fd_value(fd));
    watch_close(fd, 0);
    must_close(handle, HF_OUTCOME_NOT_OWNED, 0);
    cr_expect_eq(watched_closes(), 0);
    cr_expect(fd_is_open(fd));
    expect_no_findings();
}

Test(fd, value_is_the_descriptor)
{
    hf_region region;
    int fd = must_open_path("/dev/zero");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    MUST_OK(hf_enter(table, handle, &hf_type_fd, &region));
    cr_expect_eq(hf_value_fd(region.value), fd);
    hf_leave(&region);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
}

Test(fd, negative_descriptors_survive_conversion)
{
    cr_expect_eq(hf_value_fd(hf_fd_value(-1)), -1);
    cr_expect_eq(hf_fd_value(-1), UINTPTR_MAX);
}

/* ---- errors --------------------------------------------------------------------------------- */

Test(fd, close_that_reports_an_error_is_not_retried)
{
    static const int errors[] = {EINTR, EIO, ENOSPC, EDQUOT, ENOLINK};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        int fd = must_open_path("/dev/null");
        hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
        watch_close(fd, errors[i]);
        must_close(handle, HF_OUTCOME_RELEASED_WITH_ERROR, errors[i]);
        cr_expect_eq(watched_closes(), 1);
    }
    expect_no_findings();
}

Test(fd, close_that_finds_nothing_has_not_released)
{
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    watch_close(fd, EBADF);
    must_close(handle, HF_OUTCOME_NOT_RELEASED, EBADF);
    cr_expect_eq(watched_closes(), 1);
    expect_only_finding(HF_REPORT_RELEASE_FAILED, handle, HF_NULL_HANDLE);
    cr_expect_eq(reports_nth(HF_REPORT_RELEASE_FAILED, 0)->error, EBADF);
}

Test(fd, descriptor_that_was_never_open)
{
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(-1));
    must_close(handle, HF_OUTCOME_NOT_RELEASED, EBADF);
    expect_only_finding(HF_REPORT_RELEASE_FAILED, handle, HF_NULL_HANDLE);
}

Test(fd, errno_survives_open_and_close)
{
    int fd = must_open_path("/dev/null");
    watch_close(fd, EIO);
    errno = 12345;
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    cr_expect_eq(errno, 12345);
    must_close(handle, HF_OUTCOME_RELEASED_WITH_ERROR, EIO);
    cr_expect_eq(errno, 12345);
}

/* The functions by themselves, because core preserves errno a second time. */
Test(fd, functions_preserve_errno)
{
    hf_identity identity;
    int32_t error;
    errno = 12345;
    cr_expect_not(hf_type_fd.identify(hf_fd_value(-1), NULL, &identity));
    cr_expect_eq(hf_type_fd.release(hf_fd_value(-1), NULL, &error), HF_OUTCOME_NOT_RELEASED);
    cr_expect_eq(error, EBADF);
    hf_type_socket.unblock(hf_fd_value(-1), NULL);
    cr_expect_eq(errno, 12345);
}

/* ---- closed behind the table's back --------------------------------------------------------- */

Test(fd, closed_raw)
{
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    close_raw(fd);
    must_close(handle, HF_OUTCOME_NOT_RELEASED, 0);
    expect_only_finding(HF_REPORT_FOREIGN_CLOSE, handle, HF_NULL_HANDLE);
}

Test(fd, closed_raw_and_recycled_spares_the_stranger)
{
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    close_raw(fd);
    recycle(fd, "/dev/zero");
    watch_close(fd, 0);
    must_close(handle, HF_OUTCOME_NOT_RELEASED, 0);
    cr_expect_eq(watched_closes(), 0);
    cr_expect(fd_is_path(fd, "/dev/zero"));
    expect_only_finding(HF_REPORT_FOREIGN_CLOSE, handle, HF_NULL_HANDLE);
}

Test(fd, closed_raw_and_recycled_names_the_new_owner)
{
    int fd = must_open_path("/dev/null");
    hf_handle old = must_open(&hf_type_fd, hf_fd_value(fd));
    close_raw(fd);
    recycle(fd, "/dev/zero");
    hf_handle new = must_open(&hf_type_fd, hf_fd_value(fd));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, new, old);
    must_close(old, HF_OUTCOME_NOT_RELEASED, 0);
    expect_finding(HF_REPORT_FOREIGN_CLOSE, old, new);
    cr_expect(fd_is_path(fd, "/dev/zero"));
    must_close(new, HF_OUTCOME_RELEASED, 0);
    cr_expect_not(fd_is_open(fd));
}

Test(fd, recycled_as_another_kind_of_the_same_inode_number)
{
    hf_identity file, pipe_end;
    int ends[2];
    int fd = must_open_path("/dev/null");
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert(hf_type_fd.identify(hf_fd_value(fd), NULL, &file));
    cr_assert(hf_type_fd.identify(hf_fd_value(ends[0]), NULL, &pipe_end));
    cr_expect_neq(file.kind, pipe_end.kind);
    cr_expect_neq(file.object, pipe_end.object);
}

/* The node in the file system may be the same. */
Test(fd, devices_are_of_different_kinds)
{
    hf_identity null, zero;
    cr_assert(hf_type_fd.identify(hf_fd_value(must_open_path("/dev/null")), NULL, &null));
    cr_assert(hf_type_fd.identify(hf_fd_value(must_open_path("/dev/zero")), NULL, &zero));
    cr_expect_neq(null.kind, zero.kind);
}

Test(fd, table_without_checks_finds_nothing)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    hf_handle handle;
    options.skip_checks = true;
    hf_table *unchecked = fixture_create(&options);
    int fd = must_open_path("/dev/null");
    MUST_OK(hf_open(unchecked, &hf_type_fd, hf_fd_value(fd), NULL, &handle));
    hf_handle second = must_open(&hf_type_fd, hf_fd_value(fd));
    expect_no_findings();
    must_close(second, HF_OUTCOME_RELEASED, 0);
    cr_expect_eq(fixture_close(unchecked, handle), HF_OUTCOME_NOT_RELEASED);
    expect_only_finding(HF_REPORT_RELEASE_FAILED, handle, HF_NULL_HANDLE);
    hf_table_destroy(unchecked);
}

/* ---- two handles of one descriptor ---------------------------------------------------------- */

Test(fd, opened_by_two_owners)
{
    int fd = must_open_path("/dev/null");
    hf_handle first = must_open(&hf_type_fd, hf_fd_value(fd));
    hf_handle second = must_open(&hf_type_fd, hf_fd_value(fd));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, second, first);
    must_close(first, HF_OUTCOME_RELEASED, 0);
    must_close(second, HF_OUTCOME_NOT_RELEASED, 0);
    expect_finding(HF_REPORT_FOREIGN_CLOSE, second, HF_NULL_HANDLE);
}

Test(fd, owned_as_fd_and_as_socket)
{
    int fd = must_open_path("/dev/null");
    hf_handle first = must_open(&hf_type_fd, hf_fd_value(fd));
    hf_handle second = must_open(&hf_type_socket, hf_fd_value(fd));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, second, first);
    MUST_OK(hf_detach(table, second, &(hf_value){0}));
    must_close(first, HF_OUTCOME_RELEASED, 0);
}

Test(fd, owned_in_two_tables)
{
    hf_table *other = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle theirs;
    int fd = must_open_path("/dev/null");
    hf_handle mine = must_open(&hf_type_fd, hf_fd_value(fd));
    MUST_OK(hf_open(other, &hf_type_fd, hf_fd_value(fd), NULL, &theirs));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, theirs, mine);
    MUST_OK(hf_detach(other, theirs, &(hf_value){0}));
    must_close(mine, HF_OUTCOME_RELEASED, 0);
    hf_table_destroy(other);
}

Test(fd, reserved_and_committed_as_a_second_owner)
{
    hf_handle second;
    int fd = must_open_path("/dev/null");
    hf_handle first = must_open(&hf_type_fd, hf_fd_value(fd));
    MUST_OK(hf_reserve(table, &hf_type_fd, &second));
    expect_no_findings();
    MUST_OK(hf_commit(table, second, hf_fd_value(fd)));
    expect_only_finding(HF_REPORT_DUPLICATE_OWNER, second, first);
    MUST_OK(hf_detach(table, second, &(hf_value){0}));
    must_close(first, HF_OUTCOME_RELEASED, 0);
}

Test(fd, borrow_closed_before_its_owner)
{
    int fd = must_open_path("/dev/null");
    hf_handle owner = must_open(&hf_type_fd, hf_fd_value(fd));
    hf_handle borrower = must_borrow(&hf_type_fd, hf_fd_value(fd));
    must_close(borrower, HF_OUTCOME_NOT_OWNED, 0);
    must_close(owner, HF_OUTCOME_RELEASED, 0);
    expect_no_findings();
}

Test(fd, borrow_outlives_its_owner)
{
    int fd = must_open_path("/dev/null");
    hf_handle owner = must_open(&hf_type_fd, hf_fd_value(fd));
    hf_handle borrower = must_borrow(&hf_type_fd, hf_fd_value(fd));
    must_close(owner, HF_OUTCOME_RELEASED, 0);
    expect_only_finding(HF_REPORT_BORROW_OUTLIVES_OWNER, owner, borrower);
    must_close(borrower, HF_OUTCOME_NOT_OWNED, 0);
}

Test(fd, numbers_are_recycled_without_findings)
{
    for (int i = 0; i < 100; i++) {
        int fd = must_open_path(i % 2 == 0 ? "/dev/null" : "/dev/zero");
        must_close(must_open(&hf_type_fd, hf_fd_value(fd)), HF_OUTCOME_RELEASED, 0);
    }
    expect_no_findings();
}

Test(fd, detached_may_be_opened_again)
{
    hf_value value = 0;
    int fd = must_open_path("/dev/null");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    MUST_OK(hf_detach(table, handle, &value));
    cr_expect_eq(hf_value_fd(value), fd);
    cr_expect(fd_is_open(fd));
    must_close(must_open(&hf_type_fd, value), HF_OUTCOME_RELEASED, 0);
    expect_no_findings();
}

/* ---- duplicates ----------------------------------------------------------------------------- */

static int fd_of(hf_handle handle)
{
    hf_region region;
    MUST_OK(hf_enter(table, handle, &hf_type_fd, &region));
    int fd = hf_value_fd(region.value);
    hf_leave(&region);
    return fd;
}

Test(fd, duplicate_is_the_same_file_and_closed_on_exec)
{
    hf_handle copy;
    int fd = must_open_path("/dev/zero");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    MUST_OK(hf_duplicate(table, handle, table, &copy));
    int copied = fd_of(copy);
    cr_expect_neq(copied, fd);
    cr_expect(fd_is_path(copied, "/dev/zero"));
    cr_expect_eq(fcntl(copied, F_GETFD), FD_CLOEXEC);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    must_close(copy, HF_OUTCOME_RELEASED, 0);
    expect_no_findings();
}

Test(fd, duplicate_is_no_standard_stream)
{
    hf_handle copy;
    int fd = must_open_path("/dev/zero");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, fd + 1);
    close_raw(STDIN_FILENO);
    close_raw(STDERR_FILENO);
    hf_status status = hf_duplicate(table, handle, table, &copy);
    bool standard = fd_is_open(STDERR_FILENO);
    cr_assert_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    MUST_OK(status);
    cr_expect_not(standard);
    cr_expect_gt(fd_of(copy), STDERR_FILENO);
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    must_close(copy, HF_OUTCOME_RELEASED, 0);
}

Test(fd, duplicate_without_room_for_another_descriptor)
{
    hf_handle copy = HF_NULL_HANDLE;
    struct rlimit limit;
    int fd = must_open_path("/dev/zero");
    hf_handle handle = must_open(&hf_type_fd, hf_fd_value(fd));
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = STDERR_FILENO + 1;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    hf_status status = hf_duplicate(table, handle, table, &copy);
    int error = errno;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    cr_expect_eq(status, HF_E_SYSTEM);
    cr_expect(error == EMFILE || error == EINVAL, "errno %d", error);
    cr_expect(hf_handle_is_null(copy));
    must_close(handle, HF_OUTCOME_RELEASED, 0);
    cr_expect_eq(fixture_stats(table).live, 0);
}

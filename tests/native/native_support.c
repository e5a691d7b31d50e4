/* The shared parts of the tests of the POSIX types. */
#include "native_support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

hf_table *table;

/* ---- findings ------------------------------------------------------------------------------- */

void table_up(void)
{
    reports_start();
    table = fixture_table(HF_PROTECT_ADAPTIVE);
}

void table_down(void)
{
    hf_table_destroy(table);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
}

hf_handle must_open(const hf_type *type, hf_value value)
{
    hf_handle handle = HF_NULL_HANDLE;
    MUST_OK(hf_open(table, type, value, NULL, &handle));
    return handle;
}

hf_handle must_borrow(const hf_type *type, hf_value value)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle handle = HF_NULL_HANDLE;
    options.borrowed = true;
    MUST_OK(hf_open(table, type, value, &options, &handle));
    return handle;
}

void must_close(hf_handle handle, hf_outcome outcome, int32_t error)
{
    hf_close_result result = {.outcome = HF_OUTCOME_NONE};
    MUST_OK(hf_close(table, handle, &result));
    cr_assert_eq(result.outcome, outcome, "outcome %d, not %d", (int)result.outcome, (int)outcome);
    cr_assert_eq(result.error, error, "error %d (%s), not %d", result.error, strerror(result.error),
                 error);
}

void expect_finding(hf_report_kind kind, hf_handle subject, hf_handle other)
{
    cr_assert_eq(reports_count(kind), 1, "%u findings of %s", reports_count(kind),
                 hf_report_kind_name(kind));
    const report_copy *report = reports_nth(kind, 0);
    cr_expect(hf_handle_equal(report->subject, subject));
    cr_expect(hf_handle_equal(report->other, other));
}

void expect_only_finding(hf_report_kind kind, hf_handle subject, hf_handle other)
{
    expect_finding(kind, subject, other);
    cr_expect_eq(reports_total(), 1);
}

void expect_no_findings(void)
{
    const report_copy *report = NULL;
    for (int kind = 0; report == NULL && kind < HF_REPORT_KIND_COUNT; kind++)
        report = reports_nth((hf_report_kind)kind, 0);
    cr_expect_null(report, "%s", report != NULL ? report->kind_name : "");
}

/* ---- descriptors ---------------------------------------------------------------------------- */

static atomic_int watched_fd = -1;
static atomic_int watched_error;
static atomic_uint watched_count;

/* Stands in front of the C library's.  The system has given the number up when it reports an error.
 */
int close(int fd)
{
    long result = syscall(SYS_close, fd);
    if (fd != atomic_load_explicit(&watched_fd, memory_order_relaxed))
        return (int)result;
    atomic_fetch_add_explicit(&watched_count, 1, memory_order_relaxed);
    int error = atomic_load_explicit(&watched_error, memory_order_relaxed);
    if (error == 0)
        return (int)result;
    errno = error;
    return -1;
}

void watch_close(int fd, int error)
{
    atomic_store_explicit(&watched_count, 0, memory_order_relaxed);
    atomic_store_explicit(&watched_error, error, memory_order_relaxed);
    atomic_store_explicit(&watched_fd, fd, memory_order_relaxed);
}

unsigned watched_closes(void)
{
    return atomic_load_explicit(&watched_count, memory_order_relaxed);
}

int must_open_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
    return fd;
}

bool fd_is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

bool fd_is_path(int fd, const char *path)
{
    struct stat left, right;
    return fstat(fd, &left) == 0 && stat(path, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

void close_raw(int fd)
{
    cr_assert_eq(syscall(SYS_close, fd), 0);
}

void recycle(int fd, const char *path)
{
    int other = must_open_path(path);
    if (other == fd)
        return;
    cr_assert_eq(dup2(other, fd), fd);
    close_raw(other);
}

/* ---- another thread ------------------------------------------------------------------------- */

/* The letter after the name in parentheses: S is asleep. */
static char thread_state(int thread_id)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread_id);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *name_end = strrchr(text, ')');
    cr_assert_not_null(name_end);
    return name_end[2];
}

void wait_until_blocked(int thread_id)
{
    while (thread_state(thread_id) != 'S')
        sched_yield();
}

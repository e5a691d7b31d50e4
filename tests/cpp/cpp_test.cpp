/* The C++ wrapper: who owns what after a move, a close, a failure.  A plain program: 0 is success.
 */
#include <holdfast/holdfast.hpp>
#include <holdfast/posix.h>

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace
{

int failures;

void expect(bool condition, const char *text, int line)
{
    if (condition)
        return;
    std::fprintf(stderr, "cpp_test.cpp:%d: not so: %s\n", line, text);
    failures++;
}

#define EXPECT(condition) expect(static_cast<bool>(condition), #condition, __LINE__)

using unique_file = holdfast::handle_of<&hf_type_fd>;
using unique_socket = holdfast::handle_of<&hf_type_socket>;

struct log_tag {
    static const hf_type *type() noexcept
    {
        return &hf_type_fd;
    }
};
using unique_log = holdfast::unique_handle<log_tag>;

static_assert(!std::is_copy_constructible_v<unique_file> &&
              !std::is_copy_assignable_v<unique_file>);
static_assert(!std::is_copy_constructible_v<holdfast::region>);
static_assert(!std::is_copy_constructible_v<holdfast::reference>);
static_assert(!std::is_copy_constructible_v<holdfast::table>);
static_assert(std::is_nothrow_move_constructible_v<unique_file>);
static_assert(std::is_nothrow_move_assignable_v<unique_file>);
static_assert(std::is_nothrow_move_constructible_v<holdfast::region>);
static_assert(std::is_nothrow_move_constructible_v<holdfast::reference>);
static_assert(std::is_nothrow_move_constructible_v<holdfast::table>);
static_assert(!std::is_constructible_v<unique_log, unique_file>, "tags do not mix");
static_assert(!std::is_constructible_v<unique_socket, unique_file>, "types do not mix");

/* Findings that the hook was told of. */
unsigned findings[HF_REPORT_KIND_COUNT];

bool count_finding(const hf_report *report, void *)
{
    findings[report->kind]++;
    return true;
}

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A file under the table's protection, and its descriptor. */
struct opened {
    int fd;
    unique_file file;
};

opened open_null(holdfast::table &table)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    hf_status status;
    unique_file file = unique_file::open(table.get(), hf_fd_value(fd), status);
    EXPECT(status == HF_OK && file);
    return {fd, std::move(file)};
}

/* ---- tables --------------------------------------------------------------------------------- */

hf_table_options small_options()
{
    hf_table_options options = holdfast::default_options();
    options.capacity_slots = 1024;
    options.level = HF_LEVEL_COUNTERS;
    return options;
}

void table_moves()
{
    holdfast::table first(small_options());
    hf_table *raw = first.get();
    EXPECT(raw != nullptr);
    holdfast::table second(std::move(first));
    EXPECT(!first && second.get() == raw);
    first = std::move(second);
    EXPECT(first.get() == raw && !second);
}

void table_reports_failure()
{
    hf_status status = HF_OK;
    hf_table_options options = small_options();
    options.size = 1;
    holdfast::table table(options, status);
    EXPECT(status == HF_E_INVALID_ARGUMENT && !table);
    EXPECT(!holdfast::table::create(options).has_value());
    EXPECT(holdfast::table::create().has_value());
    EXPECT(table.stats().opened == 0);
}

void table_throws_its_status()
{
    bool thrown = false;
    hf_table_options options = small_options();
    options.size = 1;
    try {
        holdfast::table table(options);
        EXPECT(!table);
    } catch (const holdfast::error &error) {
        thrown = error.status() == HF_E_INVALID_ARGUMENT;
        EXPECT(std::strcmp(error.what(), hf_status_text(HF_E_INVALID_ARGUMENT)) == 0);
    }
    EXPECT(thrown);
}

void table_closes_what_is_left()
{
    int fd;
    {
        holdfast::table table(small_options());
        opened it = open_null(table);
        fd = it.fd;
        (void)it.file.release();
    }
    EXPECT(!is_open(fd) && findings[HF_REPORT_LEAK] == 1);
    findings[HF_REPORT_LEAK] = 0;
}

void table_shutdown_refuses_new_handles()
{
    holdfast::table table(small_options());
    EXPECT(table.shutdown(0) == HF_OK);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    hf_status status;
    EXPECT(!unique_file::open(table.get(), hf_fd_value(fd), status));
    EXPECT(status == HF_E_CLOSING && is_open(fd));
    close(fd);
}

/* ---- handles -------------------------------------------------------------------------------- */

void handle_closes_at_the_end_of_its_scope()
{
    holdfast::table table(small_options());
    int fd;
    {
        opened it = open_null(table);
        fd = it.fd;
        EXPECT(is_open(fd) && table.stats().live == 1);
    }
    EXPECT(!is_open(fd) && table.stats().live == 0);
}

void handle_moves()
{
    holdfast::table table(small_options());
    opened it = open_null(table), other = open_null(table);
    unique_file moved(std::move(it.file));
    EXPECT(!it.file && it.file.table() == nullptr && moved.table() == table.get());
    moved = std::move(other.file);
    EXPECT(!is_open(it.fd) && is_open(other.fd));
    moved.reset();
    EXPECT(!is_open(other.fd) && !moved);
    moved.reset();
}

void handles_live_in_containers()
{
    holdfast::table table(small_options());
    std::vector<unique_file> files;
    for (int i = 0; i < 20; i++)
        files.push_back(open_null(table).file);
    EXPECT(table.stats().live == 20);
    files.erase(files.begin());
    EXPECT(table.stats().live == 19);
    files.clear();
    EXPECT(table.stats().live == 0);
}

void handle_close_tells_the_result()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    hf_close_result result;
    EXPECT(it.file.close(&result) == HF_OK && result.outcome == HF_OUTCOME_RELEASED);
    EXPECT(!it.file && !is_open(it.fd));
    EXPECT(it.file.close() != HF_OK);
}

void handle_close_wait_keeps_what_a_deadlock_would_lose()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    {
        holdfast::region inside = it.file.enter();
        EXPECT(it.file.close_wait(HF_FOREVER) == HF_E_POSSIBLE_DEADLOCK);
        EXPECT(it.file && hf_is_live(table.get(), it.file.get()));
    }
    EXPECT(it.file.close_wait() == HF_OK && !it.file && !is_open(it.fd));
}

void handle_close_wait_times_out()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    hf_handle handle = it.file.get();
    holdfast::reference held = it.file.addref();
    EXPECT(it.file.close_wait(0) == HF_E_TIMED_OUT && !it.file && is_open(it.fd));
    held.reset();
    EXPECT(hf_wait(table.get(), handle, 0) == HF_OK && !is_open(it.fd));
}

void handle_closed_elsewhere_is_reported_once()
{
    holdfast::table table(small_options());
    {
        opened it = open_null(table);
        EXPECT(hf_close(table.get(), it.file.get(), nullptr) == HF_OK);
        unsigned before = findings[HF_REPORT_DOUBLE_CLOSE];
        EXPECT(it.file.close() == HF_E_STALE_HANDLE);
        EXPECT(!it.file && findings[HF_REPORT_DOUBLE_CLOSE] == before + 1);
    }
    EXPECT(findings[HF_REPORT_DOUBLE_CLOSE] == 1);
}

void handle_detach_hands_the_value_over()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    hf_value value = 0;
    {
        holdfast::reference held = it.file.addref();
        EXPECT(it.file.detach(value) == HF_E_BUSY && it.file);
    }
    EXPECT(it.file.detach(value) == HF_OK && !it.file);
    EXPECT(hf_value_fd(value) == it.fd && is_open(it.fd));
    close(it.fd);
}

void handle_release_leaves_it_open()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    hf_handle handle = it.file.release();
    EXPECT(!it.file && hf_is_live(table.get(), handle));
    holdfast::unique_handle<holdfast::any_type> taken(table.get(), handle);
    EXPECT(taken.enter());
}

void handle_duplicates()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    hf_status status;
    unique_file copy = it.file.duplicate(table.get(), status);
    EXPECT(status == HF_OK && copy && hf_value_fd(copy.enter().value()) != it.fd);
    it.file.reset();
    EXPECT(copy.enter());
    EXPECT(!it.file.duplicate(table.get(), status) && status != HF_OK);
}

void handle_open_throws_its_status()
{
    bool thrown = false;
    try {
        unique_file file = unique_file::open(nullptr, hf_fd_value(0));
        EXPECT(!file);
    } catch (const holdfast::error &error) {
        thrown = error.status() == HF_E_INVALID_ARGUMENT;
    }
    EXPECT(thrown);
}

void handle_open_takes_options()
{
    holdfast::table table(small_options());
    hf_open_options options = holdfast::default_open_options();
    options.borrowed = true;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    unique_file::open(table.get(), hf_fd_value(fd), &options).reset();
    EXPECT(is_open(fd));
    close(fd);
}

/* ---- regions and references ----------------------------------------------------------------- */

void region_holds_until_its_end()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    {
        holdfast::region inside = it.file.enter();
        EXPECT(inside && inside.status() == HF_OK && hf_value_fd(inside.value()) == it.fd);
        hf_close_result result;
        EXPECT(it.file.close(&result) == HF_OK && result.outcome == HF_OUTCOME_DEFERRED);
        EXPECT(is_open(it.fd));
    }
    EXPECT(!is_open(it.fd));
}

/* Counted at first, in hazard mode once hot: a moved region is left once, where it is then. */
void region_moves(int uses_before)
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    for (int i = 0; i < uses_before; i++)
        EXPECT(it.file.enter());
    holdfast::region outer;
    EXPECT(!outer && outer.status() == HF_E_NULL_HANDLE);
    {
        holdfast::region inner = it.file.enter();
        outer = std::move(inner);
        EXPECT(!inner && outer && hf_value_fd(outer.value()) == it.fd);
    }
    holdfast::region last(std::move(outer));
    it.file.reset();
    EXPECT(is_open(it.fd));
    last.leave();
    EXPECT(!last && !is_open(it.fd));
    last.leave();
}

void region_says_why_not()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    EXPECT(holdfast::region(table.get(), it.file.get(), &hf_type_dir).status() == HF_E_WRONG_TYPE);
    unique_file empty;
    EXPECT(!empty.enter() && empty.enter().status() != HF_OK);
}

void reference_crosses_threads()
{
    holdfast::table table(small_options());
    opened it = open_null(table);
    holdfast::reference held = it.file.addref();
    it.file.reset();
    EXPECT(is_open(it.fd));
    std::thread other([moved = std::move(held)]() mutable {
        EXPECT(moved && moved.status() == HF_OK);
        moved.reset();
        moved.reset();
    });
    other.join();
    EXPECT(!held && !is_open(it.fd));
}

void reference_says_why_not()
{
    unique_file empty;
    holdfast::reference none = empty.addref();
    EXPECT(!none && none.status() != HF_OK);
}

void note_completion(void *context, const hf_close_result *result)
{
    EXPECT(result->outcome == HF_OUTCOME_RELEASED);
    ++*static_cast<unsigned *>(context);
}

void handle_close_then_calls_once()
{
    unsigned calls = 0;
    holdfast::table table(small_options());
    opened null = open_null(table);
    {
        holdfast::region inside = null.file.enter();
        EXPECT(null.file.close_then(note_completion, &calls) == HF_OK);
        EXPECT(!null.file);
        EXPECT(calls == 0 && is_open(null.fd));
    }
    EXPECT(calls == 1 && !is_open(null.fd));
    EXPECT(calls == 1);
}

void after_return(void *context)
{
    *static_cast<bool *>(context) = true;
}

void dispatch_calls_and_throws_on()
{
    bool after = false;
    unsigned calls = 0;
    holdfast::table table(small_options());
    opened null = open_null(table);
    hf_handle handle = null.file.get();
    auto count = [&](hf_value value, hf_callback *) { calls += hf_value_fd(value) == null.fd; };
    EXPECT(holdfast::dispatch(table.get(), handle, nullptr, count) == HF_OK);
    EXPECT(calls == 1);
    try {
        (void)holdfast::dispatch(table.get(), handle, &hf_type_fd,
                                 [&](hf_value, hf_callback *self) {
                                     EXPECT(hf_after_return(self, after_return, &after) == HF_OK);
                                     throw 42;
                                 });
        EXPECT(false);
    } catch (int thrown) {
        EXPECT(thrown == 42);
    }
    EXPECT(after);
    EXPECT(null.file.close_wait() == HF_OK);
    EXPECT(holdfast::dispatch(table.get(), hf_handle{}, nullptr, count) == HF_E_NULL_HANDLE);
    EXPECT(calls == 1);
}

void no_unexpected_findings()
{
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        bool expected = kind == HF_REPORT_DOUBLE_CLOSE || kind == HF_REPORT_WRONG_TYPE ||
                        kind == HF_REPORT_POSSIBLE_DEADLOCK || kind == HF_REPORT_RUNDOWN_TIMEOUT;
        if (!expected && findings[kind] != 0)
            std::fprintf(stderr, "%u findings of %s\n", findings[kind],
                         hf_report_kind_name(static_cast<hf_report_kind>(kind)));
        EXPECT(expected || findings[kind] == 0);
    }
}

} // namespace

int main()
{
    hf_set_report_hook(count_finding, nullptr);
    table_moves();
    table_reports_failure();
    table_throws_its_status();
    table_closes_what_is_left();
    table_shutdown_refuses_new_handles();
    handle_closes_at_the_end_of_its_scope();
    handle_moves();
    handles_live_in_containers();
    handle_close_tells_the_result();
    handle_close_wait_keeps_what_a_deadlock_would_lose();
    handle_close_wait_times_out();
    handle_closed_elsewhere_is_reported_once();
    handle_detach_hands_the_value_over();
    handle_release_leaves_it_open();
    handle_duplicates();
    handle_open_throws_its_status();
    handle_open_takes_options();
    region_holds_until_its_end();
    region_moves(0);
    region_moves(3000);
    region_says_why_not();
    reference_crosses_threads();
    reference_says_why_not();
    handle_close_then_calls_once();
    dispatch_calls_and_throws_on();
    no_unexpected_findings();
    if (failures == 0)
        std::puts("cpp_test: all as expected");
    return failures == 0 ? 0 : 1;
}

// Closing hot handles, beside the bare barrier that closing cannot do without.
#include "company.hpp"
#include "guarded.h"
#include "subjects.hpp"

#include <chrono>
#include <linux/membarrier.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace bench
{
namespace
{
// Who else is there: threads that sleep, and perhaps one that runs.  The closer is one more.
struct Company {
    unsigned sleeping;
    bool running;
};

// Does the work of `count` operations on what the preparation made; false when it failed.
using Work = bool (*)(void *table, const std::uint64_t *keys, std::uint64_t count);

bool barrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

bool bare_barriers(void *, const std::uint64_t *, std::uint64_t count)
{
    bool good = true;
    for (std::uint64_t i = 0; i < count; i++)
        good = barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) && good;
    return good;
}

bool prepare_nothing(void *, std::uint64_t *, std::uint64_t)
{
    return barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

// In a table whose first region promotes.
bool prepare_hot_handles(void *table, std::uint64_t *keys, std::uint64_t count)
{
    return bench_guarded_open(table, keys, count) &&
           bench_guarded_use(table, keys, count, 2) == 2 * count;
}

struct Closing {
    bool (*prepare)(void *table, std::uint64_t *keys, std::uint64_t count);
    Work work;
    std::uint64_t count;
};

void run(benchmark::State &state, const Closing &closing, Company company)
{
    Sleepers sleepers(company.sleeping);
    std::unique_ptr<Runner> runner;
    if (company.running)
        runner = std::make_unique<Runner>();
    void *table = bench_guarded_table(BENCH_HAZARD);
    std::vector<std::uint64_t> keys(closing.count);
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(closing.count))) {
        if (!closing.prepare(table, keys.data(), closing.count))
            state.SkipWithError("the handles could not be made hot");
        const auto start = std::chrono::steady_clock::now();
        const bool good = closing.work(table, keys.data(), closing.count);
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(taken.count());
        if (!good)
            state.SkipWithError("the barrier or a close failed");
    }
}

void add(Suite &suite, const char *name, Closing closing, Company company, int rounds)
{
    suite.add(
        name, [closing, company](benchmark::State &state) { run(state, closing, company); },
        [closing, rounds](benchmark::internal::Benchmark *made) {
            made->UseManualTime()->Iterations(
                static_cast<benchmark::IterationCount>(closing.count) * rounds);
        });
}

void add_close(Suite &suite, const std::string &id, const std::string &title, Company company)
{
    constexpr std::uint64_t kEach = 64;
    const int rounds = company.running ? 64 : 256;
    suite.subject(id, title, Counts::median);
    add(suite, "bare-barrier", {prepare_nothing, bare_barriers, kEach}, company, rounds);
    add(suite, "holdfast", {prepare_hot_handles, bench_guarded_close_each, kEach}, company, rounds);
}

void add_close_many(Suite &suite, const std::string &id, const std::string &title, Company company)
{
    constexpr std::uint64_t kAtOnce = 1024;
    suite.subject(id, title, Counts::median);
    add(suite, "holdfast", {prepare_hot_handles, bench_guarded_close_many, kAtOnce}, company, 64);
}
} // namespace

void add_closing(Suite &suite)
{
    add_close(suite, "close-1", "Close of a hot handle, the closer alone registered", {0, false});
    add_close(suite, "close-8", "Close of a hot handle, 8 threads registered, 7 asleep",
              {7, false});
    add_close(suite, "close-64", "Close of a hot handle, 64 threads registered, 63 asleep",
              {63, false});
    add_close(suite, "close-8-running",
              "Close of a hot handle, 8 threads registered, 6 asleep, 1 running", {6, true});
    add_close(suite, "close-64-running",
              "Close of a hot handle, 64 threads registered, 62 asleep, 1 running", {62, true});
    add_close_many(suite, "close-many", "hf_close_many of 1024 hot handles, each; nobody else",
                   {0, false});
    add_close_many(suite, "close-many-running",
                   "hf_close_many of 1024 hot handles, each; another thread runs", {0, true});
}
} // namespace bench

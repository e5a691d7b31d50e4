// Timers: arm and cancel, re-arm, and fire, with a thousand to ten million of them armed.
//
// Delays are random up to half a minute, and which timer is next is random too: timers belong to
// connections, and what those do next is nobody's choice.
#include "timers.h"

#include "subjects.hpp"

#include <cstdio>
#include <map>
#include <unistd.h>
#include <utility>

namespace bench
{
namespace
{
constexpr std::uint64_t kBatch = 1024;
constexpr std::uint64_t kMillion = 1000000;

struct Population {
    const bench_timers &timers;
    void *subject;
    std::uint64_t count;
    std::uint64_t random = 1;
    bool armed = false; // all of them

    std::uint64_t next()
    {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return random;
    }
    std::uint64_t any_timer()
    {
        return (next() >> 32) * count >> 32;
    }
    std::uint64_t any_delay()
    {
        return (next() >> 32) * BENCH_DELAY_US >> 32;
    }
};

// Made once for all its subjects, and kept.
Population &population(const bench_timers &timers, std::uint64_t count)
{
    static std::map<std::pair<const bench_timers *, std::uint64_t>, Population> all;
    const auto key = std::make_pair(&timers, count);
    const auto found = all.find(key);
    if (found != all.end())
        return found->second;
    return all.emplace(key, Population{timers, timers.make(count), count}).first->second;
}

bool arm_all(Population &all)
{
    std::uint64_t armed = 0;
    for (std::uint64_t i = 0; i < all.count; i++)
        armed += all.armed || all.timers.arm(all.subject, i, all.any_delay());
    all.armed = true;
    return armed == all.count;
}

std::uint64_t cancel_and_arm(Population &all)
{
    const std::uint64_t timer = all.any_timer();
    const std::uint64_t cancelled = all.timers.cancel(all.subject, timer);
    return cancelled & all.timers.arm(all.subject, timer, all.any_delay());
}

// As a time-out of idle connections does: always the same delay.
std::uint64_t rearm(Population &all)
{
    return all.timers.arm(all.subject, all.any_timer(), BENCH_DELAY_US - 1);
}

template <typename Operation>
void run_armed(benchmark::State &state, Population &all, const Operation &operation)
{
    std::uint64_t sum = 0;
    bool good = arm_all(all);
    while (state.KeepRunningBatch(kBatch))
        for (std::uint64_t i = 0; i < kBatch; i++)
            sum += operation(all);
    if (!good || sum != static_cast<std::uint64_t>(state.iterations()))
        state.SkipWithError("a timer could not be armed or cancelled");
}

// All are armed, then all fire: the whole of every timer's life.
void run_fire(benchmark::State &state, Population &all)
{
    bool good = true;
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(all.count))) {
        std::uint64_t armed = 0;
        for (std::uint64_t i = 0; i < all.count; i++)
            armed += all.timers.arm_due(all.subject, i, all.any_delay());
        good = good && armed == all.count && all.timers.fire(all.subject) == all.count;
    }
    all.armed = false;
    if (!good)
        state.SkipWithError("not every timer fired");
}

enum class Work { cancel_and_arm, rearm, fire };

void run(benchmark::State &state, const bench_timers &timers, std::uint64_t count, Work work)
{
    Population &all = population(timers, count);
    if (all.subject == nullptr)
        state.SkipWithError("the timers could not be made");
    else if (work == Work::cancel_and_arm)
        run_armed(state, all, cancel_and_arm);
    else if (work == Work::rearm)
        run_armed(state, all, rearm);
    else
        run_fire(state, all);
}

// To fire many takes so long that one round of all must do.
void limit_rounds(benchmark::internal::Benchmark *made, std::uint64_t count, Work work)
{
    made->UseRealTime();
    if (count >= kMillion && work == Work::fire)
        made->Iterations(static_cast<benchmark::IterationCount>(count))
            ->Repetitions(count > kMillion ? 1 : 3);
    else if (count > kMillion)
        made->Repetitions(3);
}

void add_contestant(Suite &suite, const bench_timers &timers, std::uint64_t count, Work work)
{
    if (count > timers.most)
        return;
    if (timers.allows != nullptr && !timers.allows(count)) {
        if (work == Work::fire)
            std::fprintf(stderr, "bench: left out: %s with %llu timers (no room)\n", timers.name,
                         static_cast<unsigned long long>(count));
        return;
    }
    suite.add(
        timers.name,
        [&timers, count, work](benchmark::State &state) { run(state, timers, count, work); },
        [count, work](benchmark::internal::Benchmark *made) { limit_rounds(made, count, work); });
}

struct Size {
    const char *id;
    const char *text;
    std::uint64_t count;
};

void add_work(Suite &suite, const std::string &work_id, const std::string &title, Work work,
              const Size &size)
{
    const std::string id = "timers-" + work_id + "-" + size.id;
    suite.subject(id, title + ", " + size.text + " timers", Counts::least, "ns", id + "/libuv",
                  "x libuv");
    add_contestant(suite, bench_timers_wheel, size.count, work);
    add_contestant(suite, bench_timers_heap, size.count, work);
    add_contestant(suite, bench_timers_wheel_alone, size.count, work);
    add_contestant(suite, bench_timers_heap_alone, size.count, work);
#ifdef BENCH_UV
    add_contestant(suite, bench_timers_libuv, size.count, work);
#endif
#ifdef BENCH_GLIB
    add_contestant(suite, bench_timers_glib, size.count, work);
#endif
#ifdef BENCH_TIMERFD
    add_contestant(suite, bench_timers_timerfd, size.count, work);
#endif
}

// Ten million timers of three contestants: some must be free.
bool has_memory()
{
    constexpr double kWanted = 8e9;
    const double free =
        static_cast<double>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
    if (free < kWanted)
        std::fprintf(stderr,
                     "bench: left out: 10 million timers (less than 8 GB of memory free)\n");
    return free >= kWanted;
}
} // namespace

void add_timers(Suite &suite, bool quick)
{
    for (const Size &size :
         {Size{"1k", "1 thousand", 1000}, Size{"100k", "100 thousand", 100000},
          Size{"1M", "1 million", kMillion}, Size{"10M", "10 million", 10 * kMillion}}) {
        if (size.count > kMillion && (quick || !has_memory()))
            continue;
        add_work(suite, "cancel-arm", "Cancel one and arm it again, random delays",
                 Work::cancel_and_arm, size);
        add_work(suite, "rearm", "Re-arm one that is armed, same delay", Work::rearm, size);
        add_work(suite, "fire", "Arm all and fire all, each", Work::fire, size);
    }
}
} // namespace bench

// Times the loops: warm up, run batches, check that the work was done.
#include "drive.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <sched.h>

namespace bench
{
namespace
{
// Keeps the calling thread on the processor that has this place among those it may use, until it is
// destroyed.  The system is slow to spread threads: those that are measured together would take
// turns on one processor at first, and the time of turns be counted for the cost of sharing.
class Place
{
  public:
    explicit Place(int place)
    {
        if (pthread_getaffinity_np(pthread_self(), sizeof before_, &before_) != 0)
            return;
        for (int processor = 0, at = 0; processor < CPU_SETSIZE && !taken_; processor++)
            if (CPU_ISSET(processor, &before_) && at++ == place)
                taken_ = stay_on(processor);
    }
    ~Place()
    {
        if (taken_)
            (void)pthread_setaffinity_np(pthread_self(), sizeof before_, &before_);
    }
    Place(const Place &) = delete;
    Place &operator=(const Place &) = delete;

  private:
    static bool stay_on(int processor)
    {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        return pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0;
    }

    cpu_set_t before_{};
    bool taken_ = false;
};

constexpr std::uint64_t kBatch = 1024;
constexpr std::uint64_t kWarmUp = 8192; // promotes an adaptive handle

// Subjects that several runs or threads use are made once and kept.
void *shared_subject(const bench_peer &peer)
{
    static std::mutex mutex;
    static std::map<const bench_peer *, void *> subjects;
    std::lock_guard<std::mutex> lock(mutex);
    void *&subject = subjects[&peer];
    if (subject == nullptr)
        subject = peer.make();
    return subject;
}

void time_loop(benchmark::State &state, const bench_peer &peer, void *subject)
{
    std::uint64_t sum = 0;
    const std::uint64_t warm = peer.loop(subject, kWarmUp);
    while (state.KeepRunningBatch(kBatch))
        sum += peer.loop(subject, kBatch);
    if (warm != kWarmUp || sum != static_cast<std::uint64_t>(state.iterations()))
        state.SkipWithError("a stay failed, or read a wrong value");
}

void run(benchmark::State &state, const bench_peer &peer, Sharing sharing)
{
    const bool own = sharing == Sharing::different;
    std::optional<Place> place;
    if (sharing != Sharing::one_thread)
        place.emplace(state.thread_index());
    if (peer.thread_begin != nullptr)
        peer.thread_begin();
    void *subject = own ? peer.make() : shared_subject(peer);
    if (subject == nullptr)
        state.SkipWithError("the subject could not be made");
    else
        time_loop(state, peer, subject);
    if (own && subject != nullptr)
        peer.destroy(subject);
    if (peer.thread_end != nullptr)
        peer.thread_end();
}
} // namespace

void add_peer(Suite &suite, const bench_peer &peer, Sharing sharing)
{
    suite.add(
        peer.name, [&peer, sharing](benchmark::State &state) { run(state, peer, sharing); },
        [sharing](benchmark::internal::Benchmark *made) {
            made->UseRealTime()->Threads(sharing == Sharing::one_thread ? 1 : 2);
        });
}
} // namespace bench

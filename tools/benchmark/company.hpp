// Other threads that a benchmark needs around it.  Runners and sleepers are registered with
// Holdfast: they have been inside a hot region.
#ifndef BENCH_COMPANY_HPP
#define BENCH_COMPANY_HPP

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace bench
{
// A thread that enters and leaves regions of a handle of its own, all the time.
class Runner
{
  public:
    Runner();
    ~Runner();

  private:
    void work();

    std::atomic<bool> started_{false};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// Threads that registered and then sleep.
class Sleepers
{
  public:
    explicit Sleepers(unsigned count);
    ~Sleepers();

  private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned started_ = 0;
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

// A thread that does nothing and that Holdfast does not know.
class Bystander
{
  public:
    Bystander();
    ~Bystander();

  private:
    std::mutex until_;
    std::thread thread_;
};
} // namespace bench

#endif

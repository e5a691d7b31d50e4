// Threads that keep a benchmark company.
#include "company.hpp"

#include "guarded.h"

#include <new>

namespace bench
{
namespace
{
class OwnHandle
{
  public:
    OwnHandle() : subject_(bench_hazard_inlined.make())
    {
        if (subject_ == nullptr)
            throw std::bad_alloc();
        use();
    }
    ~OwnHandle()
    {
        bench_hazard_inlined.destroy(subject_);
    }
    OwnHandle(const OwnHandle &) = delete;
    OwnHandle &operator=(const OwnHandle &) = delete;

    void use()
    {
        bench_hazard_inlined.loop(subject_, BENCH_UNROLL);
    }

  private:
    void *subject_;
};
} // namespace

Runner::Runner() : thread_(&Runner::work, this)
{
    while (!started_.load(std::memory_order_acquire))
        std::this_thread::yield();
}

Runner::~Runner()
{
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
}

void Runner::work()
{
    OwnHandle handle;
    started_.store(true, std::memory_order_release);
    while (!stop_.load(std::memory_order_relaxed))
        handle.use();
}

Sleepers::Sleepers(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        threads_.emplace_back(&Sleepers::work, this);
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this, count] { return started_ == count; });
}

Sleepers::~Sleepers()
{
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    for (std::thread &thread : threads_)
        thread.join();
}

void Sleepers::work()
{
    OwnHandle handle;
    std::unique_lock<std::mutex> lock(mutex_);
    started_++;
    changed_.notify_all();
    changed_.wait(lock, [this] { return stop_; });
}

Bystander::Bystander()
{
    until_.lock();
    thread_ = std::thread([this] { std::lock_guard<std::mutex> lock(until_); });
}

Bystander::~Bystander()
{
    until_.unlock();
    thread_.join();
}
} // namespace bench

// Bytes per live handle: the growth of the resident set, each in a process of its own.  The
// caller's own copy of the handle is not counted (a shared_ptr, which is both, is).
#include "guarded.h"
#include "peers.h"
#include "subjects.hpp"

#include <fstream>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace bench
{
namespace
{
double resident_bytes()
{
    std::ifstream statm("/proc/self/statm");
    double size = 0;
    double resident = 0;
    statm >> size >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// In the child.  Negative: it failed.
double bytes_each(const bench_table_peer &peer, std::uint64_t live)
{
    std::vector<std::uint64_t> keys(live, UINT64_MAX);
    const double before = resident_bytes();
    if (peer.make(live, keys.data()) == nullptr)
        return -1;
    return (resident_bytes() - before) / static_cast<double>(live);
}

double in_child(const bench_table_peer &peer, std::uint64_t live)
{
    int ends[2];
    double result = -1;
    if (pipe(ends) != 0)
        return result;
    const pid_t child = fork();
    if (child == 0) {
        const double bytes = bytes_each(peer, live);
        _exit(write(ends[1], &bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &result, sizeof(result)) != sizeof(result))
        result = -1;
    close(ends[0]);
    if (child > 0)
        waitpid(child, nullptr, 0);
    return result;
}

void add_contestant(Suite &suite, const char *name, const bench_table_peer &peer,
                    std::uint64_t live)
{
    if (!suite.wants(name))
        return;
    const double bytes = in_child(peer, live);
    suite.add(
        name,
        [bytes](benchmark::State &state) {
            for (auto _ : state)
                state.counters[kBytes] = bytes;
            if (bytes < 0)
                state.SkipWithError("the handles could not be made");
        },
        [](benchmark::internal::Benchmark *made) { made->Iterations(1)->Repetitions(1); });
}

void add_size(Suite &suite, const std::string &id, const std::string &text, std::uint64_t live)
{
    suite.subject(id, "Memory per live handle, " + text + " live", Counts::least, "bytes");
    add_contestant(suite, "array-generation", bench_array_generation_table, live);
    add_contestant(suite, "mutex-hash-map", bench_hash_map_table, live);
    add_contestant(suite, "shared_ptr", bench_shared_ptr_table, live);
#ifdef BENCH_GOBJECT
    add_contestant(suite, "gobject", bench_gobject_table, live);
#endif
    add_contestant(suite, "holdfast", bench_guarded_table_inlined, live);
}
} // namespace

void add_memory(Suite &suite)
{
    add_size(suite, "memory-1M", "1 million", 1000000);
    add_size(suite, "memory-10M", "10 million", 10000000);
}
} // namespace bench

// Regions: protect, read the value, let go.  And what is like it: references, stale handles.
#include "drive.hpp"
#include "guarded.h"
#include "peers.h"
#include "subjects.hpp"

#include <chrono>
#include <vector>

namespace bench
{
namespace
{
const std::vector<const bench_peer *> &region_peers()
{
    static const std::vector<const bench_peer *> peers = {
        &bench_array_index,
        &bench_array_generation,
        &bench_xadd,
        &bench_safe_handle,
        &bench_hash_map,
        &bench_shared_ptr,
        &bench_atomic_shared_ptr,
#ifdef BENCH_GOBJECT
        &bench_gobject,
#endif
#ifdef BENCH_CK
        &bench_hazard_pointers,
#endif
#ifdef BENCH_URCU
        &bench_rcu_memb,
        &bench_rcu_bp,
#endif
        &bench_hot_inlined,
        &bench_hot_typed_inlined,
        &bench_hot_library,
        &bench_hot_typed_library,
        &bench_hazard_inlined,
        &bench_counted_inlined,
    };
    return peers;
}

// An adaptive handle before it is promoted: so few regions for each fresh handle that it stays
// cold.
void run_cold(benchmark::State &state)
{
    constexpr std::uint64_t kHandles = 128;
    constexpr std::uint64_t kRegions = 256;
    void *table = bench_guarded_table(BENCH_ADAPTIVE);
    std::vector<std::uint64_t> keys(kHandles);
    while (state.KeepRunningBatch(kHandles * kRegions)) {
        if (!bench_guarded_open(table, keys.data(), kHandles))
            state.SkipWithError("open failed");
        const auto start = std::chrono::steady_clock::now();
        const std::uint64_t sum = bench_guarded_use(table, keys.data(), kHandles, kRegions);
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(taken.count());
        if (sum != kHandles * kRegions || !bench_guarded_close_each(table, keys.data(), kHandles))
            state.SkipWithError("a region or a close failed");
    }
}
} // namespace

void add_regions(Suite &suite)
{
    suite.subject("region", "Region: enter, read the value, leave; 1 thread", Counts::least);
    for (const bench_peer *peer : region_peers())
        add_peer(suite, *peer, Sharing::one_thread);
    add_peer(suite, bench_hot_stacks, Sharing::one_thread);
    suite.add("holdfast-cold", run_cold,
              [](benchmark::internal::Benchmark *made) { made->UseManualTime(); });
    suite.subject("region-same", "Region: 2 threads on the same handle", Counts::median);
    for (const bench_peer *peer : region_peers())
        add_peer(suite, *peer, Sharing::same);
    suite.subject("region-different", "Region: 2 threads on different handles", Counts::median);
    for (const bench_peer *peer : region_peers())
        add_peer(suite, *peer, Sharing::different);
}

void add_references(Suite &suite)
{
    suite.subject("reference", "Reference: add, read the value, release; 1 thread", Counts::least);
    for (const bench_peer *peer : {&bench_xadd, &bench_safe_handle, &bench_shared_ptr,
#ifdef BENCH_GOBJECT
                                   &bench_gobject,
#endif
                                   &bench_reference, &bench_reference_hot})
        add_peer(suite, *peer, Sharing::one_thread);
    suite.subject("stale", "Entering with a stale handle", Counts::least, "ns",
                  "stale/array-generation");
    for (const bench_peer *peer :
         {&bench_array_generation_stale, &bench_safe_handle_stale, &bench_stale_ignored,
          &bench_stale_counted, &bench_stale_reported})
        add_peer(suite, *peer, Sharing::one_thread);
}
} // namespace bench

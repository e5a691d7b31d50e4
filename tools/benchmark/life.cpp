// Whole lives: open and close, without and with regions in between.
#include "company.hpp"
#include "drive.hpp"
#include "guarded.h"
#include "peers.h"
#include "subjects.hpp"

#include <vector>

namespace bench
{
namespace
{
void add_open_close_subject(Suite &suite, const std::string &id, const std::string &title,
                            Counts counts, Sharing shared, Sharing unshared)
{
    suite.subject(id, title, counts);
    add_peer(suite, bench_slot_map_life, unshared);
    add_peer(suite, bench_safe_handle_life, unshared);
    add_peer(suite, bench_hash_map_life, shared);
    add_peer(suite, bench_shared_ptr_life, unshared);
#ifdef BENCH_GOBJECT
    add_peer(suite, bench_gobject_life, unshared);
#endif
    add_peer(suite, bench_guarded_life_counters, shared);
    add_peer(suite, bench_guarded_life_stacks, shared);
}

void run_life(benchmark::State &state, bench_table_kind kind, std::uint64_t regions)
{
    Runner runner;
    void *table = bench_guarded_table(kind);
    bool good = bench_guarded_life(table, regions) == regions;
    for (auto _ : state)
        good = bench_guarded_life(table, regions) == regions && good;
    if (!good)
        state.SkipWithError("a life failed");
}

void add_life(Suite &suite, std::uint64_t regions)
{
    const std::string number = std::to_string(regions);
    suite.subject("life-" + number,
                  "A whole life with " + number + " regions, while another thread runs",
                  Counts::median);
    struct Kind {
        const char *name;
        bench_table_kind kind;
    };
    for (const Kind &way :
         {Kind{"holdfast-adaptive", BENCH_ADAPTIVE}, Kind{"holdfast-always-counted", BENCH_COUNTED},
          Kind{"holdfast-always-hazard", BENCH_HAZARD}})
        suite.add(way.name, [kind = way.kind, regions](benchmark::State &state) {
            run_life(state, kind, regions);
        });
}
} // namespace

void add_open_close(Suite &suite)
{
    add_open_close_subject(suite, "open-close", "Open and close; 1 thread", Counts::least,
                           Sharing::one_thread, Sharing::one_thread);
    add_open_close_subject(suite, "open-close-2", "Open and close; 2 threads in one table",
                           Counts::median, Sharing::same, Sharing::different);
}

void add_lives(Suite &suite)
{
    for (const std::uint64_t regions : {0U, 1U, 16U, 256U, 4096U, 16384U})
        add_life(suite, regions);
}
} // namespace bench

// Validated look-up without protection: is this handle live?  Hot: one handle again and again.
// Otherwise all live handles in one random order, the same for every contestant.
#include "drive.hpp"
#include "guarded.h"
#include "peers.h"
#include "subjects.hpp"

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace bench
{
namespace
{
constexpr std::uint64_t kStride = 1000; // divides every number of live handles
static_assert(kStride % BENCH_UNROLL == 0, "a loop is unrolled");

struct Population {
    void *subject;
    std::vector<std::uint64_t> keys;
};

std::uint64_t next_random(std::uint64_t &seed)
{
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t word = seed;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

void shuffle(std::vector<std::uint64_t> &keys)
{
    std::uint64_t seed = 1;
    for (std::size_t left = keys.size(); left > 1; left--)
        std::swap(keys[left - 1], keys[next_random(seed) % left]);
}

const Population &population(const bench_table_peer &peer, std::uint64_t live)
{
    static std::map<std::pair<const bench_table_peer *, std::uint64_t>, Population> made;
    auto [place, fresh] = made.try_emplace({&peer, live});
    Population &people = place->second;
    if (fresh) {
        people.keys.resize(live);
        people.subject = peer.make(live, people.keys.data());
        shuffle(people.keys);
    }
    return people;
}

void run(benchmark::State &state, const bench_table_peer &peer, std::uint64_t live)
{
    const Population &people = population(peer, live);
    if (people.subject == nullptr) {
        state.SkipWithError("the handles could not be made");
        return;
    }
    std::uint64_t sum = 0;
    std::uint64_t next = 0;
    while (state.KeepRunningBatch(kStride)) {
        sum += peer.loop(people.subject, &people.keys[next], kStride);
        next += kStride;
        if (next == live)
            next = 0;
    }
    if (sum != static_cast<std::uint64_t>(state.iterations()))
        state.SkipWithError("a live handle was not found");
}

void add_random(Suite &suite, const std::string &id, const std::string &text, std::uint64_t live)
{
    suite.subject(id, "Validated look-up, " + text + " live handles in random order", Counts::least,
                  "ns", id + "/array-generation");
    for (const bench_table_peer *peer :
         {&bench_array_index_table, &bench_array_generation_table, &bench_hash_map_table,
          &bench_guarded_table_inlined, &bench_guarded_table_library})
        suite.add(peer->name, [peer, live](benchmark::State &state) { run(state, *peer, live); });
}
} // namespace

void add_look_ups(Suite &suite)
{
    suite.subject("look-up-hot", "Validated look-up, one hot handle", Counts::least, "ns",
                  "look-up-hot/array-generation");
    for (const bench_peer *peer :
         {&bench_array_index, &bench_array_generation_live, &bench_hash_map,
          &bench_hot_live_inlined, &bench_hot_live_library})
        add_peer(suite, *peer, Sharing::one_thread);
    add_random(suite, "look-up-1k", "1 thousand", 1000);
    add_random(suite, "look-up-1M", "1 million", 1000000);
    add_random(suite, "look-up-10M", "10 million", 10000000);
}
} // namespace bench

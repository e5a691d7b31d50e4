// A mutex and a hash map: the table that most programs write first.  The lock is held during a
// stay.
#include "peers.h"

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace
{
struct Map {
    std::mutex mutex;
    std::unordered_map<std::uint64_t, std::uint64_t> values;
    std::uint64_t next_key = 1;
};

constexpr std::uint64_t kHotKey = 5;

void *make()
{
    auto *map = new Map;
    for (; map->next_key <= 64; map->next_key++)
        map->values[map->next_key] = BENCH_VALUE;
    return map;
}

void destroy(void *subject)
{
    delete static_cast<Map *>(subject);
}

std::uint64_t loop(void *subject, std::uint64_t count)
{
    auto *map = static_cast<Map *>(subject);
    std::uint64_t key = kHotKey;
    std::uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        key = bench_opaque(key);
        std::lock_guard<std::mutex> lock(map->mutex);
        auto found = map->values.find(key);
        if (found == map->values.end())
            return 0;
        sum += found->second;
    }
    return sum;
}

std::uint64_t life_loop(void *subject, std::uint64_t count)
{
    auto *map = static_cast<Map *>(subject);
    std::uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        std::uint64_t key;
        {
            std::lock_guard<std::mutex> lock(map->mutex);
            key = map->next_key++;
            map->values.emplace(key, BENCH_VALUE);
        }
        key = bench_opaque(key);
        std::lock_guard<std::mutex> lock(map->mutex);
        sum += map->values.erase(key);
    }
    return sum;
}

void *table_make(std::uint64_t live, std::uint64_t *keys)
{
    auto *map = new Map;
    for (std::uint64_t i = 0; i < live; i++) {
        keys[i] = map->next_key++;
        map->values.emplace(keys[i], BENCH_VALUE);
    }
    return map;
}

std::uint64_t table_loop(void *subject, const std::uint64_t *keys, std::uint64_t count)
{
    auto *map = static_cast<Map *>(subject);
    std::uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        std::uint64_t key = bench_opaque(*keys++);
        std::lock_guard<std::mutex> lock(map->mutex);
        sum += map->values.count(key);
    }
    return sum;
}
} // namespace

extern "C" {
const bench_peer bench_hash_map = {"mutex-hash-map", make, destroy, loop, nullptr, nullptr};
const bench_peer bench_hash_map_life = {"mutex-hash-map", make,    destroy,
                                        life_loop,        nullptr, nullptr};
const bench_table_peer bench_hash_map_table = {"mutex-hash-map", table_make, table_loop};
}

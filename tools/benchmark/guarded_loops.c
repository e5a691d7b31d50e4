/* The loops whose functions the headers can inline.  Compiled twice: once as it stands, with
 * BENCH_NAME(x) giving bench_x_inlined, and once with HF_NO_INLINE, giving bench_x_library, where
 * every call goes to the library. */
#include "guarded_subject.h"

#ifdef HF_NO_INLINE
#define BENCH_NAME(name) bench_##name##_library
#else
#define BENCH_NAME(name) bench_##name##_inlined
#endif

uint64_t BENCH_NAME(region)(void *subject, uint64_t count)
{
    const guarded *held = subject;
    hf_table *table = held->table;
    uint64_t bits = held->handle.bits;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        hf_region region;
        bits = bench_opaque(bits);
        if (hf_enter(table, bench_handle(bits), NULL, &region) != HF_OK)
            return 0;
        sum += region.value;
        hf_leave(&region);
    }
    return sum;
}

uint64_t BENCH_NAME(typed_region)(void *subject, uint64_t count)
{
    const guarded *held = subject;
    hf_table *table = held->table;
    uint64_t bits = held->handle.bits;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        hf_region region;
        bits = bench_opaque(bits);
        if (hf_enter(table, bench_handle(bits), &bench_type, &region) != HF_OK)
            return 0;
        sum += region.value;
        hf_leave(&region);
    }
    return sum;
}

uint64_t BENCH_NAME(live)(void *subject, uint64_t count)
{
    const guarded *held = subject;
    const hf_table *table = held->table;
    uint64_t bits = held->handle.bits;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        bits = bench_opaque(bits);
        sum += hf_is_live(table, bench_handle(bits));
    }
    return sum;
}

uint64_t BENCH_NAME(table_live)(void *table, const uint64_t *keys, uint64_t count)
{
    const hf_table *from = table;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    sum += hf_is_live(from, bench_handle(bench_opaque(*keys++)));
    return sum;
}

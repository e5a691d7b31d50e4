/* Holdfast's tables for the benchmarks, and the operations on many handles. */
#include "guarded_subject.h"

static hf_table *tables[BENCH_TABLE_KINDS];

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

const hf_type bench_type = {
    .size = (uint32_t)sizeof(hf_type), .name = "benchmark", .release = release};

/* Findings are provoked on purpose (stale handles): they go nowhere. */
static bool swallow(const hf_report *report, void *context)
{
    (void)report;
    (void)context;
    return true;
}

static hf_table *table_new(hf_protection protection, hf_level level)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.protection = protection;
    options.level = level;
    return hf_table_new(&options, NULL);
}

bool bench_guarded_start(void)
{
    hf_set_report_hook(swallow, NULL);
    tables[BENCH_ADAPTIVE] = table_new(HF_PROTECT_ADAPTIVE, HF_LEVEL_COUNTERS);
    tables[BENCH_COUNTED] = table_new(HF_PROTECT_COUNTED, HF_LEVEL_COUNTERS);
    tables[BENCH_HAZARD] = table_new(HF_PROTECT_HAZARD, HF_LEVEL_COUNTERS);
    tables[BENCH_STACKS] = table_new(HF_PROTECT_ADAPTIVE, HF_LEVEL_STACKS);
    for (int i = 0; i < BENCH_TABLE_KINDS; i++)
        if (tables[i] == NULL)
            return false;
    return true;
}

void *bench_guarded_table(bench_table_kind kind)
{
    return tables[kind];
}

const char *bench_guarded_version(void)
{
    return hf_version();
}

bool bench_guarded_open(void *table, uint64_t *keys, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        hf_handle handle;
        if (hf_open(table, &bench_type, BENCH_VALUE, NULL, &handle) != HF_OK)
            return false;
        keys[i] = handle.bits;
    }
    return true;
}

void *bench_guarded_populate(uint64_t live, uint64_t *keys)
{
    hf_table *table = table_new(HF_PROTECT_ADAPTIVE, HF_LEVEL_COUNTERS);
    return table != NULL && bench_guarded_open(table, keys, live) ? table : NULL;
}

bool bench_guarded_close_each(void *table, const uint64_t *keys, uint64_t count)
{
    bool good = true;
    for (uint64_t i = 0; i < count; i++)
        good = hf_close(table, bench_handle(keys[i]), NULL) == HF_OK && good;
    return good;
}

bool bench_guarded_close_many(void *table, const uint64_t *keys, uint64_t count)
{
    return hf_close_many(table, (const hf_handle *)(const void *)keys, (size_t)count, NULL) ==
           HF_OK;
}

static inline uint64_t use(hf_table *table, uint64_t bits, uint64_t regions)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < regions; i++) {
        hf_region region;
        bits = bench_opaque(bits);
        if (hf_enter(table, bench_handle(bits), NULL, &region) != HF_OK)
            return 0;
        sum += region.value;
        hf_leave(&region);
    }
    return sum;
}

uint64_t bench_guarded_use(void *table, const uint64_t *keys, uint64_t count, uint64_t regions)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += use(table, keys[i], regions);
    return sum;
}

uint64_t bench_guarded_life(void *table, uint64_t regions)
{
    hf_handle handle;
    if (hf_open(table, &bench_type, BENCH_VALUE, NULL, &handle) != HF_OK)
        return UINT64_MAX;
    uint64_t sum = use(table, handle.bits, regions);
    return hf_close(table, handle, NULL) == HF_OK ? sum : UINT64_MAX;
}

/* Holdfast's contestants on one handle. */
#include "guarded_subject.h"

#include <stdlib.h>

static void *subject_new(bench_table_kind kind)
{
    guarded *made = malloc(sizeof(*made));
    if (made == NULL)
        return NULL;
    made->table = bench_guarded_table(kind);
    if (hf_open(made->table, &bench_type, BENCH_VALUE, NULL, &made->handle) != HF_OK) {
        free(made);
        return NULL;
    }
    return made;
}

static void *adaptive_make(void)
{
    return subject_new(BENCH_ADAPTIVE);
}

static void *counted_make(void)
{
    return subject_new(BENCH_COUNTED);
}

static void *hazard_make(void)
{
    return subject_new(BENCH_HAZARD);
}

static void *stacks_make(void)
{
    return subject_new(BENCH_STACKS);
}

/* In a table that it has for itself: nothing else takes over the slot meanwhile. */
static void *stale_make(void)
{
    uint64_t key;
    guarded *made = malloc(sizeof(*made));
    if (made == NULL)
        return NULL;
    made->table = bench_guarded_populate(1, &key);
    if (made->table == NULL || hf_close(made->table, bench_handle(key), NULL) != HF_OK) {
        free(made);
        return NULL;
    }
    made->handle = bench_handle(key);
    return made;
}

static void *hot_reference_make(void)
{
    guarded *made = hazard_make();
    if (made != NULL)
        (void)bench_region_inlined(made, BENCH_UNROLL);
    return made;
}

static void subject_destroy(void *subject)
{
    guarded *dead = subject;
    hf_close(dead->table, dead->handle, NULL);
    free(dead);
}

static uint64_t reference_loop(void *subject, uint64_t count)
{
    const guarded *held = subject;
    hf_table *table = held->table;
    uint64_t bits = held->handle.bits;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        hf_ref reference;
        bits = bench_opaque(bits);
        if (hf_addref(table, bench_handle(bits), &reference) != HF_OK)
            return 0;
        sum += reference.value;
        hf_release(&reference);
    }
    return sum;
}

static uint64_t stale_loop(void *subject, uint64_t count)
{
    const guarded *held = subject;
    hf_table *table = held->table;
    uint64_t bits = held->handle.bits;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        hf_region region;
        bits = bench_opaque(bits);
        sum += hf_enter(table, bench_handle(bits), NULL, &region) == HF_E_STALE_HANDLE;
    }
    return sum;
}

static void stale_ignore(void)
{
    hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_IGNORE);
}

static void stale_count(void)
{
    hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_COUNT);
}

static void stale_report(void)
{
    hf_set_policy(HF_REPORT_STALE_USE, HF_POLICY_REPORT);
}

static uint64_t open_and_close(hf_table *table, uint64_t count)
{
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        hf_handle handle;
        if (hf_open(table, &bench_type, BENCH_VALUE, NULL, &handle) != HF_OK)
            return 0;
        sum += hf_close(table, handle, NULL) == HF_OK;
    }
    return sum;
}

/* Ten frames below the loop, as a program would have, for the recording of stacks to walk. */
enum { DEPTH = 10 };

__attribute__((noinline)) static uint64_t from_below(hf_table *table, uint64_t count, int depth)
{
    if (depth == 0)
        return open_and_close(table, count);
    return bench_opaque(from_below(table, count, depth - 1));
}

static uint64_t life_loop(void *subject, uint64_t count)
{
    return from_below(subject, count, DEPTH);
}

static void *counters_table(void)
{
    return bench_guarded_table(BENCH_ADAPTIVE);
}

static void *stacks_table(void)
{
    return bench_guarded_table(BENCH_STACKS);
}

static void keep(void *subject)
{
    (void)subject;
}

#define PEER(variable, text, maker, destroyer, looper) \
    const bench_peer variable = {.name = text, .make = maker, .destroy = destroyer, .loop = looper}

PEER(bench_hot_inlined, "holdfast-inlined", adaptive_make, subject_destroy, bench_region_inlined);
PEER(bench_hot_typed_inlined, "holdfast-inlined-typed", adaptive_make, subject_destroy,
     bench_typed_region_inlined);
PEER(bench_hot_library, "holdfast-library", adaptive_make, subject_destroy, bench_region_library);
PEER(bench_hot_typed_library, "holdfast-library-typed", adaptive_make, subject_destroy,
     bench_typed_region_library);
PEER(bench_hot_stacks, "holdfast-inlined-level-1", stacks_make, subject_destroy,
     bench_region_inlined);
PEER(bench_hazard_inlined, "holdfast-always-hazard", hazard_make, subject_destroy,
     bench_region_inlined);
PEER(bench_counted_inlined, "holdfast-always-counted", counted_make, subject_destroy,
     bench_region_inlined);
PEER(bench_hot_live_inlined, "holdfast-inlined", adaptive_make, subject_destroy,
     bench_live_inlined);
PEER(bench_hot_live_library, "holdfast-library", adaptive_make, subject_destroy,
     bench_live_library);
PEER(bench_reference, "holdfast", adaptive_make, subject_destroy, reference_loop);
PEER(bench_reference_hot, "holdfast-hot-handle", hot_reference_make, subject_destroy,
     reference_loop);
PEER(bench_guarded_life_counters, "holdfast", counters_table, keep, life_loop);
PEER(bench_guarded_life_stacks, "holdfast-level-1", stacks_table, keep, life_loop);

#define STALE_PEER(variable, text, begin)               \
    const bench_peer variable = {.name = text,          \
                                 .make = stale_make,    \
                                 .destroy = free,       \
                                 .loop = stale_loop,    \
                                 .thread_begin = begin, \
                                 .thread_end = stale_report}

STALE_PEER(bench_stale_ignored, "holdfast-ignored", stale_ignore);
STALE_PEER(bench_stale_counted, "holdfast-counted", stale_count);
STALE_PEER(bench_stale_reported, "holdfast-reported-once", stale_report);

const bench_table_peer bench_guarded_table_inlined = {
    .name = "holdfast-inlined", .make = bench_guarded_populate, .loop = bench_table_live_inlined};
const bench_table_peer bench_guarded_table_library = {
    .name = "holdfast-library", .make = bench_guarded_populate, .loop = bench_table_live_library};

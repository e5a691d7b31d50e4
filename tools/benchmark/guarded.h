/* Holdfast as a contestant, and what the benchmarks of whole lives and of closing need of it.
 *
 * All of it is C, so that C++ code never sees the inline functions of the headers: a C++ compiler
 * may emit copies of them, and the linker would then give those to the code that means to call the
 * shared library.  Handles pass as their bits, tables as pointers to void. */
#ifndef BENCH_GUARDED_H
#define BENCH_GUARDED_H

#include "peer.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A table for each way to protect and to record. */
typedef enum bench_table_kind {
    BENCH_ADAPTIVE,
    BENCH_COUNTED,
    BENCH_HAZARD,
    BENCH_STACKS, /* adaptive, level 1; the others are level 0 */
    BENCH_TABLE_KINDS
} bench_table_kind;

/* Creates the tables, switches the printing of reports off.  False: it failed. */
bool bench_guarded_start(void);
void *bench_guarded_table(bench_table_kind kind);
const char *bench_guarded_version(void);

/* One table of its own with `live` handles; NULL if that failed. */
void *bench_guarded_populate(uint64_t live, uint64_t *keys);

/* Each answers false when an operation failed. */
bool bench_guarded_open(void *table, uint64_t *keys, uint64_t count);
bool bench_guarded_close_each(void *table, const uint64_t *keys, uint64_t count);
bool bench_guarded_close_many(void *table, const uint64_t *keys, uint64_t count);

/* Makes `regions` regions of each handle, inlined.  Answers the sum of the values read. */
uint64_t bench_guarded_use(void *table, const uint64_t *keys, uint64_t count, uint64_t regions);

/* One life: open, so many regions, close.  Answers the sum of the values read. */
uint64_t bench_guarded_life(void *table, uint64_t regions);

/* guarded_loops.c, compiled twice. */
uint64_t bench_region_inlined(void *subject, uint64_t count);
uint64_t bench_region_library(void *subject, uint64_t count);
uint64_t bench_typed_region_inlined(void *subject, uint64_t count);
uint64_t bench_typed_region_library(void *subject, uint64_t count);
uint64_t bench_live_inlined(void *subject, uint64_t count);
uint64_t bench_live_library(void *subject, uint64_t count);
uint64_t bench_table_live_inlined(void *table, const uint64_t *keys, uint64_t count);
uint64_t bench_table_live_library(void *table, const uint64_t *keys, uint64_t count);

/* guarded_peers.c */
extern const bench_peer bench_hot_inlined;       /* adaptive, promoted by its warming up */
extern const bench_peer bench_hot_typed_inlined; /* the same, and the handle's type is checked */
extern const bench_peer bench_hot_library;
extern const bench_peer bench_hot_typed_library;
extern const bench_peer bench_hot_stacks; /* inlined, in a table that records stacks */
extern const bench_peer bench_hazard_inlined;
extern const bench_peer bench_counted_inlined;
extern const bench_peer bench_hot_live_inlined;
extern const bench_peer bench_hot_live_library;
extern const bench_peer bench_reference;
extern const bench_peer bench_reference_hot;
extern const bench_peer bench_stale_ignored;
extern const bench_peer bench_stale_counted;
extern const bench_peer bench_stale_reported;
extern const bench_peer bench_guarded_life_counters;
extern const bench_peer bench_guarded_life_stacks;
extern const bench_table_peer bench_guarded_table_inlined;
extern const bench_table_peer bench_guarded_table_library;

#ifdef __cplusplus
}
#endif

#endif

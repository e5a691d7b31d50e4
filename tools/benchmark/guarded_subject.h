/* The subject of Holdfast's loops: a handle and its table. */
#ifndef BENCH_GUARDED_SUBJECT_H
#define BENCH_GUARDED_SUBJECT_H

#include "guarded.h"

#include <holdfast/holdfast.h>

typedef struct guarded {
    hf_table *table;
    hf_handle handle;
} guarded;

/* Values without a resource behind them. */
extern const hf_type bench_type;

static inline hf_handle bench_handle(uint64_t bits)
{
    return (hf_handle){bits};
}

#endif

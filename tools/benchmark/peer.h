/* What every contestant of a benchmark offers, and how its timed loop is written.
 *
 * The idea: all contestants do the same work, driven by the same code.  A loop makes `count` stays
 * (protect, read the value, let go) and answers the sum of the values it read.  Every value is 1,
 * so the sum must be `count`: a contestant that skips the work fails instead of winning.
 *
 * What keeps the compiler honest is the same for all: the subject or handle passes through
 * bench_opaque in every stay, which also makes the compiler reload whatever lies in memory (the
 * base and the limit of an array included, as any program must whose table may grow); and every
 * loop is unrolled eight times, so that counting costs next to nothing. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_UNROLL = 8, BENCH_VALUE = 1 };

/* `count` is a multiple of BENCH_UNROLL. */
typedef uint64_t (*bench_loop)(void *subject, uint64_t count);
typedef uint64_t (*bench_key_loop)(void *subject, const uint64_t *keys, uint64_t count);

/* A contestant on one subject: an object, or a handle with its table. */
typedef struct bench_peer {
    const char *name;
    void *(*make)(void); /* NULL: no memory */
    void (*destroy)(void *subject);
    bench_loop loop;
    void (*thread_begin)(void); /* or NULL: what a thread must do before its first stay */
    void (*thread_end)(void);   /* or NULL */
} bench_peer;

/* A contestant on a table of many live handles.  `make` fills `keys` in the order of creation; what
 * it makes is kept until the program ends. */
typedef struct bench_table_peer {
    const char *name;
    void *(*make)(uint64_t live, uint64_t *keys);
    bench_key_loop loop;
} bench_table_peer;

static inline uint64_t bench_opaque(uint64_t word)
{
    __asm__ volatile("" : "+r"(word) : : "memory");
    return word;
}

static inline void *bench_opaque_pointer(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

#ifdef __clang__
#define BENCH_UNROLLED _Pragma("clang loop unroll(full)")
#else
#define BENCH_UNROLLED _Pragma("GCC unroll 8")
#endif

/* BENCH_REPEAT(count) statement; */
#define BENCH_REPEAT(count)                                            \
    for (uint64_t left_ = (count) / BENCH_UNROLL; left_ != 0; left_--) \
    BENCH_UNROLLED for (int step_ = 0; step_ < BENCH_UNROLL; step_++)

#ifdef __cplusplus
}
#endif

#endif

/* Counted words: the bare pair of locked additions, and a state word in the manner of SafeHandle.
 *
 * The SafeHandle word is laid out and changed as .NET and Mono do it: bit 0 closed, bit 1 disposed,
 * the count above them; a compare-and-swap loop to add a reference, which fails once the handle is
 * closed, and one to release, whose last one closes. */
#include "peers.h"

#include <stdbool.h>
#include <stdlib.h>

enum { CACHE_LINES = 128 }; /* two: neighbouring lines are fetched in pairs */

typedef struct counted {
    _Alignas(CACHE_LINES) uint64_t count;
    uint64_t value;
} counted;

static void *counted_make(void)
{
    counted *made = aligned_alloc(CACHE_LINES, sizeof(*made));
    if (made != NULL)
        *made = (counted){1, BENCH_VALUE};
    return made;
}

static inline void locked_add(uint64_t *word, uint64_t addend)
{
#ifdef __x86_64__
    __asm__ volatile("lock xaddq %0, %1" : "+r"(addend), "+m"(*word) : : "memory", "cc");
#else
    (void)__atomic_fetch_add(word, addend, __ATOMIC_SEQ_CST);
#endif
}

static uint64_t xadd_loop(void *subject, uint64_t count)
{
    counted *held = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        held = bench_opaque_pointer(held);
        locked_add(&held->count, 1);
        sum += held->value;
        locked_add(&held->count, UINT64_MAX);
    }
    return sum;
}

enum { CLOSED = 1, DISPOSED = 2, ONE_REFERENCE = 4 };

typedef struct safe_handle {
    _Alignas(CACHE_LINES) uint32_t state;
    bool owns;
    uint64_t value;
} safe_handle;

static void *safe_handle_make(void)
{
    safe_handle *made = aligned_alloc(CACHE_LINES, sizeof(*made));
    if (made != NULL)
        *made = (safe_handle){ONE_REFERENCE, true, BENCH_VALUE};
    return made;
}

static inline bool dangerous_add_ref(safe_handle *handle)
{
    uint32_t old = __atomic_load_n(&handle->state, __ATOMIC_RELAXED);
    do {
        if ((old & CLOSED) != 0)
            return false;
    } while (!__atomic_compare_exchange_n(&handle->state, &old, old + ONE_REFERENCE, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return true;
}

static void release_value(safe_handle *handle)
{
    __atomic_store_n(&handle->value, UINT64_MAX, __ATOMIC_RELAXED);
}

static inline bool dangerous_release(safe_handle *handle, uint32_t and_set)
{
    uint32_t old = __atomic_load_n(&handle->state, __ATOMIC_RELAXED);
    uint32_t new;
    bool last;
    do {
        if (old < ONE_REFERENCE)
            return false;
        last = old < 2 * ONE_REFERENCE;
        new = (old - ONE_REFERENCE) | and_set | (last ? (uint32_t)CLOSED : 0);
    } while (!__atomic_compare_exchange_n(&handle->state, &old, new, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    if (last && (old & CLOSED) == 0 && handle->owns)
        release_value(handle);
    return true;
}

static void *safe_handle_stale_make(void)
{
    safe_handle *made = safe_handle_make();
    if (made != NULL)
        dangerous_release(made, DISPOSED);
    return made;
}

static uint64_t safe_handle_loop(void *subject, uint64_t count)
{
    safe_handle *held = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        held = bench_opaque_pointer(held);
        if (!dangerous_add_ref(held))
            return 0;
        sum += held->value;
        dangerous_release(held, 0);
    }
    return sum;
}

static uint64_t safe_handle_stale_loop(void *subject, uint64_t count)
{
    safe_handle *held = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        held = bench_opaque_pointer(held);
        sum += !dangerous_add_ref(held);
    }
    return sum;
}

static uint64_t safe_handle_life_loop(void *subject, uint64_t count)
{
    uint64_t sum = 0;
    (void)subject;
    BENCH_REPEAT(count)
    {
        safe_handle *made = malloc(sizeof(*made));
        if (made == NULL)
            return 0;
        made->state = ONE_REFERENCE;
        made->owns = true;
        made->value = BENCH_VALUE;
        made = bench_opaque_pointer(made);
        sum += made->value;
        dangerous_release(made, DISPOSED);
        free(made);
    }
    return sum;
}

const bench_peer bench_xadd = {
    .name = "xadd-pair", .make = counted_make, .destroy = free, .loop = xadd_loop};
const bench_peer bench_safe_handle = {.name = "safe-handle-word",
                                      .make = safe_handle_make,
                                      .destroy = free,
                                      .loop = safe_handle_loop};
const bench_peer bench_safe_handle_stale = {.name = "safe-handle-word",
                                            .make = safe_handle_stale_make,
                                            .destroy = free,
                                            .loop = safe_handle_stale_loop};
const bench_peer bench_safe_handle_life = {.name = "safe-handle-malloc",
                                           .make = safe_handle_make,
                                           .destroy = free,
                                           .loop = safe_handle_life_loop};

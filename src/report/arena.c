/* Memory that only grows.  Room is taken by moving `used` on; the pages below the new mark are
 * committed before the mark moves, so that a failure leaves everything as it was. */
#include "report/arena.h"

#include <stdint.h>
#include <string.h>

#include "platform/platform.h"

enum { ALIGNMENT = 16, COMMIT_STEP = 1 << 16 };

hf_arena hf_option_arena = {.capacity = (size_t)4 << 20};

static char *base_of(hf_arena *arena)
{
    /* Acquire: the reservation comes before its use.  Partner: the release below. */
    char *base = atomic_load_explicit(&arena->base, memory_order_acquire);
    if (base != NULL)
        return base;
    char *fresh = hf_os_reserve(arena->capacity);
    if (fresh == NULL)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(&arena->base, &base, fresh, memory_order_release,
                                                memory_order_acquire))
        return fresh;
    hf_os_unreserve(fresh, arena->capacity);
    return base;
}

static bool commit_up_to(hf_arena *arena, char *base, size_t end)
{
    /* Acquire: the pages below the mark were committed before.  Partner: the release below. */
    size_t committed = atomic_load_explicit(&arena->committed, memory_order_acquire);
    if (end <= committed)
        return true;
    size_t target = (end + COMMIT_STEP - 1) & ~((size_t)COMMIT_STEP - 1);
    if (!hf_os_commit(base + committed, target - committed))
        return false;
    /* Release: as above.  Another thread may have moved the mark meanwhile; it never goes back. */
    while (committed < target &&
           !atomic_compare_exchange_weak_explicit(&arena->committed, &committed, target,
                                                  memory_order_release, memory_order_acquire)) {
    }
    return true;
}

void *hf_arena_take(hf_arena *arena, size_t bytes)
{
    char *base = base_of(arena);
    if (base == NULL || bytes > arena->capacity)
        return NULL;
    size_t rounded = (bytes + ALIGNMENT - 1) & ~((size_t)ALIGNMENT - 1);
    size_t start = atomic_load_explicit(&arena->used, memory_order_relaxed);
    do { /* another thread took room meanwhile: look at what is left */
        if (rounded > arena->capacity - start || !commit_up_to(arena, base, start + rounded))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&arena->used, &start, start + rounded,
                                                    memory_order_relaxed, memory_order_relaxed));
    return base + start;
}

char *hf_arena_copy(hf_arena *arena, const char *text, size_t length)
{
    char *copy = length < arena->capacity ? hf_arena_take(arena, length + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

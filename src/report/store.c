/* A hash table of immutable entries: buckets of chains that only ever grow at their heads. */
#include "report/store.h"

#include <string.h>

/* `count` is stored last, with release, and read first, with acquire: whoever reads a count other
 * than 0 sees the words too, however the number came to him. */
typedef struct entry {
    uint32_t next;
    _Atomic uint32_t count;
    uintptr_t words[];
} entry;

/* A number is the entry's place in the arena, in units of its alignment, plus 1. */
enum { UNIT = 16 };

static entry *entry_at(hf_store *store, uint32_t number)
{
    char *base = atomic_load_explicit(&store->arena.base, memory_order_relaxed);
    return (entry *)(void *)(base + ((size_t)number - 1) * UNIT);
}

static uint32_t number_of(hf_store *store, const entry *of)
{
    char *base = atomic_load_explicit(&store->arena.base, memory_order_relaxed);
    return (uint32_t)((size_t)((const char *)of - base) / UNIT + 1);
}

const uintptr_t *hf_store_find(hf_store *store, uint32_t number, uint32_t *count)
{
    *count = 0;
    if (number == 0)
        return NULL;
    entry *found = entry_at(store, number);
    /* Partner: the release store in make_entry. */
    *count = atomic_load_explicit(&found->count, memory_order_acquire);
    return found->words;
}

/* Searches the chain from `number` up to, and without, `end`. */
static uint32_t search(hf_store *store, uint32_t number, uint32_t end, const uintptr_t *words,
                       uint32_t count)
{
    while (number != end) {
        uint32_t found_count;
        const uintptr_t *found = hf_store_find(store, number, &found_count);
        if (found_count == count && memcmp(found, words, count * sizeof *words) == 0)
            return number;
        number = entry_at(store, number)->next;
    }
    return 0;
}

static entry *make_entry(hf_store *store, const uintptr_t *words, uint32_t count)
{
    entry *made = hf_arena_take(&store->arena, sizeof *made + count * sizeof *words);
    if (made != NULL) {
        memcpy(made->words, words, count * sizeof *words);
        /* Release: the words come before.  Partner: the acquire load in hf_store_find. */
        atomic_store_explicit(&made->count, count, memory_order_release);
    }
    return made;
}

static uint64_t hash_of(const uintptr_t *words, uint32_t count)
{
    uint64_t hash = HF_HASH_START;
    for (uint32_t i = 0; i < count; i++)
        hash = hf_hash_word(hash, words[i]);
    return hf_hash_finish(hash);
}

static _Atomic uint32_t *bucket_of(hf_store *store, const uintptr_t *words, uint32_t count)
{
    return &store->buckets[(hash_of(words, count) >> 32) % HF_STORE_BUCKETS];
}

uint32_t hf_store_search(hf_store *store, const uintptr_t *words, uint32_t count)
{
    /* Acquire: as below. */
    uint32_t head = atomic_load_explicit(bucket_of(store, words, count), memory_order_acquire);
    return search(store, head, 0, words, count);
}

uint32_t hf_store_intern(hf_store *store, const uintptr_t *words, uint32_t count)
{
    _Atomic uint32_t *bucket = bucket_of(store, words, count);
    /* Acquire: the entries of the chain, their links included.  Partner: the release below. */
    uint32_t head = atomic_load_explicit(bucket, memory_order_acquire);
    uint32_t number = search(store, head, 0, words, count);
    if (number != 0)
        return number;
    entry *made = make_entry(store, words, count);
    if (made == NULL)
        return 0;
    for (;;) {
        made->next = head;
        number = number_of(store, made);
        uint32_t searched = head;
        /* Release: the entry is complete.  Partner: the acquire above and on failure here. */
        if (atomic_compare_exchange_strong_explicit(bucket, &head, number, memory_order_release,
                                                    memory_order_acquire))
            return number;
        /* Others were faster.  If one of them stored the same, ours is left unused. */
        number = search(store, head, searched, words, count);
        if (number != 0)
            return number;
    }
}

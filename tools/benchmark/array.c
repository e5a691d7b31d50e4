/* Arrays without protection: the floor that every other contestant is compared with.
 *
 * With a generation check a key is generation * 2^32 + index, and a look-up compares the index with
 * the limit and the generation with the slot's: what any look-up of a handle that may be stale or
 * forged has to do.  Nothing keeps the value from being released while it is used. */
#include "peers.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct array_slot {
    uint64_t generation;
    uint64_t value;
} array_slot;

typedef struct array {
    array_slot *slots;
    uint64_t limit;
    uint64_t free_index; /* the first free slot; further ones are linked through the value */
    uint64_t key;        /* the one that the hot loops use */
} array;

enum { HOT_SLOTS = 64, HOT_INDEX = 5, FIRST_GENERATION = 3 };

static uint64_t key_of(uint64_t generation, uint64_t index)
{
    return generation << 32 | index;
}

static array *array_make(uint64_t live, uint64_t *keys)
{
    array *made = malloc(sizeof(*made));
    if (made == NULL)
        return NULL;
    made->slots = calloc((size_t)live, sizeof(*made->slots));
    if (made->slots == NULL) {
        free(made);
        return NULL;
    }
    made->limit = live;
    for (uint64_t i = 0; i < live; i++) {
        made->slots[i] = (array_slot){FIRST_GENERATION, BENCH_VALUE};
        if (keys != NULL)
            keys[i] = key_of(FIRST_GENERATION, i);
    }
    return made;
}

static void array_destroy(void *subject)
{
    array *dead = subject;
    free(dead->slots);
    free(dead);
}

static inline const array_slot *look_up(const array *from, uint64_t key)
{
    uint64_t index = (uint32_t)key;
    if (__builtin_expect(index < from->limit, 1)) {
        const array_slot *slot = &from->slots[index];
        if (__builtin_expect(slot->generation == key >> 32, 1))
            return slot;
    }
    return NULL;
}

static inline bool is_live(const array *from, uint64_t key)
{
    uint64_t index = (uint32_t)key;
    if (__builtin_expect(index < from->limit, 1))
        return from->slots[index].generation == key >> 32;
    return false;
}

static void *hot_make(void)
{
    array *made = array_make(HOT_SLOTS, NULL);
    if (made != NULL)
        made->key = key_of(FIRST_GENERATION, HOT_INDEX);
    return made;
}

static void *stale_make(void)
{
    array *made = array_make(HOT_SLOTS, NULL);
    if (made != NULL)
        made->key = key_of(FIRST_GENERATION - 1, HOT_INDEX);
    return made;
}

static uint64_t index_loop(void *subject, uint64_t count)
{
    const array *from = subject;
    uint64_t key = (uint32_t)from->key;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        key = bench_opaque(key);
        sum += from->slots[key].value;
    }
    return sum;
}

static uint64_t generation_loop(void *subject, uint64_t count)
{
    const array *from = subject;
    uint64_t key = from->key;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        key = bench_opaque(key);
        const array_slot *slot = look_up(from, key);
        if (slot == NULL)
            return 0;
        sum += slot->value;
    }
    return sum;
}

static uint64_t live_loop(void *subject, uint64_t count)
{
    const array *from = subject;
    uint64_t key = from->key;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        key = bench_opaque(key);
        sum += is_live(from, key);
    }
    return sum;
}

static uint64_t stale_loop(void *subject, uint64_t count)
{
    const array *from = subject;
    uint64_t key = from->key;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        key = bench_opaque(key);
        sum += !is_live(from, key);
    }
    return sum;
}

/* A life: take the first free slot, store the value, then raise the generation and link it again.
 */
static uint64_t life_loop(void *subject, uint64_t count)
{
    array *in = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    {
        array_slot *slot = &in->slots[in->free_index];
        in->free_index = slot->value;
        slot->value = BENCH_VALUE;
        uint64_t key = bench_opaque(key_of(slot->generation, (uint64_t)(slot - in->slots)));
        const array_slot *found = look_up(in, key);
        if (found == NULL)
            return 0;
        sum += found->value;
        slot->generation = (uint32_t)(slot->generation + 1);
        slot->value = in->free_index;
        in->free_index = (uint32_t)key;
    }
    return sum;
}

static void *slot_map_make(void)
{
    array *made = array_make(HOT_SLOTS, NULL);
    for (uint64_t i = 0; made != NULL && i < HOT_SLOTS; i++)
        made->slots[i].value = (i + 1) % HOT_SLOTS;
    if (made != NULL)
        made->free_index = 0;
    return made;
}

static void *table_make(uint64_t live, uint64_t *keys)
{
    return array_make(live, keys);
}

static uint64_t table_loop(void *subject, const uint64_t *keys, uint64_t count)
{
    const array *from = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    sum += is_live(from, bench_opaque(*keys++));
    return sum;
}

static void *index_table_make(uint64_t live, uint64_t *keys)
{
    uint64_t *values = malloc((size_t)live * sizeof(*values));
    for (uint64_t i = 0; values != NULL && i < live; i++) {
        values[i] = BENCH_VALUE;
        keys[i] = i;
    }
    return values;
}

static uint64_t index_table_loop(void *subject, const uint64_t *keys, uint64_t count)
{
    const uint64_t *values = subject;
    uint64_t sum = 0;
    BENCH_REPEAT(count)
    sum += values[bench_opaque(*keys++)];
    return sum;
}

const bench_peer bench_array_index = {
    .name = "array-index", .make = hot_make, .destroy = array_destroy, .loop = index_loop};
const bench_peer bench_array_generation = {.name = "array-generation",
                                           .make = hot_make,
                                           .destroy = array_destroy,
                                           .loop = generation_loop};
const bench_peer bench_array_generation_live = {
    .name = "array-generation", .make = hot_make, .destroy = array_destroy, .loop = live_loop};
const bench_peer bench_array_generation_stale = {
    .name = "array-generation", .make = stale_make, .destroy = array_destroy, .loop = stale_loop};
const bench_peer bench_slot_map_life = {.name = "slot-map-unsynchronised",
                                        .make = slot_map_make,
                                        .destroy = array_destroy,
                                        .loop = life_loop};
const bench_table_peer bench_array_index_table = {
    .name = "array-index", .make = index_table_make, .loop = index_table_loop};
const bench_table_peer bench_array_generation_table = {
    .name = "array-generation", .make = table_make, .loop = table_loop};

/* The index of pointers: open addressing, with a short way to look.
 *
 * A cell is taken by compare-and-swap of its key, from empty or from a pointer whose handle is not
 * live.  So the cell of a live pointer never changes hands, and who reads a cell of a closed one
 * reads the key again afterwards: if it is still the same, so was what lay between.  (A cell that
 * changed hands twice meanwhile could deceive; its handle is then stale or newly opened at that
 * same address, and the worst is a finding that names another life of that address.) */
#include "pointers.h"

#include "self.h"

enum { CELLS = 1 << 14, REACH = 16 };

static run_pointer cells[CELLS];

static uint32_t place_of(uint64_t key)
{
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 50);
}
_Static_assert(CELLS == 1 << (64 - 50), "the hash spans the index");

static run_pointer *cell_at(uint32_t place, uint32_t step)
{
    return &cells[(place + step) % CELLS];
}

static uint64_t key_in(const run_pointer *cell)
{
    /* Acquire: partner is the compare-and-swap in take_from. */
    return __atomic_load_n(&cell->key, __ATOMIC_ACQUIRE);
}

static run_pointer *find(uint64_t key)
{
    uint32_t place = place_of(key);
    for (uint32_t step = 0; step < REACH; step++) {
        run_pointer *cell = cell_at(place, step);
        uint64_t there = key_in(cell);
        if (there == key)
            return cell;
        if (there == 0)
            return NULL; /* cells are never emptied: nobody took one further on */
    }
    return NULL;
}

bool run_pointer_look_up(const void *pointer, run_pointer_view *view)
{
    uint64_t key = (uint64_t)(uintptr_t)pointer;
    run_pointer *cell = key != 0 ? find(key) : NULL;
    if (cell == NULL)
        return false;
    /* Acquire: the rest was written before.  Partner: run_pointer_publish. */
    uint64_t handle = __atomic_load_n(&cell->handle, __ATOMIC_ACQUIRE);
    *view = (run_pointer_view){
        .cell = cell,
        .handle = {handle},
        .descriptor_life = {__atomic_load_n(&cell->descriptor_life, __ATOMIC_RELAXED)},
        .type = __atomic_load_n(&cell->type, __ATOMIC_RELAXED),
        .descriptor = __atomic_load_n(&cell->descriptor, __ATOMIC_RELAXED),
        .told = __atomic_load_n(&cell->told, __ATOMIC_RELAXED),
        .lists_descriptors = __atomic_load_n(&cell->lists_descriptors, __ATOMIC_RELAXED)};
    /* The loads above come before the second look at the key. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return handle != 0 && __atomic_load_n(&cell->key, __ATOMIC_RELAXED) == key;
}

static bool is_to_be_had(const run_pointer *cell)
{
    hf_handle handle = {__atomic_load_n(&cell->handle, __ATOMIC_ACQUIRE)};
    return key_in(cell) == 0 || !hf_is_live(run_this_process.table, handle);
}

static bool take_from(run_pointer *cell, uint64_t key)
{
    uint64_t there = key_in(cell);
    if (!is_to_be_had(cell))
        return false;
    /* Release: partner is the acquire in key_in. */
    if (!__atomic_compare_exchange_n(&cell->key, &there, key, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&cell->handle, UINT64_C(0), __ATOMIC_RELEASE);
    return true;
}

run_pointer *run_pointer_take(const void *pointer)
{
    uint64_t key = (uint64_t)(uintptr_t)pointer;
    run_pointer *found = find(key);
    uint32_t place = place_of(key);
    for (uint32_t step = 0; found == NULL && step < REACH; step++)
        if (take_from(cell_at(place, step), key))
            found = cell_at(place, step);
    return found;
}

void run_pointer_publish(run_pointer *cell, hf_handle handle)
{
    /* Release: partner is the acquire in run_pointer_look_up. */
    __atomic_store_n(&cell->handle, handle.bits, __ATOMIC_RELEASE);
}

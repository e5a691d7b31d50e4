/* The index of pointers: open addressing, with a short way to look.  A place of the index says
 * which cell lies there: the first time that somebody wants one there, the next unused one; and for
 * ever. So the cells of a program with few streams lie side by side, in few pages of memory.
 *
 * Who wants a cell moves its handle to TAKEN, by one compare-and-swap: from the handle of a life
 * that is over, or none; from a live one only in the pointer's own cell, whose life then ended
 * unseen.  From then until it publishes it is the only one who writes to the cell; and as handles
 * never come again, the compare-and-swap fails if anybody was faster.  So the cell of a live
 * pointer never changes hands.
 *
 * A reader looks at the handle again afterwards: if it is still the same, nobody wrote to what it
 * read in between.
 *
 * tests/model/pointers.pml explores all this to the end. */
#include "pointers.h"

#include "self.h"

enum { CELLS = 1 << 14, REACH = 16 };

/* No table's handle, but for a chance of 1 in 2^64 for each. */
#define TAKEN UINT64_C(1)

static run_pointer cells[CELLS];
static uint32_t cells_used;
static uint32_t places[CELLS]; /* number of the cell, from 1 on; 0: none yet */

static uint32_t place_of(uint64_t key)
{
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 50);
}
_Static_assert(CELLS == 1 << (64 - 50), "the hash spans the index");

/* NULL: there is none yet. */
static run_pointer *cell_at(uint32_t place)
{
    /* Relaxed: what there is to know of a cell is ordered by its own words. */
    uint32_t number = __atomic_load_n(&places[place % CELLS], __ATOMIC_RELAXED);
    return number != 0 ? &cells[number - 1] : NULL;
}

/* NULL: there are no more.  Who loses the place to another thread wastes a cell. */
static run_pointer *make_cell_at(uint32_t place)
{
    uint32_t none = 0;
    if (__atomic_load_n(&cells_used, __ATOMIC_RELAXED) >= CELLS)
        return NULL;
    uint32_t used = __atomic_fetch_add(&cells_used, 1, __ATOMIC_RELAXED);
    if (used >= CELLS)
        return NULL;
    (void)__atomic_compare_exchange_n(&places[place % CELLS], &none, used + 1, false,
                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return cell_at(place);
}

static uint64_t key_in(const run_pointer *cell)
{
    /* Acquire: it is not what its last taker found.  Partner: the release in claim. */
    return __atomic_load_n(&cell->key, __ATOMIC_ACQUIRE);
}

static uint64_t handle_in(const run_pointer *cell)
{
    /* Acquire: the rest was written before.  Partner: run_pointer_publish. */
    return __atomic_load_n(&cell->handle, __ATOMIC_ACQUIRE);
}

/* What is TAKEN is passed over: another pointer's taker may be about to change the key, and this
 * one lie further on already.  The handle is looked at first: by the time that it is a new one, the
 * key is, too. */
static run_pointer *find(uint64_t key)
{
    uint32_t place = place_of(key);
    for (uint32_t step = 0; step < REACH; step++) {
        run_pointer *cell = cell_at(place + step);
        if (cell == NULL)
            return NULL; /* nobody took one further on */
        if (handle_in(cell) != TAKEN && key_in(cell) == key)
            return cell;
    }
    return NULL;
}

bool run_pointer_look_up(const void *pointer, run_pointer_view *view)
{
    uint64_t key = (uint64_t)(uintptr_t)pointer;
    run_pointer *cell = key != 0 ? find(key) : NULL;
    if (cell == NULL)
        return false;
    uint64_t handle = handle_in(cell);
    *view = (run_pointer_view){
        .cell = cell,
        .handle = {handle},
        .descriptor_life = {__atomic_load_n(&cell->descriptor_life, __ATOMIC_RELAXED)},
        .type = __atomic_load_n(&cell->type, __ATOMIC_RELAXED),
        .descriptor = __atomic_load_n(&cell->descriptor, __ATOMIC_RELAXED),
        .told = __atomic_load_n(&cell->told, __ATOMIC_RELAXED),
        .lists_descriptors = __atomic_load_n(&cell->lists_descriptors, __ATOMIC_RELAXED)};
    bool is_its_own = __atomic_load_n(&cell->key, __ATOMIC_RELAXED) == key;
    /* The loads above come before the second look at the handle.  Partner: the fence in claim. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return handle != 0 && handle != TAKEN && is_its_own &&
           __atomic_load_n(&cell->handle, __ATOMIC_RELAXED) == handle;
}

/* Takes a cell for a pointer, if it is to be had.  *last is the handle of the pointer's last life.
 */
static bool claim(run_pointer *cell, uint64_t key, hf_handle *last)
{
    uint64_t handle = handle_in(cell);
    bool is_its_own = key_in(cell) == key;
    if (handle == TAKEN ||
        (!is_its_own && hf_is_live(run_this_process.table, (hf_handle){handle})) ||
        !__atomic_compare_exchange_n(&cell->handle, &handle, TAKEN, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return false;
    /* TAKEN comes before whatever is written now.  Partner: the fence in run_pointer_look_up. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    /* Release: who finds the key finds TAKEN or a later handle.  Partner: the acquire in key_in. */
    __atomic_store_n(&cell->key, key, __ATOMIC_RELEASE);
    *last = is_its_own ? (hf_handle){handle} : HF_NULL_HANDLE;
    return true;
}

run_pointer *run_pointer_take(const void *pointer, hf_handle *last)
{
    uint64_t key = (uint64_t)(uintptr_t)pointer;
    run_pointer *own = find(key);
    if (own != NULL && claim(own, key, last))
        return own;
    uint32_t place = place_of(key);
    for (uint32_t step = 0; step < REACH; step++) {
        run_pointer *cell = cell_at(place + step);
        if (cell == NULL)
            cell = make_cell_at(place + step);
        if (cell != NULL && claim(cell, key, last))
            return cell;
    }
    return NULL;
}

void run_pointer_publish(run_pointer *cell, hf_handle handle)
{
    /* Release: partner is the acquire in handle_in. */
    __atomic_store_n(&cell->handle, handle.bits, __ATOMIC_RELEASE);
}

void run_pointer_forget(const run_pointer_view *view)
{
    uint64_t handle = view->handle.bits;
    /* Nothing is read after this, nor written before. */
    (void)__atomic_compare_exchange_n(&view->cell->handle, &handle, UINT64_C(0), false,
                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Free slots: taken by open, given back after release, in the table's order of reuse.  No lock. */
#ifndef HF_CORE_BAG_H
#define HF_CORE_BAG_H

#include "core/table.h"
#include "platform/sanitizer.h"

enum { HF_CHAIN = 64 }; /* slots in a chain: what a magazine exchanges with the bag */

/* Free slots are poisoned: only the library comes to them, on behalf of stale and forged handles
 * and to link them.  Given, a slot is hidden before another can take it; taken, it is shown before
 * its handle is published.  Of slots that were never used those are hidden that were committed with
 * the table: of later ones nobody could say that they are still nobody's.  Where the library is
 * instrumented itself, it is the value word alone: states are read everywhere. */
static inline void hf_slot_hide(const hf_table *table, uint32_t index)
{
    const hf_slot_ *slot = hf_slot_at(table, index);
    if (HF_INSTRUMENTED)
        hf_poison(&slot->value, sizeof slot->value);
    else
        hf_poison(slot, sizeof *slot);
}

static inline void hf_slot_show(const hf_table *table, uint32_t index)
{
    hf_unpoison(hf_slot_at(table, index), sizeof(hf_slot_));
}

/* The same for slots from 0 up to, and without, `end`, of a table that nobody else uses. */
void hf_slots_hide(const hf_table *table, uint32_t end);

/* The link of a free slot, in its value word: the next slot of its chain, the next chain of its
 * stack, and whether it is a chain at all. */
#define HF_LINK_MASK        ((UINT64_C(1) << HF_INDEX_BITS_) - 1)
#define HF_LINK_CHAIN_SHIFT HF_INDEX_BITS_
#define HF_LINK_IS_CHAIN    (UINT64_C(1) << 60)

HF_UNCHECKED static inline uint64_t hf_link_load(const hf_table *table, uint32_t index)
{
    return __atomic_load_n(&hf_slot_at(table, index)->value, __ATOMIC_RELAXED);
}

HF_UNCHECKED static inline void hf_link_store(hf_table *table, uint32_t index, uint64_t link)
{
    __atomic_store_n(&hf_slot_at(table, index)->value, link, __ATOMIC_RELAXED);
}

hf_status hf_bag_take_slow(hf_table *table, uint32_t *index);
void hf_bag_give_slow(hf_table *table, uint32_t index);

/* Takes a free slot, which the caller shows; `local` is hf_local_of(table).  May commit memory. The
 * caller is in a window that signal handlers must not enter (HF_WINDOW_BUSY), which lasts until the
 * slot is published or noted.  Errors: TABLE_FULL, NO_MEMORY.  The list of a thread without a
 * record, and of a table without magazines, is always empty. */
static inline hf_status hf_bag_take(hf_table *table, hf_local *local, uint32_t *index)
{
    if (__builtin_expect(local->list_count == 0, 0)) {
        uint32_t taken = 0; /* *index may be a register */
        hf_status status = hf_bag_take_slow(table, &taken);
        *index = taken;
        return status;
    }
    *index = local->list_head;
    local->list_head = (uint32_t)(hf_link_load(table, *index) & HF_LINK_MASK);
    local->list_count--;
    return HF_OK;
}

/* Gives a slot back that is hidden; its state is free.  Allocates nothing.  The caller is in such a
 * window. */
static inline void hf_bag_give(hf_table *table, hf_local *local, uint32_t index)
{
    if (local->list_count == 0 || local->list_count == HF_CHAIN) {
        hf_bag_give_slow(table, index);
        return;
    }
    hf_link_store(table, index, local->list_head | HF_LINK_IS_CHAIN);
    local->list_head = index;
    local->list_count++;
}

/* For a table whose order is first in, first out, before its first handle: once so many slots wait
 * in the queue, they are used again before those that were never used.  So it keeps to as much
 * memory as the caches hold, and still none is used again before so many others. */
void hf_bag_set_rest(hf_table *table, uint64_t slots);

/* Prepares the bag of a new table; slots 1 to `capacity` may be used. */
hf_status hf_bag_init(hf_table *table, uint64_t capacity, uint64_t seed);

#endif

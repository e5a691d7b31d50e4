/* Where free slots wait.
 *
 * Three structures, all lock-free, because close must be:
 *   - stacks (Treiber) of single slots or of chains, linked through the value words of free slots;
 *     one for last-in-first-out and for the magazines' chains, several for the random order;
 *   - a queue (Michael and Scott, "Simple, fast, and practical non-blocking and blocking concurrent
 *     queue algorithms", 1996) for first-in-first-out.  Its links lie in an array of their own: a
 * late compare-and-swap on a link must never meet the value of a live slot;
 *   - magazines: what a thread gave back last it takes again first, without touching shared memory.
 *
 * Heads carry a tag that grows with each change, against ABA: 34 bits, so that a thread would have
 * to sleep through 17 thousand million changes. */
#include "core/bag.h"

#define TAG_ONE    (UINT64_C(1) << HF_INDEX_BITS_)
#define INDEX_MASK HF_LINK_MASK

static uint64_t link_make(uint32_t next, uint32_t chain, bool is_chain)
{
    return next | (uint64_t)chain << HF_LINK_CHAIN_SHIFT | (is_chain ? HF_LINK_IS_CHAIN : 0);
}

static uint64_t head_next(uint64_t head, uint64_t index)
{
    return ((head & ~INDEX_MASK) + TAG_ONE) | index;
}

/* ---- stacks --------------------------------------------------------------------------------- */

static void push(hf_table *table, uint64_t *top, uint32_t index, uint32_t next, bool is_chain)
{
    uint64_t head = __atomic_load_n(top, __ATOMIC_RELAXED);
    do {
        hf_link_store(table, index, link_make(next, (uint32_t)(head & INDEX_MASK), is_chain));
        /* Release: the links come before.  Partner: the acquire in pop. */
    } while (!__atomic_compare_exchange_n(top, &head, head_next(head, index), true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* The first slot of what was on top, 0 if nothing was; *link is its link. */
static uint32_t pop(const hf_table *table, uint64_t *top, uint64_t *link)
{
    /* Acquire: partner is the release in push. */
    uint64_t head = __atomic_load_n(top, __ATOMIC_ACQUIRE);
    while ((head & INDEX_MASK) != 0) {
        /* May read the value of a slot that was taken meanwhile; then the tag has changed. */
        *link = hf_link_load(table, (uint32_t)(head & INDEX_MASK));
        uint64_t chain = *link >> HF_LINK_CHAIN_SHIFT & INDEX_MASK;
        if (__atomic_compare_exchange_n(top, &head, head_next(head, chain), true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_ACQUIRE))
            return (uint32_t)(head & INDEX_MASK);
    }
    return 0;
}

/* ---- queue ---------------------------------------------------------------------------------- */

static void enqueue(hf_bag *bag, uint32_t slot)
{
    uint32_t named = bag->cells[slot].node;
    uint32_t node = named != 0 ? named - 1 : slot;
    uint64_t *own = &bag->cells[node].link;
    __atomic_store_n(&bag->cells[node].slot, slot, __ATOMIC_RELAXED);
    __atomic_store_n(own, head_next(__atomic_load_n(own, __ATOMIC_RELAXED), 0), __ATOMIC_RELAXED);
    for (;;) {
        uint64_t tail = __atomic_load_n(&bag->queue_tail, __ATOMIC_ACQUIRE);
        uint64_t *link = &bag->cells[tail & INDEX_MASK].link;
        uint64_t next = __atomic_load_n(link, __ATOMIC_ACQUIRE);
        if (tail != __atomic_load_n(&bag->queue_tail, __ATOMIC_ACQUIRE))
            continue; /* the link may be of another life of its node */
        bool appended = (next & INDEX_MASK) == 0 &&
                        /* Release: our cell comes before.  Partner: the acquire loads of `next`. */
                        __atomic_compare_exchange_n(link, &next, head_next(next, node + 1), false,
                                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
        uint64_t last = appended ? node + 1 : next & INDEX_MASK;
        if (last != 0)
            /* Help the tail along; whoever fails here was helped. */
            (void)__atomic_compare_exchange_n(&bag->queue_tail, &tail, head_next(tail, last - 1),
                                              false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
        if (appended)
            return;
    }
}

/* The slot that was freed first, 0 if none is free. */
static uint32_t dequeue(hf_bag *bag)
{
    for (;;) {
        uint64_t head = __atomic_load_n(&bag->queue_head, __ATOMIC_ACQUIRE);
        uint64_t tail = __atomic_load_n(&bag->queue_tail, __ATOMIC_ACQUIRE);
        uint64_t next = __atomic_load_n(&bag->cells[head & INDEX_MASK].link, __ATOMIC_ACQUIRE);
        uint64_t first = (next & INDEX_MASK) - 1; /* meant only when there is a next */
        if (head != __atomic_load_n(&bag->queue_head, __ATOMIC_ACQUIRE))
            continue; /* what we read belongs to another moment */
        if ((next & INDEX_MASK) == 0)
            return 0;
        if ((head & INDEX_MASK) == (tail & INDEX_MASK)) {
            /* An append is half-way: finish it for its thread. */
            (void)__atomic_compare_exchange_n(&bag->queue_tail, &tail, head_next(tail, first),
                                              false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
            continue;
        }
        /* Before the head moves: afterwards the node may be used again. */
        uint32_t slot = __atomic_load_n(&bag->cells[first].slot, __ATOMIC_RELAXED);
        if (__atomic_compare_exchange_n(&bag->queue_head, &head, head_next(head, first), false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            bag->cells[slot].node = (uint32_t)(head & INDEX_MASK) + 1;
            return slot;
        }
    }
}

/* ---- fresh slots ---------------------------------------------------------------------------- */

/* Commits slots until `end` lies in committed memory.  Idempotent, so it needs no lock. */
static bool commit_slots(hf_table *table, uint64_t end)
{
    enum { STEP = 1 << 14 };
    uint64_t *limit = &table->head.place_limit;
    uint64_t have = __atomic_load_n(limit, __ATOMIC_ACQUIRE) >> HF_INDEX_SHIFT_;
    if (end <= have)
        return true;
    uint64_t step = (end + STEP - 1) & ~(uint64_t)(STEP - 1);
    uint64_t want = hf_os_array_part(step * sizeof(hf_slot_)) / sizeof(hf_slot_);
    if (want > table->slot_capacity)
        want = table->slot_capacity;
    if (!hf_os_commit(&table->head.slots[have], (want - have) * sizeof(hf_slot_)))
        return false;
    if (table->bag.cells != NULL &&
        !hf_os_commit(&table->bag.cells[have], (want - have) * sizeof(hf_queue_cell)))
        return false;
    uint64_t old = have << HF_INDEX_SHIFT_;
    while (old < want << HF_INDEX_SHIFT_ &&
           /* Release: committed before it is used.  Partner: the acquire above. */
           !__atomic_compare_exchange_n(limit, &old, want << HF_INDEX_SHIFT_, true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    return true;
}

/* Takes up to `wanted` neighbouring slots that were never used. */
static hf_status take_fresh(hf_table *table, uint32_t wanted, uint32_t *first, uint32_t *end)
{
    hf_bag *bag = &table->bag;
    uint64_t next = __atomic_load_n(&bag->fresh, __ATOMIC_RELAXED);
    uint64_t upto;
    do {
        upto = next + wanted < bag->end ? next + wanted : bag->end;
        if (next >= bag->end)
            return HF_E_TABLE_FULL;
        if (!commit_slots(table, upto))
            return HF_E_NO_MEMORY;
    } while (!__atomic_compare_exchange_n(&bag->fresh, &next, upto, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    *first = (uint32_t)next;
    *end = (uint32_t)upto;
    return HF_OK;
}

static hf_status take_one_fresh(hf_table *table, uint32_t *index)
{
    uint32_t end;
    return take_fresh(table, 1, index, &end);
}

/* ---- magazines ------------------------------------------------------------------------------ */

static bool refill_from(hf_local *local, uint32_t head)
{
    local->list_head = head;
    local->list_count = head != 0 ? HF_CHAIN : 0;
    return head != 0;
}

/* Makes a list of neighbouring slots that were never used. */
static hf_status refill_fresh(hf_table *table, hf_local *local)
{
    uint32_t first;
    uint32_t end;
    hf_status status = take_fresh(table, HF_CHAIN, &first, &end);
    if (status != HF_OK)
        return status;
    for (uint32_t index = first; index < end; index++)
        hf_link_store(table, index, link_make(index + 1 < end ? index + 1 : 0, 0, true));
    local->list_head = first;
    local->list_count = end - first;
    return HF_OK;
}

/* Fills the empty list. */
static hf_status refill(hf_table *table, hf_local *local)
{
    uint64_t link;
    uint32_t spare = local->spare_head;
    local->spare_head = 0;
    if (refill_from(local, spare) || refill_from(local, pop(table, &table->bag.tops[0], &link)))
        return HF_OK;
    return refill_fresh(table, local);
}

/* The list is full, or empty: makes room, and begins it. */
static void magazine_give(hf_table *table, hf_local *local, uint32_t index)
{
    if (local->list_count == HF_CHAIN) {
        uint32_t chain = local->spare_head;
        if (chain != 0)
            push(table, &table->bag.tops[0], chain,
                 (uint32_t)(hf_link_load(table, chain) & INDEX_MASK), true);
        local->spare_head = local->list_head;
    }
    hf_link_store(table, index, link_make(0, 0, true));
    local->list_head = index;
    local->list_count = 1;
}

/* ---- the orders ----------------------------------------------------------------------------- */

static uint64_t *random_top(hf_bag *bag)
{
    /* A Weyl sequence: one addition for the state, the upper bits of a product for the choice. */
    uint64_t word =
        __atomic_add_fetch(&bag->random, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
    word = (word ^ word >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return &bag->tops[word >> 60];
}

_Static_assert(HF_RANDOM_STACKS == 1 << (64 - 60), "four bits choose a stack");

static uint32_t random_pop(hf_table *table)
{
    hf_bag *bag = &table->bag;
    uint64_t first = (uint64_t)(random_top(bag) - bag->tops);
    for (uint64_t i = 0; i < HF_RANDOM_STACKS; i++) {
        uint64_t link;
        uint32_t index = pop(table, &bag->tops[(first + i) % HF_RANDOM_STACKS], &link);
        if (index != 0)
            return index;
    }
    return 0;
}

static uint32_t ordered_pop(hf_table *table)
{
    uint64_t link;
    switch (table->reuse) {
    case HF_REUSE_FIFO:
        return dequeue(&table->bag);
    case HF_REUSE_RANDOM:
        return random_pop(table);
    default:
        return pop(table, &table->bag.tops[0], &link);
    }
}

/* For threads without a record in a table with magazines: one slot of a chain, the rest goes back.
 */
static uint32_t break_chain(hf_table *table)
{
    uint64_t link;
    uint32_t index = pop(table, &table->bag.tops[1], &link);
    if (index != 0)
        return index;
    index = pop(table, &table->bag.tops[0], &link);
    for (uint32_t rest = (uint32_t)(link & INDEX_MASK); index != 0 && rest != 0;) {
        uint32_t next = (uint32_t)(hf_link_load(table, rest) & INDEX_MASK);
        push(table, &table->bag.tops[1], rest, 0, false);
        rest = next;
    }
    return index;
}

static hf_status take_used(hf_table *table, uint32_t *index)
{
    *index = table->reuse == HF_REUSE_MAGAZINES ? break_chain(table) : ordered_pop(table);
    return *index != 0 ? HF_OK : HF_E_TABLE_FULL;
}

/* How many slots the queue holds, or very many if it changes meanwhile: the tags count what was
 * appended and what was taken. */
static uint64_t waiting(const hf_bag *bag)
{
    uint64_t taken = __atomic_load_n(&bag->queue_head, __ATOMIC_RELAXED) & ~INDEX_MASK;
    uint64_t appended = __atomic_load_n(&bag->queue_tail, __ATOMIC_RELAXED) & ~INDEX_MASK;
    return (appended - taken) >> HF_INDEX_BITS_;
}

static hf_status try_shared_take(hf_table *table, uint32_t *index)
{
    /* First in, first out: the slots that were never used stand in the queue before all others. */
    bool fresh_first = table->reuse == HF_REUSE_FIFO && waiting(&table->bag) < table->bag.rest;
    hf_status status = fresh_first ? take_one_fresh(table, index) : take_used(table, index);
    if (status == HF_OK)
        return HF_OK;
    return fresh_first ? take_used(table, index) : take_one_fresh(table, index);
}

/* A number that changes with each slot that is given back. */
static uint64_t changes(const hf_bag *bag)
{
    uint64_t sum = __atomic_load_n(&bag->queue_tail, __ATOMIC_ACQUIRE) >> HF_INDEX_BITS_;
    for (uint32_t i = 0; i < HF_RANDOM_STACKS; i++)
        sum += __atomic_load_n(&bag->tops[i], __ATOMIC_ACQUIRE) >> HF_INDEX_BITS_;
    return sum;
}

/* Full only if no slot was given back while we looked: one may come to where we have been. */
static hf_status shared_take(hf_table *table, uint32_t *index)
{
    hf_status status = try_shared_take(table, index);
    for (uint64_t before = 0, after = 1; status == HF_E_TABLE_FULL && before != after;) {
        before = changes(&table->bag);
        status = try_shared_take(table, index);
        after = changes(&table->bag);
    }
    return status;
}

static void shared_give(hf_table *table, uint32_t index)
{
    hf_bag *bag = &table->bag;
    if (table->reuse == HF_REUSE_FIFO)
        enqueue(bag, index);
    else if (table->reuse == HF_REUSE_RANDOM)
        push(table, random_top(bag), index, 0, false);
    else
        push(table, &bag->tops[table->reuse == HF_REUSE_MAGAZINES ? 1 : 0], index, 0, false);
}

hf_status hf_bag_take_slow(hf_table *table, uint32_t *index)
{
    if (table->reuse != HF_REUSE_MAGAZINES || hf_this_thread.record == 0)
        return shared_take(table, index);
    hf_status status = refill(table, hf_local_of(table));
    if (status == HF_OK)
        return hf_bag_take(table, hf_local_of(table), index);
    /* What threads without a record gave back, before the table is called full. */
    return status == HF_E_TABLE_FULL ? shared_take(table, index) : status;
}

void hf_bag_give_slow(hf_table *table, uint32_t index)
{
    if (table->reuse != HF_REUSE_MAGAZINES || hf_this_thread.record == 0) {
        shared_give(table, index);
        return;
    }
    magazine_give(table, hf_local_of(table), index);
}

void hf_slots_hide(const hf_table *table, uint32_t end)
{
    if (!HF_INSTRUMENTED)
        hf_poison(table->head.slots, end * sizeof(hf_slot_));
    for (uint32_t index = 0; HF_INSTRUMENTED && hf_poisons() && index < end; index++)
        hf_slot_hide(table, index);
}

/* The first slots of a table that has none; those of a former table are hidden. */
static hf_status hide_first_slots(hf_table *table)
{
    if (table->head.place_limit != 0)
        return HF_OK;
    if (!commit_slots(table, 1))
        return HF_E_NO_MEMORY;
    hf_slots_hide(table, (uint32_t)(table->head.place_limit >> HF_INDEX_SHIFT_));
    return HF_OK;
}

static hf_status init_order(hf_table *table)
{
    hf_bag *bag = &table->bag;
    if (table->reuse != HF_REUSE_FIFO)
        return HF_OK;
    if (bag->cells == NULL)
        bag->cells = hf_os_reserve(table->slot_capacity * sizeof(hf_queue_cell));
    if (bag->cells == NULL)
        return HF_E_NO_ADDRESS_SPACE;
    /* A table from the pool has slots that were committed without their cells. */
    uint64_t have = table->head.place_limit >> HF_INDEX_SHIFT_;
    if (have != 0 && !hf_os_commit(bag->cells, have * sizeof(hf_queue_cell)))
        return HF_E_NO_MEMORY;
    return commit_slots(table, 1) ? HF_OK : HF_E_NO_MEMORY; /* node 0 */
}

void hf_bag_set_rest(hf_table *table, uint64_t slots)
{
    table->bag.rest = slots;
}

hf_status hf_bag_init(hf_table *table, uint64_t capacity, uint64_t seed)
{
    hf_bag *bag = &table->bag;
    bag->random = seed;
    bag->fresh = 1; /* no handle has index 0 */
    bag->end = capacity + 1;
    bag->rest = UINT64_MAX;
    hf_status status = hf_poisons() ? hide_first_slots(table) : HF_OK;
    return status == HF_OK ? init_order(table) : status;
}

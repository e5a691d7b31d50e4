/* The order of timers as a heap, each node with four children.
 *
 *                        0
 *          1        2        3        4
 *       5 6 7 8  9 . . 12  . . . .  . . . .          children of i: 4i+1 .. 4i+4
 *
 * Why four: the heap is half as deep as a binary one, and the three more compares a level read what
 * lies beside on the same or the next cache line, whereas each level is a line of its own, and a
 * link whose place has to be told.  An entry repeats its link's deadline, so that comparing touches
 * no link, and carries the number of its insertion, which decides between equal deadlines: first
 * in, first out.  That number is 64 bits wide: it does not wrap.
 *
 * link->place is the index of the link's entry, so that a link is found without search.
 *
 * The entries lie in reserved address space behind the heap's own words.  It is committed by
 * reserve, by doubling, and never given back before destroy; nothing moves.
 *
 * Costs: insert, remove and expire O(log n); next_us O(1). */
#include "platform/platform.h"
#include "timer/order.h"

enum { CHILDREN = 4 };

typedef struct entry {
    int64_t deadline_us;
    uint64_t sequence;
    hf_timer_link *link;
} entry;

typedef struct heap {
    uint64_t count;
    uint64_t inserted; /* how many ever were: the next sequence */
    uint64_t ready;    /* entries that are committed */
    uint64_t capacity;
    size_t bytes; /* reserved, this struct included */
    size_t committed;
    entry entries[];
} heap;

/* ---- memory --------------------------------------------------------------------------------- */

/* The bytes of a heap with so many entries, in whole pages; 0: too many. */
static size_t bytes_for(uint64_t entries)
{
    size_t page = hf_os_page_size();
    if (entries > (SIZE_MAX - sizeof(heap) - page) / sizeof(entry))
        return 0;
    size_t bytes = sizeof(heap) + (size_t)entries * sizeof(entry);
    return (bytes + page - 1) & ~(page - 1);
}

static uint64_t entries_in(size_t bytes)
{
    return (bytes - sizeof(heap)) / sizeof(entry);
}

hf_status hf_heap_create(uint64_t capacity, int64_t now_us, void **order)
{
    (void)now_us;
    size_t bytes = bytes_for(capacity);
    size_t first = hf_os_page_size();
    heap *made = bytes != 0 ? hf_os_reserve(bytes) : NULL;
    if (made == NULL)
        return HF_E_NO_ADDRESS_SPACE;
    if (!hf_os_commit(made, first)) {
        hf_os_unreserve(made, bytes);
        return HF_E_NO_MEMORY;
    }
    made->capacity = capacity;
    made->bytes = bytes;
    made->committed = first;
    made->ready = entries_in(first);
    *order = made;
    return HF_OK;
}

void hf_heap_destroy(void *order)
{
    heap *old = order;
    hf_os_unreserve(old, old->bytes);
}

static hf_status grow(heap *h, uint64_t count)
{
    if (count > h->capacity)
        return HF_E_NO_MEMORY;
    size_t wanted = bytes_for(count);
    size_t twice = h->committed <= h->bytes / 2 ? h->committed * 2 : h->bytes;
    size_t bytes = twice > wanted ? twice : wanted;
    if (!hf_os_commit((char *)h + h->committed, bytes - h->committed))
        return HF_E_NO_MEMORY;
    h->committed = bytes;
    h->ready = entries_in(bytes);
    return HF_OK;
}

hf_status hf_heap_reserve(void *order, uint64_t count)
{
    heap *h = order;
    return count <= h->ready && count <= h->capacity ? HF_OK : grow(h, count);
}

/* ---- order ---------------------------------------------------------------------------------- */

static inline bool is_before(const entry *a, const entry *b)
{
    return a->deadline_us != b->deadline_us ? a->deadline_us < b->deadline_us
                                            : a->sequence < b->sequence;
}

static inline void put(heap *h, uint64_t index, const entry *moved)
{
    h->entries[index] = *moved;
    moved->link->place = index;
}

/* Puts an entry where there is a hole, or above: the hole goes up until its parent is earlier. */
static void rise(heap *h, uint64_t hole, const entry *moved)
{
    while (hole != 0) {
        uint64_t parent = (hole - 1) / CHILDREN;
        if (is_before(&h->entries[parent], moved))
            break;
        put(h, hole, &h->entries[parent]);
        hole = parent;
    }
    put(h, hole, moved);
}

/* The earliest child of a node that has one. */
static uint64_t first_child(const heap *h, uint64_t first)
{
    uint64_t end = h->count - first < CHILDREN ? h->count : first + CHILDREN;
    uint64_t best = first;
    for (uint64_t child = first + 1; child < end; child++) {
        if (is_before(&h->entries[child], &h->entries[best]))
            best = child;
    }
    return best;
}

/* Puts an entry where there is a hole, or below: the hole goes down until its children are later.
 */
static void sink(heap *h, uint64_t hole, const entry *moved)
{
    for (uint64_t first = hole * CHILDREN + 1; first < h->count; first = hole * CHILDREN + 1) {
        uint64_t child = first_child(h, first);
        if (is_before(moved, &h->entries[child]))
            break;
        put(h, hole, &h->entries[child]);
        hole = child;
    }
    put(h, hole, moved);
}

void hf_heap_insert(void *order, hf_timer_link *link)
{
    heap *h = order;
    entry added = {link->deadline_us, h->inserted++, link};
    rise(h, h->count++, &added);
}

/* The last entry fills the hole, from where it may have to go either way. */
void hf_heap_remove(void *order, hf_timer_link *link)
{
    heap *h = order;
    uint64_t hole = link->place;
    uint64_t last = --h->count;
    if (hole == last)
        return;
    entry moved = h->entries[last];
    if (hole != 0 && is_before(&moved, &h->entries[(hole - 1) / CHILDREN]))
        rise(h, hole, &moved);
    else
        sink(h, hole, &moved);
}

hf_timer_link *hf_heap_expire(void *order, int64_t now_us)
{
    heap *h = order;
    if (h->count == 0 || h->entries[0].deadline_us > now_us)
        return NULL;
    hf_timer_link *due = h->entries[0].link;
    hf_heap_remove(h, due);
    return due;
}

int64_t hf_heap_next_us(const void *order)
{
    const heap *h = order;
    return h->count == 0 ? INT64_MAX : h->entries[0].deadline_us;
}

bool hf_heap_is_valid(const void *order)
{
    const heap *h = order;
    if (h->count > h->ready || h->count > h->capacity || h->committed > h->bytes)
        return false;
    for (uint64_t i = 0; i < h->count; i++) {
        const entry *e = &h->entries[i];
        if (e->link->place != i || e->link->deadline_us != e->deadline_us ||
            e->sequence >= h->inserted)
            return false;
        if (i != 0 && !is_before(&h->entries[(i - 1) / CHILDREN], e))
            return false;
    }
    return true;
}

const hf_timer_order hf_timer_heap = {
    .size = sizeof(hf_timer_order),
    .name = "heap",
    .create = hf_heap_create,
    .destroy = hf_heap_destroy,
    .reserve = hf_heap_reserve,
    .insert = hf_heap_insert,
    .remove = hf_heap_remove,
    .expire = hf_heap_expire,
    .next_us = hf_heap_next_us,
};

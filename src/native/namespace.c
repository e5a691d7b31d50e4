/* Who holds which value of a namespace: src/core/owners.h, without a lock.
 *
 * A namespace has one *book*: an array of entries {mark, owner} in reserved memory, committed a
 * chunk at a time.  A value may be entered in any of the 16 entries of its *window*, which starts
 * at the value itself (small numbers) or at its hash (pointers) and wraps.  Whoever looks for a
 * value looks at the whole window, so an entry may become free at any time: there are no
 * tombstones.
 *
 *   owner   0: the entry is free.  Else the handle's bits, with bit 0 cleared when it borrows (a
 *           handle is always odd).
 *   mark    the complement of the value, so that zeroed memory, mark 0, stands for a value that is
 *           never valid (UINTPTR_MAX: fd -1, MAP_FAILED), which is not tracked.
 *
 *   enrol   owner: 0 -> handle (compare-and-swap); mark := value; then read the window
 *   strike  mark := 0; owner := 0
 *   read    owner, mark, owner again; the entry counts only if both owners agree and are not 0
 *
 * Why that is right:
 *
 * 1. A mark is never taken for somebody else's than the owner's with whom it was read.  No two live
 *    handles have the same bits, nor has a table two lives with the same, so a reader that sees one
 *    owner twice saw an entry that was his in between.  (Should the mark be a successor's, its
 *    release store, read by an acquire load, makes the second look at the owner see the successor.)
 * 2. Nor is a mark that a former occupant left: he cleared it before he gave up the entry (release
 *    store of owner 0), the next occupant's compare-and-swap acquired that, and a reader who sees
 *    that occupant acquires it from him.
 * 3. Of two threads that enrol the same value at the same time, at least one sees the other.  Both
 *    store the mark and afterwards read the other's entry; the store and the reads are seq_cst, so
 *    the thread whose store comes second in the one total order reads the first one's mark.  The
 *    owner and the commit bit, which it reads too, were written seq_cst before that mark.
 * 4. A value that was released and recycled by the system is no duplicate.  Core strikes a handle
 *    before it calls the type's release function (and before it hands out a detached value), so no
 *    system call or allocator can give the value to another thread before it is free of owners
 * here; and the lock with which the system or the allocator guards its numbers carries our stores
 * to the next holder.
 * 5. Nobody waits.  Each loop is at most 16 steps.  A thread that is stopped for ever between its
 *    compare-and-swap and its mark, or between clearing the two, leaves an entry that matches no
 *    value and takes up one place; the same goes for a thread that does not exist in a forked
 * child.
 * 6. Striking and finding never commit: what is not committed holds no entries. */
#include "core/owners.h"

#include "platform/platform.h"

enum {
    WINDOW_ENTRIES = 16,
    SMALL_BITS = 20,
    SPARSE_BITS = 16,
    /* Committed at once.  A multiple of every usual page size; with pages that are larger still,
     * commit fails and nothing is tracked. */
    CHUNK_BYTES = 64 * 1024
};

typedef struct owner_entry {
    uint64_t mark;
    uint64_t owner;
} owner_entry;

enum {
    CHUNK_ENTRIES = CHUNK_BYTES / sizeof(owner_entry),
    CHUNKS = (1 << SMALL_BITS) / CHUNK_ENTRIES,
    CHUNK_WORDS = CHUNKS / 64
};

/* The start of the reserved memory; the entries follow at CHUNK_BYTES. */
typedef struct owner_book {
    uint64_t committed[CHUNK_WORDS]; /* a bit for each chunk of entries; never cleared */
} owner_book;

HF_STATIC_ASSERT(sizeof(owner_entry) == 16, "four entries to a cache line");
HF_STATIC_ASSERT(CHUNK_WORDS * 64 == CHUNKS, "the bitmap covers every chunk");
HF_STATIC_ASSERT(sizeof(owner_book) <= 4096, "the book's head fits the smallest page");

/* Where a value may be entered. */
typedef struct owner_window {
    owner_book *book;
    uint64_t start; /* index of the first entry, not yet wrapped */
    uint64_t wrap;  /* mask */
    uint64_t mark;
} owner_window;

static unsigned index_bits(const hf_namespace *name_space)
{
    return name_space->values == HF_VALUES_SMALL ? SMALL_BITS : SPARSE_BITS;
}

static uint64_t first_index(const hf_namespace *name_space, hf_value value)
{
    if (name_space->values == HF_VALUES_SMALL)
        return value;
    /* 2^64 divided by the golden ratio: spreads pointers, whose low bits are zero. */
    return (value * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - SPARSE_BITS);
}

static owner_window window_of(const hf_namespace *name_space, owner_book *book, hf_value value)
{
    return (owner_window){.book = book,
                          .start = first_index(name_space, value),
                          .wrap = (UINT64_C(1) << index_bits(name_space)) - 1,
                          .mark = ~(uint64_t)value};
}

/* A value that is never valid anywhere: its mark would be that of an entry which has none yet. */
static bool is_tracked(hf_value value)
{
    return value != UINTPTR_MAX;
}

/* NULL when nothing was ever entered.  Acquire: the book's head is readable.  Partner: the
 * compare-and-swap in book_publish. */
static owner_book *book_of(const hf_namespace *name_space)
{
    return __atomic_load_n(&name_space->owners, __ATOMIC_ACQUIRE);
}

/* Answers the book that the namespace has from now on: this one, or that of a faster thread. */
static owner_book *book_publish(hf_namespace *name_space, owner_book *book, size_t bytes)
{
    void *published = NULL;
    /* Release and acquire are each other's partners here, and book_of's. */
    if (__atomic_compare_exchange_n(&name_space->owners, &published, (void *)book, false,
                                    __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
        return book;
    hf_os_unreserve(book, bytes);
    return published;
}

static owner_book *book_create(hf_namespace *name_space)
{
    size_t bytes = CHUNK_BYTES + (sizeof(owner_entry) << index_bits(name_space));
    owner_book *book = hf_os_reserve(bytes);
    if (book == NULL)
        return NULL;
    if (!hf_os_commit(book, hf_os_page_size())) {
        hf_os_unreserve(book, bytes);
        return NULL;
    }
    return book_publish(name_space, book, bytes);
}

static char *chunk_address(owner_book *book, uint64_t chunk)
{
    return (char *)book + CHUNK_BYTES * (chunk + 1);
}

/* Seq_cst, for conclusion 3; as an acquire its partner is the fetch-or in chunk_commit: whoever
 * sees the bit may touch the memory. */
static bool chunk_is_committed(const owner_book *book, uint64_t chunk)
{
    uint64_t word = __atomic_load_n(&book->committed[chunk / 64], __ATOMIC_SEQ_CST);
    return (word >> (chunk % 64) & 1) != 0;
}

static bool chunk_commit(owner_book *book, uint64_t chunk)
{
    if (chunk_is_committed(book, chunk))
        return true;
    if (!hf_os_commit(chunk_address(book, chunk), CHUNK_BYTES))
        return false;
    __atomic_fetch_or(&book->committed[chunk / 64], UINT64_C(1) << (chunk % 64), __ATOMIC_SEQ_CST);
    return true;
}

static uint64_t window_index(const owner_window *window, unsigned step)
{
    return (window->start + step) & window->wrap;
}

static owner_entry *entry_at(owner_book *book, uint64_t index)
{
    void *chunk = chunk_address(book, index / CHUNK_ENTRIES);
    return (owner_entry *)chunk + index % CHUNK_ENTRIES;
}

/* The entry at a step of the window, NULL where nothing was ever entered. */
static owner_entry *window_entry(const owner_window *window, unsigned step)
{
    uint64_t index = window_index(window, step);
    if (!chunk_is_committed(window->book, index / CHUNK_ENTRIES))
        return NULL;
    return entry_at(window->book, index);
}

/* Seq_cst, for conclusion 3; as an acquire its partner is the release store of 0 in entry_free, as
 * a release its partner is the first load in entry_owner (conclusion 2). */
static bool entry_take(owner_entry *entry, uint64_t owner)
{
    uint64_t free_owner = 0;
    return __atomic_compare_exchange_n(&entry->owner, &free_owner, owner, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/* Takes the first free entry of the window; NULL when there is none, or no memory for it. */
static owner_entry *window_take(const owner_window *window, uint64_t owner)
{
    for (unsigned step = 0; step < WINDOW_ENTRIES; step++) {
        uint64_t index = window_index(window, step);
        if (!chunk_commit(window->book, index / CHUNK_ENTRIES))
            return NULL;
        owner_entry *entry = entry_at(window->book, index);
        if (entry_take(entry, owner))
            return entry;
    }
    return NULL;
}

/* Gives an entry back.  The release store orders the cleared mark before the freed owner.  Partner:
 * the compare-and-swap in entry_take. */
static void entry_free(owner_entry *entry)
{
    __atomic_store_n(&entry->mark, UINT64_C(0), __ATOMIC_RELAXED);
    __atomic_store_n(&entry->owner, UINT64_C(0), __ATOMIC_RELEASE);
}

/* Who entered the mark here, 0 if nobody.  Owner, mark, owner: conclusion 1.  Seq_cst: conclusion
 * 3; partners are the compare-and-swap in entry_take and the store of the mark in hf_owners_enrol.
 */
static uint64_t entry_owner(const owner_entry *entry, uint64_t mark)
{
    uint64_t owner = __atomic_load_n(&entry->owner, __ATOMIC_SEQ_CST);
    if (owner == 0 || __atomic_load_n(&entry->mark, __ATOMIC_SEQ_CST) != mark)
        return 0;
    return __atomic_load_n(&entry->owner, __ATOMIC_SEQ_CST) == owner ? owner : 0;
}

static uint64_t owner_word(hf_handle handle, bool borrowed)
{
    return borrowed ? handle.bits & ~UINT64_C(1) : handle.bits;
}

static hf_handle owner_handle(uint64_t owner)
{
    return (hf_handle){owner | 1};
}

static hf_handle window_find(const owner_window *window, hf_handle except, bool borrowed)
{
    for (unsigned step = 0; step < WINDOW_ENTRIES; step++) {
        const owner_entry *entry = window_entry(window, step);
        uint64_t owner = entry != NULL ? entry_owner(entry, window->mark) : 0;
        if (owner == 0 || hf_handle_equal(owner_handle(owner), except))
            continue;
        if (owner == owner_word(owner_handle(owner), borrowed))
            return owner_handle(owner);
    }
    return HF_NULL_HANDLE;
}

/* Whether this handle is entered here.  Relaxed: the caller's handle was enrolled by a call that
 * happened before, and nobody else strikes it. */
static bool entry_is_of(const owner_entry *entry, const owner_window *window, hf_handle handle)
{
    uint64_t owner = __atomic_load_n(&entry->owner, __ATOMIC_RELAXED);
    return owner != 0 && hf_handle_equal(owner_handle(owner), handle) &&
           __atomic_load_n(&entry->mark, __ATOMIC_RELAXED) == window->mark;
}

/* Enters a handle; false when there is no room or no memory. */
static bool window_enrol(const owner_window *window, uint64_t owner)
{
    owner_entry *entry = window_take(window, owner);
    if (entry == NULL)
        return false;
    /* Seq_cst, for conclusion 3: before the reads that follow.  Partner: the same store and reads
     * of another thread that enrols this value. */
    __atomic_store_n(&entry->mark, window->mark, __ATOMIC_SEQ_CST);
    return true;
}

hf_handle hf_owners_enrol(hf_namespace *name_space, hf_value value, hf_handle handle, bool borrowed)
{
    if (!is_tracked(value))
        return HF_NULL_HANDLE;
    owner_book *book = book_of(name_space);
    if (book == NULL)
        book = book_create(name_space);
    owner_window window = window_of(name_space, book, value);
    if (book == NULL || !window_enrol(&window, owner_word(handle, borrowed)))
        __atomic_fetch_add(&name_space->untracked, UINT64_C(1), __ATOMIC_RELAXED);
    if (book == NULL || borrowed)
        return HF_NULL_HANDLE;
    return window_find(&window, handle, false);
}

void hf_owners_strike(hf_namespace *name_space, hf_value value, hf_handle handle)
{
    owner_book *book = book_of(name_space);
    if (book == NULL || !is_tracked(value))
        return;
    owner_window window = window_of(name_space, book, value);
    for (unsigned step = 0; step < WINDOW_ENTRIES; step++) {
        owner_entry *entry = window_entry(&window, step);
        if (entry != NULL && entry_is_of(entry, &window, handle)) {
            entry_free(entry);
            return;
        }
    }
}

hf_handle hf_owners_find(hf_namespace *name_space, hf_value value, hf_handle except, bool borrowed)
{
    owner_book *book = book_of(name_space);
    if (book == NULL || !is_tracked(value))
        return HF_NULL_HANDLE;
    owner_window window = window_of(name_space, book, value);
    return window_find(&window, except, borrowed);
}

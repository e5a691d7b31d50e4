/* The table: one flat array of slots in reserved address space, what each thread keeps of it, and
 * the way from a handle to its slot.
 *
 * Table structs lie in a pool that is never freed, and an idle one keeps its address space for the
 * next table of its size.  So whoever comes late (a leaver whose table was destroyed meanwhile, a
 * report that looks for a handle's table) reads memory that is there, and finds a state that is not
 * his. */
#ifndef HF_CORE_TABLE_H
#define HF_CORE_TABLE_H

#include "core/record.h"
#include "core/state.h"

#include <holdfast/lifetime.h>

enum { HF_DEFERRED_SLOTS = 32, HF_RANDOM_STACKS = 16, HF_TABLE_NAME_SIZE = 48 };

/* What a thread (by record) keeps of a table.  Written by its thread alone, with plain stores, but
 * for that of record 0, which all threads without a record share: see hf_count_up.  Read by all. */
typedef struct hf_local {
    /* The magazine: a list being used, and a full chain in reserve. */
    uint32_t list_head;
    uint32_t list_count;
    uint32_t spare_head; /* of a chain of HF_CHAIN slots, or 0 */
    uint64_t opened;
    uint64_t closed;
    uint64_t deferred;
    uint64_t promoted;
    uint64_t retired;
    uint64_t refused[HF_STATUS_COUNT];
    uint64_t reports[HF_REPORT_KIND_COUNT];
} __attribute__((aligned(128))) hf_local;

/* One place of the queue of free slots: see bag.c. */
typedef struct hf_queue_cell {
    uint64_t link; /* the next node plus 1, and a tag */
    uint32_t slot; /* what this node carries */
    uint32_t node; /* the node that this slot will use, plus 1; 0: that of its own number */
} hf_queue_cell;

/* Where free slots are kept that no magazine holds: see bag.c. */
typedef struct hf_bag {
    uint64_t tops[HF_RANDOM_STACKS]; /* stacks: index, and a tag against ABA */
    uint64_t queue_head;             /* first in, first out: the same */
    uint64_t queue_tail;
    hf_queue_cell *cells; /* of the queue, by index */
    uint64_t random;      /* the state of the pseudo-random order */
    uint64_t fresh;       /* the first index never used */
    uint64_t end;         /* indices below it may be used */
    uint64_t rest;        /* first in, first out: see hf_bag_set_rest */
} hf_bag;

typedef enum hf_table_phase {
    HF_TABLE_IDLE = 0, /* in the pool */
    HF_TABLE_STARTING, /* being created or cleaned */
    HF_TABLE_ENDING,   /* destroyed; to be cleaned when nobody pins it */
    HF_TABLE_OPEN,
    HF_TABLE_CLOSING, /* hf_table_shutdown was called: no new handles */
    HF_TABLE_GONE     /* destroyed; kept because somebody holds a handle */
} hf_table_phase;

struct hf_table {
    hf_table_head_ head; /* first: the inlined functions read it */
    uint32_t phase;      /* hf_table_phase */
    uint32_t pins;       /* see hf_table_pin */
    uint8_t level;       /* 0 to 3 */
    uint8_t reuse;       /* hf_reuse, what is really used */
    uint8_t protection;  /* hf_protection */
    bool skip_checks;
    hf_local *locals; /* by record */
    hf_bag bag;
    uint32_t plain_field;   /* of the first type whose owned handles need no cold record; 0: none */
    uint32_t flushed_types; /* bit b: the type of field 2 * b has HF_TYPE_FLUSH_AT_EXIT */
    uint32_t forked_types[HF_FORK_POISON + 1]; /* the same by hf_fork_policy, without INHERIT */
    uint64_t slot_capacity;                    /* reserved: a power of two */
    char *cold;                                /* see cold.h */
    uint64_t cold_limit;                       /* indices below it have committed cold records */
    uint64_t cold_stride;
    uint32_t cold_lives;                  /* in each record */
    uint64_t deferred[HF_DEFERRED_SLOTS]; /* handles to settle: see signal.c */
    uint32_t deferred_any;
    char name[HF_TABLE_NAME_SIZE];
};

static inline hf_slot_ *hf_slot_at(const hf_table *table, uint32_t index)
{
    return &table->head.slots[index];
}

static inline uint64_t hf_state_load(const hf_slot_ *slot)
{
    /* Acquire: partner is whoever released the state last: open, a leaver, the closer. */
    return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
}

/* The slot that a handle names, NULL when it names none of this table.  *raw is the handle without
 * the table's secret. */
static inline hf_slot_ *hf_slot_find(const hf_table *table, hf_handle handle, uint64_t *raw)
{
    *raw = handle.bits ^ table->head.secret;
    uint64_t place = HF_PLACE_(*raw);
    /* Acquire: partner is the release when slots are committed. */
    if (place >= __atomic_load_n(&table->head.place_limit, __ATOMIC_ACQUIRE) ||
        (*raw & HF_HANDLE_MARK_) == 0)
        return NULL;
    return HF_SLOT_AT_(&table->head, place);
}

static inline hf_handle hf_handle_of(const hf_table *table, uint64_t raw)
{
    return (hf_handle){raw ^ table->head.secret};
}

/* The type that has a field; NULL: none. */
static inline const hf_type *hf_type_of_field(const hf_table *table, uint32_t field)
{
    return (const hf_type *)__atomic_load_n(&table->head.types[field], __ATOMIC_RELAXED);
}

/* The type of a handle or state that is known to be this table's. */
static inline const hf_type *hf_type_of(const hf_table *table, uint64_t word)
{
    return hf_type_of_field(table, hf_word_type(word));
}

/* The even type field of a type, entered now if it is new; 0 when the table has no room for it. */
uint32_t hf_type_field_slow(hf_table *table, const hf_type *type);

static inline uint32_t hf_type_field(hf_table *table, const hf_type *type)
{
    /* Most tables hold one type, and the odd field is written last. */
    const uint32_t first = 2;
    if (__atomic_load_n(&table->head.types[first | HF_TYPE_COLD], __ATOMIC_ACQUIRE) == type)
        return first;
    return hf_type_field_slow(table, type);
}

/* Whether the table takes operations. */
static inline bool hf_table_is_usable(const hf_table *table)
{
    uint32_t phase = __atomic_load_n(&table->phase, __ATOMIC_RELAXED);
    return phase == HF_TABLE_OPEN || phase == HF_TABLE_CLOSING;
}

/* Whether it was created, and its memory not given back. */
static inline bool hf_table_is_in_use(const hf_table *table)
{
    /* Acquire: the table is whole.  Partner: the release in create. */
    return __atomic_load_n(&table->phase, __ATOMIC_ACQUIRE) >= HF_TABLE_OPEN;
}

/* This thread's part of the table. */
static inline hf_local *hf_local_of(hf_table *table)
{
    return &table->locals[hf_this_thread.record];
}

/* Adds one to a counter of `local`: by its thread alone, but for the local of record 0. */
static HF_ALWAYS_INLINE_ void hf_count_up(const hf_table *table, const hf_local *local,
                                          uint64_t *counter)
{
    if (__builtin_expect(local == table->locals, 0)) {
        (void)__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
        return;
    }
    uint64_t count = __atomic_load_n(counter, __ATOMIC_RELAXED);
    __atomic_store_n(counter, count + 1, __ATOMIC_RELAXED);
}

/* For those who look at every slot that was ever used: indices from 1 up to, and without, this. */
static inline uint32_t hf_slots_end(const hf_table *table)
{
    return (uint32_t)__atomic_load_n(&table->bag.fresh, __ATOMIC_RELAXED);
}

/* The handle that a slot holds now, without its secret; 0 when it is free or retired. */
static inline uint64_t hf_raw_at(const hf_table *table, uint32_t index, uint64_t *state)
{
    *state = hf_state_load(hf_slot_at(table, index));
    return hf_word_type(*state) == 0 || hf_state_is_free(*state) ? 0
                                                                 : hf_raw_of_state(*state, index);
}

/* Keeps a table what it is for one who looks at tables that are not his: it may be destroyed
 * meanwhile, but is not cleaned before the unpin.  Waits for nothing.  Noted (HF_NOTE_PIN), so that
 * pins nest with notes.  False: not in use. */
bool hf_table_pin(hf_table *table);
void hf_table_unpin(hf_table *table);

/* In the child of a fork: the unpin of a thread that is gone. */
void hf_table_drop_pin(hf_table *table);

/* Gives the table's memory back to the pool, zeroed, or keeps it for ever if `held`. */
void hf_table_retire(hf_table *table, bool held);

#endif

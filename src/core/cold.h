/* Cold records: what is known of a handle beyond its value.
 *
 * They lie in an array parallel to the slots, committed as far as it is used.  A handle whose type
 * field is odd has one: because it is borrowed, has a parent, a label, a group, a namespace or
 * an identity, or because the table's level asks for stacks.  One whose type field is even may come
 * by one when it is closed, for its completion alone.  Each record keeps the last lives of its
 * slot, newest and older, so that a report on a stale handle can tell who opened and who closed it.
 *
 * Fields are written by the thread that opens or closes the life and may be read by any at any
 * time; a reader checks the generation before and after. */
#ifndef HF_CORE_COLD_H
#define HF_CORE_COLD_H

#include "core/table.h"
#include "platform/sanitizer.h"

#include <holdfast/dispatch.h>

enum { HF_COLD_REFERENCES = 8 };

typedef struct hf_cold_life {
    uint64_t raw; /* the handle without its secret; 0: being written, or none */
    uint64_t value;
    const char *label;
    uint64_t parent; /* a handle, or 0 */
    uint64_t opened; /* hf_trace, packed */
    uint64_t closed;
    uint64_t borrowed;
} hf_cold_life;

typedef struct hf_cold {
    uint32_t children; /* how many open handles name this slot as their parent */
    uint32_t newest;   /* which of the lives */
    uint32_t identified;
    uint32_t group;    /* of the life that the slot holds: see group.h; 0: none */
    uint64_t then_raw; /* the handle, without its secret, that the completion belongs to */
    hf_completion then;
    void *then_context;
    hf_identity identity;
    uint64_t references[HF_COLD_REFERENCES]; /* hf_trace of live references, packed, at level 3 */
    hf_cold_life lives[];
} hf_cold;

/* How many lives a record of this level keeps, and how many bytes it takes. */
uint32_t hf_cold_lives(unsigned level);
uint64_t hf_cold_stride(unsigned level);

/* How many bytes of the array are committed: whole pages. */
size_t hf_cold_bytes(const hf_table *table);

/* Makes sure that the record of a slot that is the caller's exists and may be touched.  May commit
 * memory.  False: out of memory. */
bool hf_cold_commit_slow(hf_table *table, uint32_t index);

static inline bool hf_cold_commit(hf_table *table, uint32_t index)
{
    /* Acquire: the memory is there.  Partner: the release where the limit grows. */
    bool is_there = index < __atomic_load_n(&table->cold_limit, __ATOMIC_ACQUIRE) && !hf_poisons();
    return HF_LIKELY(is_there) || hf_cold_commit_slow(table, index);
}

/* Poisons the record of a slot that becomes free.  What reads it for the sake of a stale handle
 * lies in cold.c, which is never instrumented. */
void hf_cold_hide(const hf_table *table, uint32_t index);

/* The same for all records of a table that nobody uses. */
void hf_cold_hide_all(const hf_table *table);

/* The record of a slot, or NULL if none was ever committed. */
hf_cold *hf_cold_at(const hf_table *table, uint32_t index);

/* Copies a life that a slot's record keeps, by its place in the record; false: there is none. */
bool hf_cold_read(const hf_table *table, uint32_t index, uint32_t number, hf_cold_life *copy);

static inline bool hf_raw_has_cold(uint64_t raw)
{
    return (hf_word_type(raw) & HF_TYPE_COLD) != 0;
}

/* This call, for the records of a table that keeps stacks. */
static inline hf_trace hf_cold_trace(const hf_table *table, hf_site site)
{
    return table->level != 0 ? hf_event_trace(site) : (hf_trace){0, 0};
}

/* Starts a new life.  The record exists; the slot is the caller's. */
void hf_cold_open(hf_table *table, uint64_t raw, hf_value value, const hf_open_options *options,
                  hf_trace opened);

/* The same of an owned one without parent and group. */
void hf_cold_open_plain(hf_table *table, uint64_t raw, hf_value value, const char *label,
                        hf_trace opened);

/* The value of a life that was reserved. */
void hf_cold_set_value(hf_table *table, uint64_t raw, hf_value value);

/* Writes the completion of a handle that is closed, with THEN, and not sealed yet: it is the
 * closer's alone, and nobody reads it before SEALED.  The record exists. */
void hf_cold_set_then(hf_table *table, uint64_t raw, hf_completion then, void *context);

/* Reads the completion of a claimed handle; NULL when it was never written, because the process was
 * forked in between. */
hf_completion hf_cold_then(const hf_table *table, uint64_t raw, void **context);

/* Notes who closed a life.  The caller holds the handle.  Answers whether nothing is recorded of it
 * that its end must heed, if its type is in no namespace: it is owned, and has no identity, no
 * parent and no group. */
bool hf_cold_close(hf_table *table, uint64_t raw, hf_trace closed);

/* Whether a life is borrowed, and its parent.  False and null without a record. */
bool hf_cold_is_borrowed(const hf_table *table, uint64_t raw);
hf_handle hf_cold_parent(const hf_table *table, uint64_t raw);

/* The group of the handle that a slot holds now, 0 for none.  It may have changed when one looks at
 * the answer. */
uint32_t hf_cold_group(const hf_table *table, uint32_t index);

/* Whether a slot holds a member of that group; then *raw is its handle without the secret. */
bool hf_cold_is_of_group(const hf_table *table, uint32_t index, uint32_t group, uint64_t *raw);

/* How many children an open slot has. */
uint32_t hf_cold_children(const hf_table *table, uint64_t raw);

/* Notes a reference at level 3; answers what hf_cold_drop_reference wants, 0 if there was no room.
 */
uint64_t hf_cold_note_reference(hf_table *table, uint64_t raw, hf_trace taken);
void hf_cold_drop_reference(hf_table *table, uint64_t raw, uint64_t note);

/* All that is known of a handle for a report.  `raw` looked like one of this table's. */
hf_event_party hf_cold_party(const hf_table *table, uint64_t raw);

/* Whether a trace wants to know of this table's handles: of those for which stacks are recorded.
 * While a trace is written, no table is made for which they are not. */
static inline bool hf_cold_is_traced(const hf_table *table)
{
    return table->level != 0 && __builtin_expect(hf_event_lives(), 0);
}

static inline uint64_t hf_trace_pack(hf_trace trace)
{
    return (uint64_t)trace.thread << 32 | trace.stack;
}

static inline hf_trace hf_trace_unpack(uint64_t packed)
{
    return (hf_trace){.stack = (uint32_t)packed, .thread = (uint32_t)(packed >> 32)};
}

#endif

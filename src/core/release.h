/* From "nobody holds it any more" to "released and free": who may release, and how. */
#ifndef HF_CORE_RELEASE_H
#define HF_CORE_RELEASE_H

#include "core/cold.h"

/* One handle at work. */
typedef struct hf_subject {
    hf_table *table;
    hf_slot_ *slot;
    uint64_t raw;
    hf_handle handle;
} hf_subject;

/* Looks whether the value may be released now, and wins the right to do so: true to exactly one
 * caller in a life, who is then inside the handle (hf_inside_begin) until its slot is free.  False:
 * somebody holds it, the closer has not passed its barrier, it is another's to release, or (for a
 * caller that is not the waiter) a waiter is there, who is woken.
 */
bool hf_claim(const hf_subject *subject, bool as_waiter);

/* The same by a view of the hazards that was taken after the handle was sealed; NULL: look now. */
bool hf_claim_in_view(const hf_subject *subject, bool as_waiter, const hf_view *view);

/* Releases a claimed value, frees the slot, drops the parent, which may fall to us as well, and
 * bids farewell (farewell.h).  `result` may be NULL. */
void hf_finish(const hf_subject *subject, hf_close_result *result, hf_site site);

/* The same for a value that its closer claimed at once, so that no completion can be due. */
void hf_finish_at_once(const hf_subject *subject, hf_close_result *result, hf_site site);

/* The second half of that, for a value that left the table by another way. */
void hf_release_slot(const hf_subject *subject, hf_site site);

/* Gives back a claimed value of a type that has release_at_exit by that function, without a word
 * about its borrowers, who are abandoned as well; the slot stays taken.  NOT_OWNED: it is somebody
 * else's by now, and reported as such. */
hf_close_result hf_release_at_exit(const hf_subject *subject, hf_site site);

/* Gives back what a child held of its parent, of which *next is then the subject.  False: it has
 * none. */
bool hf_drop_parent(hf_table *table, hf_handle parent, hf_subject *next);

/* Calls the type's unblock, inside a count of its own.  False: it could take none, because the
 * value is released or the count at its limit.  The last holder may leave meanwhile and find us, so
 * the caller looks again. */
bool hf_unblock(const hf_subject *subject);

/* What a leaver does that found a change: claim and finish, or defer that inside a signal handler,
 * or nothing at all when the process is exiting.  The caller has fenced. */
void hf_settle(const hf_subject *subject, hf_site site);

/* Whether a release must not run on this thread now; as a word, for a test together with others. */
static inline uint32_t hf_defer_word(void)
{
    return hf_this_thread.signal_depth | hf_gate_busy();
}

static inline bool hf_must_defer(void)
{
    return hf_defer_word() != 0;
}

/* Gives a count back; settles if it was the last.  False: there was none to give. */
bool hf_drop(const hf_subject *subject, hf_site site);

/* The two halves of that: what belongs into a window, and what does not.  *left is the state. */
bool hf_give_count(const hf_subject *subject, uint64_t *left);
void hf_settle_count(const hf_subject *subject, uint64_t left, hf_site site);

/* Frees a claimed slot. */
void hf_recycle(const hf_subject *subject);

/* In the child of a fork: ends the life of a handle that another thread had claimed.  The value
 * counts as released.  Answers the parent, which may be claimable now, or the null handle. */
hf_handle hf_release_orphan(const hf_subject *subject);

/* The same for a slot that another thread had taken, or reserved, for a handle that never was. */
void hf_free_orphan(const hf_subject *subject, hf_value value);

/* The subject of a handle that is known to be the table's. */
static inline hf_subject hf_subject_of(hf_table *table, uint64_t raw)
{
    return (hf_subject){.table = table,
                        .slot = hf_slot_at(table, hf_raw_index(raw)),
                        .raw = raw,
                        .handle = hf_handle_of(table, raw)};
}

/* The subject of any handle; false when it names no slot of the table. */
static inline bool hf_subject_find(hf_table *table, hf_handle handle, hf_subject *out)
{
    out->table = table;
    out->handle = handle;
    out->slot = table != NULL ? hf_slot_find(table, handle, &out->raw) : NULL;
    return out->slot != NULL;
}

#endif

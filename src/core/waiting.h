/* Who waits for what, and with what in hand: the nodes and edges that deadlock.c searches. */
#ifndef HF_CORE_WAITING_H
#define HF_CORE_WAITING_H

#include "core/table.h"

#include <holdfast/lock.h>

/* Waits that are known at once; further ones are not part of the search. */
enum { HF_WAITINGS = 1024 };

typedef enum hf_awaited_kind {
    HF_AWAITED_HANDLE = 1, /* until it is released */
    HF_AWAITED_LOCK        /* of the user */
} hf_awaited_kind;

typedef struct hf_awaited {
    hf_awaited_kind kind;
    uint64_t word;   /* the handle, or the address of the lock */
    hf_table *table; /* of the handle */
} hf_awaited;

/* What a thread held when it began to wait, as bits and a count over the places of its record.  A
 * waiting thread leaves nothing, and what an unblock function or a signal handler of it enters
 * meanwhile takes free places, so these tell what it will go on holding. */
typedef struct hf_holds {
    uint64_t held;
    uint32_t hazards;
    uint32_t locks;
    uint32_t inside; /* how many functions of handles */
} hf_holds;

/* A wait.  A thread has several when the unblock function of one wait waits itself. */
typedef struct hf_waiting {
    uint32_t sequence; /* changes with each wait of this number */
    uint32_t record;
    hf_awaited awaited;
    hf_trace where; /* stack 0: not recorded, because the wait did not look like blocking */
    hf_holds holds;
} hf_waiting;

/* A wait of this thread that begins now, not yet published. */
hf_waiting hf_waiting_make(uint32_t record, const hf_awaited *awaited, hf_trace where);

/* Publishes it, and fences: what this thread reads afterwards is no older than the publication.
 * Answers its number; 0: all are taken, and the wait stays unseen. */
uint32_t hf_waiting_publish(const hf_waiting *own);

/* Takes a publication back.  0 is allowed. */
void hf_waiting_end(uint32_t number);

/* The published waits, one after the other: the first after `number`, 0 when there is none. */
uint32_t hf_waiting_next(uint32_t number);

/* Copies a wait; false if it is not, or not wholly, published. */
bool hf_waiting_read(uint32_t number, hf_waiting *out);

/* Whether who waits so holds what is awaited, itself or by a child of it; then *how (may be NULL)
 * tells how. */
bool hf_waiting_holds(const hf_waiting *who, const hf_awaited *awaited, hf_event_holder *how);

/* Adds to a holder what its thread waits for, if it does. */
void hf_waiting_describe(const hf_waiting *from, hf_event_holder *holder);
void hf_waiting_describe_thread(hf_event_holder *holder);

/* Forgets the locks and waits of whoever had a record before. */
void hf_waiting_forget(uint32_t record);

/* The locks that a thread has.  Adding one beyond HF_LOCKS_PER_THREAD, and removing one that is not
 * there, do nothing. */
void hf_locks_add(uint32_t record, const void *lock, uint32_t stack);
void hf_locks_remove(uint32_t record, const void *lock);

#endif

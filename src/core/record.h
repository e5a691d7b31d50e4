/* Thread records: which handles each thread protects.
 *
 * A thread that enters its first region takes a record: one line of hazard slots, and a list of the
 * handles that it holds by count (for the sake of deadlock checks and reports only).  Lines lie
 * densely in one array, with a bitmap of those in use, so that a scan costs what the threads that
 * exist cost, not the peak.  Record 0 is nobody's.
 *
 * Hazards hold whole handles, generation included; handles of different tables differ, because live
 * tables have different secrets. */
#ifndef HF_CORE_RECORD_H
#define HF_CORE_RECORD_H

#include "core/event.h"
#include "platform/fence.h"
#include "platform/platform.h"

#include <holdfast/region.h>

enum { HF_FINDINGS = 64, HF_RECORDS = 1024, HF_HELD_PER_THREAD = 64, HF_INSIDE_PER_THREAD = 16 };

/* A stale handle that a thread was refused at some place, remembered so that the same refusal is
 * merely counted: see refuse.h. */
typedef struct hf_finding {
    const void *table;
    uint64_t handle; /* 0: none */
    hf_site site;
    uintptr_t caller;
    const hf_slot_ *slot;
    uint64_t state;    /* of the slot: as long as it is the same, so is the answer */
    uint64_t *refused; /* this thread's counters */
    uint64_t *reports; /* NULL: ignored by policy */
    uint32_t epoch;    /* of the report side's policies */
} hf_finding;

typedef struct hf_record {
    uint64_t held[HF_HELD_PER_THREAD];       /* handles held by counted regions */
    uint32_t held_stack[HF_HELD_PER_THREAD]; /* where they were entered, at level 3 */
    uint64_t inside[HF_INSIDE_PER_THREAD];   /* handles of which a function runs */
    uint32_t inside_count;
    uint32_t thread;                  /* of the report side's thread store; 0 unknown */
    hf_finding findings[HF_FINDINGS]; /* by the caller's address */
} hf_record;

/* What a thread knows of itself. */
typedef struct hf_thread {
    uint32_t record;       /* its record, 0 if it has none */
    uint32_t signal_depth; /* hf_signal_begin without hf_signal_end */
    uint32_t unlisted;     /* what its record has no room to list: see hf_record_holds */
    uint32_t busy;         /* inside a section that a signal handler must not enter again */
} hf_thread;

extern __thread hf_thread hf_this_thread __attribute__((tls_model("initial-exec")));

/* Bracket a section that a signal handler on this thread must not enter again: what it would have
 * released meanwhile is deferred. */
static inline void hf_busy_begin(void)
{
    hf_this_thread.busy++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void hf_busy_end(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hf_this_thread.busy--;
}

/* This thread's record, taken now if it has none; 0 when all are taken. */
uint32_t hf_record_take(void);

static inline uint32_t hf_record_current(void)
{
    uint32_t record = hf_this_thread.record;
    return __builtin_expect(record != 0, 1) ? record : hf_record_take();
}

/* The hazard lines and records by number; number 0 is nobody's. */
extern uint64_t hf_hazard_lines[HF_RECORDS + 1][HF_HAZARDS_PER_THREAD_];
extern hf_record hf_records[HF_RECORDS + 1];

static inline uint64_t *hf_record_hazards(uint32_t record)
{
    return hf_hazard_lines[record];
}

static inline hf_record *hf_record_at(uint32_t record)
{
    return &hf_records[record];
}

/* Bracket a call of a handle's release, unblock or completion function, so that deadlock checks of
 * any thread see it.  They nest.  Begin answers what end wants. */
static inline uint32_t hf_inside_begin(uint64_t handle)
{
    uint32_t own = hf_record_current();
    hf_record *record = &hf_records[own];
    uint32_t count = record->inside_count;
    if (__builtin_expect(own == 0 || count == HF_INSIDE_PER_THREAD, 0)) {
        hf_this_thread.unlisted++;
        return HF_INSIDE_PER_THREAD;
    }
    __atomic_store_n(&record->inside[count], handle, __ATOMIC_RELAXED);
    record->inside_count = count + 1;
    return count;
}

static inline void hf_inside_end(uint32_t begun)
{
    if (__builtin_expect(begun == HF_INSIDE_PER_THREAD, 0)) {
        hf_this_thread.unlisted--;
        return;
    }
    hf_record *record = &hf_records[hf_this_thread.record];
    record->inside_count = begun;
    __atomic_store_n(&record->inside[begun], UINT64_C(0), __ATOMIC_RELAXED);
}

/* The thread of a record, for the report side.  The record may be taken by another meanwhile. */
static inline uint32_t hf_record_thread(uint32_t record)
{
    return __atomic_load_n(&hf_records[record].thread, __ATOMIC_RELAXED);
}

/* Publishes or clears a hazard and orders that store before the caller's later loads.
 * Partner: hf_record_barrier on the closer's side. */
void hf_hazard_store(uint64_t *hazard, uint64_t handle);

/* The closer's side: after this, every hazard that was published before a thread could see the
 * closer's last write to the state is visible to a scan.  Skipped when this thread is the only one
 * with a record. */
void hf_record_barrier(void);

/* Whether any thread's hazard slot holds this handle.  The caller has fenced. */
bool hf_record_scan(uint64_t handle);

/* All hazards at one moment, for those who ask about many handles. */
enum { HF_VIEW_SIZE = 64 };
typedef struct hf_view {
    uint64_t handles[HF_VIEW_SIZE];
    uint32_t count;
    bool whole; /* false: there was no room for all */
} hf_view;

/* Takes a view.  The caller has fenced after it sealed the handles that it will ask about: what is
 * not in the view then never protects one of them again. */
void hf_view_take(hf_view *view);

/* Whether the handle was, or for all the view knows may be, in a hazard slot. */
static inline bool hf_view_holds(const hf_view *view, uint64_t handle)
{
    for (uint32_t i = 0; i < view->count; i++)
        if (view->handles[i] == handle)
            return true;
    return !view->whole && hf_record_scan(handle);
}

/* Whether this very thread is inside a region of the handle, or inside its release or unblock
 * function: then it must not wait for the handle.  A thread with unlisted regions may be. */
bool hf_record_holds(uint64_t handle);

/* Calls visit for each handle that this very thread is inside of, as above, until it answers false;
 * for one that is listed twice, twice. */
void hf_record_visit_own(bool (*visit)(void *context, uint64_t handle), void *context);

/* Calls visit for each region of a handle, of any thread, until it answers false. */
typedef bool (*hf_record_visitor)(void *context, const hf_event_holder *holder);
void hf_record_visit(uint64_t handle, hf_record_visitor visit, void *context);

#endif

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
#include "platform/gate.h"
#include "platform/platform.h"

#include <holdfast/region.h>

enum {
    HF_FINDINGS = 64,
    HF_RECORDS = 1024,
    HF_HELD_PER_THREAD = 64,
    HF_INSIDE_PER_THREAD = 16,
    HF_NOTES_PER_THREAD = 16
};

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

/* What a thread is in the midst of, where that takes longer than a window (platform/gate.h) because
 * a function of the user runs: for the child of a fork, in which nobody goes on with it. */
typedef enum hf_note_kind {
    HF_NOTE_NONE = 0,
    HF_NOTE_OPEN,   /* took the slot, and will publish the handle */
    HF_NOTE_COMMIT, /* has begun to commit it */
    HF_NOTE_COUNT,  /* holds a count of it, on the library's own behalf */
    HF_NOTE_CHILD,  /* the same, for a child that is being opened */
    HF_NOTE_CLOSE,  /* closes it or waits for it */
    HF_NOTE_TABLE,  /* closes many handles of a table, whose address is noted */
    HF_NOTE_PIN     /* has pinned a table, whose address is noted */
} hf_note_kind;

typedef struct hf_note {
    uint64_t subject; /* a handle, or the address of a table; 0: none */
    uint32_t kind;    /* hf_note_kind */
} hf_note;

typedef struct hf_record {
    uint64_t held[HF_HELD_PER_THREAD];       /* handles held by counted regions */
    uint32_t held_stack[HF_HELD_PER_THREAD]; /* where they were entered, at level 3 */
    uint64_t inside[HF_INSIDE_PER_THREAD];   /* handles of which a function runs: hf_inside_at */
    uint32_t window;                         /* platform/gate.h */
    uint32_t thread;                         /* of the report side's thread store; 0 unknown */
    hf_note notes[HF_NOTES_PER_THREAD];
    hf_finding findings[HF_FINDINGS]; /* by the caller's address */
} hf_record;

/* What a thread knows of itself. */
typedef struct hf_thread {
    uint32_t record;       /* its record, 0 if it has none */
    uint32_t signal_depth; /* hf_signal_begin without hf_signal_end */
    uint32_t unlisted;     /* what its record has no room to list: see hf_record_holds */
    uint32_t inside;       /* how many hf_inside_begin without hf_inside_end */
    uint32_t notes;        /* how many hf_note_begin without hf_note_end */
} hf_thread;

extern __thread hf_thread hf_this_thread __attribute__((tls_model("initial-exec")));

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

/* Bracket a window, HF_WINDOW or HF_WINDOW_BUSY.  Begin answers what end wants. */
static HF_ALWAYS_INLINE_ hf_window hf_window_begin(uint32_t window)
{
    /* First, so that nobody takes a record inside a window. */
    if (__builtin_expect(hf_gate_word == &hf_gate_no_word, 0))
        (void)hf_record_current();
    return hf_gate_enter(window);
}

static HF_ALWAYS_INLINE_ void hf_window_end(hf_window window)
{
    hf_gate_leave(window);
}

/* Bracket the time from before a handle is claimed until its slot is free again, and calls of its
 * unblock and completion functions, so that deadlock checks of any thread and the child of a fork
 * see it.  They nest. */
void hf_inside_begin_slow(uint64_t handle);

static HF_ALWAYS_INLINE_ void hf_inside_begin(uint64_t handle)
{
    uint32_t own = hf_this_thread.record;
    uint32_t count = hf_this_thread.inside;
    if (__builtin_expect(own == 0 || count >= HF_INSIDE_PER_THREAD, 0)) {
        hf_inside_begin_slow(handle);
        return;
    }
    hf_this_thread.inside = count + 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler takes the next place */
    /* Release: no later than the claim.  Partner: a fork. */
    __atomic_store_n(&hf_records[own].inside[count], handle, __ATOMIC_RELEASE);
}

void hf_inside_end_slow(uint64_t handle);

static HF_ALWAYS_INLINE_ void hf_inside_end(uint64_t handle)
{
    /* The slot is freed before the look at the place, as far as the compiler is concerned. Partner:
     * the barrier in hf_inside_await. */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    uint32_t last = hf_this_thread.inside - 1;
    uint64_t *place = &hf_records[hf_this_thread.record].inside[last % HF_INSIDE_PER_THREAD];
    if (__builtin_expect(last >= HF_INSIDE_PER_THREAD ||
                             __atomic_load_n(place, __ATOMIC_RELAXED) != handle,
                         0)) {
        hf_inside_end_slow(handle);
        return;
    }
    __atomic_store_n(place, UINT64_C(0), __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hf_this_thread.inside = last;
}

/* The handle that a thread is inside of; 0: none.  Without its mark, which handles have, somebody
 * waits for the end of that. */
static inline uint64_t hf_inside_at(const hf_record *record, uint32_t place)
{
    uint64_t word = __atomic_load_n(&record->inside[place], __ATOMIC_RELAXED);
    return word != 0 ? word | HF_HANDLE_MARK_ : 0;
}

/* Asks those who are inside the handle to wake its waiters when they are not any more: see
 * inside.c.  The caller looks afterwards whether that has happened already. */
void hf_inside_await(uint64_t handle);

/* Bracket what a note tells.  They nest. */
void hf_note_begin(hf_note_kind kind, uint64_t subject);
void hf_note_end(void);

/* Makes the last note one of another kind. */
void hf_note_change(hf_note_kind kind);

/* Whether this very thread has a note of that kind. */
bool hf_note_is_own(hf_note_kind kind, uint64_t subject);

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

/* Whether no other thread has a record.  The caller has fenced. */
bool hf_record_is_alone(void);

/* The same barrier for one who has made that write, and all that the barrier is for, by
 * read-modify-writes of his own.  Inline, because each function that is to be returned from after a
 * system call is a return that the processor, whose memory of calls is then the kernel's, does not
 * foresee. */
static inline void hf_record_barrier_after_rmw(void)
{
    hf_full_fence_after_rmw(); /* partner: hf_record_take */
    if (!hf_record_is_alone())
        hf_os_barrier_heavy();
}

/* To be called before a hazard is published in another slot than the first of a record's line. */
void hf_record_deepen(uint32_t record);

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

/* Whether this very thread is inside a region of the handle, or inside one of its functions: then
 * it must not wait for the handle.  A thread with unlisted regions may be. */
bool hf_record_holds(uint64_t handle);

/* Calls visit for each handle that this very thread is inside of, as above, until it answers false;
 * for one that is listed twice, twice. */
void hf_record_visit_own(bool (*visit)(void *context, uint64_t handle), void *context);

/* Whether this very thread is between a claim of the handle and the end of its slot's life, or
 * inside its unblock or completion function. */
bool hf_record_is_inside(uint64_t handle);

/* For a fork, with the gate shut: remembers which records are taken.  Then, in the child: whether a
 * record was remembered and belongs to another thread; and the end of such a record, whose regions
 * have been left. */
void hf_record_remember(void);
bool hf_record_is_orphan(uint32_t record);
void hf_record_bury(uint32_t record);

/* The highest record that was ever taken. */
uint32_t hf_record_peak(void);

/* Poisons the records that were never taken.  One that is being taken at this moment may stay
 * poisoned, which does no harm: only the library touches it, and is not checked. */
void hf_record_hide_unused(void);

/* Whether a record is taken. */
bool hf_record_is_taken(uint32_t record);

/* Calls visit for each region of a handle, of any thread, until it answers false. */
typedef bool (*hf_record_visitor)(void *context, const hf_event_holder *holder);
void hf_record_visit(uint64_t handle, hf_record_visitor visit, void *context);

#endif

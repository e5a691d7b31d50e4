/* What core tells the report side, and nothing else: the one narrow door between the two.
 *
 * Core calls these functions; src/report implements them and never calls back into core. Everything
 * that a report needs is therefore in the event. */
#ifndef HF_CORE_EVENT_H
#define HF_CORE_EVENT_H

#include <holdfast/report.h>

/* A *site* is the frame address of an exported function: on every supported machine frame[0] is the
 * caller's frame and frame[1] the return address, so that it names the user's call.  The library is
 * always built with frame pointers. */
typedef const void *hf_site;
#define HF_SITE() ((hf_site)__builtin_frame_address(0))

/* A moment that was recorded: numbers of the report side's stores.  0: nothing recorded. */
typedef struct hf_trace {
    uint32_t stack;
    uint32_t thread;
} hf_trace;

typedef struct hf_event_party {
    hf_handle handle; /* null: no such party */
    hf_value value;
    const char *type_name;  /* or NULL */
    const char *label;      /* or NULL */
    const char *group_name; /* or NULL */
    hf_trace opened;
    hf_trace closed;
} hf_event_party;

/* One that holds something: see hf_report_holder. */
typedef struct hf_event_holder {
    hf_trace entered; /* stack 0 below level 3 */
    hf_hold_kind hold;
    hf_handle held;
    const void *held_lock;
    hf_trace waits; /* thread 0: does not wait */
    hf_handle awaited;
    const void *awaited_lock;
} hf_event_holder;

typedef struct hf_event {
    hf_report_kind kind;
    const char *operation; /* "hf_close" */
    const char *table_name;
    const char *issuer_name; /* foreign-handle: the table that issued the handle; else NULL */
    hf_event_party subject;
    hf_event_party other;
    const char *other_role; /* or NULL */
    const hf_event_holder *holders;
    uint32_t holder_count;
    uint32_t references;
    int32_t error;
    uint32_t group_count;
} hf_event;

/* What is known of a handle whose value somebody asks about. */
enum { HF_HISTORIES = 8, HF_HISTORY_HOLDERS = 4 };

typedef struct hf_event_history {
    hf_event_party party;
    const char *table_name;
    const char *life; /* "open", "closing", "closed" */
    bool borrowed;
    uint32_t references; /* counted holders, those among `holders` included */
    uint32_t holder_count;
    hf_event_holder holders[HF_HISTORY_HOLDERS];
} hf_event_history;

typedef struct hf_event_description {
    uintptr_t address;
    uintptr_t block;   /* the block of the heap that it lies in, and its size */
    size_t block_size; /* 0: unknown */
    const char *part;  /* what of a table it lies in itself; or NULL */
    const char *table_name;
    uint32_t count; /* 0, and no part: nothing is known */
    hf_event_history histories[HF_HISTORIES];
} hf_event_description;

/* Writes a description as hf_describe_address does. */
size_t hf_event_describe(const hf_event_description *description, char *buffer, size_t size);

/* Writes it where reports go, as what follows a report of AddressSanitizer's on this thread. */
void hf_event_follow_report(const hf_event_description *description);

/* Whether the option describe asks for such a thing. */
bool hf_event_describes(void);

/* Judges a finding by its policy and reports it if need be: may call the hook, allocate, write and
 * abort.  Called with no lock held and no state half-changed.  `site` is the call that is wrong
 * now. Preserves errno. */
void hf_event_raise(const hf_event *event, hf_site site);

/* Whether findings of this kind are to be counted at all (policy other than ignore).  One load. */
bool hf_event_counts(hf_report_kind kind);

/* What a trace wants: 0 when none is written; else see report/trace_format.h. */
extern uint32_t hf_event_wanted_now;
static inline uint32_t hf_event_wanted(void)
{
    /* Acquire: the trace can be written to.  Partner: the release when it was begun. */
    return __atomic_load_n(&hf_event_wanted_now, __ATOMIC_ACQUIRE);
}

/* Whether it wants to be told of lives: who opens or closes a handle for which stacks are recorded
 * asks.  One load. */
enum { HF_EVENT_WANTS_LIVES = 2 };
static inline bool hf_event_lives(void)
{
    return (hf_event_wanted() & HF_EVENT_WANTS_LIVES) != 0;
}

/* Tells the trace what it takes to name the frames of a moment; true: it wants the record as well.
 * These three take no lock and allocate nothing. */
bool hf_event_traced(hf_trace moment);

/* For a trace: a handle was opened, or is being closed, or (`detached`) its value is handed out. */
void hf_event_opened(const hf_event_party *party, bool borrowed, const char *operation);
void hf_event_closed(hf_handle handle, hf_trace closed, bool detached, const char *operation);

/* The process is exiting: what is reported from now on must not wait without a bound for locks of
 * others (the loader's, malloc's). */
void hf_event_exit(void);

/* Records the calling thread and the stack that led to `site`.  No lock, no allocation beyond
 * committing reserved memory.  Called on every open and close at level 1 and above, so it must be
 * cheap: some 20 ns with frame pointers. */
hf_trace hf_event_trace(hf_site site);

/* Records the calling thread alone: its id and its name as of now.  Called once a thread. */
uint32_t hf_event_thread(void);

/* To be called in the child of a fork, by its only thread: locks that others held are free, and the
 * thread is recorded anew, for it has another id.  Answers as hf_event_thread. */
uint32_t hf_event_forked(void);

/* The system's id of a recorded thread; 0 for 0. */
uint64_t hf_event_thread_id(uint32_t thread);

/* A number that changes whenever a policy, the hook or an option changes; 0 while every finding
 * must be raised, also the same one again (print_all=1).  Core uses it to count the repetition of a
 * thread's last finding without raising it.  One load; 0 before the options were read as well. */
extern uint32_t hf_event_epoch_now;

static inline uint32_t hf_event_epoch(void)
{
    /* Acquire: partner is the release of whoever changed something. */
    return __atomic_load_n(&hf_event_epoch_now, __ATOMIC_ACQUIRE);
}

/* The level that HOLDFAST_OPTIONS asks for (0 to 3), or that the library was built for. */
unsigned hf_event_level(void);

#endif

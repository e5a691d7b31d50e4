/* A model of one timer queue: plain code that knows who is due, what is called with what, what is
 * freed and what is reported.  The earliest timer is looked for each time; what is to happen inside
 * one call of the library is worked out step by step, as the functions are called. */
#ifndef FUZZ_TIMER_MODEL_H
#define FUZZ_TIMER_MODEL_H

#include <holdfast/holdfast.h>

enum { INNER = 2, TIMERS = 400, LOADS = 600, NODES = 80, LIVES = (1 << HF_GENERATION_BITS_) - 1 };
#define NEVER INT64_MAX

/* One step of an input. */
typedef struct step {
    uint8_t operation;
    uint8_t target;
    uint8_t span;
    uint8_t period;
    uint8_t flags;
    struct {
        uint8_t operation;
        uint8_t target;
        uint8_t span;
    } inner[INNER]; /* done inside the function, once it is called */
} step;

/* One `data` of a timer. */
typedef struct load {
    step inner[INNER];
    unsigned calls; /* of functions that run with it now */
    unsigned frees;
    unsigned expected_frees;
    bool is_freed; /* it has a function that frees it */
} load;

typedef enum timer_phase {
    PHASE_IDLE,
    PHASE_ARMED,
    PHASE_DUE,
    PHASE_HELD,
    PHASE_ASIDE,
    PHASE_RESUMING
} timer_phase;

typedef enum timer_life { LIFE_OPEN, LIFE_CLOSING, LIFE_CLOSED } timer_life;

typedef struct timer {
    hf_timer handle;
    unsigned node; /* which slot */
    timer_life life;
    timer_phase phase;
    int64_t deadline;
    int64_t resume; /* RESUMING: when it is due next */
    int64_t delay;  /* -1: never set */
    int64_t period;
    uint64_t arming;   /* which setting of it */
    uint64_t inserted; /* equal deadlines: who came first */
    hf_timer_missed missed;
    bool close_when_done;
    bool runs;
    unsigned references;
    bool second; /* which of the two functions */
    load *data;
    load *ran; /* what the running function was called with, if that was replaced; else NULL */
} timer;

/* What begin took. */
typedef struct expiry {
    timer *t;
    uint64_t arming;
    int64_t deadline;
    uint64_t missed;
    bool called;
} expiry;

typedef struct batch {
    expiry expiries[HF_TIMER_BATCH];
    unsigned count;
    unsigned handled;
    int64_t now;
} batch;

/* A call of hf_timer_handle or hf_timer_run that is under way. */
typedef struct dispatch {
    struct dispatch *outer;
    batch *current;
    batch own; /* of a run */
    bool is_run;
    bool over; /* of a run: no other batch will follow */
    int64_t now;
    uint64_t last;         /* a run's: the last arming before it */
    unsigned aside[NODES]; /* and what it has put aside */
    unsigned aside_count;
    timer *called; /* whose function runs, or has returned last; NULL: none */
    load *with;
    bool second;
    const expiry *due;
    bool closes_after; /* an after-return action closes it */
    uint64_t calls;
} dispatch;

typedef struct model {
    int64_t reading; /* what the clock says */
    int64_t now;     /* the latest that the queue has read */
    int64_t expired; /* the latest that the order was told */
    int64_t drained; /* the same, when nothing else was due */
    bool closing;
    unsigned capacity;
    timer timers[TIMERS];
    unsigned timer_count;
    load loads[LOADS];
    unsigned load_count;
    uint64_t frees; /* sums over the data that were freed, and over those that should be */
    uint64_t expected_frees;
    uint32_t keys[NODES]; /* of slots, in the order of their first use */
    unsigned lives[NODES];
    timer *holders[NODES]; /* whose a slot is now; NULL: nobody's */
    bool is_aside[NODES];
    unsigned nodes;
    unsigned references; /* of all timers */
    uint64_t armings;
    uint64_t insertions;
    dispatch *top;
} model;

extern model world;

/* ---- single timers -------------------------------------------------------------------------- */

/* The queue reads its clock. */
int64_t model_read_clock(void);
int64_t model_later(int64_t moment, int64_t span);

/* How a call on a timer is answered (t NULL: with the null handle); expects the report. */
hf_status model_judge(const timer *t, bool closes, const char *operation);

/* What data add to the sums. */
uint64_t model_weight(const load *data);

bool model_has_room(void);
void model_open(timer *t, hf_timer handle);
void model_arm(timer *t, int64_t deadline);
void model_disarm(timer *t);
void model_close(timer *t);

/* A holder is gone: what was closed meanwhile is released. */
void model_let_go(timer *t);
void model_set_data(timer *t, load *fresh);
int64_t model_deadline(const timer *t);
uint64_t model_armed(void);

/* The earliest deadline of those in the order. */
int64_t model_earliest(void);

/* ---- dispatching ---------------------------------------------------------------------------- */

void model_begin(batch *b);
void model_end(batch *b);
void model_begin_run(dispatch *d);

/* What is called next; NULL: nothing, the call of the library returns. */
timer *model_advance(dispatch *d);

/* ---- reports -------------------------------------------------------------------------------- */

void model_expect_report(hf_report_kind kind, const timer *t, const char *operation);

#endif

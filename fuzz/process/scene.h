/* What an input of process_fuzz is played on, and what is known of it: two tables, cards that name
 * handles, and threads that do one step at a time. */
#ifndef FUZZ_PROCESS_SCENE_H
#define FUZZ_PROCESS_SCENE_H

#include "actor.h"
#include "fake.h"
#include "harness.h"

#include <holdfast/dispatch.h>
#include <holdfast/lock.h>
#include <holdfast/process.h>

enum {
    TABLES = 2,
    CARDS = 8,
    THREADS = 4, /* the first plays the input */
    HOLDS = 16,
    LOCKS = 3,
    NOBODY = -1
};

/* The kinds of values. */
enum {
    TYPE_INHERIT,
    TYPE_CLOSE,
    TYPE_POISON,
    TYPE_FLUSHED,
    TYPE_LOST, /* must be flushed, and has no function for it */
    TYPE_LENIENT,
    TYPE_UNBLOCKED,
    TYPE_NUMBERED_CLOSE, /* the last two are of one namespace */
    TYPE_NUMBERED_POISON,
    TYPES
};

typedef enum life { UNUSED, RESERVED, OPEN, CLOSED, SWEPT, OVER } life;

/* A handle, and what is foretold of it. */
typedef struct card {
    life life;
    int table;
    int type;
    int parent;    /* a card, or NOBODY */
    bool borrowed; /* the value is of its own, or of the card `owner` */
    int owner;
    bool in_group;
    bool orphan;   /* its table was destroyed */
    bool poisoned; /* closed, and not to be released in this process */
    bool in_doubt; /* whether its completion is called is not foretold */
    unsigned completions_due;
    unsigned completions;
    hf_handle handle;
    hf_value value; /* 0: none */
} card;

/* A region of a thread's, or a reference of nobody's. */
typedef struct hold {
    bool used;
    int card;
    int thread; /* NOBODY: a reference */
    hf_region region;
    hf_ref ref;
} hold;

typedef enum repose { IDLE, BLOCKED, AT_LOCK } repose;

typedef struct thread {
    actor *who;
    repose repose;
    int awaited; /* a card, or a lock; NOBODY: all of a table or of the group */
    hf_status status;
    void (*blocking)(struct thread *self);
    int table;
    int number; /* the system's, once it waits */
    int done;
} thread;

typedef struct scene {
    fake_world *world;
    hf_type types[TYPES];
    hf_table *tables[TABLES];
    hf_table_options options[TABLES];
    bool shut[TABLES];
    bool group_closing;
    hf_group *group;
    card cards[CARDS];
    hold holds[HOLDS];
    thread threads[THREADS];
    int lock_owner[LOCKS];
    char locks[LOCKS];
    bool is_child;
    bool exiting;
    bool failing; /* an allocation may fail in this step */
    unsigned forks_left;
    unsigned naps_left; /* waits that a step may spend in sleep */
    unsigned step;
    uint32_t reports[HF_REPORT_KIND_COUNT]; /* in this step; atomic */
    uint32_t due[HF_REPORT_KIND_COUNT];
    uint32_t allowed; /* a bit for each kind that may be reported besides */
} scene;

extern scene s;

#define MUST(condition)                                                                         \
    do {                                                                                        \
        if (!(condition))                                                                       \
            fuzz_fail("step %u%s: %s:%d: " #condition, s.step, s.is_child ? " of a child" : "", \
                      __FILE__, __LINE__);                                                      \
    } while (0)

void scene_begin(const uint8_t *head);
void scene_end(void);

/* What follows from the last step, for whom it wakes as well; and whether all is as foretold. */
void scene_settle(void);
void scene_check_reports(void);

/* What the model makes of a fork in the child, and of the process's end. */
void scene_become_child(void);
void scene_become_exiting(void);

bool is_alive(const card *of);  /* not released yet */
bool has_value(const card *of); /* that may be used: a borrowed one ends with its owner */
hf_table *table_of(const card *of);
unsigned holders_of(const card *of);
bool is_held_by(const card *of, int who); /* itself or through a child */
bool holds_anything(int who);
bool would_deadlock(int who, int awaited, bool lock);

/* Runs on a thread, which is idle. */
void on_thread(int who, actor_task task, void *argument);

/* A wait that has begun on another thread: returns when that thread sleeps in it. */
void begin_wait(int who, void (*blocking)(thread *self), int awaited, int table);
void grant_lock(int lock);

/* Those whose waits are over go on; false: there are none. */
bool wake_threads(void);

hold *new_hold(void);
void expect_report(hf_report_kind kind);
void allow_report(hf_report_kind kind);
uint32_t reported(hf_report_kind kind); /* in this step, by any thread */
void reset_step(void);
void make_table(int number);
void leave_hold(hold *of);

#endif

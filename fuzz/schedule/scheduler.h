/* A deterministic scheduler: several threads of a program, of which exactly one runs, and another
 * gets its turn only at a step (points.h), where the one who decides says so.
 *
 * The threads are coroutines of one system thread: a change of turns costs well below a
 * microsecond, and the same decisions give the same execution.  So executions are sequentially
 * consistent: what weaker memory orders allow is not explored here but by the models in
 * tests/model, and by ThreadSanitizer.
 *
 * Time stands still while anybody can go on.  When nobody can, it jumps to the first time-out.  The
 * one who decides may let a time-out pass earlier, and may stop a thread: that one goes on only
 * when the others are done, or wait for nothing but it. */
#ifndef FUZZ_SCHEDULER_H
#define FUZZ_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHEDULE_THREADS = 4, SCHEDULE_NOBODY = SCHEDULE_THREADS };

/* When somebody must decide who goes on. */
typedef struct schedule_moment {
    uint64_t step;       /* of all threads together */
    unsigned running;    /* NOBODY: who ran has ended, waits, or was stopped just now */
    unsigned last;       /* who ran before */
    uint32_t ready;      /* a bit for each thread that can go on, the running one included */
    uint32_t sleeping;   /* a bit for each thread that can go on if its time-out passes */
    const void *address; /* of the running one's next step */
    bool writes;
} schedule_moment;

typedef struct schedule_decision {
    unsigned next; /* a thread that is ready or sleeping */
    bool stops;    /* instead: the running one is stopped; asks again who goes on */
} schedule_decision;

typedef struct schedule_plan {
    unsigned threads;
    void (*body)(unsigned thread, void *argument);
    void *argument;
    schedule_decision (*decide)(void *decider, const schedule_moment *now);
    bool (*fails)(void *decider); /* see schedule_fails; NULL: never */
    void *decider;
    /* Whether it is right that a thread waits for ever for one that is stopped. */
    bool (*excuses)(unsigned sleeper, unsigned stopped);
    bool lines_up;   /* every thread calls schedule_line_up, before its first step */
    bool asymmetric; /* whether there is an asymmetric barrier: which code the library runs */
} schedule_plan;

/* Runs all threads to their ends. */
void schedule_run(const schedule_plan *plan);

/* Of the last run: how many steps there were, and a hash of who made which. */
uint64_t schedule_steps(void);
uint64_t schedule_trace(void);

/* Which thread runs; NOBODY outside of a run. */
unsigned schedule_current(void);

/* Brackets an operation of the running thread.  One that does not wait by contract fails the run
 * when it does; so does one that makes too many steps.  `served` tells at the end whether it got
 * what it waited for: then somebody must have woken it.  They nest. */
typedef struct schedule_operation {
    const char *name;
    bool waits;
    uint64_t steps; /* of the thread when it began */
    struct schedule_operation *outer;
} schedule_operation;
void schedule_begin(schedule_operation *operation, const char *name, bool waits);
void schedule_end(schedule_operation *operation, bool served);

/* From here on, until it is called again with false, the running thread makes all its steps in one
 * turn. */
void schedule_hush(bool on);

/* Goes on when all threads have come here, with the turn of one who is chosen. */
void schedule_line_up(void);

/* Whether a thread was stopped, or a time-out let pass, in this run. */
bool schedule_was_unfair(void);

/* A finding: prints it, with where each thread stands, and ends the process. */
_Noreturn void schedule_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called by it before the end, for what else is to be told; NULL: nothing. */
extern void (*schedule_tell)(void);

/* ---- for platform.c ------------------------------------------------------------------------- */

int64_t schedule_now_ns(void);
bool schedule_is_asymmetric(void);
void schedule_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);
void schedule_wake(const uint32_t *word);
bool schedule_at_thread_end(void (*function)(void *), void *argument);
bool schedule_lives(unsigned thread);
bool schedule_stack(uintptr_t *low, uintptr_t *high); /* false outside of a run */

#endif

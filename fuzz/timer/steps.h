/* What the operations have in common: the queue, how a step is read, and the functions of timers.
 */
#ifndef FUZZ_TIMER_STEPS_H
#define FUZZ_TIMER_STEPS_H

#include "model.h"

enum {
    BATCHES = 3,
    REFERENCES = 4,
    BUDGET = 24, /* steps inside functions, for each step of the input */
    BACKLOG = 12 /* ticks that may be caught up with at once */
};

/* The game that is played. */
typedef struct game {
    hf_timer_queue *queue;
    unsigned budget;
    hf_callback *self; /* inside a function; else NULL */
} game;

extern game playing;

/* ---- reading a step ------------------------------------------------------------------------- */

/* Mostly short; powers of two and boundaries of the wheel's levels, or one before. */
int64_t read_span(uint8_t byte);
int64_t read_period(uint8_t byte);

/* Near now, anywhere, or where a wheel would turn over. */
int64_t read_moment(const step *s);

/* Mostly a young timer; NULL for the null handle. */
timer *read_timer(uint8_t choice);
hf_timer read_handle(const timer *t);

/* ---- data and functions --------------------------------------------------------------------- */

/* New data for a timer; NULL when there were too many. */
load *load_new(const step *s);
void load_free(void *data);
hf_timer_function load_function(bool second);

/* ---- operations ----------------------------------------------------------------------------- */

#define OPERATIONS(X)        \
    X(step_ask_deadline)     \
    X(step_open)             \
    X(step_open_and_set)     \
    X(step_open_many)        \
    X(step_set)              \
    X(step_set_at)           \
    X(step_reset)            \
    X(step_cancel)           \
    X(step_set_data)         \
    X(step_close)            \
    X(step_close_wait)       \
    X(step_close_after)      \
    X(step_pass)             \
    X(step_go_back)          \
    X(step_run)              \
    X(step_begin)            \
    X(step_handle)           \
    X(step_end)              \
    X(step_sleep_until_next) \
    X(step_ask_now)          \
    X(step_set_wrongly)      \
    X(step_shut_down)        \
    X(step_addref)           \
    X(step_release)

#define OPERATION_DECLARE(name) void name(const step *s);
OPERATIONS(OPERATION_DECLARE)

/* Ends what was begun, and forgets it. */
void batches_end(void);
void references_end(void);

/* Plays one step, also inside a function. */
void play_inside(const step *s);

#endif

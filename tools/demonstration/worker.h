/* The threads of a pass, and what they share. */
#ifndef DEMONSTRATION_WORKER_H
#define DEMONSTRATION_WORKER_H

#include "pass.h"

/* The first read whose data is known to come from another file. */
typedef struct wrong_read {
    pthread_mutex_t lock;
    const survey_file *asked_for; /* NULL: none yet */
    const survey_file *got;
} wrong_read;

typedef struct pass {
    const access_way *way;
    const pass_plan *plan;
    shelf shelf;
    wrong_read example;
    _Atomic bool ended; /* told to everybody, by the closer or by the main thread */
} pass;

typedef struct worker {
    pass *pass;
    pthread_t thread;
    unsigned number; /* 0: the closer */
    uint64_t random;
    uint32_t next_file; /* the closer's: round and round */
    tally counts;
    unsigned char buffer[BLOCK_BYTES];
} worker;

void *reader_run(void *context); /* a worker */
void *closer_run(void *context);

/* Puts the next file into a place. */
void worker_open(worker *self, uint32_t place);

/* Reads a block through a copy and looks whether the data is that of the file which the copy
 * stands for.  False: nothing was read. */
bool worker_read(worker *self, shelf_copy copy, uint32_t block);

/* Relaxed: nothing else is told by it; the main thread joins the others. */
static inline void pass_end(pass *of)
{
    atomic_store_explicit(&of->ended, true, memory_order_relaxed);
}

static inline bool pass_has_ended(const pass *of)
{
    return atomic_load_explicit(&of->ended, memory_order_relaxed);
}

#endif

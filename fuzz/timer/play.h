/* Playing a sequence of steps on a queue and on the model in lock step. */
#ifndef FUZZ_TIMER_PLAY_H
#define FUZZ_TIMER_PLAY_H

#include "model.h"

/* How the game begins. */
typedef struct stage {
    int64_t start;
    unsigned capacity;
    bool shuts_down; /* at the end, before the queue is destroyed */
} stage;

/* Once in a process: sets the report hook. */
void play_prepare(void);

void play_begin(const stage *s, const hf_timer_order *order);
void play_step(const step *s);

/* Ends the game; answers a digest of all that was seen in it. */
uint64_t play_end(const stage *s);

#endif

/* The steps of an input. */
#ifndef FUZZ_PROCESS_STEPS_H
#define FUZZ_PROCESS_STEPS_H

#include "scene.h"

enum { RECORD_SIZE = 4 };

/* A record, understood. */
typedef struct step {
    card *card;
    int number; /* of the card */
    int who;    /* a thread that is idle */
    uint8_t argument;
} step;

typedef void (*step_function)(const step *of);

/* opening.c: what begins and ends handles and holds. */
void step_open(const step *of);
void step_reserve(const step *of);
void step_commit(const step *of);
void step_enter(const step *of);
void step_addref(const step *of);
void step_leave(const step *of);
void step_close(const step *of);
void step_close_then(const step *of);
void step_detach(const step *of);
void step_duplicate(const step *of);
void step_heat(const step *of);
void step_crowd(const step *of);

/* waiting.c: what waits, for a handle, a lock, a group or a table. */
void step_close_wait(const step *of);
void step_wait(const step *of);
void step_lock(const step *of);
void step_unlock(const step *of);
void step_group(const step *of);
void step_shutdown(const step *of);
void step_destroy(const step *of);

/* inside.c: what happens inside something: callbacks, signal handlers, ends of threads. */
void step_dispatch(const step *of);
void step_signal(const step *of);
void step_end_thread(const step *of);

/* ending.c: forks and exits. */
void step_fork(const step *of);
void step_fork_amid(const step *of);
void step_exit(const step *of);
_Noreturn void child_ends(void);
void watch_exit(void);

/* What an operation on the card answers that wants it to be open, and what it reports. */
hf_status status_of(const card *of, bool closes);

/* Whether an answer is the foretold one, or one that a lack of memory explains. */
bool is_answer(hf_status answer, hf_status foretold);

void count_completion(void *context, const hf_close_result *result);

#endif

/* Completions of hf_close_then that tests look at: how often, where and when each was called. */
#ifndef TESTS_COMPLETION_H
#define TESTS_COMPLETION_H

#include "stage.h"

/* What a completion saw. */
typedef struct completion {
    unsigned calls;
    hf_close_result result;
    uintptr_t thread;
    uint32_t releases; /* of all values, when it was called */
    unsigned order;    /* among all that were called */
    hf_handle of;      /* if not null, must be closed by then */
    void (*action)(void *argument);
    void *argument;
} completion;

/* To be given to hf_close_then with a completion: notes the call, does the action, spoils errno. */
void completion_note(void *context, const hf_close_result *result);

/* The completion of a handle's close. */
completion completion_of(hf_handle what);

/* Closes the handle, which something holds. */
void must_be_held(completion *c);

/* It has been called, once. */
void must_be_over(const completion *c, hf_outcome outcome);

#endif

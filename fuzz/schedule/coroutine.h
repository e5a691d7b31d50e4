/* Coroutines: stacks that one system thread changes between, and with them errno and what is
 * thread-local in the library (points.h). */
#ifndef FUZZ_COROUTINE_H
#define FUZZ_COROUTINE_H

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

enum { COROUTINE_LOCALS = 1024 };

typedef struct coroutine {
    ucontext_t context;
    char *stack; /* kept for the next one that is made here */
    size_t stack_size;
    void *fake_stack; /* ASan's */
    int error;        /* errno */
    char locals[COROUTINE_LOCALS];
} coroutine;

/* Makes one that will run the function, which must not return, with thread-local variables as they
 * are in a new thread.  Must be zeroed before the first time. */
void coroutine_make(coroutine *made, void (*function)(void));

/* Goes on with another, until somebody comes back to this one.  The first to be left needs not be
 * made: it is where the program began. */
void coroutine_change(coroutine *from, coroutine *to);

/* The same for one that nobody will come back to. */
void coroutine_end(coroutine *from, coroutine *to);

/* The first thing that the function does. */
void coroutine_begin(void);

#endif

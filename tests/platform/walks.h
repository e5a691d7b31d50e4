/* What the tests of walks share. */
#ifndef TESTS_PLATFORM_WALKS_H
#define TESTS_PLATFORM_WALKS_H

#include "platform/platform.h"

#include "frames_load.h"

#include <ucontext.h>

#define KEPT_FRAME __attribute__((noinline))

enum { FRAMES_MAX = 400 };

void walks_skip(void); /* on systems that cannot walk */

typedef struct walks_comparison {
    const char *what;
    bool unbounded; /* as if nothing were known of the stack */
    unsigned count; /* how often it was made */
    size_t frames;  /* of the last one */
} walks_comparison;

hf_os_walk_from walks_from(const void *site, const walks_comparison *of);

/* Which frame of the unwinder's is the first of the walk's. */
int walks_first_of(void *const *expected, int count, uintptr_t frame);

/* Walks from its caller on, and compares.  The context is a walks_comparison. */
void walks_compare(void *context);

typedef struct walks_coroutine {
    ucontext_t outside;
    ucontext_t inside;
    char *stack; /* between two pages that cannot be read */
} walks_coroutine;

void walks_make_stack(walks_coroutine *of);
void walks_run(walks_coroutine *of, void (*function)(void));

#endif

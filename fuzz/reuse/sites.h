/* Places of the program, and threads, that a report can tell apart: who opened, who closed, who
 * came last. */
#ifndef FUZZ_REUSE_SITES_H
#define FUZZ_REUSE_SITES_H

#include <stdint.h>

enum { SITES = 8, SITE_THREADS = 2 };

/* A call: at which site, on which thread. */
typedef struct moment {
    unsigned site;
    unsigned thread;
} moment;

typedef void (*site_function)(void *argument);

/* Calls a function from a site on a thread, and returns when it has returned.  May be called again
 * inside, for the same thread. */
void site_call(moment at, site_function function, void *argument);

/* Where the function returns to in its site: what a stack has one frame above the function's. */
uintptr_t site_address(unsigned site);

/* The system's id of a thread. */
uint64_t site_thread(unsigned thread);

#endif

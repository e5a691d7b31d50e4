/* The variables of a traced program's environment: how it learns that it is one.
 *
 *   LD_PRELOAD=LIBRARY[:what the user has there]
 *   HOLDFAST_RUN=TRACE
 *   ASAN_OPTIONS=[what the user has there:]verify_asan_link_order=0
 *
 * (The run-time library of AddressSanitizer otherwise refuses to start when another library comes
 * before it.)  The command puts them into the environment of the first program, the preloaded
 * library into that of each that is executed by it; the started program's library takes them out
 * again, so that the program sees what it would have seen.  The one undoes the other exactly:
 * order, duplicates, entries without `=` and empty values are as they were.
 *
 * Pure functions on arrays as `environ`: no allocation, no system call, no shared state; a vfork
 * child may call them. */
#ifndef RUN_VARIABLES_H
#define RUN_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct run_variables {
    const char *library; /* absolute path of the preloaded library, which can be named */
    const char *trace;   /* absolute path of the trace */
} run_variables;

/* Whether LD_PRELOAD can name this path: spaces and colons separate its entries, and `$` begins
 * something that the dynamic linker replaces. */
bool run_variables_can_name(const char *library);

/* How many bytes run_variables_put needs; `environment` may be NULL.  0: it is to be left as it is,
 * because it has HOLDFAST_RUN already, or is larger than what the system takes. */
size_t run_variables_room(const run_variables *variables, char *const *environment);

/* Makes an array in `room`, aligned as pointers are: the entries of the other one, not copied, and
 * the three variables. */
char **run_variables_put(const run_variables *variables, char *const *environment, void *room);

/* Takes the variables out of the array, in place, and shortens the strings in place that also say
 * something of the user's.  What is no longer needed is overwritten with zeros, for the sake of
 * those who read /proc/self/environ. */
void run_variables_take(const char *library, char **environment);

/* The value of a variable, NULL without one. */
const char *run_variables_find(char *const *environment, const char *name);

#endif

/* Arguments that a wrapper reads before the system has: an address that is none is the system's to
 * refuse (EFAULT), so the wrapper asks first whether it can read there. */
#ifndef RUN_READABLE_H
#define RUN_READABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Learns where the program's data and heap begin; before they are used. */
void run_readable_start(void);

/* The program forbids itself to read there. */
void run_readable_forbidden(const void *pointer, size_t bytes);

/* Whether `bytes` can be read there.  Costs nothing where such arguments mostly are: on this
 * thread's own stack, and among the data and on the heap of the program (memory that it has mapped
 * itself is another thing); else a system call a page.  In a process that has given up system
 * calls, elsewhere is not known: false.  Keeps errno. */
bool run_can_read(const void *address, size_t bytes);

#endif

/* Arguments that a wrapper reads before the system has: an address that is none is the system's to
 * refuse (EFAULT), so the wrapper asks first whether it can read there. */
#ifndef RUN_READABLE_H
#define RUN_READABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `bytes` can be read there.  Costs nothing where they lie on this thread's own stack,
 * where such arguments mostly are; else a system call a page.  In a process that has given up
 * system calls, elsewhere is not known: false.  Keeps errno. */
bool run_can_read(const void *address, size_t bytes);

#endif

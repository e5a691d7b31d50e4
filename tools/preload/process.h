/* The process: forks, ends, and is told of. */
#ifndef RUN_PROCESS_H
#define RUN_PROCESS_H

#include <stdbool.h>

/* To be called when the library is started, after the table was made: asks to be told of forks. */
bool run_process_start(void);

/* Where the C library does not call the handlers for forks (_Fork, a raw system call): before it,
 * and in the child. */
void run_process_will_fork(void);
void run_process_forked_untold(void);

/* The process gives up system calls (seccomp), and may be killed for others: from now on none is
 * made for the library's sake.  To be called before. */
void run_process_confined(void);

/* The process ends in an orderly way: tells what waits, and writes the EXIT record. */
void run_process_ends(void);

/* The thread that the record of a handle names is older than this process if its number is lower:
 * then the handle was inherited.  See leaks.c. */
extern unsigned run_first_thread;

#endif

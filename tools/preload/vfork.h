/* What the assembler of vfork calls: see wrap_vfork.c. */
#ifndef RUN_VFORK_H
#define RUN_VFORK_H

/* Marks this thread as the child that it is going to be; answers what it was before. */
unsigned long run_vfork_begin(void);

/* In the parent: what vfork returns, from what the system call returned.  `stack`: the caller's. */
long run_vfork_end(long result, unsigned long before, void *stack);

#endif

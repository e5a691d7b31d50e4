/* What the assembler of syscall jumps to: see wrap_syscall.c. */
#ifndef RUN_SYSCALL_H
#define RUN_SYSCALL_H

/* All but those that no frame may lie below. */
long run_syscall(long number, ...);

/* The C library's own. */
void *run_plain_syscall(void);

#endif

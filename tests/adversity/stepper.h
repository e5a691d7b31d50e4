/* Stops a thread for ever at every point of an operation, and lets another one work on.
 *
 * For each point a process is forked.  Its first thread prepares the scene and begins the operation
 * under ptrace, one instruction at a time; at the point in question it is left standing.  A second
 * thread, which ptrace does not touch, then does what it has to do, in spite of that; if it is not
 * done after ten seconds, it hangs, and the test fails and says where.  After that the first one is
 * let go, so that each point is also tried as a place of preemption, and looks whether all is well.
 */
#ifndef TESTS_STEPPER_H
#define TESTS_STEPPER_H

#include <stdbool.h>

typedef enum stepper_unit {
    STEPPER_INSTRUCTIONS,
    STEPPER_SAMPLE,  /* evenly spread ones only */
    STEPPER_SYSCALLS /* their entries and returns, for operations of millions of instructions */
} stepper_unit;

/* All but `operation` and `others` may be NULL. */
typedef struct stepper_case {
    const char *name;
    void (*prepare)(void);   /* first thread */
    void (*arrive)(void);    /* second thread, after that */
    void (*operation)(void); /* first thread, stopped somewhere */
    void (*others)(void);    /* second thread, meanwhile; may end the process with status 0 */
    void (*settle)(void);    /* first thread, after it was let go and has done the operation */
} stepper_case;

/* Tries every point of the operation: each instruction when it is reached for the first time.  Of
 * more than `most` steps that many, evenly spread, and those before and after each atomic
 * instruction and each system call.  (Elsewhere than on x86-64 instructions are not recognised.)  A
 * failure fails the running test; where a process may not trace its children, it is skipped. */
void stepper_run(const stepper_case *scene, stepper_unit unit, unsigned most);

/* For the functions of a case: what the second thread is about to do, should it hang; */
void stepper_stage(const char *stage);

/* in a process that it forks: to be ended with the one it comes from; */
void stepper_child(void);

/* and a failure, which ends the process. */
_Noreturn void stepper_fail(const char *what, const char *file, int line);
#define DEMAND(condition) ((condition) ? (void)0 : stepper_fail(#condition, __FILE__, __LINE__))

#endif

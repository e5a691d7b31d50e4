/* The program as a child of ours, which is to feel as if it were not. */
#ifndef TOOL_LAUNCH_H
#define TOOL_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct launch {
    pid_t child;
    int error;   /* of the execution; 0: there was none */
    int signals; /* a signalfd */
    sigset_t old_mask;
    struct sigaction old_actions[NSIG];
} launch;

/* To be called first: fills the standard descriptors that are closed, so that no file of ours gets
 * their numbers, and takes over the signals. */
void launch_init(launch *of);

/* Executes the program, and lets go of what it has inherited.  0, or the exit status of the tool;
 * then it was told why. */
int launch_start(launch *of, const char *path, char **argv, char **environment);

/* Waits, at most so long; passes signals on.  True: the program has ended, with *status as waitpid
 * has it. */
bool launch_wait(launch *of, int timeout_ms, int *status);

/* Ends this process as the status says: by the same signal, without a core of ours. */
_Noreturn void launch_end_like(int status);

#endif

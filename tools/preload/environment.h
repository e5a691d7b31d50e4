/* The environment of this process, and of the programs that it executes: see variables.h.
 *
 * exec and its kin hand the tool on by an array of their own that lies on their stack, because a
 * vfork child may neither allocate nor write what its parent reads:
 *
 *     run_extended extended;
 *     RUN_EXTEND(&extended, envp, true);
 *     int result = RUN_REAL(execve)(path, argv, extended.environment);
 *     run_extend_end(&extended);
 *
 * Nothing is handed on with follow=0, where the caller's environment names a trace already, and
 * where the library cannot be read (after chroot): the dynamic linker would complain. */
#ifndef RUN_ENVIRONMENT_H
#define RUN_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the tool's own entries out of the array, in place: the program's main gets the same one.
 * Copies the trace's path, and sets that of the library.  False: there is none, or it does not fit.
 * Called by the constructor, maybe before the C library has set `environ`. */
bool run_environment_take(char **environment, char *trace_path, size_t size);

typedef struct run_extended {
    char *const *environment; /* what to execute with */
    void *mapping;            /* NULL: it lies on the stack, or is the caller's */
    size_t bytes;
} run_extended;

/* More than this does not go on the stack. */
enum { RUN_ROOM_ON_STACK = 1 << 16 };

/* Fills *out in, a run_extended, with what was given and, if the program is `wanted`, which is
 * asked only if it matters, the tool's variables.  Keeps errno.  Async-signal-safe. */
#define RUN_EXTEND(out, given, wanted)                                                   \
    do {                                                                                 \
        char *const *given_ = (given);                                                   \
        size_t room_ = run_extend_room(given_);                                          \
        if (room_ != 0 && !(wanted))                                                     \
            room_ = 0;                                                                   \
        run_extend((out), given_, room_,                                                 \
                   room_ - 1 < RUN_ROOM_ON_STACK ? __builtin_alloca(room_) : (void *)0); \
    } while (0)
size_t run_extend_room(char *const *environment); /* 0: leave it as it is */
void run_extend(run_extended *out, char *const *environment, size_t room, void *stack);
void run_extend_end(const run_extended *extended);

/* After vfork, in the parent: gives back what the child needed beyond its stack. */
void run_extend_forget(void);

/* For functions of the C library that execute something with `environ` themselves (popen): while
 * one of them runs, `environ` is the extended one.  Other threads see it as well, so it should be
 * short; what they set meanwhile stays, what they take out comes back. */
typedef struct run_environment_swap {
    run_extended extended;
    char **before;
    size_t bytes; /* of the extended one */
} run_environment_swap;
void run_environment_extended_begin(run_environment_swap *swap);
void run_environment_extended_end(const run_environment_swap *swap);

#endif

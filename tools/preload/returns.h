/* Returning to the program after a system call.
 *
 * A processor foresees where functions return to by a stack of the calls that were made.  Where
 * Linux guards against speculative overflow of that very stack ("Safe RET", on most processors of
 * AMD's), each return inside the kernel leaves an entry on it.  So the returns after a system call
 * are foreseen wrongly, which costs some 8 ns each: first the C library's, as without us, and then
 * our wrapper's.  There a wrapper takes its return address off the stack and *jumps back*, which is
 * foreseen as other jumps are.
 *
 * Elsewhere that would do harm: the entry of the call would stay, and the returns of all callers be
 * foreseen wrongly.  Nor is it possible with a shadow stack, which the processor compares with what
 * a return takes, and which a jump does not know of.  So it is decided when the library starts, for
 * which `holdfast run` looks at what the kernel tells (tools/holdfast/returns.h). */
#ifndef RUN_RETURNS_H
#define RUN_RETURNS_H

#include <stdbool.h>

#include "real.h"

/* For a function that returns to the program with nothing but returns between its system call and
 * that. */
#if defined(__x86_64__) && defined(__has_attribute)
#if __has_attribute(function_return)
#define RUN_MAY_JUMP_BACK __attribute__((function_return("thunk-extern")))
#endif
#endif
#ifndef RUN_MAY_JUMP_BACK
#define RUN_MAY_JUMP_BACK
#endif

/* Begins the definition of a wrapper that is one. */
#define RUN_WRAP_JUMPING(result, name, parameters) \
    RUN_DECLARE_REAL(result, name, parameters)     \
    RUN_EXPORT result name parameters;             \
    RUN_EXPORT RUN_MAY_JUMP_BACK result name parameters

/* How such functions return from now on; at first, as others do. */
void run_returns_by_jump(bool jump);

#endif

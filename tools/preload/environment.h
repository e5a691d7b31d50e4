/* The environment that the tool adds to, and takes out again. */
#ifndef RUN_ENVIRONMENT_H
#define RUN_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the tool's own entries out of the array, in place: the program's main gets the same one.
 * Copies the trace's path.  False: there is none, or it does not fit.  Called by the constructor,
 * maybe before the C library has set `environ`. */
bool run_environment_take(char **environment, char *trace_path, size_t size);

#endif

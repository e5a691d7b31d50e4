/* The trace of a run whose user asked for none: a temporary file, which the command removes when
 * the program has ended.  A command that is killed cannot; so each removes what such ones have
 * left. */
#ifndef TOOL_OWN_TRACE_H
#define TOOL_OWN_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes a path in the folder that nobody else has.  False: it does not fit. */
bool own_trace_name(const char *folder, char *path, size_t size);

/* From now on the file is this process's, until it ends, however that may be.  False: somebody has
 * taken it for left, and removed it. */
bool own_trace_hold(const char *path);

/* Removes, in the folder of this one, what processes of the same user have left. */
void own_trace_tidy(const char *path);

#endif

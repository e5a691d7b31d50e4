/* The program that is to be run: where it is, and whether a library can be preloaded into it.
 *
 * A program that the dynamic linker does not load, or for which it ignores LD_PRELOAD, would run as
 * if there were nothing to find.  It is refused instead. */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include <limits.h>
#include <stdbool.h>

typedef struct target {
    char path[PATH_MAX];
    bool needs_shell; /* a script without #!: for /bin/sh, as execvp does it */
} target;

/* Finds `name` as execvp would.  0: it may be run; else the exit status, and it was told why. */
int target_find(const char *name, target *out);

#endif

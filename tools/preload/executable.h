/* What is about to be executed: whether this library can be preloaded into it.
 *
 * For a program of another architecture the dynamic linker would complain on its standard error;
 * with another C library it would not start at all.  Both are executed as they are.  Programs that
 * are linked statically are handed the tool nevertheless: most hand it on. */
#ifndef RUN_EXECUTABLE_H
#define RUN_EXECUTABLE_H

#include <stdbool.h>

/* A path as execveat takes it; `path` "" is the directory itself.  True also if it cannot be read,
 * or is no program.  Keeps errno.  Async-signal-safe; a vfork child may call it. */
bool run_executable_takes_us(int directory, const char *path);

/* The same for a name that is looked for as execvp does. */
bool run_executable_found_takes_us(const char *name);

#endif

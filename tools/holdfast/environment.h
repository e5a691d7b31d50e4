/* The environment of the program: that of the tool, and what it takes to preload the library. */
#ifndef TOOL_ENVIRONMENT_H
#define TOOL_ENVIRONMENT_H

/* A new array, as execve takes it.  `program`: the file that is executed.  NULL: no memory, or it
 * is larger than what the system takes. */
char **environment_create(const char *library, const char *trace, const char *program);

#endif

/* A command line, written as a shell reads it. */
#ifndef TOOL_QUOTE_H
#define TOOL_QUOTE_H

/* To be freed; NULL: no memory. */
char *quote_command(char *const *argv);

#endif

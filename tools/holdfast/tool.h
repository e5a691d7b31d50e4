/* What all parts of the command have in common. */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include <stddef.h>

/* Exit statuses, as env and nice have them. */
enum {
    TOOL_FAILED = 125,    /* holdfast itself */
    TOOL_NOT_RUN = 126,   /* the program is there, and cannot be run or looked into */
    TOOL_NOT_FOUND = 127, /* there is none */
};

/* Says "holdfast: ..." on standard error; the second then exits with TOOL_FAILED. */
void tool_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void tool_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The path of a file that the user has named: %p stands for the process's id.  What does not fit is
 * cut. */
void tool_expand(const char *pattern, char *path, size_t size);

/* `holdfast run`: argv[0] is "holdfast run".  Ends as the program did, or answers why there is
 * none. */
int command_run(int argc, char **argv);

#endif

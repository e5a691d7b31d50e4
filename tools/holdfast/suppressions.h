/* Suppressions of `holdfast run`: files of the library's grammar (see report/rules.h). */
#ifndef TOOL_SUPPRESSIONS_H
#define TOOL_SUPPRESSIONS_H

#include "finding.h"

typedef struct suppressions {
    char *rules; /* NULL: none */
} suppressions;

/* `path` may be NULL: there are none.  A file that cannot be read, or a line that is no rule, ends
 * the tool: what was meant to be silent would not be. */
void suppressions_init(suppressions *of, const char *path);
void suppressions_fini(suppressions *of);

/* Whether a frame of the finding's stacks matches a rule for its kind. */
bool suppressions_match(const suppressions *of, const finding *found);

#endif

/* A finding as text, in the style of the sanitizers. */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stdio.h>

#include "finding.h"

void text_write(FILE *to, const finding *of, bool colour);

/* "  opened by thread 7 (worker):", and the stack; nothing, if nothing is known. */
void text_put_moment(FILE *to, const char *what, const finding_moment *moment);

/* "double-close file.c:12 in function": what tells findings apart for people. */
void text_put_summary(FILE *to, const finding *of);

#endif

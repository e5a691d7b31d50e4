/* Texts from elsewhere (paths, names of threads, labels) within texts of ours. */
#ifndef TOOL_ESCAPE_H
#define TOOL_ESCAPE_H

#include <stdio.h>

/* With control characters written as \x1b, so that it cannot pass for other lines. */
void escape_plain(FILE *to, const char *text);

/* As a string of JSON, with its quotes. */
void escape_json(FILE *to, const char *text);

/* For XML, in a text or an attribute.  What XML cannot hold becomes U+FFFD. */
void escape_xml(FILE *to, const char *text);

#endif

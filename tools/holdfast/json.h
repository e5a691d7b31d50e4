/* A finding as one line of JSON, with the members that the library's own reports have. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stdio.h>

#include "finding.h"

void json_write(FILE *to, const finding *of);

/* Members of an object, each with a comma before. */
void json_put_text(FILE *to, const char *key, const char *value);
void json_put_hex(FILE *to, const char *key, uint64_t value);
void json_put_message(FILE *to, const finding *of); /* the sentence */
void json_put_moment(FILE *to, const char *key, const finding_moment *moment);

#endif

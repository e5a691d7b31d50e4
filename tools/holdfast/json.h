/* A finding as one line of JSON, with the members that the library's own reports have. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <stdio.h>

#include "finding.h"

void json_write(FILE *to, const finding *of);

#endif

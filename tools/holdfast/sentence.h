/* What a finding is about, in one sentence, and what to do. */
#ifndef TOOL_SENTENCE_H
#define TOOL_SENTENCE_H

#include <stdio.h>

#include "finding.h"

/* "descriptor 5 (pipe, read end) was closed twice" */
void sentence_write(FILE *to, const finding *of);

/* "descriptor 5 (pipe, read end)" */
void sentence_put_party(FILE *to, const finding_party *party);

/* "look for ..." */
const char *sentence_advice(const finding *of);

#endif

/* What becomes of the findings, and of the exit status. */
#ifndef TOOL_VERDICT_H
#define TOOL_VERDICT_H

#include "dedup.h"
#include "expect.h"
#include "finding.h"
#include "junit.h"
#include "options.h"
#include "output.h"
#include "suppressions.h"

typedef struct verdict {
    const options *from;
    output out;
    junit xml;
    dedup seen;
    expect expected;
    suppressions silent;
    unsigned of_kind[HF_REPORT_KIND_COUNT]; /* that were told */
    unsigned told;
    unsigned unexpected; /* of those */
    unsigned repeated;
    unsigned suppressed;
} verdict;

/* Opens all files that the options name; what is wrong with one ends the tool. */
void verdict_init(verdict *of, const options *from);

void verdict_take(verdict *of, const finding *found);

/* Writes the rest, and answers what the tool's exit status is to be, where `status` is the
 * program's, as waitpid has it. */
int verdict_fini(verdict *of, const char *command, int status, unsigned processes, double seconds);

#endif

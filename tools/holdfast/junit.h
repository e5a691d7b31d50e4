/* Findings as JUnit's XML, which continuous integration reads: one test suite, in which the program
 * is a test case, and each finding one that failed. */
#ifndef TOOL_JUNIT_H
#define TOOL_JUNIT_H

#include <stdbool.h>
#include <stdio.h>

#include "finding.h"

typedef enum junit_verdict { JUNIT_FAILED, JUNIT_EXPECTED, JUNIT_SUPPRESSED } junit_verdict;

typedef struct junit {
    FILE *file; /* NULL: not asked for */
    const char *path;
    FILE *cases; /* what is known so far, in memory: the numbers come first in the file */
    char *text;
    size_t length;
    unsigned tests;
    unsigned failures;
    unsigned skipped;
} junit;

/* Makes the file now, so that it is known whether it can be; `path` may be NULL. */
void junit_init(junit *of, const char *path);
void junit_add(junit *of, const finding *found, junit_verdict verdict);
void junit_add_unmet(junit *of, const char *expectation);

/* Writes it all; false: it could not be written, and this has been told.  `ended`: "" if the
 * program ended with 0, else how it did. */
bool junit_fini(junit *of, const char *command, const char *ended, double seconds);

#endif

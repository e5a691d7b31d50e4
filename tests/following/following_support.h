/* Doubles of what the tests of this folder do not link: findings, and this process's state. */
#ifndef TESTS_FOLLOWING_SUPPORT_H
#define TESTS_FOLLOWING_SUPPORT_H

#include <criterion/criterion.h>

#include <stdbool.h>

#include "runs.h"
#include "self.h"

extern unsigned flushed; /* how often run_findings_flush was called */
extern unsigned dropped;

/* As if the library were on, with a trace of this path, and itself were `library`. */
void follow(const char *library, const char *trace);

#endif

/* Expectations: findings that a test is to make, and no others. */
#ifndef TOOL_EXPECT_H
#define TOOL_EXPECT_H

#include "finding.h"
#include "options.h"

typedef struct expect {
    const options *from;
    bool met[OPTIONS_EXPECT_MAX];
} expect;

void expect_init(expect *of, const options *from);

/* Whether it is expected: its kind, and a function of the stack that is blamed. */
bool expect_take(expect *of, const finding *found);

/* The first that was not met, from *at on, which is moved behind it; NULL: there is none. */
const char *expect_next_unmet(const expect *of, size_t *at);

#endif

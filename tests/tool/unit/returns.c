/* What the kernel says of its guards, and what is made of it. */
#include "returns.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool are_spoilt(const char *text)
{
    char path[] = "/tmp/holdfast-returns-XXXXXX";
    int file = mkstemp(path);
    cr_assert(file >= 0);
    cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(file);
    bool spoilt = returns_are_spoilt(path);
    (void)unlink(path);
    return spoilt;
}

Test(returns, by_the_guard)
{
    cr_expect(are_spoilt("Mitigation: Safe RET\n"));
    cr_expect(are_spoilt("Mitigation: safe RET\n"));
    cr_expect(are_spoilt("Vulnerable: Safe RET, no microcode\n"));
}

Test(returns, not_without_it)
{
    cr_expect_not(are_spoilt(""));
    cr_expect_not(are_spoilt("Not affected\n"));
    cr_expect_not(are_spoilt("Mitigation: IBPB on VMEXIT only\n"));
    cr_expect_not(returns_are_spoilt("/nonexistent/file"));
    cr_expect_not(returns_are_spoilt("/"));
}

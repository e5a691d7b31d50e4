/* Stands in for libgit2 in the test programs, which are linked with Criterion.
 *
 * Criterion shows by libgit2 how two texts differ that its assertion eq(str, ...) compares.  No
 * test uses that one, and yet each test's two processes loaded libgit2 with the twenty libraries
 * that it needs, and had it read the system's certificates: two thirds of what a test cost. */
#include <stdio.h>
#include <stdlib.h>

int git_libgit2_init(void);
int git_libgit2_shutdown(void);
int git_diff_buffers(void);

int git_libgit2_init(void)
{
    return 1;
}

int git_libgit2_shutdown(void)
{
    return 0;
}

int git_diff_buffers(void)
{
    fputs("Assertion Failed: texts differ, and there is no libgit2 to show how: compare them by"
          " cr_assert_str_eq\n",
          stderr);
    abort();
}

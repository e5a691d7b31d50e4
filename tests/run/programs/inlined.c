/* Inlined functions have frames, too.
 *
 * expect: double-close now=innermost closed=opens_and_closes frames=innermost,middle,outermost */
#include "program.h"

static inline __attribute__((always_inline)) void innermost(int descriptor)
{
    MUST(is_refused(close(descriptor)));
}

static inline __attribute__((always_inline)) void middle(int descriptor)
{
    innermost(descriptor);
}

STEP void outermost(int descriptor)
{
    middle(descriptor);
}

STEP int opens_and_closes(void)
{
    int descriptor = open("/etc/hostname", O_RDONLY);
    MUST(close(descriptor) == 0);
    return descriptor;
}

int main(void)
{
    outermost(opens_and_closes());
    return 0;
}

/* For programs that open in many ways. */
#ifndef OPENERS_H
#define OPENERS_H

#include "program.h"

/* What this system does not allow is left out by name, natively and under the tool alike. */
static inline void refused(const char *name)
{
    printf("refused: %s\n", name);
}

/* It was opened by `how`, is closed, and is closed again. */
#define OPENER(name, how)                                            \
    STEP int open_by_##name(void)                                    \
    {                                                                \
        int ends[2] = {-1, -1};                                      \
        (void)ends;                                                  \
        return (int)(how);                                           \
    }                                                                \
    STEP void once_##name(int descriptor)                            \
    {                                                                \
        MUST(close(descriptor) == 0);                                \
    }                                                                \
    STEP void twice_##name(void)                                     \
    {                                                                \
        int descriptor = open_by_##name();                           \
        if (descriptor == -1 && errno != EBADF && errno != EINVAL) { \
            refused(#name);                                          \
            return;                                                  \
        }                                                            \
        MUST(descriptor > 2);                                        \
        once_##name(descriptor);                                     \
        MUST(is_refused(close(descriptor)));                         \
    }

#endif

/* A program whose segments lie apart, as those of many do by chance: it finds its own code and its
 * own tables.  0: all is well. */
#include "platform/platform.h"

#include <execinfo.h>
#include <stdio.h>

enum { FRAMES_MAX = 64 };

static int some_data = 1;

__attribute__((noinline)) static int check(void)
{
    uintptr_t frames[FRAMES_MAX];
    void *expected[FRAMES_MAX];
    hf_os_trail trail;
    hf_os_walk_from from = {.site = (uintptr_t)__builtin_frame_address(0), .afresh = true};
    if (!hf_os_stack_bounds(&from.stack_low, &from.stack_high))
        return 1;
    size_t count = hf_os_walk(&from, frames, FRAMES_MAX, &trail);
    int known = backtrace(expected, FRAMES_MAX);
    if (hf_os_can_walk && count + 1 != (size_t)known) {
        fprintf(stderr, "%zu frames instead of %d\n", count, known - 1);
        return 1;
    }
    return 0;
}

int main(void)
{
    int result = check();
    if (!hf_os_is_code((uintptr_t)&check) || hf_os_is_code((uintptr_t)&some_data)) {
        fprintf(stderr, "code is not told from data\n");
        return 1;
    }
    return result;
}

/* Where the program called one of the wrappers: the first frame whose return address is not in this
 * library's own code.  All of that is built with frame pointers, so the walk is a few loads, and a
 * wrapper need not hand anything down. */
#ifndef RUN_SITE_H
#define RUN_SITE_H

#include <stdint.h>

#include "core/event.h"

/* [low, high): this library's code.  Both 0 where it is not a library of its own. */
extern uintptr_t run_code_low;
extern uintptr_t run_code_high;

static inline hf_site run_site_above(hf_site frame)
{
    const uintptr_t *words = frame;
    while (words[1] - run_code_low < run_code_high - run_code_low)
        words = (const uintptr_t *)words[0];
    return words;
}

/* The call's return address in the program. */
static inline const void *run_site_caller(hf_site site)
{
    return (const void *)((const uintptr_t *)site)[1];
}

#define RUN_CALLER_SITE() run_site_above(__builtin_frame_address(0))

/* The same in a function to which a wrapper jumps, as its last call becomes a jump: then the frame
 * is where the wrapper's would be. */
#if defined(RUN_LAST_CALLS_JUMP) && defined(__OPTIMIZE__)
#define RUN_JUMPED_SITE() ((hf_site)__builtin_frame_address(0))
#else
#define RUN_JUMPED_SITE() RUN_CALLER_SITE()
#endif

#endif

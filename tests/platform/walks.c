#include "walks.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void walks_skip(void)
{
    if (!hf_os_can_walk)
        cr_skip_test("this system cannot walk by tables");
}

/* ---- the walks_comparison
 * --------------------------------------------------------------------------
 */

static _Thread_local uintptr_t stack_low;
static _Thread_local uintptr_t stack_high;

hf_os_walk_from walks_from(const void *site, const walks_comparison *of)
{
    if (stack_high == 0)
        (void)hf_os_stack_bounds(&stack_low, &stack_high);
    return (hf_os_walk_from){.site = (uintptr_t)site,
                             .stack_low = of->unbounded ? 0 : stack_low,
                             .stack_high = of->unbounded ? 0 : stack_high};
}

int walks_first_of(void *const *expected, int count, uintptr_t frame)
{
    for (int i = 0; i < count; i++) {
        if ((uintptr_t)expected[i] == frame)
            return i;
    }
    return count;
}

static void expect_equal(const uintptr_t *frames, size_t count, const walks_comparison *of,
                         const char *how)
{
    void *expected[FRAMES_MAX];
    int known = backtrace(expected, FRAMES_MAX);
    int first = count > 0 ? walks_first_of(expected, known, frames[0]) : known;
    cr_expect_eq(count, (size_t)(known - first), "%s, %s: %zu frames instead of %d", of->what, how,
                 count, known - first);
    for (size_t i = 0; i < count && (int)i < known - first; i++)
        cr_expect_eq(frames[i], (uintptr_t)expected[first + (int)i], "%s, %s: frame %zu", of->what,
                     how, i);
}

KEPT_FRAME void walks_compare(void *context)
{
    walks_comparison *of = context;
    uintptr_t frames[FRAMES_MAX];
    hf_os_trail trail;
    hf_os_walk_from from = walks_from(__builtin_frame_address(0), of);
    for (int pass = 0; pass < 3; pass++) {
        from.afresh = pass == 0;
        of->frames = hf_os_walk(&from, frames, FRAMES_MAX - 20, &trail);
        expect_equal(frames, of->frames, of, pass == 0 ? "afresh" : "remembered");
    }
    of->count++;
}

enum { COROUTINE_STACK = 1 << 16 };

void walks_make_stack(walks_coroutine *of)
{
    size_t page = hf_os_page_size();
    char *memory =
        mmap(NULL, COROUTINE_STACK + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    of->stack = memory + page;
    cr_assert_eq(mprotect(of->stack, COROUTINE_STACK, PROT_READ | PROT_WRITE), 0);
}

void walks_run(walks_coroutine *of, void (*function)(void))
{
    cr_assert_eq(getcontext(&of->inside), 0);
    of->inside.uc_stack.ss_sp = of->stack;
    of->inside.uc_stack.ss_size = COROUTINE_STACK;
    of->inside.uc_link = &of->outside;
    makecontext(&of->inside, function, 0);
    cr_assert_eq(swapcontext(&of->outside, &of->inside), 0);
}

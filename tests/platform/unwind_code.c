/* Walks through code that no table covers, and through code that was replaced. */
#include "walks.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(unwind_code, .init = walks_skip);

typedef struct walked {
    uintptr_t frames[FRAMES_MAX];
    size_t count;
    bool afresh;
} walked;

KEPT_FRAME static void walk_here(void *context)
{
    walked *to = context;
    hf_os_trail trail;
    walks_comparison of = {.what = "walk"};
    hf_os_walk_from from = walks_from(__builtin_frame_address(0), &of);
    from.afresh = to->afresh;
    to->count = hf_os_walk(&from, to->frames, FRAMES_MAX, &trail);
}

#ifdef __x86_64__
typedef void generated(frames_callback *callback, void *context);

static generated *generate(const char *code, size_t size)
{
    char *memory =
        mmap(NULL, hf_os_page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    memcpy(memory, code, size);
    cr_assert_eq(mprotect(memory, hf_os_page_size(), PROT_READ | PROT_EXEC), 0);
    generated *made;
    memcpy(&made, &memory, sizeof made);
    return made;
}

static uintptr_t generated_returns_to;

KEPT_FRAME static void call_generated(generated *code, walked *to)
{
    generated_returns_to = (uintptr_t)__builtin_return_address(0);
    code(walk_here, to);
    __asm__ volatile("" ::: "memory");
}

Test(unwind_code, generated_code_is_passed_by_its_frame_pointer)
{
    /* push %rbp; mov %rsp,%rbp; mov %rdi,%rax; mov %rsi,%rdi; call *%rax; pop %rbp; ret */
    static const char code[] = "\x55\x48\x89\xe5\x48\x89\xf8\x48\x89\xf7\xff\xd0\x5d\xc3";
    walked here_now = {.count = 0};
    for (int i = 0; i < 2; i++) {
        call_generated(generate(code, sizeof code), &here_now);
        cr_assert_gt(here_now.count, 4);
        cr_expect_not(hf_os_is_code(here_now.frames[0]));
        cr_expect(hf_os_is_code(here_now.frames[1]));
        cr_expect_eq(here_now.frames[2], generated_returns_to);
    }
}

Test(unwind_code, frame_pointer_to_what_is_no_frame_ends_a_stack)
{
    /* push %rbx; mov %rbp,%rbx; sub $32,%rsp; mov %rsp,%rbp; movq $0x1234,8(%rsp); ... */
    static const char code[] = "\x53\x48\x89\xeb\x48\x83\xec\x20\x48\x89\xe5"
                               "\x48\xc7\x44\x24\x08\x34\x12\x00\x00"
                               "\x48\x89\xf8\x48\x89\xf7\xff\xd0"
                               "\x48\x83\xc4\x20\x48\x89\xdd\x5b\xc3";
    walked here_now = {.count = 0};
    call_generated(generate(code, sizeof code), &here_now);
    cr_expect_eq(here_now.count, 1);
}

Test(unwind_code, generated_code_without_frame_pointer_ends_a_stack_or_is_skipped)
{
    /* sub $8,%rsp; xor %ebp,%ebp; ...: rbp is kept in rbx */
    static const char code[] = "\x53\x48\x89\xeb\x31\xed\x48\x89\xf8\x48\x89\xf7\xff\xd0"
                               "\x48\x89\xdd\x5b\xc3";
    walked here_now = {.count = 0};
    call_generated(generate(code, sizeof code), &here_now);
    cr_expect_eq(here_now.count, 1);
}
#endif

/* Loads the second variant where the first one was.  False: the loader chose another place. */
static bool replace(const char *prefix, frames_replaced_function **function)
{
    void *module = frames_load(prefix, "small");
    uintptr_t before = (uintptr_t)dlsym(module, "frames_replaced");
    frames_replaced_function *small;
    *(void **)&small = dlsym(module, "frames_replaced");
    walked learnt = {.count = 0};
    small(walk_here, &learnt);
    dlclose(module);
    *(void **)function = dlsym(frames_load(prefix, "large"), "frames_replaced");
    return before == (uintptr_t)*function;
}

static void walk_replaced(const char *prefix)
{
    frames_replaced_function *function;
    if (!replace(prefix, &function))
        return;
    walked stale = {.afresh = false};
    walked fresh = {.afresh = true};
    function(walk_here, &stale); /* whatever it finds */
    hf_os_code_changed();
    function(walk_here, &stale);
    function(walk_here, &fresh);
    cr_expect_gt(fresh.count, 4);
    cr_expect_eq(stale.count, fresh.count);
    for (size_t i = 2; i < fresh.count; i++) /* the calls before come from two places */
        cr_expect_eq(stale.frames[i], fresh.frames[i], "frame %zu", i);
}

Test(unwind_code, rules_of_code_that_was_replaced_are_forgotten)
{
    frames_each_compiler(walk_replaced);
}

static walks_coroutine here;
static frames_replaced_function *stale_function;
static size_t stale_count;

static void walk_stale(void)
{
    static walked found; /* not on the stack, which is to end close by */
    stale_function(walk_here, &found);
    stale_count = found.count;
}

/* The stale rule is of a large frame, and leads to the page behind the stack. */
static void follow_stale_rule(const char *prefix)
{
    void *module = frames_load(prefix, "large");
    walked learnt = {.count = 0};
    *(void **)&stale_function = dlsym(module, "frames_replaced");
    uintptr_t before = (uintptr_t)stale_function;
    stale_function(walk_here, &learnt);
    dlclose(module);
    *(void **)&stale_function = dlsym(frames_load(prefix, "small"), "frames_replaced");
    if (before != (uintptr_t)stale_function)
        return;
    walks_run(&here, walk_stale);
    cr_expect_eq(stale_count, 1);
}

Test(unwind_code, stale_rule_does_not_lead_beyond_the_stack)
{
    walks_make_stack(&here);
    frames_each_compiler(follow_stale_rule);
}

static void nothing(int number)
{
    (void)number;
}

/* Where a handler returns to, as the kernel was told: a sanitizer's own functions come between. */
static void *find_restorer(void)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } told = {.restorer = NULL};
    cr_assert_neq(signal(SIGUSR1, nothing), SIG_ERR);
    cr_assert_eq(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &told, sizeof told.mask), 0);
    return told.restorer;
}

/* What a handler interrupted lies elsewhere, in a page of its own; its frame pointer leads out. */
Test(unwind_code, what_was_interrupted_without_bounds_is_not_followed_beyond_its_page)
{
    uintptr_t frames[8];
    hf_os_trail trail;
    size_t page = hf_os_page_size();
    char *memory = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_eq(mprotect(memory, page, PROT_READ | PROT_WRITE), 0);
    cr_assert_eq(mprotect(memory + 2 * page, page, PROT_READ | PROT_WRITE), 0);

    void **site = (void **)(void *)memory;
    enum { ADDRESS = 2 + 168 / 8, STACK_POINTER = 2 + 160 / 8, FRAME_POINTER = 2 + 120 / 8 };
    site[1] = find_restorer();
    site[ADDRESS] = memory + page; /* no code */
    site[STACK_POINTER] = memory + 2 * page + page / 2;
    site[FRAME_POINTER] = memory + 3 * page;
    hf_os_walk_from from = {.site = (uintptr_t)site};
    cr_expect_eq(hf_os_walk(&from, frames, 8, &trail), 2);
    cr_expect_not(trail.whole);
}

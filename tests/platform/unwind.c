/* Walks by the tables that compilers leave, against the system's unwinder. */
#include "platform/platform.h"

#include "frames.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#define KEPT_FRAME __attribute__((noinline))

enum { FRAMES_MAX = 400 };

/* ---- modules ---------------------------------------------------------------------------------
 */

/* Calls the function with each compiler's prefix. */
static void each_compiler(void (*function)(const char *prefix))
{
    char prefixes[] = TEST_FRAMES;
    char *rest = prefixes;
    char *prefix;
    while ((prefix = strsep(&rest, ":")) != NULL) {
        if (*prefix != '\0')
            function(prefix);
    }
}

static void *load(const char *prefix, const char *variant)
{
    char path[512];
    snprintf(path, sizeof path, "%s_%s.so", prefix, variant);
    void *module = dlopen(path, RTLD_LAZY);
    cr_assert_neq(module, NULL, "%s", dlerror());
    return module;
}

/* ---- the comparison --------------------------------------------------------------------------
 */

typedef struct comparison {
    const char *what;
    bool unbounded; /* as if nothing were known of the stack */
    unsigned count; /* how often it was made */
    size_t frames;  /* of the last one */
} comparison;

static _Thread_local uintptr_t stack_low;
static _Thread_local uintptr_t stack_high;

static hf_os_walk_from from_here(const void *site, const comparison *of)
{
    if (stack_high == 0)
        (void)hf_os_stack_bounds(&stack_low, &stack_high);
    return (hf_os_walk_from){.site = (uintptr_t)site,
                             .stack_low = of->unbounded ? 0 : stack_low,
                             .stack_high = of->unbounded ? 0 : stack_high};
}

/* Which frame of the unwinder's is the first of the walk's. */
static int first_of(void *const *expected, int count, uintptr_t frame)
{
    for (int i = 0; i < count; i++) {
        if ((uintptr_t)expected[i] == frame)
            return i;
    }
    return count;
}

static void expect_equal(const uintptr_t *frames, size_t count, const comparison *of,
                         const char *how)
{
    void *expected[FRAMES_MAX];
    int known = backtrace(expected, FRAMES_MAX);
    int first = count > 0 ? first_of(expected, known, frames[0]) : known;
    cr_expect_eq(count, (size_t)(known - first), "%s, %s: %zu frames instead of %d", of->what, how,
                 count, known - first);
    for (size_t i = 0; i < count && (int)i < known - first; i++)
        cr_expect_eq(frames[i], (uintptr_t)expected[first + (int)i], "%s, %s: frame %zu", of->what,
                     how, i);
}

KEPT_FRAME static void compare(void *context)
{
    comparison *of = context;
    uintptr_t frames[FRAMES_MAX];
    hf_os_trail trail;
    hf_os_walk_from from = from_here(__builtin_frame_address(0), of);
    for (int pass = 0; pass < 3; pass++) {
        from.afresh = pass == 0;
        of->frames = hf_os_walk(&from, frames, FRAMES_MAX - 20, &trail);
        expect_equal(frames, of->frames, of, pass == 0 ? "afresh" : "remembered");
    }
    of->count++;
}

static void compare_all(const char *prefix)
{
    void *module = load(prefix, "all");
    const frames_way *way = dlsym(module, "frames_ways");
    cr_assert_neq(way, NULL);
    for (; way->name != NULL; way++) {
        for (int depth = 0; depth < 100; depth = depth * 3 + 1) {
            comparison now = {.what = way->name};
            way->function(compare, &now, depth);
            cr_expect_geq(now.count, 1);
            cr_expect_gt(now.frames, 4);
        }
    }
}

static void skip_if_it_cannot(void)
{
    if (!hf_os_can_walk)
        cr_skip_test("this system cannot walk by tables");
}

TestSuite(unwind, .init = skip_if_it_cannot);

Test(unwind, frames_of_every_shape_are_as_the_unwinder_says)
{
    each_compiler(compare_all);
}

static void compare_without_bounds(const char *prefix)
{
    void *module = load(prefix, "all");
    for (const frames_way *way = dlsym(module, "frames_ways"); way->name != NULL; way++) {
        comparison now = {.what = way->name, .unbounded = true};
        if (strcmp(way->name, "huge") != 0) /* so far, a stack without bounds is not followed */
            way->function(compare, &now, 5);
    }
}

Test(unwind, so_they_are_where_the_bounds_of_the_stack_are_unknown)
{
    each_compiler(compare_without_bounds);
}

Test(unwind, errno_survives)
{
    errno = EXDEV;
    comparison now = {.what = "errno", .unbounded = true};
    compare(&now);
    cr_expect_eq(errno, EXDEV);
}

KEPT_FRAME static size_t count_up_to(size_t capacity)
{
    uintptr_t frames[8] = {0};
    hf_os_trail trail;
    comparison of = {.what = "capacity"};
    hf_os_walk_from from = from_here(__builtin_frame_address(0), &of);
    size_t count = hf_os_walk(&from, frames, capacity, &trail);
    cr_expect_eq(frames[capacity], 0);
    return count;
}

Test(unwind, no_more_frames_than_wanted)
{
    for (size_t capacity = 0; capacity < 5; capacity++)
        cr_expect_eq(count_up_to(capacity), capacity);
}

/* ---- threads, signals, other stacks ----------------------------------------------------------
 */

static void *compare_in_thread(void *what)
{
    comparison now = {.what = what};
    compare(&now);
    return NULL;
}

Test(unwind, stack_of_a_thread_ends_where_it_began)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, compare_in_thread, "thread"), 0);
    pthread_join(thread, NULL);
}

static comparison in_handler;

static void handle(int number)
{
    (void)number;
    compare(&in_handler);
}

static void handle_with(int flags, const char *what)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = flags};
    comparison before = {.what = "outside"};
    compare(&before); /* loads the unwinder */
    in_handler = (comparison){.what = what};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    raise(SIGUSR1);
    cr_expect_eq(in_handler.count, 1);
    cr_expect_gt(in_handler.frames, before.frames);
}

Test(unwind, walk_goes_through_a_signal_handler)
{
    handle_with(0, "handler");
}

Test(unwind, walk_goes_from_an_alternate_stack_to_the_threads)
{
    static char memory[1 << 16];
    stack_t alternate = {.ss_sp = memory, .ss_size = sizeof memory};
    cr_assert_eq(sigaltstack(&alternate, NULL), 0);
    handle_with(SA_ONSTACK, "handler with a stack of its own");
}

enum { COROUTINE_STACK = 1 << 16 };

typedef struct coroutine {
    ucontext_t outside;
    ucontext_t inside;
    char *stack; /* between two pages that cannot be read */
} coroutine;

static void make_stack(coroutine *of)
{
    size_t page = hf_os_page_size();
    char *memory =
        mmap(NULL, COROUTINE_STACK + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    of->stack = memory + page;
    cr_assert_eq(mprotect(of->stack, COROUTINE_STACK, PROT_READ | PROT_WRITE), 0);
}

static void run(coroutine *of, void (*function)(void))
{
    cr_assert_eq(getcontext(&of->inside), 0);
    of->inside.uc_stack.ss_sp = of->stack;
    of->inside.uc_stack.ss_size = COROUTINE_STACK;
    of->inside.uc_link = &of->outside;
    makecontext(&of->inside, function, 0);
    cr_assert_eq(swapcontext(&of->outside, &of->inside), 0);
}

static coroutine here;
static const frames_way *here_ways;

static void compare_in_coroutine(void)
{
    for (const frames_way *way = here_ways; way->name != NULL; way++) {
        comparison now = {.what = way->name};
        if (strcmp(way->name, "large") != 0 && strcmp(way->name, "huge") != 0)
            way->function(compare, &now, 20);
    }
}

static void compare_coroutines(const char *prefix)
{
    here_ways = dlsym(load(prefix, "all"), "frames_ways");
    run(&here, compare_in_coroutine);
}

Test(unwind, stack_of_a_coroutine_ends_where_it_began)
{
    make_stack(&here);
    each_compiler(compare_coroutines);
}

/* ---- interrupted anywhere --------------------------------------------------------------------
 */

/* In a prologue or an epilogue, in a stub, in hand-written code: the system's unwinder follows what
 * a rule cannot say, so a walk may end early; but what it finds is right. */
typedef struct interruptions {
    unsigned count;
    unsigned whole;
    unsigned wrong;
} interruptions;

static interruptions interrupted;

KEPT_FRAME static void compare_interrupted(int number)
{
    void *expected[FRAMES_MAX];
    uintptr_t frames[FRAMES_MAX];
    hf_os_trail trail;
    comparison of = {.what = "interrupted"};
    (void)number;
    hf_os_walk_from from = from_here(__builtin_frame_address(0), &of);
    size_t count = hf_os_walk(&from, frames, FRAMES_MAX - 20, &trail);
    int known = backtrace(expected, FRAMES_MAX);
    int first = first_of(expected, known, frames[0]);
    size_t same = 0;
    while (same < count && (int)same < known - first &&
           frames[same] == (uintptr_t)expected[first + (int)same])
        same++;
    interrupted.count++;
    interrupted.whole += (int)same == known - first && same == count;
    interrupted.wrong += same < count;
}

static void nothing(void *context)
{
    __asm__ volatile("" : : "r"(context) : "memory");
}

static const frames_way *ways_of[2];
static int compilers;

static void find_ways(const char *prefix)
{
    ways_of[compilers++] = dlsym(load(prefix, "all"), "frames_ways");
}

static void go_all_ways(void)
{
    for (int i = 0; i < compilers; i++) {
        for (const frames_way *way = ways_of[i]; way->name != NULL; way++)
            way->function(nothing, NULL, 20);
    }
}

Test(unwind, what_a_signal_interrupts_is_found)
{
    struct sigaction action = {.sa_handler = compare_interrupted, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 200}, {0, 200}};
    struct itimerval never = {{0, 0}, {0, 0}};
    comparison before = {.what = "outside"};
    compare(&before);
    each_compiler(find_ways);
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 100000 && interrupted.count < 1000; i++)
        go_all_ways();
    setitimer(ITIMER_REAL, &never, NULL);
    cr_expect_eq(interrupted.wrong, 0, "%u of %u", interrupted.wrong, interrupted.count);
    cr_expect_geq(interrupted.whole * 10, interrupted.count * 9, "%u of %u", interrupted.whole,
                  interrupted.count);
}

/* ---- code that no table covers, and code that is replaced ------------------------------------
 */

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

typedef struct walked {
    uintptr_t frames[FRAMES_MAX];
    size_t count;
    bool afresh;
} walked;

KEPT_FRAME static void walk_here(void *context)
{
    walked *to = context;
    hf_os_trail trail;
    comparison of = {.what = "walk"};
    hf_os_walk_from from = from_here(__builtin_frame_address(0), &of);
    from.afresh = to->afresh;
    to->count = hf_os_walk(&from, to->frames, FRAMES_MAX, &trail);
}

static uintptr_t generated_returns_to;

KEPT_FRAME static void call_generated(generated *code, walked *to)
{
    generated_returns_to = (uintptr_t)__builtin_return_address(0);
    code(walk_here, to);
    __asm__ volatile("" ::: "memory");
}

#ifdef __x86_64__
Test(unwind, generated_code_is_passed_by_its_frame_pointer)
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

Test(unwind, generated_code_without_frame_pointer_ends_a_stack_or_is_skipped)
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
    void *module = load(prefix, "small");
    uintptr_t before = (uintptr_t)dlsym(module, "frames_replaced");
    frames_replaced_function *small;
    *(void **)&small = dlsym(module, "frames_replaced");
    walked learnt = {.count = 0};
    small(walk_here, &learnt);
    dlclose(module);
    *(void **)function = dlsym(load(prefix, "large"), "frames_replaced");
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
    cr_expect_eq(
        memcmp(stale.frames + 1, fresh.frames + 1, (fresh.count - 2) * sizeof fresh.frames[0]), 0);
}

Test(unwind, rules_of_code_that_was_replaced_are_forgotten)
{
    each_compiler(walk_replaced);
}

static frames_replaced_function *stale_function;
static size_t stale_count;

static void walk_stale(void)
{
    walked found = {.afresh = false};
    stale_function(walk_here, &found);
    stale_count = found.count;
}

/* The stale rule is of a large frame, and leads to the page behind the stack. */
static void follow_stale_rule(const char *prefix)
{
    void *module = load(prefix, "large");
    walked learnt = {.count = 0};
    *(void **)&stale_function = dlsym(module, "frames_replaced");
    uintptr_t before = (uintptr_t)stale_function;
    stale_function(walk_here, &learnt);
    dlclose(module);
    *(void **)&stale_function = dlsym(load(prefix, "small"), "frames_replaced");
    if (before != (uintptr_t)stale_function)
        return;
    run(&here, walk_stale);
    cr_expect_eq(stale_count, 1);
}

Test(unwind, stale_rule_does_not_lead_beyond_the_stack)
{
    make_stack(&here);
    each_compiler(follow_stale_rule);
}

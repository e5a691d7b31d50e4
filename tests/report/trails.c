/* Stacks that are found again by what earlier walks read. */
#include "report/trails.h"
#include "report/stacks.h"
#include "report/threads.h"
#include "report/trace.h"
#include "report/trace_modules.h"
#include "spin_barrier.h"

#include "frames_load.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* Each function is one: an optimiser makes no copies of it, for certain arguments. */
#ifdef __clang__
#define KEPT_FRAME __attribute__((noinline))
#else
#define KEPT_FRAME __attribute__((noipa))
#endif

enum { DEPTH = 16, FRAMES_MAX = 400 };

static void set_up(void)
{
    if (!hf_os_can_walk)
        cr_skip_test("this system cannot walk by tables");
    (void)hf_event_trace(HF_SITE()); /* meets the thread */
}

TestSuite(trails, .init = set_up);
TestSuite(trails_stress, .init = set_up);

static hf_os_walk_from from_site(hf_site site)
{
    return (hf_os_walk_from){
        .site = (uintptr_t)site, .stack_low = hf_self.stack_low, .stack_high = hf_self.stack_high};
}

/* What a capture found, and what a trail says there, before it and after it. */
typedef struct capture {
    uint32_t before;
    uint32_t stack;
    uint32_t after;
} capture;

KEPT_FRAME static void capture_here(void *context)
{
    capture *to = context;
    hf_os_walk_from from = from_site(HF_SITE());
    to->before = hf_trail_recall(&from, DEPTH);
    to->stack = hf_event_trace(HF_SITE()).stack;
    to->after = hf_trail_recall(&from, DEPTH);
}

KEPT_FRAME static capture through_a(void)
{
    capture now;
    capture_here(&now);
    return now;
}

/* Each way is a call of its own; what comes behind keeps the compiler from making them one. */
KEPT_FRAME static capture in_ways(int way)
{
    capture now = {0, 0, 0};
    switch (way) {
    case 0:
        now = through_a();
        __asm__ volatile("# 0" ::: "memory");
        break;
    case 1:
        now = through_a();
        __asm__ volatile("# 1" ::: "memory");
        break;
    case 2:
        now = through_a();
        __asm__ volatile("# 2" ::: "memory");
        break;
    default:
        now = through_a();
        __asm__ volatile("# 3" ::: "memory");
        break;
    }
    return now;
}

/* A number that the compiler does not know, lest it unrolls a loop: the calls in it would come from
 * different places. */
KEPT_FRAME static int times(int count)
{
    __asm__ volatile("" : "+r"(count));
    return count;
}

Test(trails, second_capture_follows_the_first_ones_trail)
{
    for (int i = 0; i < times(3); i++) {
        capture now = in_ways(0);
        cr_expect_neq(now.stack, 0);
        cr_expect_eq(now.before, i == 0 ? 0 : now.stack);
        cr_expect_eq(now.after, now.stack);
    }
}

/* The same return address, as far from the stack's end: only words further out differ. */
Test(trails, four_callers_of_one_function_have_a_trail_each)
{
    uint32_t stacks[4] = {0, 0, 0, 0};
    for (int i = 0; i < times(12); i++) {
        capture now = in_ways(i % 4);
        cr_expect_eq(now.before, stacks[i % 4]);
        cr_expect(i < 4 || now.stack == stacks[i % 4]);
        stacks[i % 4] = now.stack;
    }
    for (int i = 1; i < 4; i++)
        cr_expect_neq(stacks[i], stacks[i - 1]);
}

Test(trails, another_depth_has_another_trail)
{
    uint32_t stacks[2] = {0, 0};
    uint32_t count;
    for (int i = 0; i < times(6); i++) {
        cr_assert_eq(hf_set_options(i % 2 == 0 ? "stack_depth=3" : "stack_depth=16"), HF_OK);
        capture now = in_ways(0);
        (void)hf_stack_frames(now.stack, &count);
        cr_expect_eq(count == 3, i % 2 == 0);
        cr_expect(i < 2 || now.stack == stacks[i % 2]);
        stacks[i % 2] = now.stack;
    }
}

Test(trails, forgotten_trails_are_learnt_anew)
{
    capture first = in_ways(0);
    hf_stacks_code_changed();
    capture second;
    for (int i = 0; i < times(2); i++) {
        second = in_ways(0);
        cr_expect_eq(second.before, i == 0 ? 0 : second.stack);
    }
    cr_expect_neq(first.stack, 0);
}

/* A walk that ends at once has read nothing else. */
Test(trails, walks_without_words_leave_one_each)
{
    static const hf_os_trail none = {.whole = true};
    uintptr_t sites[4][2] = {{0, 16}, {0, 16}, {0, 32}, {0, 48}};
    for (uint32_t i = 0; i < 4; i++) {
        hf_os_walk_from from = from_site(sites[i]);
        hf_trail_remember(&from, DEPTH, &none, i + 1);
    }
    for (uint32_t i = 0; i < 4; i++) {
        hf_os_walk_from from = from_site(sites[i]);
        cr_expect_eq(hf_trail_recall(&from, DEPTH), i + 1);
    }
}

/* ---- against the system's unwinder -----------------------------------------------------------
 */

typedef struct comparison {
    const char *what;
    unsigned recalled;
    unsigned count;
} comparison;

KEPT_FRAME static void compare(void *context)
{
    comparison *of = context;
    void *expected[FRAMES_MAX];
    uint32_t count;
    hf_os_walk_from from = from_site(HF_SITE());
    for (int i = 0; i < times(3); i++) {
        of->recalled += hf_trail_recall(&from, DEPTH) != 0;
        const uintptr_t *frames = hf_stack_frames(hf_event_trace(HF_SITE()).stack, &count);
        int known = backtrace(expected, DEPTH + 8);
        int first = 0;
        while (first < known && (uintptr_t)expected[first] != frames[0])
            first++;
        uint32_t wanted = known - first < DEPTH ? (uint32_t)(known - first) : DEPTH;
        cr_expect_eq(count, wanted, "%s: %u frames instead of %u", of->what, count, wanted);
        for (uint32_t k = 0; k < count && k < wanted; k++)
            cr_expect_eq(frames[k], (uintptr_t)expected[first + (int)k], "%s: frame %u", of->what,
                         k);
        of->count++;
    }
}

static void compare_all(const char *prefix)
{
    for (const frames_way *way = dlsym(frames_load(prefix, "all"), "frames_ways");
         way->name != NULL; way++) {
        comparison now = {.what = way->name};
        way->function(compare, &now, 4);
        if (strcmp(way->name, "huge") != 0) /* too far away for a trail */
            cr_expect_geq(now.recalled * 3, now.count * 2, "%s: %u of %u", way->name, now.recalled,
                          now.count);
        way->function(compare, &now, 60);
    }
}

Test(trails, frames_of_every_shape_leave_one)
{
    frames_each_compiler(compare_all);
}

/* Nobody says that the code has changed. */
static void compare_replaced(const char *prefix)
{
    comparison now = {.what = "replaced"};
    for (int i = 0; i < 6; i++) {
        void *module = frames_load(prefix, i % 2 == 0 ? "small" : "large");
        frames_replaced_function *function;
        *(void **)&function = dlsym(module, "frames_replaced");
        function(compare, &now);
        dlclose(module);
    }
}

Test(trails, code_that_was_replaced_has_its_own_stacks)
{
    frames_each_compiler(compare_replaced);
}

static char trace_path[] = "/tmp/holdfast-trails-XXXXXX";

static void trace_findings(void)
{
    int file = mkstemp(trace_path);
    cr_assert_geq(file, 0);
    (void)close(file);
    cr_assert(hf_trace_create(trace_path, 1 << 20, HF_TRACE_WANTS_FINDINGS));
    (void)unlink(trace_path);
}

/* Where the trace knows the modules, what is remembered of them is believed. */
Test(trails, code_that_was_replaced_while_findings_are_traced)
{
    trace_findings();
    frames_each_compiler(compare_replaced);
    frames_each_compiler(compare_all);
    cr_expect_eq(hf_trace_header_now()->dropped, 0);
}

KEPT_FRAME static void walk_untold(void *context)
{
    uintptr_t frames[DEPTH];
    hf_os_trail trail;
    hf_os_walk_from from = from_site(HF_SITE());
    *(size_t *)context = hf_os_walk(&from, frames, DEPTH, &trail);
}

static frames_replaced_function *replaced_in(void *module)
{
    frames_replaced_function *function;
    *(void **)&function = dlsym(module, "frames_replaced");
    return function;
}

/* What a wrong step leads to says that the stack ends there. */
KEPT_FRAME static void wipe_stack(void)
{
    char room[16384];
    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory");
}

/* What was remembered of the one is not believed of the other, though the trace knows that. */
static void compare_known(const char *prefix)
{
    comparison now = {.what = "known"};
    size_t count;
    (void)hf_event_trace(HF_SITE()); /* now the trace knows all the others */
    void *module = frames_load(prefix, "small");
    uintptr_t before = (uintptr_t)replaced_in(module);
    replaced_in(module)(walk_untold, &count);
    dlclose(module);
    module = frames_load(prefix, "large");
    frames_replaced_function *function = replaced_in(module);
    uintptr_t address = (uintptr_t)function + 1;
    hf_trace_tell_modules(&address, 1);
    wipe_stack();
    if (address == before + 1) /* else the loader has chosen another place */
        function(compare, &now);
    dlclose(module);
}

Test(trails, module_that_is_known_before_its_stacks)
{
    trace_findings();
    frames_each_compiler(compare_known);
}

/* ---- a stack without known bounds ------------------------------------------------------------
 */

static ucontext_t outside;
static ucontext_t inside;
static const frames_way *here_ways;
static capture in_coroutine;

static void capture_in_coroutine(void)
{
    here_ways->function(capture_here, &in_coroutine, 2);
}

static void run_coroutine(const char *prefix)
{
    size_t size = 1 << 16;
    size_t page = hf_os_page_size();
    char *stack =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(stack, MAP_FAILED);
    cr_assert_eq(mprotect(stack + size, page, PROT_NONE), 0);
    here_ways = dlsym(frames_load(prefix, "all"), "frames_ways");
    for (int round = 0; round < 2; round++) {
        cr_assert_eq(getcontext(&inside), 0);
        inside.uc_stack.ss_sp = stack;
        inside.uc_stack.ss_size = size;
        inside.uc_link = &outside;
        makecontext(&inside, capture_in_coroutine, 0);
        cr_assert_eq(swapcontext(&outside, &inside), 0);
        cr_expect_neq(in_coroutine.stack, 0);
        cr_expect(round == 0 || in_coroutine.before == in_coroutine.stack);
    }
}

Test(trails, coroutine_leaves_one_too)
{
    frames_each_compiler(run_coroutine);
}

/* ---- many at once ----------------------------------------------------------------------------
 */

enum { THREADS = 3, PATHS = 4000, ROUNDS = 3 };

static spin_barrier ready;

/* What is found must be so many returns into `descend`, and then the same for all. */
KEPT_FRAME static uint32_t descend(int depth)
{
    uint32_t stack = depth == 0 ? hf_event_trace(HF_SITE()).stack : descend(depth - 1);
    __asm__ volatile("" ::: "memory");
    return stack;
}

/* The same from other places. */
KEPT_FRAME static uint32_t descend_from(size_t distance, int depth)
{
    char *moved = __builtin_alloca(distance);
    __asm__ volatile("" : : "r"(moved) : "memory");
    return descend(depth);
}

static void *capture_many(void *wrong)
{
    uint32_t of_depth[40];
    uint64_t state = (uintptr_t)wrong;
    for (int i = 0; i < 40; i++)
        of_depth[i] = descend_from(16, i);
    spin_barrier_wait(&ready);
    for (int i = 0; i < PATHS * ROUNDS; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        int depth = (int)((state >> 33) % 40);
        uint32_t stack = descend_from(16 * ((state >> 48) % 200) + 16, depth);
        uint32_t count;
        uint32_t count_before;
        const uintptr_t *frames = hf_stack_frames(stack, &count);
        const uintptr_t *before = hf_stack_frames(of_depth[depth], &count_before);
        uint32_t same = depth < DEPTH ? (uint32_t)depth + 1 : DEPTH; /* then comes another call */
        if (count != count_before || memcmp(frames, before, same * sizeof *frames) != 0)
            ++*(unsigned *)wrong;
    }
    return NULL;
}

Test(trails_stress, threads_that_turn_out_each_others_find_their_own_stacks)
{
    pthread_t threads[THREADS];
    unsigned wrong[THREADS] = {0};
    ready.threads = THREADS;
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, capture_many, &wrong[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(wrong[i], 0);
    }
}

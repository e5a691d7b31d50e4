/* Walks by the tables that compilers leave, against the system's unwinder. */
#include "walks.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

static void compare_all(const char *prefix)
{
    void *module = frames_load(prefix, "all");
    const frames_way *way = dlsym(module, "frames_ways");
    cr_assert_neq(way, NULL);
    for (; way->name != NULL; way++) {
        for (int depth = 0; depth < 100; depth = depth * 3 + 1) {
            walks_comparison now = {.what = way->name};
            way->function(walks_compare, &now, depth);
            cr_expect_geq(now.count, 1);
            cr_expect_gt(now.frames, 4);
        }
    }
}

TestSuite(unwind, .init = walks_skip);

Test(unwind, frames_of_every_shape_are_as_the_unwinder_says)
{
    frames_each_compiler(compare_all);
}

/* ---- trails ----------------------------------------------------------------------------------
 */

typedef struct expectation {
    const char *what;
    uint32_t relative; /* at least so many words point into the stack */
} expectation;

KEPT_FRAME __attribute__((no_sanitize("address"))) static void check_trail(void *context)
{
    const expectation *of = context;
    uintptr_t frames[16];
    hf_os_trail trail;
    walks_comparison plain = {.what = of->what};
    const uintptr_t *site = __builtin_frame_address(0);
    hf_os_walk_from from = walks_from(site, &plain);
    size_t count = hf_os_walk(&from, frames, 12, &trail);
    cr_expect(trail.whole, "%s", of->what);
    cr_expect_geq(trail.count[HF_OS_PLAIN] + 1, count, "%s", of->what);
    cr_expect_geq(trail.count[HF_OS_RELATIVE], of->relative, "%s: %u", of->what,
                  trail.count[HF_OS_RELATIVE]);
    for (unsigned list = 0; list < HF_OS_TRAIL_LISTS; list++) {
        uintptr_t base = list == HF_OS_RELATIVE ? (uintptr_t)site : 0;
        for (uint32_t i = 0; i < trail.count[list]; i++) {
            cr_expect_eq(site[trail.offsets[list][i]], trail.values[list][i] + base);
            cr_expect(i == 0 || trail.offsets[list][i] > trail.offsets[list][i - 1]);
        }
    }
}

static void check_trails(const char *prefix)
{
    /* gcc keeps the CFA of a realigned frame in it. */
    uint32_t realigned = strstr(prefix, "/frames_gcc") != NULL ? 12 : 6;
    expectation of[] = {
        {"plain", 0}, {"alloca", 6}, {"realigned", realigned}, {"on_stack", realigned}};
    for (const frames_way *way = dlsym(frames_load(prefix, "all"), "frames_ways");
         way->name != NULL; way++) {
        for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
            if (strcmp(of[i].what, way->name) == 0)
                way->function(check_trail, &of[i], 8);
        }
    }
}

Test(unwind, trail_lists_in_order_what_was_read)
{
    frames_each_compiler(check_trails);
}

static void compare_without_bounds(const char *prefix)
{
    void *module = frames_load(prefix, "all");
    for (const frames_way *way = dlsym(module, "frames_ways"); way->name != NULL; way++) {
        walks_comparison now = {.what = way->name, .unbounded = true};
        if (strcmp(way->name, "huge") != 0) /* so far, a stack without bounds is not followed */
            way->function(walks_compare, &now, 5);
    }
}

Test(unwind, so_they_are_where_the_bounds_of_the_stack_are_unknown)
{
    frames_each_compiler(compare_without_bounds);
}

Test(unwind, errno_survives)
{
    errno = EXDEV;
    walks_comparison now = {.what = "errno", .unbounded = true};
    walks_compare(&now);
    cr_expect_eq(errno, EXDEV);
}

KEPT_FRAME static size_t count_up_to(size_t capacity)
{
    uintptr_t frames[8] = {0};
    hf_os_trail trail;
    walks_comparison of = {.what = "capacity"};
    hf_os_walk_from from = walks_from(__builtin_frame_address(0), &of);
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
    walks_comparison now = {.what = what};
    walks_compare(&now);
    return NULL;
}

Test(unwind, stack_of_a_thread_ends_where_it_began)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, compare_in_thread, "thread"), 0);
    pthread_join(thread, NULL);
}

static walks_comparison in_handler;

static void handle(int number)
{
    (void)number;
    walks_compare(&in_handler);
}

static void handle_with(int flags, const char *what)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = flags};
    walks_comparison before = {.what = "outside"};
    walks_compare(&before); /* loads the unwinder */
    in_handler = (walks_comparison){.what = what};
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

#ifdef __x86_64__
static void handle_trail(int number)
{
    expectation of = {"handler", 2};
    (void)number;
    check_trail(&of);
}

/* This function's own frame pointer is what the signal interrupts. */
Test(unwind, trail_through_a_signal_handler_is_in_order)
{
    walks_comparison bounded = {.what = "here"};
    (void)walks_from(__builtin_frame_address(0), &bounded); /* takes the bounds: it may allocate */
    cr_assert_neq(signal(SIGTRAP, handle_trail), SIG_ERR);
    __asm__ volatile("int3" ::: "memory");
}
#endif

static walks_coroutine here;
static const frames_way *here_ways;

static void compare_in_coroutine(void)
{
    for (const frames_way *way = here_ways; way->name != NULL; way++) {
        walks_comparison now = {.what = way->name};
        if (strcmp(way->name, "large") != 0 && strcmp(way->name, "huge") != 0)
            way->function(walks_compare, &now, 20);
    }
}

static void compare_coroutines(const char *prefix)
{
    here_ways = dlsym(frames_load(prefix, "all"), "frames_ways");
    walks_run(&here, compare_in_coroutine);
}

Test(unwind, stack_of_a_coroutine_ends_where_it_began)
{
    walks_make_stack(&here);
    frames_each_compiler(compare_coroutines);
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
    walks_comparison of = {.what = "interrupted"};
    (void)number;
    hf_os_walk_from from = walks_from(__builtin_frame_address(0), &of);
    size_t count = hf_os_walk(&from, frames, FRAMES_MAX - 20, &trail);
    int known = backtrace(expected, FRAMES_MAX);
    int first = walks_first_of(expected, known, frames[0]);
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
    ways_of[compilers++] = dlsym(frames_load(prefix, "all"), "frames_ways");
}

/* But not where the stack is realigned: interrupted in that, backtrace() itself may crash. */
static void go_all_ways(void)
{
    for (int i = 0; i < compilers; i++) {
        for (const frames_way *way = ways_of[i]; way->name != NULL; way++)
            if (strcmp(way->name, "realigned") != 0)
                way->function(nothing, NULL, 20);
    }
}

Test(unwind, what_a_signal_interrupts_is_found)
{
    struct sigaction action = {.sa_handler = compare_interrupted, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 200}, {0, 200}};
    struct itimerval never = {{0, 0}, {0, 0}};
    walks_comparison before = {.what = "outside"};
    walks_compare(&before);
    frames_each_compiler(find_ways);
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 100000 && interrupted.count < 1000; i++)
        go_all_ways();
    setitimer(ITIMER_REAL, &never, NULL);
    cr_expect_eq(interrupted.wrong, 0, "%u of %u", interrupted.wrong, interrupted.count);
    cr_expect_geq(interrupted.whole * 10, interrupted.count * 9, "%u of %u", interrupted.whole,
                  interrupted.count);
}

/* The bounds of a thread's stack. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "platform/platform.h"

/* Of the calling thread, which is on it. */
static void find_bounds(uintptr_t *low, uintptr_t *high)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    cr_assert(hf_os_stack_bounds(low, high));
    cr_expect(here >= *low && here < *high);
}

/* Where the system says that the first stack ends. */
static uintptr_t end_of_first(void)
{
    char line[512];
    unsigned long start;
    unsigned long end = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    cr_assert_not_null(maps);
    while (fgets(line, sizeof line, maps) != NULL && strstr(line, "[stack]") == NULL) {
    }
    cr_assert_eq(sscanf(line, "%lx-%lx", &start, &end), 2);
    (void)fclose(maps);
    return end;
}

static void expect_first(void)
{
    struct rlimit limit;
    uintptr_t low;
    uintptr_t high;
    find_bounds(&low, &high);
    cr_assert_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    cr_expect_eq(high, end_of_first());
    cr_expect_leq(high - low, limit.rlim_cur);
}

Test(stack_bounds, of_the_first_thread)
{
    expect_first();
}

Test(stack_bounds, with_a_low_limit)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_STACK, &limit), 0);
    limit.rlim_cur = (rlim_t)1 << 20;
    cr_assert_eq(setrlimit(RLIMIT_STACK, &limit), 0);
    expect_first();
}

static void *of_other(void *argument)
{
    uintptr_t low;
    uintptr_t high;
    void *lowest = NULL;
    size_t size = 0;
    pthread_attr_t attributes;
    find_bounds(&low, &high);
    cr_assert_eq(pthread_getattr_np(pthread_self(), &attributes), 0);
    cr_assert_eq(pthread_attr_getstack(&attributes, &lowest, &size), 0);
    (void)pthread_attr_destroy(&attributes);
    cr_expect_eq(low, (uintptr_t)lowest);
    cr_expect_eq(high, low + size);
    return argument;
}

static void in_thread(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, function, argument), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

Test(stack_bounds, of_another_thread)
{
    in_thread(of_other, NULL);
}

/* The only thread of a child is on a stack of its parent's. */
static void *of_child(void *argument)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        uintptr_t here = (uintptr_t)__builtin_frame_address(0);
        uintptr_t low;
        uintptr_t high;
        bool right = hf_os_stack_bounds(&low, &high) && here >= low && here < high &&
                     high - low < (uintptr_t)64 << 20;
        _exit(right ? 0 : 2);
    }
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0, "the child's bounds are wrong");
    return argument;
}

Test(stack_bounds, of_a_child_of_another_thread)
{
    in_thread(of_child, NULL);
}

/* Somebody else's memory is not the thread's stack. */
static ucontext_t back;
static bool is_within;

static void on_own_stack(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t low = 0;
    uintptr_t high = 0;
    is_within = hf_os_stack_bounds(&low, &high) && here >= low && here < high;
}

Test(stack_bounds, of_a_coroutine)
{
    enum { BYTES = 1 << 18 };
    ucontext_t context;
    void *stack = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(stack, MAP_FAILED);
    cr_assert_eq(getcontext(&context), 0);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = BYTES;
    context.uc_link = &back;
    is_within = true;
    makecontext(&context, on_own_stack, 0);
    cr_assert_eq(swapcontext(&back, &context), 0);
    cr_expect_not(is_within);
}

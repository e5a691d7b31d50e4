/* Stacks and threads as they are recorded. */
#include "report/stacks.h"
#include "finding.h"
#include "platform/platform.h"
#include "report/threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT_FRAME __attribute__((noinline))

static uint32_t frames_of(hf_trace trace, const uintptr_t **frames)
{
    uint32_t count;
    *frames = hf_stack_frames(trace.stack, &count);
    return count;
}

/* The functions below record where they return to, so that frames can be checked exactly. */
static uintptr_t returns_to[3];

KEPT_FRAME static hf_trace innermost(void)
{
    returns_to[0] = (uintptr_t)__builtin_return_address(0);
    return hf_event_trace(HF_SITE());
}

KEPT_FRAME static hf_trace middle(void)
{
    returns_to[1] = (uintptr_t)__builtin_return_address(0);
    return innermost();
}

KEPT_FRAME static hf_trace outermost(void)
{
    returns_to[2] = (uintptr_t)__builtin_return_address(0);
    return middle();
}

static void expect_exact_frames(const char *options)
{
    const uintptr_t *frames;
    cr_assert_eq(hf_set_options(options), HF_OK);
    uint32_t count = frames_of(outermost(), &frames);
    cr_assert_gt(count, 3);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(frames[i], returns_to[i], "%s: frame %d", options, i);
}

Test(stacks, frames_are_the_return_addresses_from_the_site_on)
{
    expect_exact_frames("unwind=auto");
    expect_exact_frames("unwind=fp");
    expect_exact_frames("unwind=unwinder");
}

/* One place for all: a loop may be unrolled, and its calls be different ones. */
KEPT_FRAME static hf_trace trace_with(const char *options)
{
    cr_assert_eq(hf_set_options("stack_depth=3"), HF_OK);
    cr_assert_eq(hf_set_options(options), HF_OK);
    return outermost();
}

Test(stacks, unwinder_and_frame_pointers_agree)
{
    hf_trace by_pointers = trace_with("unwind=fp");
    hf_trace by_unwinder = trace_with("unwind=unwinder");
    cr_expect_neq(by_pointers.stack, 0);
    cr_expect_eq(by_pointers.stack, by_unwinder.stack);
}

Test(stacks, same_stack_has_the_same_number)
{
    hf_trace first = trace_with("");
    cr_assert_neq(first.stack, 0);
    for (int i = 0; i < 3; i++) {
        hf_trace trace = trace_with("");
        cr_expect_eq(trace.stack, first.stack);
        cr_expect_eq(trace.thread, first.thread);
    }
}

Test(stacks, another_caller_has_another_number)
{
    hf_trace here = outermost();
    hf_trace there = outermost();
    cr_expect_neq(here.stack, there.stack);
}

KEPT_FRAME static hf_trace below(int depth)
{
    hf_trace trace = depth > 0 ? below(depth - 1) : innermost();
    __asm__ volatile("" ::: "memory"); /* not a tail call */
    return trace;
}

Test(stacks, depth_is_as_asked_for)
{
    static const unsigned depths[] = {1, 2, 5, 16, 64};
    for (int i = 0; i < 5; i++) {
        char options[64];
        const uintptr_t *frames;
        snprintf(options, sizeof options, "stack_depth=%u", depths[i]);
        for (int method = 0; method < 2; method++) {
            (void)hf_set_options(method == 0 ? "unwind=auto" : "unwind=unwinder");
            cr_assert_eq(hf_set_options(options), HF_OK);
            cr_expect_eq(frames_of(below(100), &frames), depths[i], "method %d", method);
            cr_expect_eq(frames[0], returns_to[0]);
        }
    }
}

Test(stacks, no_site_is_no_stack)
{
    hf_trace trace = hf_event_trace(NULL);
    const uintptr_t *frames;
    cr_expect_eq(trace.stack, 0);
    cr_expect_neq(trace.thread, 0);
    cr_expect_eq(frames_of(trace, &frames), 0);
    cr_expect_eq(frames, NULL);
}

Test(stacks, errno_survives)
{
    errno = EXDEV;
    (void)outermost();
    (void)hf_set_options("unwind=unwinder");
    (void)outermost();
    cr_expect_eq(errno, EXDEV);
}

/* ---- stacks that cannot be followed by frame pointers ------------------------------------------
 */

/* A frame as a function without frame pointers leaves it: the caller's frame pointer is whatever
 * the register held. */
typedef struct fake_frame {
    uintptr_t next;
    uintptr_t return_address;
} fake_frame;

/* Such frames, and no others, must do where the system cannot walk by tables.  (Where it can, a
 * site is the frame of a function, and nothing else.) */
static void without_tables(void)
{
#ifdef HF_FAULT_INJECTION
    hf_stacks_without_tables = true;
#endif
}

KEPT_FRAME static hf_trace trace_with_next(uintptr_t next)
{
    fake_frame frame = {.next = next, .return_address = (uintptr_t)__builtin_return_address(0)};
    hf_trace trace = hf_event_trace(&frame);
    __asm__ volatile("" : : "r"(&frame) : "memory");
    return trace;
}

/* Whether the stack begins with the true caller and goes on into the test's runner. */
static void expect_true_stack(hf_trace trace, const char *what)
{
    const uintptr_t *frames;
    uint32_t count = frames_of(trace, &frames);
    cr_expect_geq(count, 3, "%s: %u frames", what, count);
    for (uint32_t i = 0; i < count; i++)
        cr_expect(hf_os_is_code(frames[i]), "%s: frame %u", what, i);
}

Test(stacks, broken_chains_are_unwound, .init = without_tables)
{
    uintptr_t low;
    uintptr_t high;
    cr_assert(hf_os_stack_bounds(&low, &high));
    expect_true_stack(trace_with_next(0), "null");
    expect_true_stack(trace_with_next(1), "misaligned");
    expect_true_stack(trace_with_next(16), "below the stack");
    expect_true_stack(trace_with_next(high), "above the stack");
    expect_true_stack(trace_with_next(high - sizeof(uintptr_t)), "at the stack's very end");
    expect_true_stack(trace_with_next(UINTPTR_MAX - 7), "the last word of all");
}

/* One place for all, as above. */
KEPT_FRAME static hf_trace trace_of_garbage(const fake_frame *garbage)
{
    hf_trace trace = trace_with_next((uintptr_t)garbage);
    __asm__ volatile("" ::: "memory");
    return trace;
}

Test(stacks, words_that_are_no_code_end_a_chain, .init = without_tables)
{
    fake_frame garbage[4] = {{0, 0}};
    for (int i = 0; i < 3; i++)
        garbage[i].next = (uintptr_t)&garbage[i + 1];
    for (int i = 0; i < 4; i++)
        garbage[i].return_address = 0x1234 + (uintptr_t)&garbage[i];
    hf_trace first = trace_of_garbage(garbage);
    hf_trace second = trace_of_garbage(garbage); /* it is remembered that it was garbage */
    expect_true_stack(first, "garbage");
    expect_true_stack(second, "remembered garbage");
}

Test(stacks, good_beginning_of_a_chain_is_kept, .init = without_tables)
{
    const uintptr_t *frames;
    fake_frame chain[2] = {{0, (uintptr_t)__builtin_return_address(0)}, {0, 0x1234}};
    chain[0].next = (uintptr_t)&chain[1];
    uint32_t count = frames_of(trace_with_next((uintptr_t)&chain[0]), &frames);
    cr_assert_eq(count, 2);
    cr_expect_eq(frames[1], chain[0].return_address);
}

Test(stacks, two_callers_without_frame_pointers_are_told_apart, .init = without_tables)
{
    hf_trace here = trace_with_next(0);
    hf_trace there = trace_with_next(0);
    cr_expect_neq(here.stack, there.stack);
}

Test(stacks, loop_of_frames_ends, .init = without_tables)
{
    fake_frame loop[2];
    loop[0] = (fake_frame){(uintptr_t)&loop[1], (uintptr_t)__builtin_return_address(0)};
    loop[1] = (fake_frame){(uintptr_t)&loop[0], (uintptr_t)__builtin_return_address(0)};
    const uintptr_t *frames;
    cr_assert_eq(hf_set_options("unwind=fp"), HF_OK);
    cr_expect_eq(frames_of(trace_with_next((uintptr_t)&loop[0]), &frames), 3);
}

enum { STACK_SIZE = 1 << 22 };

static void *trace_up_to_the_end(void *argument)
{
    uintptr_t low;
    uintptr_t high;
    if (hf_os_stack_bounds(&low, &high))
        *(hf_trace *)argument = trace_with_next(high - sizeof(uintptr_t));
    return NULL;
}

Test(stacks, nothing_beyond_the_stack_is_read, .init = without_tables)
{
    size_t page = hf_os_page_size();
    hf_trace trace = {0, 0};
    pthread_attr_t attributes;
    pthread_t thread;
    char *memory =
        mmap(NULL, STACK_SIZE + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_eq(mprotect(memory + STACK_SIZE, page, PROT_NONE), 0);
    cr_assert_eq(pthread_attr_init(&attributes), 0);
    cr_assert_eq(pthread_attr_setstack(&attributes, memory, STACK_SIZE), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, trace_up_to_the_end, &trace), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    cr_expect_neq(trace.stack, 0);
}

static hf_trace in_handler;

static void handle(int number)
{
    (void)number;
    in_handler = outermost();
}

Test(stacks, alternate_stack_is_unwound, .init = without_tables)
{
    static char memory[1 << 16];
    stack_t alternate = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    (void)outermost();
    (void)hf_set_options("unwind=unwinder");
    (void)outermost(); /* the unwinder is loaded outside the handler */
    (void)hf_set_options("unwind=auto");
    cr_assert_eq(sigaltstack(&alternate, NULL), 0);
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    raise(SIGUSR1);
    expect_true_stack(in_handler, "in a handler");
}

/* ---- code -------------------------------------------------------------------------------------
 */

static int some_data = 1;

Test(stacks, code_is_told_from_data)
{
    int local = 0;
    cr_expect(hf_os_is_code((uintptr_t)&outermost));
    cr_expect(hf_os_is_code((uintptr_t)&strlen));
    cr_expect_not(hf_os_is_code((uintptr_t)&some_data));
    cr_expect_not(hf_os_is_code((uintptr_t)&local));
    cr_expect_not(hf_os_is_code(0));
    cr_expect_not(hf_os_is_code(1));
    cr_expect_not(hf_os_is_code(UINTPTR_MAX));
}

/* ---- memory -----------------------------------------------------------------------------------
 */

#ifdef HF_FAULT_INJECTION
Test(stacks, exhausted_memory_records_nothing_and_passes)
{
    (void)hf_event_level();
    for (uint64_t nth = 1; nth <= 4; nth++) {
        hf_os_fail_allocation(nth);
        (void)outermost();
    }
    hf_os_fail_allocation(0);
    hf_trace trace = outermost();
    cr_expect_neq(trace.stack, 0);
    hf_event_thread();
    cr_expect_neq(outermost().thread, 0);
}

static void raise_without_memory(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    (void)hf_set_options("print_all=1");
    for (uint64_t nth = 1; nth <= 6; nth++) {
        hf_os_fail_allocation(nth);
        finding_raise(&event);
    }
}

static void raise_first_without_memory(void)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    hf_os_fail_allocation(1);
    finding_raise(&event);
}

Test(stacks, finding_is_reported_although_memory_is_exhausted)
{
    const outcome *result = outcome_of(NULL, raise_without_memory);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "ERROR: Holdfast: stale-use"), 6, "%s", result->text);
    cr_expect_eq(occurrences(result->text, "SUMMARY: Holdfast: stale-use"), 6);
    result = outcome_of("format=json", raise_without_memory);
    cr_expect_eq(occurrences(result->text, "\"brief\":true}\n"), 2, "%s", result->text);
    cr_expect_eq(occurrences(result->text, "}\n"), 6);
}

Test(stacks, finding_is_reported_although_nothing_can_be_recorded)
{
    const outcome *result = outcome_of(NULL, raise_first_without_memory);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "SUMMARY: Holdfast: stale-use"), 1, "%s", result->text);
}
#endif

/* ---- threads ----------------------------------------------------------------------------------
 */

Test(stacks, thread_is_known_by_the_systems_id_and_its_name)
{
    uint32_t thread = hf_event_thread();
    cr_expect_eq(hf_event_thread_id(thread), (uint64_t)syscall(SYS_gettid));
    cr_expect_eq(hf_event_thread_id(0), 0);
    cr_expect_str_eq(hf_thread_name(0), "");
    pthread_setname_np(pthread_self(), "renamed");
    uint32_t renamed = hf_event_thread();
    cr_expect_neq(renamed, thread);
    cr_expect_str_eq(hf_thread_name(renamed), "renamed");
    cr_expect_eq(outermost().thread, renamed);
    cr_expect_eq(hf_event_thread_id(renamed), hf_event_thread_id(thread));
}

static void *trace_in_thread(void *argument)
{
    *(hf_trace *)argument = outermost();
    return NULL;
}

Test(stacks, each_thread_has_its_number)
{
    hf_trace mine = outermost();
    hf_trace other;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, trace_in_thread, &other), 0);
    pthread_join(thread, NULL);
    cr_expect_neq(other.thread, 0);
    cr_expect_neq(other.thread, mine.thread);
    cr_expect_neq(other.stack, 0);
}

/* The usual way of a use, interrupted after any single instruction: with the processor's trap flag
 * set, a signal handler runs after each instruction, and once makes a call itself, or closes the
 * number, or jumps out.  Left out where there is no trap flag (other processors, valgrind), and
 * under ThreadSanitizer, which puts signals off. */
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include "actor.h"
#include "preload_support.h"
#include "usual.h"

#if defined(__x86_64__) && !defined(HF_TSAN_BUILD_)

enum { TRAP_FLAG = 0x100, STACK_BYTES = 1 << 18 };

static int number;
static int other_number;
static void (*act)(void);
static unsigned countdown; /* instructions until the handler acts; 0: it has */
static unsigned acted;
static unsigned wrong;
static sigjmp_buf out;
static void *alternate; /* stack for the handler, above the thread's own; NULL: none */
static bool otherwise;  /* it is the number's first use, which goes another way */
static bool jumps;      /* out of the system call of the call that is traced */
static bool jumps_out;

static run_calls *own_calls(void)
{
    return &run_all_calls[hf_this_thread.record];
}

/* What closers may rely on at any moment: what is free has no handle.  (But for an instant, if the
 * call was taken for left.) */
static void look(void)
{
    const run_calls *own = own_calls();
    if (alternate != NULL)
        return;
    wrong += own->calls[0].frame == 0 && own->calls[0].handle != 0;
    for (uint32_t i = own->more + 1; i < RUN_CALLS; i++)
        wrong += own->calls[i].handle != 0;
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    static bool traces;
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    (void)signal_number;
    look();
    if (info->si_code <= 0)
        traces = !traces && countdown != 0; /* by raise: begins, or ends */
    else if (--countdown == 0)
        traces = false;
    *flags = traces ? *flags | TRAP_FLAG : *flags & ~(greg_t)TRAP_FLAG;
    if (info->si_code > 0 && countdown == 0) {
        acted++;
        act();
    }
}

/* A handler jumps out of it, and the wrapper of the jump sees that. */
static bool is_jumped_out_of(int descriptor)
{
    bool jumped = jumps_out && descriptor == number;
    if (jumped)
        run_use_leave_all();
    return jumped;
}

/* Unless it was taken for left. */
static void expect_announced(int descriptor)
{
    uint64_t handle = run_handle_of(descriptor).bits;
    unsigned found = 0;
    for (uint32_t i = 0; i < run_calls_taken(own_calls()); i++)
        found += own_calls()->calls[i].handle == handle;
    wrong += found == 0 && alternate == NULL;
}

/* A wrapper, without its system call. */
__attribute__((noinline)) static void call(int descriptor)
{
    run_use use;
    run_calls *own = run_usual_enter(descriptor, RUN_CALLER_SITE(), "read");
    if (own == NULL && !run_use_begin(&use, descriptor, "read"))
        return;
    expect_announced(descriptor);
    if (is_jumped_out_of(descriptor))
        return;
    if (own != NULL)
        run_usual_leave(own);
    else
        run_use_end(&use, false);
}

__attribute__((noinline)) static void call_traced(void)
{
    char deeper[1024]; /* than any frame of the calls that come afterwards */
    __asm__ volatile("" : : "r"(deeper));
    if (sigsetjmp(out, 1) != 0)
        return;
    raise(SIGTRAP);
    call(number);
    raise(SIGTRAP);
}

/* ---- what the handler does ------------------------------------------------------------------ */

static void use_another(void)
{
    call(other_number);
}

static void use_the_same(void)
{
    call(number);
}

static void close_it(void)
{
    (void)run_close(number, "close");
}

static void jump_out(void)
{
    run_use_leave_all(); /* as the wrapper of the jump does */
    siglongjmp(out, 1);
}

static void jump_out_unseen(void)
{
    siglongjmp(out, 1);
}

/* ---- the tests ------------------------------------------------------------------------------ */

static void open_numbers(void)
{
    other_number = opened_seen();
    call(other_number);
    number = opened_seen();
    if (!otherwise)
        call(number);
}

static void prepare_traps(void)
{
    struct sigaction action = {.sa_sigaction = on_trap,
                               .sa_flags = SA_SIGINFO | (alternate != NULL ? SA_ONSTACK : 0)};
    cr_assert_eq(sigaction(SIGTRAP, &action, NULL), 0);
}

static void expect_left(const char *when)
{
    const run_calls *own = own_calls();
    for (uint32_t i = 0; i < RUN_CALLS; i++)
        cr_assert_eq(own->calls[i].handle, 0, "%s, at instruction %u", when, acted);
}

static void interrupt_after(unsigned instructions)
{
    open_numbers();
    countdown = instructions;
    jumps_out = jumps;
    call_traced();
    jumps_out = false;
    cr_assert_eq(wrong, 0, "at instruction %u", acted);
    if (act != jump_out_unseen)
        expect_left("at once");
    call(number); /* what was left unseen is found now */
    expect_left("after the next call");
    cr_assert_eq(run_calls_taken(own_calls()), 0, "at instruction %u", acted);
    (void)run_close(other_number, "close");
    if (run_state_of(number) == RUN_LIVE)
        (void)run_close(number, "close");
}

/* Acts after each instruction in turn, until there is none left. */
static void interrupt_everywhere(void *unused)
{
    unsigned before;
    (void)unused;
    prepare_traps();
    do {
        before = acted;
        interrupt_after(acted + 1);
    } while (acted != before);
    if (acted == 0)
        cr_log_info("left out: the trap flag has no effect here");
    cr_expect_eq(reports_count(HF_REPORT_CLOSE_DURING_USE), 0);
}

TestSuite(usual_interrupted, .init = preload_up);

Test(usual_interrupted, by_another_use)
{
    act = use_another;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, by_the_same_use)
{
    act = use_the_same;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, by_a_close)
{
    act = close_it;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, by_a_jump)
{
    act = jump_out;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, by_a_jump_that_nobody_sees)
{
    act = jump_out_unseen;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, otherwise_by_another_use)
{
    otherwise = true;
    act = use_another;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, otherwise_by_a_jump)
{
    otherwise = true;
    act = jump_out;
    interrupt_everywhere(NULL);
}

Test(usual_interrupted, otherwise_by_a_jump_that_nobody_sees)
{
    otherwise = true;
    act = jump_out_unseen;
    interrupt_everywhere(NULL);
}

/* ---- on a stack above, from where the call is taken for left ------------------------------------
 */

static void interrupt_from_above(void *stack)
{
    stack_t above = {.ss_sp = stack, .ss_size = STACK_BYTES};
    stack_t before;
    alternate = stack;
    cr_assert_eq(sigaltstack(&above, &before), 0);
    act = use_another;
    interrupt_everywhere(NULL);
    cr_assert_eq(sigaltstack(&before, NULL), 0);
}

static void interrupt_below(void)
{
    char stack[STACK_BYTES];
    actor *below = actor_start();
    actor_do(below, interrupt_from_above, stack);
    actor_end(below);
}

Test(usual_interrupted, on_a_stack_above)
{
    interrupt_below();
}

Test(usual_interrupted, on_a_stack_above_and_jumped_out_of)
{
    jumps = true;
    interrupt_below();
}

Test(usual_interrupted, otherwise_on_a_stack_above)
{
    otherwise = true;
    interrupt_below();
}

Test(usual_interrupted, otherwise_on_a_stack_above_and_jumped_out_of)
{
    otherwise = true;
    jumps = true;
    interrupt_below();
}

#endif

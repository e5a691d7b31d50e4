/* Owners of values, interrupted after any single instruction: with the processor's trap flag set, a
 * signal handler runs after each instruction of an operation and, every so often, changes the very
 * entry at which the operation is at work.  Threads alone hit such moments about never.
 * Left out where there is no trap flag (other processors, valgrind), and under ThreadSanitizer,
 * which puts signals off. */
#include "core/owners.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <ucontext.h>

#if defined(__x86_64__) && !defined(HF_TSAN_BUILD_)

enum { ONE_WINDOW = 1 << 20 };

/* Two values that use the same entries. */
static const hf_value values[2] = {5, 5 + ONE_WINDOW};

static hf_namespace numbers = HF_NAMESPACE_INIT("small", HF_VALUES_SMALL);
static unsigned misled; /* answers that name a handle of another value */

/* A handle that tells which of the two values it is for. */
static hf_handle fresh_handle(unsigned which)
{
    static uint64_t lives;
    uint64_t life = __atomic_add_fetch(&lives, 1, __ATOMIC_RELAXED); /* may be interrupted */
    return (hf_handle){life << 8 | which << 1 | 1};
}

static unsigned value_of(hf_handle handle)
{
    return (unsigned)(handle.bits >> 1) & 1;
}

static hf_handle find_owner(hf_value value)
{
    return hf_owners_find(&numbers, value, HF_NULL_HANDLE, false);
}

/* ---- interrupting an operation -------------------------------------------------------------- */

static void (*interruption)(void); /* NULL: no more */
static unsigned period;            /* instructions from one interruption to the next */
static unsigned countdown;
static unsigned interruptions;

enum { TRAP_FLAG = 0x100 };

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    (void)signal_number;
    if (interruption == NULL) {
        *flags &= ~(greg_t)TRAP_FLAG;
        return;
    }
    *flags |= TRAP_FLAG;
    bool by_trap_flag = info->si_code > 0; /* else by raise */
    if (by_trap_flag && --countdown == 0) {
        countdown = period;
        interruptions++;
        interruption();
    }
}

static void prepare_traps(void)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    cr_assert_eq(sigaction(SIGTRAP, &action, NULL), 0);
}

static void run_interrupted(void (*operation)(void), void (*handler)(void))
{
    interruption = handler;
    raise(SIGTRAP);
    operation();
    interruption = NULL;
}

/* Interrupts the operation at every instruction, for long and short stays of what the handler does:
 * short ones lie within a few instructions, long ones within a slow, unoptimised build. */
static void interrupt_everywhere(void (*operation)(void), void (*handler)(void))
{
    static const unsigned periods[] = {1, 2, 3, 5, 8, 13, 21, 34, 55};
    prepare_traps();
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        period = periods[i];
        for (unsigned phase = 1; phase <= period; phase++) {
            countdown = phase;
            run_interrupted(operation, handler);
        }
    }
    if (interruptions == 0)
        cr_log_info("left out: the trap flag has no effect here");
    cr_expect_eq(misled, 0, "misled %u times", misled);
    cr_expect_eq(numbers.untracked, 0, "%llu entries are missing",
                 (unsigned long long)numbers.untracked);
}

/* ---- a reader: the entry goes from one value to the other and back -------------------------- */

static hf_handle holder;

static void change_hands(void)
{
    unsigned next = 1 - value_of(holder);
    hf_owners_strike(&numbers, values[1 - next], holder);
    holder = fresh_handle(next);
    hf_owners_enrol(&numbers, values[next], holder, false);
}

static void find_either(void)
{
    for (unsigned which = 0; which < 2; which++) {
        hf_handle found = find_owner(values[which]);
        if (!hf_handle_is_null(found) && value_of(found) != which)
            misled++;
    }
}

Test(namespace_interrupted, reader_is_not_misled)
{
    holder = fresh_handle(0);
    hf_owners_enrol(&numbers, values[0], holder, false);
    interrupt_everywhere(find_either, change_hands);
}

/* ---- a writer: an owner of the other value comes and goes ----------------------------------- */

static hf_handle guest;
static unsigned lost;

static void expect_to_be_alone(hf_handle told)
{
    if (!hf_handle_is_null(told))
        misled++;
}

/* The interrupted operation's entry may have no mark yet: that must not look like value 0, whose
 * window holds the entry as well. */
static void come_or_go(void)
{
    expect_to_be_alone(find_owner(0));
    if (hf_handle_is_null(guest)) {
        guest = fresh_handle(1);
        expect_to_be_alone(hf_owners_enrol(&numbers, values[1], guest, false));
        return;
    }
    if (!hf_handle_equal(find_owner(values[1]), guest))
        lost++;
    hf_owners_strike(&numbers, values[1], guest);
    guest = HF_NULL_HANDLE;
}

static void enrol_and_strike(void)
{
    hf_handle handle = fresh_handle(0);
    expect_to_be_alone(hf_owners_enrol(&numbers, values[0], handle, false));
    if (!hf_handle_equal(find_owner(values[0]), handle))
        lost++;
    hf_owners_strike(&numbers, values[0], handle);
}

Test(namespace_interrupted, writer_and_interrupter_do_not_disturb_each_other)
{
    interrupt_everywhere(enrol_and_strike, come_or_go);
    cr_expect_eq(lost, 0, "lost %u times", lost);
}

/* ---- the first owner of a namespace: a second one comes before it has its book ----------------
 */

enum { BIRTH_STEP = 7 };

static hf_namespace newborn;
static bool first_told, second_told;

static bool own_newborn(void)
{
    return !hf_handle_is_null(hf_owners_enrol(&newborn, values[0], fresh_handle(0), false));
}

static void come_first(void)
{
    first_told = own_newborn();
}

static void come_second(void)
{
    second_told = own_newborn();
    interruption = NULL; /* once is enough: the rest runs at full speed */
}

/* Answers whether the first was interrupted at all, after `instructions`. */
static bool two_come(unsigned instructions)
{
    unsigned before = interruptions;
    newborn = (hf_namespace)HF_NAMESPACE_INIT("newborn", HF_VALUES_SPARSE);
    first_told = second_told = false;
    countdown = instructions;
    run_interrupted(come_first, come_second);
    return interruptions != before;
}

Test(namespace_interrupted, second_owner_comes_while_the_book_is_made)
{
    prepare_traps();
    for (unsigned instructions = 1; two_come(instructions); instructions += BIRTH_STEP) {
        cr_assert(first_told || second_told, "after %u instructions", instructions);
        cr_assert_eq(newborn.untracked, 0);
    }
}

#endif

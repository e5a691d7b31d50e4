/* Many threads at once, forks and signals: reports do not mix, nobody waits for ever. */
#include "finding.h"
#include "platform/lock.h"
#include "report/stacks.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, FINDINGS = 25 };

TestSuite(report_stress, .fini = temporary_remove);

static void run_threads(void *(*function)(void *))
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, function, (void *)i) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- reports ----------------------------------------------------------------------------------
 */

static void *raise_many(void *argument)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    (void)argument;
    for (unsigned i = 0; i < FINDINGS; i++)
        finding_raise_at(&event, i);
    return NULL;
}

static void raise_by_all(void)
{
    run_threads(raise_many);
}

/* Between a report's first and last line there is no other's. */
static unsigned whole_reports(const char *text)
{
    unsigned count = 0;
    while (strncmp(text, "=====", 5) == 0) {
        const char *title = strstr(text, "==ERROR: ");
        const char *end = strstr(text, "\nSUMMARY: ");
        if (title == NULL || end == NULL || title > end)
            break;
        const char *next_title = strstr(title + 1, "==ERROR: ");
        if (next_title != NULL && next_title < end)
            break;
        text = strchr(end + 1, '\n') + 1;
        count++;
    }
    return *text == '\0' ? count : 0;
}

Test(report_stress, reports_of_racing_threads_do_not_mix)
{
    const outcome *result = outcome_here("print_all=1:symbolize=0", raise_by_all);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(whole_reports(result->text), THREADS * FINDINGS);
}

Test(report_stress, racing_threads_report_each_finding_once)
{
    const outcome *result = outcome_here("symbolize=0", raise_by_all);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(whole_reports(result->text), FINDINGS);
}

Test(report_stress, racing_threads_are_named_in_full)
{
    if (!finding_has_lines())
        cr_skip_test("built without debug information");
    const outcome *result = outcome_here("stack_depth=4", raise_by_all);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(whole_reports(result->text), occurrences(result->text, "SUMMARY: "));
    cr_expect_eq(occurrences(result->text, "in opened_here /"),
                 3 * occurrences(result->text, "SUMMARY: "), "opened twice, and entered");
}

/* ---- once -------------------------------------------------------------------------------------
 */

static _Atomic unsigned reported[HF_REPORT_KIND_COUNT];
static _Atomic unsigned arrivals;

static bool note_kind(const hf_report *report, void *context)
{
    (void)context;
    atomic_fetch_add(&reported[report->kind], 1);
    return true;
}

/* Each thread has a stack of its own; for each kind all begin together. */
static void *raise_each_kind(void *argument)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        hf_event event = finding_bare((hf_report_kind)kind);
        atomic_fetch_add(&arrivals, 1);
        while (atomic_load(&arrivals) < (kind + 1) * THREADS)
            sched_yield();
        finding_raise_at(&event, (unsigned)(uintptr_t)argument);
    }
    return NULL;
}

Test(report_stress, of_racing_threads_one_reports_what_is_reported_once)
{
    char options[128];
    /* Looking for suppressions takes long, and lets the others catch up. */
    snprintf(options, sizeof options, "all=once:suppressions=%s", temporary_file("*:nothing\n"));
    cr_assert_eq(hf_set_options(options), HF_OK);
    hf_set_report_hook(note_kind, NULL);
    run_threads(raise_each_kind);
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        cr_expect_eq(atomic_load(&reported[kind]), 1, "kind %u", kind);
}

/* ---- stacks -----------------------------------------------------------------------------------
 */

enum { STACKS = 128, ROUNDS = 20 };
static _Atomic uintptr_t
    frames_at[STACKS]; /* the address of a stack's frames stands for its number */
static _Atomic unsigned disagreements;

static bool note_stack(const hf_report *report, void *context)
{
    uintptr_t none = 0;
    uintptr_t frames = (uintptr_t)report->now.frames;
    (void)context;
    if (!atomic_compare_exchange_strong(&frames_at[report->error], &none, frames) && none != frames)
        atomic_fetch_add(&disagreements, 1);
    return true;
}

static void *raise_at_each(void *argument)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    for (int i = 0; i < ROUNDS * STACKS; i++) {
        event.error = i % STACKS;
        finding_raise_at(&event, (unsigned)event.error);
    }
    return argument;
}

Test(report_stress, racing_threads_agree_on_stacks)
{
    hf_set_report_hook(note_stack, NULL);
    (void)hf_set_options("print_all=1");
    run_threads(raise_at_each);
    cr_expect_eq(atomic_load(&disagreements), 0);
    for (int i = 1; i < STACKS; i++)
        cr_expect_neq(atomic_load(&frames_at[i]), atomic_load(&frames_at[i - 1]), "stack %d", i);
}

/* ---- fork -------------------------------------------------------------------------------------
 */

static _Atomic bool stop;

static void *raise_until_stopped(void *argument)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    while (!atomic_load(&stop))
        finding_raise_at(&event, (unsigned)(uintptr_t)argument);
    return NULL;
}

static void *fork_again_and_again(void *argument)
{
    (void)argument;
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            hf_event event = finding_full(HF_REPORT_LEAK);
            alarm(60); /* waits for a lock that nobody will give back */
            finding_raise(&event);
            _exit(0);
        }
        int status;
        if (waitpid(child, &status, 0) != child || status != 0)
            abort();
    }
    atomic_store(&stop, true);
    return NULL;
}

static void fork_while_others_write(void)
{
    pthread_t threads[2];
    (void)finding_trace(); /* what a thread needs memory for is done before it forks */
    for (uintptr_t i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, raise_until_stopped, (void *)i) != 0)
            abort();
    }
    fork_again_and_again(NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void expect_children_report(const char *options)
{
    const outcome *result = outcome_here(options, fork_while_others_write);
    cr_expect(outcome_is_good(result), "%#x %s", (unsigned)result->status, result->text);
}

Test(report_stress, forked_child_reports_although_others_were_writing)
{
    expect_children_report("print_all=1:log_path=/dev/null:symbolize=0");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* The sanitizers' own malloc may hang in a forked child. */
Test(report_stress, forked_child_names_addresses_although_others_were_at_it)
{
    expect_children_report("print_all=1:log_path=/dev/null");
}
#endif

static hf_lock held;

static void take_lock_of_the_dead(void)
{
    alarm(60);
    hf_os_thread_renumber();
    if (hf_lock_take(&held, INT64_MAX))
        abort();
    hf_lock_reset(&held);
    if (!hf_lock_take(&held, 0))
        abort();
    hf_lock_give(&held);
}

Test(report_stress, lock_held_by_the_parent_has_no_owner_in_the_child)
{
    cr_assert(hf_lock_take(&held, 0));
    cr_expect(outcome_is_good(outcome_of(NULL, take_lock_of_the_dead)));
    hf_lock_give(&held);
}

Test(report_stress, lock_is_refused_to_the_thread_that_holds_it)
{
    cr_assert(hf_lock_take(&held, 0));
    cr_expect_not(hf_lock_take(&held, INT64_MAX));
    hf_lock_give(&held);
}

static unsigned guarded;

static void *count_guarded(void *argument)
{
    for (int i = 0; i < 10000; i++) {
        while (!hf_lock_take(&held, INT64_MAX)) {
        }
        guarded++;
        hf_lock_give(&held);
    }
    return argument;
}

Test(report_stress, lock_excludes)
{
    run_threads(count_guarded);
    cr_expect_eq(guarded, THREADS * 10000);
}

/* ---- signals ----------------------------------------------------------------------------------
 */

static _Atomic unsigned handled;

static void raise_in_handler(int number)
{
    hf_event event = finding_bare(HF_REPORT_LEAK);
    (void)number;
    finding_raise(&event);
    atomic_fetch_add(&handled, 1);
}

static void *send_signals(void *argument)
{
    while (!atomic_load(&stop)) {
        pthread_kill(*(pthread_t *)argument, SIGUSR1);
        usleep(200);
    }
    return NULL;
}

static void raise_while_interrupted(void)
{
    pthread_t self = pthread_self();
    pthread_t sender;
    struct sigaction action = {.sa_handler = raise_in_handler, .sa_flags = SA_RESTART};
    alarm(100);
    raise_many(NULL);
    if (sigaction(SIGUSR1, &action, NULL) != 0 ||
        pthread_create(&sender, NULL, send_signals, &self) != 0)
        abort();
    for (int i = 0; i < 10; i++)
        raise_many(NULL);
    atomic_store(&stop, true);
    pthread_join(sender, NULL);
}

Test(report_stress, handlers_that_interrupt_a_writer_do_not_wait_for_it)
{
    const outcome *result = outcome_here("print_all=1:symbolize=0", raise_while_interrupted);
    cr_expect(outcome_is_good(result), "%#x", (unsigned)result->status);
}

/* The quarantine: tombstones, their eviction, and what makes them give way. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload_support.h"
#include "real.h"
#include "stopped.h"

TestSuite(quarantine, .init = preload_up);
TestSuite(no_quarantine, .init = preload_up_without_quarantine);
TestSuite(quarantine_alone, .init = preload_up_alone);

static void close_and_hold(void)
{
    int number = opened_seen();
    must_close_number(number);
    cr_expect(is_tombstone(number));
    cr_expect_not(is_usable(number));
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(fcntl(number, F_GETFD), FD_CLOEXEC);
    cr_expect_neq(opened_seen(), number);
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(quarantine_alone, closed_number_is_held)
{
    close_and_hold();
}

Test(quarantine, closed_number_is_held)
{
    close_and_hold();
}

Test(quarantine, oldest_leaves_first)
{
    int first = opened_seen();
    must_close_number(first);
    drive_out();
    cr_expect_neq(run_state_of(first), RUN_LEAVING);
    unsigned held = 0;
    for (int i = 3; i < 200; i++)
        held += is_tombstone(i) && i != run_tombstone_source();
    cr_expect_leq(held, 2u * KEPT);
    cr_expect_geq(held, (unsigned)KEPT);
    cr_expect_eq(reports_total(), 0);
}

/* Whichever order they were closed in. */
static void close_and_foresee(void)
{
    int numbers[KEPT];
    for (int i = 0; i < KEPT; i++)
        numbers[i] = opened_seen();
    for (int i = KEPT; i-- > 0;)
        must_close_number(numbers[i]);
    run_quarantine_empty();
    int now = opened_seen();
    cr_assert_eq(now, numbers[0]);
    for (int i = 1; i < KEPT; i++) {
        int foreseen = run_number_of(now)->soon;
        now = opened_seen();
        cr_expect_eq(now, foreseen);
    }
}

Test(quarantine, numbers_that_leave_it_are_given_away_as_foreseen)
{
    close_and_foresee();
}

Test(quarantine_alone, numbers_that_leave_it_are_given_away_as_foreseen)
{
    close_and_foresee();
}

Test(quarantine, emptied)
{
    int number = opened_seen();
    must_close_number(number);
    run_quarantine_empty();
    cr_expect_not(is_there(number));
    cr_expect_eq(run_state_of(number), RUN_FREE);
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
}

Test(quarantine, what_was_put_onto_a_tombstone_stays)
{
    int source = opened_seen();
    int number = opened_seen();
    must_close_number(number);
    cr_assert_eq(place(source, number), number);
    drive_out();
    run_quarantine_empty();
    cr_expect(is_usable(number));
    cr_expect_eq(run_state_of(number), RUN_LIVE);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

Test(quarantine, evicted_before_the_replacement_is_noted)
{
    int source = opened_seen();
    int number = opened_seen();
    must_close_number(number);
    run_placing(number);
    cr_assert_eq(dup2(source, number), number);
    run_quarantine_empty(); /* by another thread */
    cr_expect(is_usable(number));
}

Test(quarantine, tombstone_that_was_not_replaced_is_free)
{
    int number = opened_seen();
    must_close_number(number);
    cr_assert_eq(place(-1, number), -1);
    cr_expect_eq(errno, EBADF);
    cr_expect_not(is_there(number));
}

Test(quarantine, live_that_was_not_replaced_lives)
{
    int number = opened_seen();
    cr_assert_eq(place(-1, number), -1);
    must_close_number(number);
    cr_expect_eq(reports_total(), 0);
}

Test(quarantine, deliberate_replacement_is_silent)
{
    int source = opened_seen();
    int number = opened_seen();
    hf_handle before = run_handle_of(number);
    cr_assert_eq(place(source, number), number);
    cr_expect_not(hf_is_live(run_this_process.table, before));
    cr_expect_eq(reports_total(), 0);
}

Test(quarantine, replacing_what_a_stream_owns)
{
    int source = opened_seen();
    int number = opened_seen();
    run_set_stream(number, run_handle_of(source));
    cr_assert_eq(place(source, number), number);
    cr_expect_eq(reports_count(HF_REPORT_CLOBBER), 1);
}

static void *open_one(void *number)
{
    *(int *)number = opened_seen();
    return NULL;
}

Test(quarantine, replacing_what_another_thread_of_the_module_opened)
{
    pthread_t other;
    int number;
    cr_assert_eq(pthread_create(&other, NULL, open_one, &number), 0);
    cr_assert_eq(pthread_join(other, NULL), 0);
    cr_assert_eq(place(opened_seen(), number), number);
    cr_expect_eq(reports_count(HF_REPORT_CLOBBER), 0);
}

Test(quarantine, number_that_is_asked_for_is_free)
{
    int number = opened_seen();
    must_close_number(number);
    run_quarantine_free(number);
    cr_expect_eq(fcntl(0, F_DUPFD, number), number);
}

Test(quarantine, freed_by_the_c_library)
{
    int number = opened_seen();
    cr_assert(run_ends(number, "fclose"));
    cr_assert_eq(close(number), 0);
    run_quarantine_put_if_free(number);
    cr_expect(is_tombstone(number));
    cr_expect_eq(run_state_of(number), RUN_TOMB);
}

Test(quarantine, freed_by_the_c_library_and_taken)
{
    int number = opened_seen();
    cr_assert(run_ends(number, "fclose"));
    cr_assert_eq(close(number), 0);
    cr_assert_eq(opened_seen(), number);
    run_quarantine_put_if_free(number);
    cr_expect(is_usable(number));
    cr_expect_eq(run_state_of(number), RUN_LIVE);
}

/* What was to be the tombstone got another number. */
Test(quarantine, freed_by_the_c_library_and_taken_unseen)
{
    int number = opened_seen();
    cr_assert(run_ends(number, "fclose"));
    cr_assert_eq(close(number), 0);
    cr_assert_eq(opened_unseen(), number);
    run_quarantine_put_if_free(number);
    cr_expect(is_usable(number));
    cr_expect_eq(run_state_of(number), RUN_FREE);
    cr_expect_eq(opened_unseen(), number + 1, "the number was not given back");
}

/* ---- closes that tell something ------------------------------------------------------------- */

/* Defined by the linker: see real.c. */
extern run_real_function __start_run_reals[] __attribute__((visibility("hidden")));
extern run_real_function __stop_run_reals[] __attribute__((visibility("hidden")));

/* From now on the library finds `function` where it looks for the C library's. */
static void replace_real(const char *symbol, const void *function)
{
    void *found;
    memcpy(&found, function, sizeof found);
    for (run_real_function *each = __start_run_reals; each < __stop_run_reals; each++)
        if (strcmp(each->symbol, symbol) == 0)
            __atomic_store_n(&each->found, found, __ATOMIC_RELAXED);
}

/* As a file system does that writes behind. */
static int failing_close(int descriptor)
{
    (void)syscall(SYS_close, descriptor);
    errno = EIO;
    return -1;
}

static int closed_with_an_error(void)
{
    int (*function)(int descriptor) = failing_close;
    int number = opened_seen();
    run_number_of(number)->tells = 1;
    replace_real("close", &function);
    cr_expect_eq(run_close(number, "close"), -1);
    cr_expect_eq(errno, EIO);
    return number;
}

Test(quarantine_alone, error_of_a_close_is_told)
{
    int number = closed_with_an_error();
    cr_expect(is_tombstone(number));
}

/* What a signal handler opens while the file is closed and the tombstone is not put yet. */
static int stealing_close(int descriptor)
{
    int result = (int)syscall(SYS_close, descriptor);
    cr_assert_eq(opened_unseen(), descriptor);
    return result;
}

Test(quarantine_alone, number_that_was_taken_before_its_tombstone_came)
{
    int (*function)(int descriptor) = stealing_close;
    int number = opened_seen();
    replace_real("close", &function);
    must_close_number(number);
    cr_expect(is_usable(number));
    cr_expect_eq(run_state_of(number), RUN_FREE);
    cr_expect_eq(opened_unseen(), number + 1, "the tombstone was not given back");
    run_quarantine_empty();
    cr_expect(is_usable(number));
}

/* A handler that closes it finds that it interrupted the library. */
static int interrupted_close(int descriptor)
{
    run_self.inside++;
    int result = run_close(descriptor, "close");
    run_self.inside--;
    return result;
}

Test(quarantine_alone, number_that_a_handler_closed_meanwhile)
{
    int number = opened_seen();
    run_number *record = run_number_of(number);
    (void)interrupted_close(number);
    uint32_t before = run_word_with(run_word_of(record), RUN_LIVE);
    run_quarantine_put_closed(number, before);
    cr_expect_eq(run_state_of(number), RUN_UNKNOWN);
    cr_expect_not(is_there(number), "the tombstone was not given back");
}

/* ThreadSanitizer's programs have their files closed first, and the tombstones put afterwards. */
#ifndef __SANITIZE_THREAD__

Test(quarantine, error_of_a_close_is_told)
{
    cr_expect_not(is_there(closed_with_an_error()));
}

Test(quarantine, next_file_of_that_number_gets_a_tombstone_again)
{
    int number = opened_seen();
    run_number_of(number)->tells = 1;
    must_close_number(number);
    cr_assert_eq(opened_seen(), number);
    must_close_number(number);
    cr_expect(is_tombstone(number));
}

static void close_the_source(void)
{
    cr_assert_eq(close(run_tombstone_source()), 0);
    must_close_number(opened_seen()); /* learns it */
    int number = opened_seen();
    must_close_number(number);
    cr_expect(is_tombstone(number));
}

Test(quarantine_alone, source_closed_unseen)
{
    close_the_source();
}

Test(quarantine, source_closed_unseen)
{
    close_the_source();
}

#endif

Test(quarantine, source_replaced)
{
    int own = run_tombstone_source();
    cr_assert_eq(place(opened_seen(), own), own);
    int number = opened_seen();
    must_close_number(number);
    cr_expect(is_tombstone(number));
    cr_expect(is_usable(own));
}

static void limit_to(rlim_t soft)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = soft;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* How many more descriptors there are to be had, by calls that try again. */
static int fill(void)
{
    for (int count = 0;; count++) {
        int number = open("/dev/null", O_RDWR);
        if (number < 0 && run_quarantine_made_room())
            number = open("/dev/null", O_RDWR);
        if (number < 0)
            return count;
        run_opened_path(number, "open", "/dev/null");
    }
}

Test(quarantine, takes_nothing_from_who_needs_all)
{
    int native = 0;
    limit_to(100);
    run_quarantine_stop(); /* its source lies above the limit: made anew below */
    cr_assert_eq(close(run_tombstone_source()), 0);
    for (int i = 0; i < 100; i++)
        native += !is_there(i);
    run_quarantine_start();
    cr_assert_lt(run_tombstone_source(), 100);
    for (int i = 0; i < KEPT; i++)
        must_close_number(opened_seen());
    cr_expect_eq(fill(), native);
    cr_expect_eq(errno, EMFILE);
}

Test(quarantine, limit_lowered_below_a_number)
{
    int number = fcntl(0, F_DUPFD, 500);
    cr_assert_eq(number, 500);
    run_opened_path(number, "fcntl", "");
    limit_to(100);
    run_quarantine_resize();
    must_close_number(number);
    cr_expect_not(is_there(number));
    int low = opened_seen();
    must_close_number(low);
    cr_expect(is_tombstone(low));
}

Test(quarantine, very_low_limit)
{
    limit_to(20);
    run_quarantine_resize();
    int number = opened_seen();
    must_close_number(number);
    cr_expect_not(is_there(number));
}

Test(quarantine, high_numbers_empty_it)
{
    int number = opened_seen();
    must_close_number(number);
    int high = fcntl(0, F_DUPFD, 970);
    run_opened_path(high, "fcntl", "");
    cr_expect_not(is_there(number));
}

Test(quarantine, stopped)
{
    int number = opened_seen();
    must_close_number(number);
    run_quarantine_stop();
    cr_expect_not(is_there(number));
    number = opened_seen();
    must_close_number(number);
    cr_expect_not(is_there(number));
}

Test(quarantine, forked_child_has_its_own_copies)
{
    int number = opened_seen();
    must_close_number(number);
    pid_t child = fork();
    if (child == 0) {
        run_quarantine_forked();
        _exit(is_tombstone(number) && run_close(number, "close") == -1 && errno == EBADF ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
}

/* ---- while tombstones are removed ----------------------------------------------------------- */

static stopping_place removing;
static bool heard_signals; /* when the first one was */

/* In the place of the C library's syscall: stops before a tombstone is closed. */
static long stopping_call(long number, ...)
{
    long words[4];
    sigset_t blocked;
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 4; i++)
        words[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_close || number == SYS_close_range) {
        (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
        heard_signals |= sigismember(&blocked, SIGUSR2) == 0;
        stop_here(&removing);
    }
    return syscall(number, words[0], words[1], words[2], words[3]);
}

static void stop_removals(void)
{
    long (*call)(long number, ...) = stopping_call;
    replace_real("syscall", &call);
}

static void *remove_all(void *unused)
{
    run_quarantine_empty();
    return unused;
}

static int is_free_in_child(int number)
{
    let_pass(&removing);
    run_quarantine_forked();
    return run_state_of(number) == RUN_FREE && !is_there(number) ? 0 : 1;
}

Test(quarantine, what_another_thread_removes_is_free_in_a_forked_child)
{
    pthread_t remover;
    int number = opened_seen();
    int status;
    must_close_number(number);
    stop_removals();
    cr_assert_eq(pthread_create(&remover, NULL, remove_all, NULL), 0);
    wait_until_stopped(&removing);
    cr_expect_eq(run_state_of(number), RUN_LEAVING);
    pid_t child = fork();
    if (child == 0)
        _exit(is_free_in_child(number));
    let_pass(&removing);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
    cr_assert_eq(pthread_join(remover, NULL), 0);
    cr_expect_eq(run_state_of(number), RUN_FREE);
    cr_expect_not(is_there(number));
}

/* A handler that puts something onto such a number would wait for the thread that it interrupts. */
Test(quarantine, signals_wait_while_tombstones_are_removed)
{
    sigset_t own;
    sigset_t after;
    (void)sigemptyset(&own);
    (void)sigaddset(&own, SIGUSR1);
    cr_assert_eq(pthread_sigmask(SIG_BLOCK, &own, NULL), 0);
    let_pass(&removing);
    stop_removals();
    drive_out();
    cr_expect(removing.reached);
    cr_expect_not(heard_signals);
    cr_assert_eq(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
    cr_expect_eq(sigismember(&after, SIGUSR1), 1);
    cr_expect_eq(sigismember(&after, SIGUSR2), 0);
}

Test(no_quarantine, closed_number_is_free)
{
    int number = opened_seen();
    must_close_number(number);
    cr_expect_not(is_there(number));
    must_be_refused(number);
    cr_expect_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
    cr_expect_eq(run_tombstone_source(), -1);
}

/* ---- many threads --------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 4000 };

/* What this thread opened, nobody else closes. */
static void *churn(void *failures)
{
    for (int i = 0; i < ROUNDS; i++) {
        int first = opened_seen();
        int second = opened_seen();
        bool good = is_usable(first) && run_close(first, "close") == 0 && is_usable(second) &&
                    place(0, second) == second && run_close(second, "close") == 0;
        if (!good)
            (void)__atomic_fetch_add((unsigned *)failures, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

Test(quarantine, threads_keep_their_files)
{
    pthread_t threads[THREADS];
    unsigned failures = 0;
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, churn, &failures), 0);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_expect_eq(failures, 0u);
    cr_expect_eq(reports_total(), 0);
    run_quarantine_empty();
    for (int i = 3; i < 200; i++)
        cr_expect(!is_tombstone(i) || i == run_tombstone_source(), "%d stays a tombstone", i);
}

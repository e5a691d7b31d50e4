/* Reports of a process that is exiting: complete where there is one thread, and otherwise without
 * all that takes a lock of the C library. */
#include "finding.h"

#include <criterion/criterion.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "report/kinds.h"

TestSuite(report_exit);

static void raise_at_exit(void)
{
    hf_event event = finding_full(HF_REPORT_LOST_AT_EXIT);
    hf_event_exit();
    finding_raise(&event);
}

Test(report_exit, one_thread_has_names)
{
    if (!finding_has_lines())
        cr_skip_test("names cannot be told here");
    const outcome *result = outcome_of(NULL, raise_at_exit);
    cr_assert(outcome_is_good(result));
    cr_assert_gt(occurrences(result->text, " in raise_at_exit "), 0, "%s", result->text);
    cr_assert_gt(occurrences(result->text, "exit.c:"), 0, "%s", result->text);
}

Test(report_exit, lost_value_blames_its_opener)
{
    const outcome *result = outcome_of(NULL, raise_at_exit);
    cr_assert(hf_kind_blames_opener(HF_REPORT_LOST_AT_EXIT));
    const char *opened = strstr(result->text, "opened by");
    const char *now = strstr(result->text, "this call");
    cr_assert_not_null(opened, "%s", result->text);
    cr_assert(now == NULL || opened < now, "%s", result->text);
}

/* ---- a thread that stopped with a lock of the dynamic linker ----------------------------------
 */

static atomic_int stopped;

static int stop_for_ever(struct dl_phdr_info *object, size_t size, void *argument)
{
    (void)object;
    (void)size;
    (void)argument;
    atomic_store(&stopped, 1);
    while (atomic_load(&stopped) != 2)
        sched_yield();
    return 1;
}

static void *stop_in_the_linker(void *argument)
{
    (void)dl_iterate_phdr(stop_for_ever, argument);
    return NULL;
}

static void raise_while_stopped(void)
{
    pthread_t thread;
    hf_event event = finding_full(HF_REPORT_LOST_AT_EXIT);
    event.error = 5;
    if (pthread_create(&thread, NULL, stop_in_the_linker, NULL) != 0)
        abort();
    while (atomic_load(&stopped) != 1)
        sched_yield();
    hf_event_exit();
    finding_raise(&event);
    atomic_store(&stopped, 2);
    pthread_join(thread, NULL);
}

static void expect_addresses_only(const outcome *result)
{
    cr_assert_gt(occurrences(result->text, "+0x"), 2, "%s", result->text);
    cr_assert_eq(occurrences(result->text, ".c:"), 0, "%s", result->text);
    cr_assert_eq(occurrences(result->text, "SUMMARY: Holdfast: lost-at-exit"), 1);
}

Test(report_exit, another_thread_stopped_in_the_linker)
{
    expect_addresses_only(outcome_here("level=1", raise_while_stopped));
}

Test(report_exit, another_thread_stopped_and_the_unwinder_is_wanted)
{
    const outcome *result = outcome_here("unwind=unwinder:format=json", raise_while_stopped);
    cr_assert_eq(occurrences(result->text, "\"lost-at-exit\""), 1, "%s", result->text);
}

/* The same finding is reported once; what makes two findings the same. */
#include "report/dedup.h"
#include "finding.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

/* One place for all: a loop may be unrolled, and its calls be different ones. */
__attribute__((noinline)) static void raise_here(const hf_event *event)
{
    cr_assert_eq(hf_set_options("stack_depth=1"), HF_OK);
    finding_raise(event);
}

static void start(void)
{
    hf_set_report_hook(finding_count_calls, NULL);
}

TestSuite(dedup, .init = start);

Test(dedup, same_place_is_reported_once)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    for (int i = 0; i < 100; i++)
        raise_here(&event);
    cr_expect_eq(finding_hook_calls, 1);
}

Test(dedup, same_place_with_another_handle_is_the_same)
{
    for (uint64_t i = 0; i < 3; i++) {
        hf_event event = finding_bare(HF_REPORT_STALE_USE);
        event.subject.handle.bits += 2 * i;
        raise_here(&event);
    }
    cr_expect_eq(finding_hook_calls, 1);
}

Test(dedup, another_kind_at_the_same_place_is_another)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        hf_event event = finding_bare((hf_report_kind)kind);
        raise_here(&event);
    }
    cr_expect_eq(finding_hook_calls, HF_REPORT_KIND_COUNT);
}

Test(dedup, another_caller_is_another)
{
    hf_event event = finding_bare(HF_REPORT_STALE_USE);
    for (int round = 0; round < 2; round++) {
        for (unsigned number = 0; number < 100; number++)
            finding_raise_at(&event, number);
    }
    cr_expect_eq(finding_hook_calls, 100);
}

Test(dedup, print_all_reports_each_time)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    cr_assert_eq(hf_set_options("print_all=1"), HF_OK);
    for (int i = 0; i < 10; i++)
        finding_raise(&event);
    cr_expect_eq(finding_hook_calls, 10);
}

/* ---- findings that blame the opener -----------------------------------------------------------
 */

static hf_event leak_opened_by(hf_trace opened)
{
    hf_event event = finding_bare(HF_REPORT_LEAK);
    event.subject.opened = opened;
    return event;
}

Test(dedup, leaks_of_one_opener_are_the_same_wherever_they_are_found)
{
    hf_event event = leak_opened_by(finding_trace());
    finding_raise_at(&event, 1);
    finding_raise_at(&event, 2);
    cr_expect_eq(finding_hook_calls, 1);
}

Test(dedup, leaks_of_two_openers_are_two_although_found_together)
{
    hf_event events[] = {leak_opened_by(finding_trace()), leak_opened_by(finding_trace())};
    for (int i = 0; i < 2; i++)
        finding_raise(&events[i]);
    cr_expect_eq(finding_hook_calls, 2);
}

Test(dedup, leaks_without_history_are_told_apart_by_type)
{
    static const char *const types[] = {"fd", "socket", "fd"};
    for (int i = 0; i < 3; i++) {
        hf_event event = finding_bare(HF_REPORT_LEAK);
        event.subject.type_name = types[i];
        raise_here(&event);
    }
    cr_expect_eq(finding_hook_calls, 2);
}

/* ---- the set ----------------------------------------------------------------------------------
 */

Test(dedup, set_answers_what_it_holds)
{
    cr_expect_not(hf_dedup_has(7));
    cr_expect_eq(hf_dedup_add(7), HF_DEDUP_NEW);
    cr_expect_eq(hf_dedup_add(7), HF_DEDUP_KNOWN);
    cr_expect(hf_dedup_has(7));
}

Test(dedup, keys_depend_on_both_numbers_and_their_order)
{
    cr_expect_neq(hf_dedup_key(1, 2), hf_dedup_key(2, 1));
    cr_expect_neq(hf_dedup_key(1, 2), hf_dedup_key(1, 3));
    cr_expect_neq(hf_dedup_key(0, 0), 0);
}

static unsigned fill_up(void)
{
    unsigned added = 0;
    while (hf_dedup_add(hf_dedup_key(1, added)) == HF_DEDUP_NEW)
        added++;
    return added;
}

Test(dedup, full_set_still_knows_its_keys)
{
    unsigned added = fill_up();
    cr_expect_eq(added, HF_DEDUP_LIMIT);
    cr_expect_eq(hf_dedup_add(hf_dedup_key(1, added)), HF_DEDUP_FULL);
    for (unsigned i = 0; i < added; i++)
        cr_assert_eq(hf_dedup_add(hf_dedup_key(1, i)), HF_DEDUP_KNOWN, "key %u", i);
    cr_expect_not(hf_dedup_has(hf_dedup_key(1, added)));
}

static void fill_up_and_raise(void)
{
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    fill_up();
    for (unsigned number = 0; number < 10; number++)
        finding_raise_at(&event, number);
}

Test(dedup, full_set_is_told_of_once)
{
    const outcome *result = outcome_of(NULL, fill_up_and_raise);
    cr_expect(outcome_is_good(result));
    cr_expect_eq(occurrences(result->text, "only counted from here on"), 1);
    cr_expect_eq(occurrences(result->text, "ERROR: Holdfast"), 0);
}

Test(dedup, print_all_reports_although_the_set_is_full)
{
    fill_up();
    cr_assert_eq(hf_set_options("print_all=1"), HF_OK);
    hf_event event = finding_full(HF_REPORT_STALE_USE);
    finding_raise(&event);
    cr_expect_eq(finding_hook_calls, 1);
}

/* ---- the epoch, by which core knows that it need not ask again --------------------------------
 */

Test(dedup, epoch_moves_with_policy_hook_and_options)
{
    uint32_t before = hf_event_epoch();
    cr_expect_neq(before, 0);
    cr_expect_eq(hf_event_epoch(), before);
    hf_set_report_hook(NULL, NULL);
    uint32_t after_hook = hf_event_epoch();
    cr_expect_neq(after_hook, before);
    (void)hf_set_policy(HF_REPORT_LEAK, HF_POLICY_ONCE);
    uint32_t after_policy = hf_event_epoch();
    cr_expect_neq(after_policy, after_hook);
    (void)hf_set_options("leak=count");
    cr_expect_neq(hf_event_epoch(), after_policy);
}

Test(dedup, epoch_is_0_while_everything_is_printed)
{
    (void)hf_set_options("print_all=1");
    cr_expect_eq(hf_event_epoch(), 0);
    (void)hf_set_options("print_all=0");
    cr_expect_neq(hf_event_epoch(), 0);
}

/* ---- threads ----------------------------------------------------------------------------------
 */

enum { RACERS = 4, KEYS = 2000 };
static _Atomic unsigned winners[KEYS];
static _Atomic unsigned arrived;

static void *race(void *argument)
{
    (void)argument;
    atomic_fetch_add_explicit(&arrived, 1, memory_order_relaxed);
    while (atomic_load_explicit(&arrived, memory_order_relaxed) < RACERS)
        continue;
    for (unsigned i = 0; i < KEYS; i++) {
        if (hf_dedup_add(hf_dedup_key(2, i)) == HF_DEDUP_NEW)
            atomic_fetch_add_explicit(&winners[i], 1, memory_order_relaxed);
    }
    return NULL;
}

Test(dedup_stress, of_racing_threads_one_is_first)
{
    pthread_t threads[RACERS];
    for (int i = 0; i < RACERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, race, NULL), 0);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < KEYS; i++)
        cr_assert_eq(winners[i], 1, "key %u", i);
}

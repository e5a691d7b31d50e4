/* Handles of timers: stale, foreign and closed ones, and closing in every way. */
#include "lifetimes_support.h"

TestSuite(lifetimes, .init = lifetimes_begin, .fini = lifetimes_end);

typedef hf_status (*call_with)(hf_timer timer);

static hf_status call_set(hf_timer timer)
{
    return hf_timer_set(queue, timer, 1, 1);
}

static hf_status call_set_at(hf_timer timer)
{
    return hf_timer_set_at(queue, timer, 1, 1);
}

static hf_status call_reset(hf_timer timer)
{
    return hf_timer_reset(queue, timer);
}

static hf_status call_cancel(hf_timer timer)
{
    return hf_timer_cancel(queue, timer, NULL);
}

static hf_status call_set_data(hf_timer timer)
{
    return hf_timer_set_data(queue, timer, load_call, &others, load_free);
}

static hf_status call_deadline(hf_timer timer)
{
    int64_t deadline;
    return hf_timer_deadline_us(queue, timer, &deadline);
}

static hf_status call_close(hf_timer timer)
{
    return hf_timer_close(queue, timer);
}

static hf_status call_close_wait(hf_timer timer)
{
    return hf_timer_close_wait(queue, timer, HF_FOREVER);
}

static const struct {
    const char *name;
    call_with call;
    hf_report_kind stale;
} calls[] = {{"hf_timer_set", call_set, HF_REPORT_STALE_USE},
             {"hf_timer_set_at", call_set_at, HF_REPORT_STALE_USE},
             {"hf_timer_reset", call_reset, HF_REPORT_STALE_USE},
             {"hf_timer_cancel", call_cancel, HF_REPORT_STALE_USE},
             {"hf_timer_set_data", call_set_data, HF_REPORT_STALE_USE},
             {"hf_timer_deadline_us", call_deadline, HF_REPORT_STALE_USE},
             {"hf_timer_close", call_close, HF_REPORT_DOUBLE_CLOSE},
             {"hf_timer_close_wait", call_close_wait, HF_REPORT_DOUBLE_CLOSE}};
enum { CALLS = sizeof(calls) / sizeof(*calls) };

/* Every call is refused with the same status and, if there is one, the same finding. */
static void all_refuse(hf_timer timer, hf_status status, int kind)
{
    for (unsigned i = 0; i < CALLS; i++) {
        reports_clear();
        MUST(calls[i].call(timer), status);
        if (kind < 0) {
            cr_assert_eq(reports_total(), 0, "%s", calls[i].name);
            continue;
        }
        hf_report_kind expected =
            kind == HF_REPORT_STALE_USE ? calls[i].stale : (hf_report_kind)kind;
        cr_assert_eq(reports_count(expected), 1, "%s", calls[i].name);
        cr_assert_str_eq(reports_nth(expected, 0)->operation, calls[i].name);
    }
    cr_assert_eq(others.frees, 0, "what was refused stays the caller's");
}

Test(lifetimes, null_handle)
{
    all_refuse((hf_timer){HF_NULL_HANDLE}, HF_E_NULL_HANDLE, -1);
}

Test(lifetimes, forged_handle)
{
    all_refuse((hf_timer){{UINT64_C(0x123456789abcdef1)}}, HF_E_FORGED_HANDLE,
               HF_REPORT_FORGED_HANDLE);
}

Test(lifetimes, foreign_handle)
{
    hf_timer_queue *another = timers_create(NULL);
    hf_timer timer = timer_open(another, &data);
    all_refuse(timer, HF_E_FOREIGN_HANDLE, HF_REPORT_FOREIGN_HANDLE);
    hf_timer_queue_destroy(another);
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, closed_handle)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_close(queue, timer));
    all_refuse(timer, HF_E_STALE_HANDLE, HF_REPORT_STALE_USE);
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, closed_handle_never_arms_its_successor)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &small));
    hf_timer first = timer_open(small, &data);
    MUST_OK(hf_timer_set(small, first, 10, 10));
    MUST_OK(hf_timer_close(small, first));
    hf_timer second = timer_open(small, &others);
    cr_assert(fixture_same_slot(first.handle, second.handle));
    MUST(hf_timer_set(small, first, 1, 1), HF_E_STALE_HANDLE);
    MUST(hf_timer_reset(small, first), HF_E_STALE_HANDLE);
    MUST(hf_timer_cancel(small, first, NULL), HF_E_STALE_HANDLE);
    cr_assert_eq(reports_count(HF_REPORT_HANDLE_REUSE), 3);
    cr_assert_eq(timer_deadline(small, second), NEVER);
    MUST(hf_timer_reset(small, second), HF_E_BUSY);
    clock_set(5000);
    cr_assert_eq(hf_timer_run(small), 0);
    cr_assert_eq(others.calls, 0);
    hf_timer_queue_destroy(small);
}

Test(lifetimes, expiry_of_a_closed_timer_never_calls_its_successor)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    hf_timer_batch batch;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &small));
    hf_timer first = timer_open(small, &data);
    MUST_OK(hf_timer_set(small, first, 0, 0));
    MUST_OK(hf_timer_begin(small, &batch));
    MUST_OK(hf_timer_close(small, first));
    hf_timer second = timer_open(small, &others);
    MUST_OK(hf_timer_set(small, second, 0, 0));
    cr_assert_eq(hf_timer_handle(small, &batch), 0);
    MUST_OK(hf_timer_end(small, &batch));
    cr_assert_eq(reports_total(), 0, "nobody made a mistake");
    cr_assert_eq(hf_timer_run(small), 1);
    cr_assert_eq(others.calls, 1);
    hf_timer_queue_destroy(small);
}

Test(lifetimes, closed_twice_is_reported_and_frees_once)
{
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_close_wait(queue, timer, HF_FOREVER));
    MUST(hf_timer_close(queue, timer), HF_E_STALE_HANDLE);
    MUST(hf_timer_close_wait(queue, timer, 0), HF_E_STALE_HANDLE);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 2);
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, closing_timer_is_refused_until_released)
{
    hf_ref ref;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    MUST_OK(hf_addref(hf_timer_queue_table(queue), timer.handle, &ref));
    MUST_OK(hf_timer_close(queue, timer));
    cr_assert_eq(data.frees, 0);
    for (unsigned i = 0; i < 6; i++)
        MUST(calls[i].call(timer), HF_E_CLOSING);
    MUST(hf_timer_close(queue, timer), HF_E_CLOSING);
    clock_set(2000);
    cr_assert_eq(hf_timer_run(queue), 0, "closed: not called, though it was armed");
    cr_assert_eq(hf_timer_next_us(queue), NEVER, "nor due again and again");
    MUST_OK(hf_release(&ref));
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_armed(queue), 0);
}

Test(lifetimes, plain_close_works_as_well)
{
    hf_close_result result;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    MUST_OK(hf_close(hf_timer_queue_table(queue), timer.handle, &result));
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_armed(queue), 0);
}

Test(lifetimes, detached_timer_is_never_called_and_its_data_freed_at_the_end)
{
    hf_value value;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 10, 10));
    MUST_OK(hf_detach(hf_timer_queue_table(queue), timer.handle, &value));
    clock_set(2000);
    cr_assert_eq(hf_timer_run(queue), 0);
    MUST_OK(hf_timer_queue_shutdown(queue, HF_FOREVER));
    cr_assert_eq(data.frees, 1);
}

Test(lifetimes, successor_of_a_detached_timer_frees_its_data)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    hf_timer_queue *small;
    hf_value value;
    options.clock = clock_read;
    options.capacity_timers = 1;
    MUST_OK(hf_timer_queue_create(&options, &small));
    hf_timer first = timer_open(small, &data);
    MUST_OK(hf_timer_set(small, first, 10, 0));
    MUST_OK(hf_detach(hf_timer_queue_table(small), first.handle, &value));
    (void)timer_open(small, &others);
    cr_assert_eq(data.frees, 1);
    cr_assert_eq(hf_timer_armed(small), 0);
    clock_set(2000);
    cr_assert_eq(hf_timer_run(small), 0);
    hf_timer_queue_destroy(small);
    cr_assert_eq(data.frees, 1);
}

static void completed(void *context, const hf_close_result *result)
{
    cr_assert_eq(result->outcome, HF_OUTCOME_RELEASED);
    *(unsigned *)context += data.frees;
}

static void close_then(load *self, const hf_timer_event *event)
{
    MUST_OK(hf_close_then(hf_timer_queue_table(event->queue), event->timer.handle, completed,
                          self->argument));
}

Test(lifetimes, close_then_in_own_callback)
{
    unsigned freed_before = 0;
    data.inside = close_then;
    data.argument = &freed_before;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 5));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(freed_before, 1, "the data were freed when the completion ran");
    cr_assert_not(timer_is_open(queue, timer));
}

Test(lifetimes, group_closes_its_timers)
{
    hf_group *group;
    MUST_OK(hf_group_create("module", &group));
    hf_timer_options options = load_options(&data);
    options.group = group;
    options.label = "blink";
    hf_timer timer = timer_open_with(queue, &options);
    hf_timer stays = timer_open(queue, &others);
    MUST_OK(hf_timer_set(queue, timer, 0, 5));
    cr_assert_eq(hf_group_size(group), 1);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    cr_assert_eq(data.frees, 1);
    cr_assert(timer_is_open(queue, stays));
    MUST(hf_timer_open(queue, &options, &timer), HF_E_CLOSING);
    cr_assert_eq(data.frees, 1, "what could not be opened stays the caller's");
    MUST_OK(hf_group_destroy(group));
    MUST(hf_timer_open(queue, &options, &timer), HF_E_INVALID_ARGUMENT);
}

static void note_frees(void *context)
{
    *(unsigned *)context = data.frees + 1;
}

static void close_and_note(load *self, const hf_timer_event *event)
{
    MUST_OK(hf_after_return(event->self, note_frees, self->argument));
    MUST_OK(hf_timer_close(event->queue, event->timer));
}

Test(lifetimes, after_return_comes_when_the_region_is_left)
{
    unsigned seen = 0;
    data.inside = close_and_note;
    data.argument = &seen;
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(seen, 2, "released, and the data freed, before");
}

Test(lifetimes, set_data_without_function_is_refused)
{
    hf_timer timer = timer_open(queue, &data);
    MUST(hf_timer_set_data(queue, timer, NULL, &others, load_free), HF_E_INVALID_ARGUMENT);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(data.calls, 1);
}

/* Runs inside a timer's function: what the outer dispatch has taken stays its own, and nothing of
 * it is lost. */
#include "timer_support.h"

enum { TIMERS = 3 };

static hf_timer_queue *queue;
static hf_timer timers[TIMERS];
static load loads[TIMERS];
static uint64_t nested;

static void set_up(void)
{
    clock_reset();
    reports_start();
    queue = timers_create(NULL);
    nested = 0;
    for (unsigned i = 0; i < TIMERS; i++) {
        loads[i] = (load){.number = i};
        timers[i] = timer_open(queue, &loads[i]);
    }
}

static void tear_down(void)
{
    hf_timer_queue_destroy(queue);
    for (unsigned i = 0; i < TIMERS; i++)
        cr_expect_eq(loads[i].frees, 1);
}

TestSuite(nested, .init = set_up, .fini = tear_down);

static void run_inside(load *self, const hf_timer_event *event)
{
    self->inside = NULL;
    nested += hf_timer_run(event->queue);
    cr_assert_eq(loads[1].calls, 0);
    cr_assert_eq(hf_timer_next_us(event->queue), NEVER, "none but those that are taken");
    cr_assert_eq(hf_timer_armed(event->queue), TIMERS - 1);
}

Test(nested, rest_of_the_batch_is_called_by_the_outer_run)
{
    loads[0].inside = run_inside;
    for (unsigned i = 0; i < TIMERS; i++)
        MUST_OK(hf_timer_set(queue, timers[i], 10, 0));
    clock_set(1010);
    cr_assert_eq(hf_timer_run(queue), TIMERS);
    cr_assert_eq(nested, 0);
    cr_assert_eq(hf_timer_armed(queue), 0);
}

static void run_inside_of_three_steps(load *self, const hf_timer_event *event)
{
    self->inside = NULL;
    nested += hf_timer_run(event->queue);
}

Test(nested, rest_of_the_batch_is_called_by_its_owner)
{
    hf_timer_batch batch;
    loads[0].inside = run_inside_of_three_steps;
    for (unsigned i = 0; i < TIMERS; i++)
        MUST_OK(hf_timer_set(queue, timers[i], 10, 0));
    clock_set(1010);
    MUST_OK(hf_timer_begin(queue, &batch));
    cr_assert_eq(hf_timer_handle(queue, &batch), TIMERS);
    MUST_OK(hf_timer_end(queue, &batch));
    cr_assert_eq(nested, 0);
}

/* The second batch of the outer run meets a timer that was armed during the run, and keeps it. */
static void arm_two(load *self, const hf_timer_event *event)
{
    (void)self;
    MUST_OK(hf_timer_set(event->queue, timers[2], 0, 0));
}

Test(nested, what_was_kept_is_due_when_the_outer_run_ends)
{
    enum { FILL = HF_TIMER_BATCH };
    static load filling[FILL];
    loads[0].inside = arm_two;
    loads[1].inside = run_inside_of_three_steps;
    MUST_OK(hf_timer_set(queue, timers[0], 1, 0));
    for (unsigned i = 0; i < FILL - 1; i++)
        MUST_OK(hf_timer_set(queue, timer_open(queue, &filling[i]), 2, 0));
    MUST_OK(hf_timer_set(queue, timers[1], 20, 0));
    clock_set(1020);
    cr_assert_eq(hf_timer_run(queue), FILL + 1);
    cr_assert_eq(nested, 0);
    cr_assert_eq(loads[2].calls, 0, "armed during the run");
    cr_assert_leq(hf_timer_next_us(queue), 1020);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(loads[2].calls, 1);
}

/* Due for the nested run, but its function runs: held until that has returned. */
static void arm_own_and_run(load *self, const hf_timer_event *event)
{
    self->inside = NULL;
    MUST_OK(hf_timer_set(event->queue, event->timer, 0, 0));
    nested += hf_timer_run(event->queue);
    cr_assert_eq(self->calls, 1, "not inside itself");
}

Test(nested, own_timer_is_not_called_inside_itself)
{
    loads[0].inside = arm_own_and_run;
    MUST_OK(hf_timer_set(queue, timers[0], 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(nested, 0);
    cr_assert_leq(hf_timer_next_us(queue), 1000);
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(loads[0].calls, 2);
}

static void arm_one_and_run(load *self, const hf_timer_event *event)
{
    self->inside = NULL;
    MUST_OK(hf_timer_set(event->queue, timers[1], 0, 0));
    nested += hf_timer_run(event->queue);
    cr_assert_eq(loads[1].calls, 1, "it was due when the nested run began");
}

Test(nested, what_nobody_has_taken_is_called)
{
    loads[0].inside = arm_one_and_run;
    MUST_OK(hf_timer_set(queue, timers[0], 0, 0));
    cr_assert_eq(hf_timer_run(queue), 1);
    cr_assert_eq(nested, 1);
}

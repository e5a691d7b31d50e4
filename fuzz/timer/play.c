/* A game from its beginning to its end. */
#include "play.h"

#include "harness.h"
#include "observe.h"
#include "steps.h"

#include <string.h>

enum { SHUTS_DOWN = 7 };

game playing;

/* Inside a function it closes everything, and cannot wait for that function. */
void step_shut_down(const step *s)
{
    hf_status expected = HF_OK;
    if (world.references != 0 || s->span != SHUTS_DOWN)
        return; /* that wait would never end; and most games go on for longer */
    world.closing = true;
    for (unsigned i = 0; i < world.timer_count; i++)
        if (world.timers[i].life == LIFE_OPEN)
            model_close(&world.timers[i]);
    for (unsigned i = 0; i < world.nodes; i++)
        if (world.holders[i] != NULL) {
            model_expect_report(HF_REPORT_POSSIBLE_DEADLOCK, world.holders[i],
                                "hf_timer_queue_shutdown");
            expected = HF_E_POSSIBLE_DEADLOCK;
        }
    observe_status("hf_timer_queue_shutdown", hf_timer_queue_shutdown(playing.queue, HF_FOREVER),
                   expected);
}

void play_inside(const step *s)
{
    /* clang-format off */
    static void (*const operations[])(const step *) = {
        step_ask_deadline, step_open, step_open_and_set, step_open_and_set, step_open_many,
        step_set, step_set, step_set, step_set_at, step_reset, step_reset, step_cancel,
        step_set_data, step_close, step_close_wait, step_close_after, step_pass, step_pass,
        step_go_back, step_run, step_run, step_begin, step_handle, step_end,
        step_sleep_until_next, step_ask_now, step_set_wrongly, step_shut_down, step_addref,
        step_release};
    /* clang-format on */
    unsigned count = sizeof(operations) / sizeof(operations[0]);
    operations[s->operation % count](s);
    observe_state(playing.queue);
}

void play_step(const step *s)
{
    playing.budget = BUDGET;
    play_inside(s);
}

static int64_t read_clock(void *context)
{
    (void)context;
    return world.reading;
}

void play_prepare(void)
{
    observe_prepare();
}

void play_begin(const stage *s, const hf_timer_order *order)
{
    hf_timer_queue_options options = HF_TIMER_QUEUE_OPTIONS_INIT;
    memset(&world, 0, sizeof(world));
    world.reading = s->start;
    world.now = 1;
    world.capacity = s->capacity;
    options.order = order;
    options.clock = read_clock;
    options.capacity_timers = s->capacity;
    options.name = "fuzzed";
    if (hf_timer_queue_create(&options, &playing.queue) != HF_OK)
        fuzz_fail("no queue could be made");
    (void)model_read_clock();
    observe_begin(order);
}

uint64_t play_end(const stage *s)
{
    static const step last = {.span = SHUTS_DOWN};
    playing.budget = 0;
    batches_end();
    references_end();
    observe_state(playing.queue);
    if (s->shuts_down)
        step_shut_down(&last);
    hf_timer_queue_destroy(playing.queue);
    for (unsigned i = 0; i < world.timer_count; i++)
        if (world.timers[i].life == LIFE_OPEN)
            model_close(&world.timers[i]);
    return observe_end();
}

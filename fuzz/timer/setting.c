/* Steps that open, set, change and close timers. */
#include "steps.h"

#include "harness.h"
#include "observe.h"

enum { MANY = 24 };

/* A period with which catching up does not take for ever. */
static int64_t tame_period(const timer *t, int64_t deadline, int64_t period)
{
    int64_t late = world.reading > world.now ? world.reading : world.now;
    late = late > deadline ? late - deadline : 0;
    return t != NULL && t->missed == HF_TIMER_CATCH_UP && period != 0 && late / period > BACKLOG
               ? late / BACKLOG + 1
               : period;
}

void step_open(const step *s)
{
    load *data = world.timer_count < TIMERS ? load_new(s) : NULL;
    if (data == NULL)
        return;
    timer *t = &world.timers[world.timer_count];
    *t = (timer){.missed = (hf_timer_missed)(s->flags / 8 % 3),
                 .close_when_done = s->flags / 32 % 4 == 0,
                 .second = s->flags / 128 != 0,
                 .data = data};
    hf_timer_options options = HF_TIMER_OPTIONS_INIT;
    options.missed = t->missed;
    options.function = load_function(t->second);
    options.data = data;
    options.free_data = data->is_freed ? load_free : NULL;
    options.close_when_done = t->close_when_done;
    hf_status expected = world.closing ? HF_E_CLOSING : HF_OK;
    if (expected == HF_OK && !model_has_room())
        expected = HF_E_TABLE_FULL;
    hf_timer out;
    observe_status("hf_timer_open", hf_timer_open(playing.queue, &options, &out), expected);
    if (expected == HF_OK)
        model_open(t, out);
}

/* The queue's time after a call that reads the clock; one that failed may not have come so far. */
static int64_t settle_clock(void)
{
    int64_t now = model_read_clock();
    if (hf_timer_now_us(playing.queue) != now)
        fuzz_fail("the queue's time is another");
    return now;
}

static void set_one(timer *t, const step *s)
{
    int64_t delay = read_span(s->span);
    int64_t period = tame_period(t, NEVER, read_period(s->period));
    hf_status expected = model_judge(t, false, "hf_timer_set");
    observe_status("hf_timer_set", hf_timer_set(playing.queue, read_handle(t), delay, period),
                   expected);
    int64_t now = settle_clock();
    if (expected != HF_OK)
        return;
    t->delay = delay;
    t->period = period;
    model_arm(t, model_later(now, delay));
}

void step_set(const step *s)
{
    set_one(read_timer(s->target), s);
}

static void set_at_moment(timer *t, int64_t deadline, uint8_t period_byte)
{
    int64_t period = tame_period(t, deadline, read_period(period_byte));
    hf_status expected = model_judge(t, false, "hf_timer_set_at");
    observe_status("hf_timer_set_at",
                   hf_timer_set_at(playing.queue, read_handle(t), deadline, period), expected);
    int64_t now = settle_clock();
    if (expected != HF_OK)
        return;
    t->delay = deadline > now ? deadline - now : 0;
    t->period = period;
    model_arm(t, deadline);
}

void step_set_at(const step *s)
{
    set_at_moment(read_timer(s->target), read_moment(s), s->period);
}

void step_open_and_set(const step *s)
{
    unsigned before = world.timer_count;
    step_open(s);
    if (world.timer_count > before)
        set_one(&world.timers[before], s);
}

/* One behind the other, or all at once. */
void step_open_many(const step *s)
{
    int64_t moment = read_moment(s);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned before = world.timer_count;
        step_open(s);
        if (world.timer_count > before)
            set_at_moment(&world.timers[before], moment, s->period);
        moment = model_later(moment, s->target % 4);
    }
}

void step_set_wrongly(const step *s)
{
    hf_timer handle = read_handle(read_timer(s->target));
    observe_status("hf_timer_set", hf_timer_set(playing.queue, handle, -1 - read_span(s->span), 0),
                   HF_E_INVALID_ARGUMENT);
    observe_status("hf_timer_set", hf_timer_set(playing.queue, handle, 0, -1),
                   HF_E_INVALID_ARGUMENT);
    observe_status("hf_timer_set_data", hf_timer_set_data(playing.queue, handle, NULL, NULL, NULL),
                   HF_E_INVALID_ARGUMENT);
}

void step_reset(const step *s)
{
    timer *t = read_timer(s->target);
    hf_status expected = model_judge(t, false, "hf_timer_reset");
    if (expected == HF_OK && t->delay < 0)
        expected = HF_E_BUSY;
    observe_status("hf_timer_reset", hf_timer_reset(playing.queue, read_handle(t)), expected);
    int64_t now = settle_clock();
    if (expected == HF_OK)
        model_arm(t, model_later(now, t->delay));
}

void step_cancel(const step *s)
{
    timer *t = read_timer(s->target);
    hf_timer_was was = HF_TIMER_WAS_IDLE;
    hf_timer_was expected_was = HF_TIMER_WAS_IDLE;
    hf_status expected = model_judge(t, false, "hf_timer_cancel");
    if (expected == HF_OK && t->runs)
        expected_was = HF_TIMER_WAS_RUNNING;
    else if (expected == HF_OK && t->phase != PHASE_IDLE)
        expected_was = HF_TIMER_WAS_ARMED;
    observe_status("hf_timer_cancel", hf_timer_cancel(playing.queue, read_handle(t), &was),
                   expected);
    if (was != expected_was)
        fuzz_fail("a cancel met %d, not %d", (int)was, (int)expected_was);
    if (expected == HF_OK)
        model_disarm(t);
}

void step_ask_deadline(const step *s)
{
    const timer *t = read_timer(s->target);
    int64_t deadline = NEVER;
    hf_status expected = model_judge(t, false, "hf_timer_deadline_us");
    observe_status("hf_timer_deadline_us",
                   hf_timer_deadline_us(playing.queue, read_handle(t), &deadline), expected);
    if (expected == HF_OK && deadline != model_deadline(t))
        fuzz_fail("due at %lld, not at %lld", (long long)deadline, (long long)model_deadline(t));
}

void step_set_data(const step *s)
{
    timer *t = read_timer(s->target);
    load *data = load_new(s);
    bool second = s->flags / 128 != 0;
    if (data == NULL)
        return;
    hf_status expected = model_judge(t, false, "hf_timer_set_data");
    if (expected == HF_OK) {
        model_set_data(t, data);
        t->second = second;
    }
    observe_status("hf_timer_set_data",
                   hf_timer_set_data(playing.queue, read_handle(t), load_function(second), data,
                                     data->is_freed ? load_free : NULL),
                   expected);
}

void step_close(const step *s)
{
    timer *t = read_timer(s->target);
    hf_status expected = model_judge(t, true, "hf_timer_close");
    if (expected == HF_OK)
        model_close(t);
    observe_status("hf_timer_close", hf_timer_close(playing.queue, read_handle(t)), expected);
}

/* Of a timer whose function runs, it is this thread that runs it. */
void step_close_wait(const step *s)
{
    timer *t = read_timer(s->target);
    hf_status expected;
    if (t != NULL && t->references != 0 && !t->runs)
        return; /* that wait would never end */
    if (t != NULL && t->life == LIFE_OPEN && t->runs) {
        model_expect_report(HF_REPORT_POSSIBLE_DEADLOCK, t, "hf_timer_close_wait");
        expected = HF_E_POSSIBLE_DEADLOCK;
    } else {
        expected = model_judge(t, true, "hf_timer_close_wait");
        if (expected == HF_OK)
            model_close(t);
    }
    observe_status("hf_timer_close_wait",
                   hf_timer_close_wait(playing.queue, read_handle(t), HF_FOREVER), expected);
}

/* Inside a function: its timer is closed when it has returned. */
void step_close_after(const step *s)
{
    dispatch *d = world.top;
    (void)s;
    if (playing.self == NULL || d == NULL || d->called == NULL || d->closes_after)
        return;
    d->closes_after = true;
    observe_status("hf_after_return_close",
                   hf_after_return_close(playing.self, hf_timer_queue_table(playing.queue),
                                         d->called->handle.handle),
                   HF_OK);
}

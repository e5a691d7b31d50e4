/* Steps that pass time, and that dispatch: at once, or in three steps with others in between. */
#include "steps.h"

#include "harness.h"
#include "observe.h"

enum {
    DEPTH = 3,   /* of dispatches inside functions */
    WAKINGS = 64 /* of a poll loop that are in vain */
};

/* A dispatch in three steps that was begun. */
typedef struct played_batch {
    hf_timer_batch real;
    batch expected;
    bool begun;
    bool handled; /* now */
} played_batch;

static played_batch batches[BATCHES];
static unsigned depth;

/* ---- time ----------------------------------------------------------------------------------- */

/* Whether somebody would have too much to catch up with. */
static bool is_too_late(int64_t moment)
{
    for (unsigned i = 0; i < world.nodes; i++) {
        const timer *t = world.holders[i];
        int64_t due = t != NULL ? model_deadline(t) : NEVER;
        if (t != NULL && t->missed == HF_TIMER_CATCH_UP && t->period != 0 && due < moment &&
            (moment - due) / t->period > BACKLOG)
            return true;
    }
    return false;
}

static void time_go_to(int64_t moment)
{
    if (!is_too_late(moment))
        world.reading = moment;
}

void step_pass(const step *s)
{
    time_go_to(model_later(world.now, read_span(s->span)));
}

void step_go_back(const step *s)
{
    int64_t span = read_span(s->span);
    world.reading = span < world.now ? world.now - span : 1;
}

void step_ask_now(const step *s)
{
    (void)s;
    if (hf_timer_now_us(playing.queue) != model_read_clock())
        fuzz_fail("the queue's time is another");
}

/* ---- dispatching ---------------------------------------------------------------------------- */

static void enter_dispatch(dispatch *d)
{
    d->outer = world.top;
    world.top = d;
    depth++;
}

static void leave_dispatch(dispatch *d, uint64_t called)
{
    if (model_advance(d) != NULL)
        fuzz_fail("a function that was due was not called");
    if (called != d->calls)
        fuzz_fail("%llu functions are told to have been called, not %llu",
                  (unsigned long long)called, (unsigned long long)d->calls);
    world.top = d->outer;
    depth--;
}

void step_run(const step *s)
{
    dispatch d = {.is_run = true};
    (void)s;
    if (depth == DEPTH)
        return;
    enter_dispatch(&d);
    model_begin_run(&d);
    leave_dispatch(&d, hf_timer_run(playing.queue));
}

/* What a poll loop does until the next timer is due: with an order that is not exact it wakes a few
 * times in vain, each time with a later moment to sleep until.  Not inside a dispatch, lest the
 * orders differ in what is due during it. */
void step_sleep_until_next(const step *s)
{
    int64_t next;
    step_ask_now(s);
    if (model_earliest() <= world.now || model_earliest() == NEVER || depth != 0)
        return;
    for (unsigned i = 0; (next = hf_timer_next_us(playing.queue)) < model_earliest(); i++) {
        if (i == WAKINGS || (next <= world.drained && i != 0))
            fuzz_fail("a poll loop would spin");
        time_go_to(next > world.now ? next : world.now);
        if (world.reading < next)
            break;
        step_run(s);
    }
    time_go_to(model_earliest());
    step_ask_now(s);
}

void step_begin(const step *s)
{
    played_batch *b = &batches[s->target % BATCHES];
    if (b->begun)
        return;
    b->begun = true;
    model_begin(&b->expected);
    observe_status("hf_timer_begin", hf_timer_begin(playing.queue, &b->real), HF_OK);
    if (b->real.count != b->expected.count)
        fuzz_fail("%u timers are due, not %u", b->real.count, b->expected.count);
}

void step_handle(const step *s)
{
    played_batch *b = &batches[s->target % BATCHES];
    dispatch d = {.current = &b->expected};
    if (!b->begun || b->handled || depth == DEPTH)
        return;
    b->handled = true;
    enter_dispatch(&d);
    leave_dispatch(&d, hf_timer_handle(playing.queue, &b->real));
    b->handled = false;
}

void step_end(const step *s)
{
    played_batch *b = &batches[s->target % BATCHES];
    if (!b->begun || b->handled)
        return;
    b->begun = false;
    model_end(&b->expected);
    observe_status("hf_timer_end", hf_timer_end(playing.queue, &b->real), HF_OK);
}

void batches_end(void)
{
    step each = {.target = 0};
    for (; each.target < BATCHES; each.target++)
        step_end(&each);
}

/* The timers' functions and data: what is called is compared with the model, and then does as its
 * data say. */
#include "steps.h"

#include "harness.h"
#include "observe.h"

load *load_new(const step *s)
{
    if (world.load_count == LOADS)
        return NULL;
    load *fresh = &world.loads[world.load_count++];
    *fresh = (load){.is_freed = s->flags % 8 != 7};
    for (unsigned i = 0; i < INNER; i++)
        fresh->inner[i] = (step){.operation = s->inner[i].operation,
                                 .target = s->inner[i].target,
                                 .span = s->inner[i].span,
                                 .flags = s->inner[i].span};
    return fresh;
}

void load_free(void *data)
{
    load *l = data;
    l->frees++;
    world.frees += model_weight(l);
    if (l->frees > 1)
        fuzz_fail("data are freed twice");
    if (l->calls != 0)
        fuzz_fail("data are freed while a function runs with them");
}

static void compare_call(const hf_timer_event *event, const dispatch *d, bool second)
{
    const timer *t = d->called;
    if (!hf_handle_equal(event->timer.handle, t->handle.handle))
        fuzz_fail("another timer's function is called");
    if (event->queue != playing.queue || event->data != d->with || d->second != second)
        fuzz_fail("another function is called, or with other data");
    if (event->deadline_us != d->due->deadline || event->now_us != d->current->now)
        fuzz_fail("called for %lld at %lld, not for %lld at %lld", (long long)event->deadline_us,
                  (long long)event->now_us, (long long)d->due->deadline,
                  (long long)d->current->now);
    if (event->missed != d->due->missed)
        fuzz_fail("called with %llu missed ticks, not %llu", (unsigned long long)event->missed,
                  (unsigned long long)d->due->missed);
}

static void play_load(load *l, hf_callback *callback)
{
    hf_callback *outer = playing.self;
    if (playing.budget == 0)
        return;
    playing.budget--;
    playing.self = callback;
    for (unsigned i = 0; i < INNER; i++)
        play_inside(&l->inner[i]);
    playing.self = outer;
}

static void fire(const hf_timer_event *event, bool second)
{
    dispatch *d = world.top;
    if (d == NULL || model_advance(d) == NULL)
        fuzz_fail("a function is called, and nothing is due");
    compare_call(event, d, second);
    load *l = event->data;
    observe((uint64_t)(d->called - world.timers));
    observe((uint64_t)event->deadline_us);
    observe(event->missed);
    l->calls++;
    observe_state(playing.queue);
    play_load(l, event->self);
    l->calls--;
}

static void fire_first(const hf_timer_event *event)
{
    fire(event, false);
}

static void fire_second(const hf_timer_event *event)
{
    fire(event, true);
}

hf_timer_function load_function(bool second)
{
    return second ? fire_second : fire_first;
}

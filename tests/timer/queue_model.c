/* Random operations on a whole queue against a model that cannot be wrong: a plain array of timers,
 * of which the earliest due is looked for each time.
 *
 * A failure prints the seed; HOLDFAST_TEST_SEED=n plays that game alone. */
#include "timer_support.h"

#include <stdlib.h>

enum { TIMERS = 40, SEEDS = 150, STEPS = 1500 };

typedef struct model_timer {
    hf_timer timer;
    load *data; /* NULL: closed */
    int64_t deadline;
    int64_t delay; /* -1: never set */
    int64_t period;
    uint64_t arming;
    hf_timer_missed missed;
    bool close_when_done;
} model_timer;

typedef struct game {
    uint64_t seed;
    uint64_t random;
    unsigned step;
    int64_t now;
    uint64_t arming;
    hf_timer_queue *queue;
    model_timer timers[TIMERS];
    load *loads; /* of every data that there ever was */
    size_t load_count;
    /* What the functions were called with, in order. */
    size_t calls;
    struct {
        load *data;
        int64_t deadline;
        uint64_t missed;
    } called[4096];
} game;

static game *playing;

#define CHECK(g, condition)                                                                    \
    cr_assert((condition), "seed %llu, step %u: %s", (unsigned long long)(g)->seed, (g)->step, \
              #condition)

static uint64_t below(game *g, uint64_t limit)
{
    uint64_t z = (g->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

static int64_t a_span(game *g)
{
    switch (below(g, 8)) {
    case 0:
        return 0;
    case 1:
        return (int64_t)below(g, UINT64_C(1) << 40);
    case 2:
        return INT64_MAX - (int64_t)below(g, 5000);
    default:
        return (int64_t)below(g, 300);
    }
}

static int64_t sum(int64_t moment, int64_t span)
{
    return span > INT64_MAX - moment ? INT64_MAX : moment + span;
}

static load *new_load(game *g)
{
    CHECK(g, g->load_count < STEPS + TIMERS);
    return &g->loads[g->load_count++];
}

/* ---- operations: on the queue, and on the model -----------------------------------------------
 */

static void note_call(const hf_timer_event *event)
{
    game *g = playing;
    load *data = event->data;
    CHECK(g, g->calls < sizeof(g->called) / sizeof(*g->called));
    CHECK(g, data->frees == 0);
    g->called[g->calls].data = data;
    g->called[g->calls].deadline = event->deadline_us;
    g->called[g->calls++].missed = event->missed;
}

static void open_one(game *g, model_timer *t)
{
    hf_timer_options options = HF_TIMER_OPTIONS_INIT;
    *t = (model_timer){.data = new_load(g), .deadline = NEVER, .delay = -1};
    options.function = note_call;
    options.free_data = load_free;
    options.data = t->data;
    options.missed = t->missed = (hf_timer_missed)below(g, 3);
    options.close_when_done = t->close_when_done = below(g, 3) == 0;
    t->timer = timer_open_with(g->queue, &options);
}

static void arm(game *g, model_timer *t, int64_t deadline)
{
    t->deadline = deadline;
    t->arming = ++g->arming;
}

static void forget(game *g, model_timer *t)
{
    CHECK(g, t->data->frees == 1);
    CHECK(g, !timer_is_open(g->queue, t->timer));
    t->data = NULL;
}

static int64_t of_some_period(game *g)
{
    int64_t period = below(g, 2) != 0 ? a_span(g) : 0;
    return period != 0 && period < 20 ? 20 : period; /* lest catching up takes for ever */
}

static void set_one(game *g, model_timer *t)
{
    int64_t delay = a_span(g);
    t->period = of_some_period(g);
    if (below(g, 2) != 0) {
        MUST_OK(hf_timer_set(g->queue, t->timer, delay, t->period));
        arm(g, t, sum(g->now, delay));
        t->delay = delay;
        return;
    }
    int64_t deadline = g->now - 40 + (delay < INT64_MAX - g->now ? delay : 0);
    MUST_OK(hf_timer_set_at(g->queue, t->timer, deadline, t->period));
    arm(g, t, deadline);
    t->delay = deadline > g->now ? deadline - g->now : 0;
}

static void reset_one(game *g, model_timer *t)
{
    MUST(hf_timer_reset(g->queue, t->timer), t->delay < 0 ? HF_E_BUSY : HF_OK);
    if (t->delay >= 0)
        arm(g, t, sum(g->now, t->delay));
}

static void cancel_one(game *g, model_timer *t, bool armed)
{
    hf_timer_was was;
    MUST_OK(hf_timer_cancel(g->queue, t->timer, &was));
    CHECK(g, was == (armed ? HF_TIMER_WAS_ARMED : HF_TIMER_WAS_IDLE));
    t->deadline = NEVER;
    t->arming = 0;
}

static void renew_data(game *g, model_timer *t)
{
    load *old = t->data;
    t->data = new_load(g);
    MUST_OK(hf_timer_set_data(g->queue, t->timer, note_call, t->data, load_free));
    CHECK(g, old->frees == 1);
}

static void close_one(game *g, model_timer *t)
{
    if (below(g, 2) != 0)
        MUST_OK(hf_timer_close(g->queue, t->timer));
    else
        MUST_OK(hf_timer_close_wait(g->queue, t->timer, HF_FOREVER));
    forget(g, t);
}

/* A timer that is set to "never" is armed all the same. */
static bool is_armed(const model_timer *t)
{
    return t->data != NULL && t->arming != 0;
}

/* ---- the model of a run ---------------------------------------------------------------------- */

static model_timer *earliest(game *g)
{
    model_timer *best = NULL;
    for (unsigned i = 0; i < TIMERS; i++) {
        model_timer *t = &g->timers[i];
        if (is_armed(t) && (best == NULL || t->deadline < best->deadline ||
                            (t->deadline == best->deadline && t->arming < best->arming)))
            best = t;
    }
    return best;
}

static void expect_call(game *g, model_timer *t, size_t *call)
{
    uint64_t late = t->period != 0 ? (uint64_t)((g->now - t->deadline) / t->period) : 0;
    uint64_t missed = t->missed == HF_TIMER_CATCH_UP ? 0 : late;
    int64_t deadline = t->deadline + (t->missed == HF_TIMER_SKIP ? (int64_t)missed * t->period : 0);
    CHECK(g, *call < g->calls);
    CHECK(g, g->called[*call].data == t->data);
    CHECK(g, g->called[*call].deadline == deadline);
    CHECK(g, g->called[*call].missed == missed);
    ++*call;
    t->deadline = sum(t->missed == HF_TIMER_DELAY ? g->now : deadline, t->period);
    t->arming = t->period != 0 ? t->arming : 0;
    if (t->period == 0)
        t->deadline = NEVER;
    if (t->period == 0 && t->close_when_done)
        forget(g, t);
}

/* Batch by batch: the timers of one are armed again only when it has ended. */
static void expect_run(game *g)
{
    size_t call = 0;
    for (;;) {
        model_timer *batch[HF_TIMER_BATCH];
        model_timer *next;
        uint64_t armings[HF_TIMER_BATCH];
        size_t count = 0;
        while (count < HF_TIMER_BATCH && (next = earliest(g)) != NULL && next->deadline <= g->now) {
            armings[count] = next->arming;
            batch[count++] = next;
            next->arming = 0; /* taken out */
        }
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            batch[i]->arming = armings[i];
            expect_call(g, batch[i], &call);
            /* The order of equal deadlines is that of arming again, too. */
            if (batch[i]->arming != 0)
                batch[i]->arming = ++g->arming;
        }
    }
    CHECK(g, call == g->calls);
}

static void run(game *g)
{
    g->calls = 0;
    CHECK(g, hf_timer_run(g->queue) == g->calls);
    expect_run(g);
}

static void pass_time(game *g)
{
    int64_t step = below(g, 20) == 0 ? (int64_t)below(g, 3000) : (int64_t)below(g, 60);
    g->now += step;
    clock_set(g->now);
}

/* ---- the game -------------------------------------------------------------------------------- */

static void check_all(game *g)
{
    uint64_t armed = 0;
    int64_t first = NEVER;
    for (unsigned i = 0; i < TIMERS; i++) {
        model_timer *t = &g->timers[i];
        if (t->data == NULL)
            continue;
        CHECK(g, t->data->frees == 0);
        CHECK(g, timer_deadline(g->queue, t->timer) == (is_armed(t) ? t->deadline : NEVER));
        armed += is_armed(t);
        if (is_armed(t) && t->deadline < first)
            first = t->deadline;
    }
    CHECK(g, hf_timer_armed(g->queue) == armed);
    CHECK(g, hf_timer_next_us(g->queue) <= first);
}

static void step(game *g)
{
    model_timer *t = &g->timers[below(g, TIMERS)];
    if (t->data == NULL) {
        open_one(g, t);
        return;
    }
    switch (below(g, 16)) {
    case 0:
        cancel_one(g, t, is_armed(t));
        break;
    case 1:
        renew_data(g, t);
        break;
    case 2:
        close_one(g, t);
        break;
    case 3:
    case 4:
        reset_one(g, t);
        break;
    case 5:
    case 6:
    case 7:
        pass_time(g);
        run(g);
        break;
    default:
        set_one(g, t);
    }
}

static void play(uint64_t seed, const hf_timer_order *order)
{
    game *g = calloc(1, sizeof(*g));
    clock_reset();
    *g = (game){.seed = seed, .random = seed, .now = 1000, .queue = timers_create(order)};
    g->loads = calloc(STEPS + TIMERS, sizeof(load));
    playing = g;
    for (g->step = 0; g->step < STEPS; g->step++) {
        step(g);
        if (g->step % 16 == 0)
            check_all(g);
    }
    hf_timer_queue_destroy(g->queue);
    for (size_t i = 0; i < g->load_count; i++)
        CHECK(g, g->loads[i].frees == 1);
    free(g->loads);
    free(g);
}

static void play_all(const hf_timer_order *order)
{
    const char *given = getenv("HOLDFAST_TEST_SEED");
    reports_start();
    for (uint64_t seed = 1; seed <= SEEDS && given == NULL; seed++)
        play(seed, order);
    if (given != NULL)
        play(strtoull(given, NULL, 10), order);
    cr_assert_eq(reports_total(), 0);
}

Test(queue_model, list)
{
    play_all(&list_order);
}

Test(queue_model, heap)
{
    play_all(&hf_timer_heap);
}

Test(queue_model, wheel)
{
    play_all(&hf_timer_wheel);
}

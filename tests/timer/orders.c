/* The two orders of timers, and a sorted list that cannot be wrong, do the same thing: random
 * operations with deadlines where mistakes would be (equal ones, digits about to carry, overdue,
 * the end of time) and a clock that stands still, creeps, and jumps by years.
 *
 * A failure prints the seed; HOLDFAST_TEST_SEED=n plays that game alone. */
#include "platform/platform.h"
#include "timer/order.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { TIMERS = 300, SEEDS = 400, STEPS = 2000, KINDS = 2 };

static const hf_timer_order *const kinds[KINDS] = {&hf_timer_heap, &hf_timer_wheel};
static bool (*const is_valid[KINDS])(const void *) = {hf_heap_is_valid, hf_wheel_is_valid};

#define UNKNOWN INT64_MIN

/* ---- the game ------------------------------------------------------------------------------- */

typedef struct timer {
    hf_timer_link links[KINDS];
    int64_t deadline;
    uint64_t sequence;
    bool armed;
} timer;

typedef struct game {
    uint64_t seed;
    uint64_t random;
    uint64_t step;
    int64_t now;
    int64_t
        quiet; /* nothing was due at that moment, nor has come that is: INT64_MIN if not known */
    uint64_t sequence;
    uint32_t armed;
    void *orders[KINDS];
    timer timers[TIMERS];
    timer *sorted[TIMERS]; /* the model: by deadline, then sequence */
} game;

#define CHECK(g, condition)                                                                 \
    cr_assert((condition), "seed %llu, step %llu, now %lld", (unsigned long long)(g)->seed, \
              (unsigned long long)(g)->step, (long long)(g)->now)

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(game *g, uint64_t limit)
{
    return next_random(&g->random) % limit;
}

static int64_t later(int64_t from, uint64_t by)
{
    return by > (uint64_t)(INT64_MAX - from) ? INT64_MAX : from + (int64_t)by;
}

/* A moment at which some digits of the time carry, or the one before or after. */
static int64_t at_a_carry(game *g)
{
    uint64_t unit = UINT64_C(1) << below(g, 62);
    int64_t carry = later(g->now - (int64_t)((uint64_t)g->now % unit), unit);
    return later(carry - 1, below(g, 3));
}

static int64_t overdue(game *g)
{
    switch (below(g, 5)) {
    case 0:
        return 0;
    case 1:
        return INT64_MIN + (int64_t)below(g, 3);
    case 2:
        return g->now - 1;
    default:
        return g->now - (int64_t)below(g, 2000);
    }
}

static int64_t some_deadline(game *g)
{
    switch ((g->seed + below(g, 4)) % 9) {
    case 0:
        return later(g->now, 5000);
    case 1:
        return later(g->now, below(g, 300));
    case 2:
        return later(g->now, below(g, 30000000));
    case 3:
        return later(g->now, next_random(&g->random) >> (1 + below(g, 40)));
    case 4:
    case 5:
        return at_a_carry(g);
    case 6:
        return overdue(g);
    case 7:
        return g->now;
    default:
        return INT64_MAX - (int64_t)below(g, 2);
    }
}

/* ---- operations on all three ---------------------------------------------------------------- */

static void model_insert(game *g, timer *t)
{
    uint32_t at = g->armed++;
    while (at != 0 && g->sorted[at - 1]->deadline > t->deadline) {
        g->sorted[at] = g->sorted[at - 1];
        at--;
    }
    g->sorted[at] = t;
}

static void model_remove(game *g, const timer *t)
{
    uint32_t at = 0;
    while (g->sorted[at] != t)
        at++;
    g->armed--;
    for (; at < g->armed; at++)
        g->sorted[at] = g->sorted[at + 1];
}

static void arm(game *g, timer *t, int64_t deadline)
{
    t->armed = true;
    t->deadline = deadline;
    t->sequence = g->sequence++;
    model_insert(g, t);
    for (int kind = 0; kind < KINDS; kind++) {
        CHECK(g, kinds[kind]->reserve(g->orders[kind], g->armed) == HF_OK);
        t->links[kind].deadline_us = deadline;
        kinds[kind]->insert(g->orders[kind], &t->links[kind]);
    }
    if (deadline <= g->quiet)
        g->quiet = UNKNOWN;
}

static void disarm(game *g, timer *t)
{
    model_remove(g, t);
    for (int kind = 0; kind < KINDS; kind++)
        kinds[kind]->remove(g->orders[kind], &t->links[kind]);
    t->armed = false;
}

/* One expire; false when nothing was due. */
static bool expire_one(game *g)
{
    timer *due = g->armed != 0 && g->sorted[0]->deadline <= g->now ? g->sorted[0] : NULL;
    for (int kind = 0; kind < KINDS; kind++) {
        const hf_timer_link *link = kinds[kind]->expire(g->orders[kind], g->now);
        CHECK(g, link == (due != NULL ? &due->links[kind] : NULL));
    }
    if (due == NULL) {
        g->quiet = g->now;
        return false;
    }
    due->armed = false;
    model_remove(g, due);
    return true;
}

static void check_next(game *g)
{
    int64_t earliest = g->armed != 0 ? g->sorted[0]->deadline : INT64_MAX;
    CHECK(g, hf_timer_heap.next_us(g->orders[0]) == earliest);
    int64_t next = hf_timer_wheel.next_us(g->orders[1]);
    CHECK(g, next <= earliest);
    CHECK(g, g->quiet == UNKNOWN || next > g->quiet || g->quiet == INT64_MAX);
    CHECK(g, g->armed != 0 || next == INT64_MAX);
}

static void check_valid(game *g)
{
    for (int kind = 0; kind < KINDS; kind++)
        CHECK(g, is_valid[kind](g->orders[kind]));
}

/* ---- steps ---------------------------------------------------------------------------------- */

/* Follows next_us until something expires: each question must bring it nearer. */
static void follow(game *g)
{
    for (int asked = 0; g->armed != 0; asked++) {
        int64_t next = hf_timer_wheel.next_us(g->orders[1]);
        CHECK(g, asked <= 8);
        g->now = next > g->now ? next : g->now;
        if (expire_one(g))
            return;
        check_next(g);
    }
}

static void move_clock(game *g)
{
    static const uint64_t leaps[] = {1,
                                     2,
                                     300,
                                     70000,
                                     20000000,
                                     UINT64_C(86400000000),
                                     UINT64_C(31557600000000),
                                     UINT64_C(1) << 58};
    switch (below(g, 4)) {
    case 0:
        break;
    case 1:
        g->now = g->armed != 0 && g->sorted[0]->deadline > g->now ? g->sorted[0]->deadline : g->now;
        break;
    case 2:
        g->now = at_a_carry(g) - (int64_t)below(g, 2);
        break;
    default:
        /* Long ones are rare: they end everything. */
        g->now = later(g->now, leaps[below(g, 1 + below(g, 1 + below(g, 8)))]);
    }
}

static void run_clock(game *g)
{
    int64_t before = g->now;
    move_clock(g);
    g->now = g->now < before ? before : g->now;
    uint64_t most = below(g, 3) == 0 ? below(g, 20) : TIMERS + 1;
    for (uint64_t i = 0; i < most && expire_one(g); i++)
        continue;
}

static void play_step(game *g)
{
    timer *t = &g->timers[below(g, TIMERS)];
    switch (below(g, 8)) {
    case 0:
        run_clock(g);
        break;
    case 1:
        follow(g);
        break;
    case 2:
        if (t->armed)
            disarm(g, t);
        break;
    default:
        if (t->armed)
            disarm(g, t);
        arm(g, t, some_deadline(g));
    }
}

static int64_t some_start(game *g)
{
    static const int64_t starts[] = {1,
                                     0xfffff0,
                                     1700000000000000,
                                     INT64_C(0xfffffffffffff),
                                     INT64_MAX / 2 - 10000000,
                                     INT64_MAX - 1000000};
    return starts[below(g, 6)];
}

static void game_begin(game *g, uint64_t seed)
{
    *g = (game){.seed = seed, .random = seed, .quiet = UNKNOWN};
    g->now = some_start(g);
    for (int kind = 0; kind < KINDS; kind++)
        CHECK(g, kinds[kind]->create(TIMERS, g->now, &g->orders[kind]) == HF_OK);
}

static void game_end(game *g)
{
    for (int kind = 0; kind < KINDS; kind++)
        kinds[kind]->destroy(g->orders[kind]);
}

static void play(uint64_t seed)
{
    static game g;
    game_begin(&g, seed);
    for (g.step = 0; g.step < STEPS; g.step++) {
        play_step(&g);
        check_next(&g);
        if (g.step % 32 == 0)
            check_valid(&g);
    }
    g.now = INT64_MAX;
    while (expire_one(&g))
        continue;
    CHECK(&g, g.armed == 0);
    check_next(&g);
    check_valid(&g);
    game_end(&g);
}

Test(orders, random_operations_as_the_sorted_list)
{
    const char *given = getenv("HOLDFAST_TEST_SEED");
    if (given != NULL) {
        play(strtoull(given, NULL, 0));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        play(seed);
}

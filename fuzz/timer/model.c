/* Timers one by one. */
#include "model.h"

#include "harness.h"

model world;

int64_t model_read_clock(void)
{
    int64_t reading = world.reading < NEVER ? world.reading : NEVER - 1;
    if (reading > world.now)
        world.now = reading;
    return world.now;
}

int64_t model_later(int64_t moment, int64_t span)
{
    return span > NEVER - moment ? NEVER : moment + span;
}

/* ---- handles -------------------------------------------------------------------------------- */

hf_status model_judge(const timer *t, bool closes, const char *operation)
{
    if (t == NULL)
        return HF_E_NULL_HANDLE;
    if (t->life == LIFE_OPEN)
        return HF_OK;
    if (t->life == LIFE_CLOSING) {
        if (closes)
            model_expect_report(HF_REPORT_DOUBLE_CLOSE, t, operation);
        return HF_E_CLOSING;
    }
    hf_report_kind kind = closes ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_STALE_USE;
    const timer *holder = world.holders[t->node];
    if (holder != NULL && holder->life == LIFE_OPEN)
        kind = HF_REPORT_HANDLE_REUSE;
    model_expect_report(kind, t, operation);
    return HF_E_STALE_HANDLE;
}

bool model_has_room(void)
{
    for (unsigned node = 0; node < world.nodes; node++)
        if (world.lives[node] < LIVES && world.holders[node] == NULL)
            return true;
    return world.nodes < world.capacity;
}

static unsigned node_of(hf_timer handle)
{
    uint32_t key = (uint32_t)handle.handle.bits & ((UINT32_C(1) << HF_HAZARD_SHIFT_) - 1);
    unsigned node = 0;
    while (node < world.nodes && world.keys[node] != key)
        node++;
    if (node == world.nodes && node == world.capacity)
        fuzz_fail("a timer got a slot beyond the queue's capacity");
    if (node == world.nodes)
        world.keys[world.nodes++] = key;
    return node;
}

void model_open(timer *t, hf_timer handle)
{
    t->handle = handle;
    t->node = node_of(handle);
    t->delay = -1;
    if (world.holders[t->node] != NULL)
        fuzz_fail("a timer got the slot of a live one");
    world.holders[t->node] = t;
    world.lives[t->node]++;
    world.timer_count++;
}

/* ---- arming --------------------------------------------------------------------------------- */

static void insert(timer *t, int64_t deadline)
{
    t->phase = PHASE_ARMED;
    t->deadline = deadline;
    t->inserted = ++world.insertions;
}

void model_disarm(timer *t)
{
    t->phase = PHASE_IDLE;
}

void model_arm(timer *t, int64_t deadline)
{
    t->arming = ++world.armings;
    insert(t, deadline);
}

int64_t model_deadline(const timer *t)
{
    if (t->phase == PHASE_IDLE)
        return NEVER;
    return t->phase == PHASE_RESUMING ? t->resume : t->deadline;
}

uint64_t model_armed(void)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < world.nodes; i++)
        count += world.holders[i] != NULL && world.holders[i]->phase != PHASE_IDLE;
    return count;
}

/* ---- data ----------------------------------------------------------------------------------- */

uint64_t model_weight(const load *data)
{
    uint64_t number = (uint64_t)(data - world.loads) + 1;
    return number * number * number;
}

static void discard(load *data)
{
    data->expected_frees += data->is_freed;
    world.expected_frees += data->is_freed ? model_weight(data) : 0;
}

static void release(timer *t)
{
    discard(t->data);
    t->phase = PHASE_IDLE;
    t->life = LIFE_CLOSED;
    world.holders[t->node] = NULL;
}

void model_let_go(timer *t)
{
    if (t->life == LIFE_CLOSING && !t->runs && t->references == 0)
        release(t);
}

void model_close(timer *t)
{
    t->life = LIFE_CLOSING;
    model_let_go(t);
}

void model_set_data(timer *t, load *fresh)
{
    load *old = t->data;
    t->data = fresh;
    if (t->runs && t->ran == NULL)
        t->ran = old;
    else
        discard(old);
}

/* ---- begin and end -------------------------------------------------------------------------- */

static timer *earliest(void)
{
    timer *best = NULL;
    for (unsigned i = 0; i < world.nodes; i++) {
        timer *t = world.holders[i];
        if (t != NULL && t->phase == PHASE_ARMED &&
            (best == NULL || t->deadline < best->deadline ||
             (t->deadline == best->deadline && t->inserted < best->inserted)))
            best = t;
    }
    return best;
}

int64_t model_earliest(void)
{
    const timer *t = earliest();
    return t != NULL ? t->deadline : NEVER;
}

static void add_expiry(batch *b, timer *t)
{
    expiry *fresh = &b->expiries[b->count++];
    uint64_t late = t->period != 0 ? (uint64_t)((b->now - t->deadline) / t->period) : 0;
    *fresh = (expiry){.t = t, .arming = t->arming, .deadline = t->deadline};
    fresh->missed = t->missed == HF_TIMER_CATCH_UP ? 0 : late;
    if (t->missed == HF_TIMER_SKIP)
        fresh->deadline += (int64_t)late * t->period;
    t->phase = PHASE_DUE;
}

static void put_aside(dispatch *d, timer *t)
{
    t->phase = PHASE_ASIDE;
    if (!world.is_aside[t->node])
        d->aside[d->aside_count++] = t->node;
    world.is_aside[t->node] = true;
}

/* `run` is NULL for a dispatch of its own. */
static void take_due(batch *b, dispatch *run)
{
    timer *t;
    b->count = b->handled = 0;
    if (world.expired < b->now)
        world.expired = b->now;
    while (b->count < HF_TIMER_BATCH && (t = earliest()) != NULL && t->deadline <= world.expired) {
        if (t->runs)
            t->phase = PHASE_HELD;
        else if (run != NULL && (t->arming > run->last || t->deadline > run->now))
            put_aside(run, t);
        else
            add_expiry(b, t);
    }
    if (b->count < HF_TIMER_BATCH)
        world.drained = world.expired;
}

void model_begin(batch *b)
{
    b->now = model_read_clock();
    take_due(b, NULL);
}

/* True: it is due again, because it was not called. */
static bool end_one(const expiry *e)
{
    timer *t = e->t;
    if (t->arming != e->arming)
        return false;
    bool again = t->phase == PHASE_DUE;
    if (again)
        insert(t, t->deadline);
    else if (t->phase == PHASE_RESUMING)
        insert(t, t->resume);
    return again;
}

static bool is_done(const expiry *e)
{
    return e->called && e->t->life == LIFE_OPEN && e->t->close_when_done &&
           e->t->phase == PHASE_IDLE && !e->t->runs;
}

static unsigned end_batch(batch *b)
{
    timer *done[HF_TIMER_BATCH];
    unsigned count = 0;
    unsigned again = 0;
    for (unsigned i = 0; i < b->count; i++) {
        again += end_one(&b->expiries[i]);
        if (is_done(&b->expiries[i]))
            done[count++] = b->expiries[i].t;
    }
    for (unsigned i = 0; i < count; i++)
        if (done[i]->life == LIFE_OPEN)
            model_close(done[i]);
    b->count = b->handled = 0;
    return again;
}

void model_end(batch *b)
{
    (void)end_batch(b);
}

/* ---- handle and run ------------------------------------------------------------------------- */

/* The function that was called last has returned. */
static void finish(dispatch *d)
{
    timer *t = d->called;
    d->called = NULL;
    t->runs = false;
    if (t->phase == PHASE_HELD)
        insert(t, t->deadline);
    if (t->ran != NULL)
        discard(t->ran);
    t->ran = NULL;
    model_let_go(t);
    if (d->closes_after && model_judge(t, true, "hf_close") == HF_OK)
        model_close(t);
    d->closes_after = false;
}

static void start(dispatch *d, expiry *e)
{
    timer *t = e->t;
    e->called = true;
    t->runs = true;
    t->phase = t->period == 0 ? PHASE_IDLE : PHASE_RESUMING;
    t->resume = model_later(t->missed == HF_TIMER_DELAY ? d->current->now : e->deadline, t->period);
    d->called = t;
    d->with = t->data;
    d->second = t->second;
    d->due = e;
    d->calls++;
}

/* The next of a batch that is to be called.  Expiries of closed timers are given up. */
static timer *start_next(dispatch *d)
{
    batch *b = d->current;
    while (b->handled < b->count) {
        expiry *e = &b->expiries[b->handled++];
        if (e->t->phase != PHASE_DUE || e->t->arming != e->arming)
            continue;
        if (e->t->life == LIFE_OPEN) {
            start(d, e);
            return e->t;
        }
        model_disarm(e->t);
    }
    return NULL;
}

static void put_back(dispatch *d)
{
    for (unsigned i = 0; i < d->aside_count; i++) {
        timer *t = world.holders[d->aside[i]];
        world.is_aside[d->aside[i]] = false;
        if (t != NULL && t->phase == PHASE_ASIDE)
            insert(t, t->deadline);
    }
}

void model_begin_run(dispatch *d)
{
    d->is_run = true;
    d->current = &d->own;
    d->now = d->own.now = model_read_clock();
    d->last = world.armings;
    take_due(&d->own, d);
}

/* The run's next batch; false: there is none. */
static bool next_batch(dispatch *d)
{
    if (d->over || d->own.count == 0)
        return false;
    if (end_batch(&d->own) != 0)
        return false;
    take_due(&d->own, d);
    return d->own.count != 0;
}

timer *model_advance(dispatch *d)
{
    if (d->called != NULL)
        finish(d);
    timer *t = start_next(d);
    while (t == NULL && d->is_run && next_batch(d))
        t = start_next(d);
    if (t == NULL && d->is_run && !d->over)
        put_back(d);
    d->over = t == NULL;
    return t;
}

/* Every operation on a timer, in every phase of its dispatch, by every caller that can be there:
 * what is answered, whether the function is called, when it is due next, when data are freed.
 *
 * The subject is due at 1,100, and the clock shows that.  Each cell is played with a one-shot
 * timer, a periodic one (every 50) and a one-shot one that closes itself, under every order. */
#include "actor.h"
#include "timer_support.h"

typedef enum operation {
    SET,
    SET_AT,
    RESET,
    CANCEL,
    SET_DATA,
    CLOSE,
    CLOSE_WAIT,
    ASK /* hf_timer_deadline_us */
} operation;

typedef enum phase {
    BEFORE,  /* due, and not yet begun */
    BEGUN,   /* between begin and handle; or inside handle, before its turn */
    OWN,     /* inside its function, on that thread */
    RUNNING, /* inside its function, on another thread */
    HANDLED, /* between handle and end; or inside handle, after its turn */
    ENDED
} phase;

typedef enum caller { MAIN, THREAD, OTHER_TIMER, CALLERS } caller;

enum { ONCE, PERIODIC, CLOSES, KINDS };

#define GONE   0  /* closed, and released */
#define ANY    -1 /* the cell's one-shot case serves */
#define PERIOD 50

typedef struct cell {
    operation operation;
    phase phase;
    hf_status status;
    unsigned calls;      /* of the subject's function, with whatever data */
    int64_t next[KINDS]; /* when it is due in the end */
    int64_t answer[2];   /* CANCEL: hf_timer_was; ASK: the deadline; for ONCE and PERIODIC */
    bool frees_now;      /* the first data, by the call itself */
} cell;

/* ---- one play ------------------------------------------------------------------------------- */

typedef struct play {
    const cell *cell;
    unsigned kind;
    caller caller;
    hf_timer_queue *queue;
    hf_timer subject;
    hf_timer other;
    load first;
    load second; /* what SET_DATA brings */
    load others;
    actor *thread;
    hf_status status;
    int64_t answer;
    bool freed_now;
    unsigned turns;
} play;

static void operate(void *argument)
{
    play *p = argument;
    hf_timer_was was = HF_TIMER_WAS_IDLE;
    switch (p->cell->operation) {
    case SET:
        p->status = hf_timer_set(p->queue, p->subject, 30, 0);
        break;
    case SET_AT:
        p->status = hf_timer_set_at(p->queue, p->subject, 1170, 0);
        break;
    case RESET:
        p->status = hf_timer_reset(p->queue, p->subject);
        break;
    case CANCEL:
        p->status = hf_timer_cancel(p->queue, p->subject, &was);
        p->answer = was;
        break;
    case SET_DATA:
        p->status = hf_timer_set_data(p->queue, p->subject, load_call, &p->second, load_free);
        break;
    case CLOSE:
        p->status = hf_timer_close(p->queue, p->subject);
        break;
    case CLOSE_WAIT:
        p->status = hf_timer_close_wait(p->queue, p->subject, 0);
        break;
    case ASK:
        p->status = hf_timer_deadline_us(p->queue, p->subject, &p->answer);
        break;
    }
    p->freed_now = p->first.frees != 0;
    p->turns++;
}

/* The moment has come, on the main thread or in the function of the other timer. */
static void take_turn(play *p)
{
    if (p->caller == THREAD)
        actor_do(p->thread, operate, p);
    else
        operate(p);
}

static void inside_other(load *self, const hf_timer_event *event)
{
    (void)event;
    take_turn(self->argument);
}

/* Inside the subject's function: the other timer's is one that this function dispatches. */
static void inside_subject(load *self, const hf_timer_event *event)
{
    play *p = self->argument;
    if (p->turns != 0)
        return;
    if (p->caller != OTHER_TIMER) {
        take_turn(p);
        return;
    }
    MUST_OK(hf_timer_set(event->queue, p->other, 0, 0));
    cr_assert_eq(hf_timer_run(event->queue), 1);
}

static void start(play *p, const hf_timer_order *order)
{
    clock_reset();
    p->queue = timers_create(order);
    p->thread = actor_start();
    p->first = p->second = p->others = (load){.argument = p};
    p->others.inside = inside_other;
    if (p->cell->phase == OWN || p->cell->phase == RUNNING)
        p->first.inside = inside_subject;
    hf_timer_options options = load_options(&p->first);
    options.close_when_done = p->kind == CLOSES;
    p->subject = timer_open_with(p->queue, &options);
    p->other = timer_open(p->queue, &p->others);
    MUST_OK(hf_timer_set(p->queue, p->subject, 100, p->kind == PERIODIC ? PERIOD : 0));
    clock_set(1100);
}

static void turn_if(play *p, phase now)
{
    if (p->cell->phase == now && p->caller != OTHER_TIMER)
        take_turn(p);
}

/* The other timer's function is called in the same batch, before or after the subject's; or, when
 * the subject has been dispatched or is not yet, in one of its own. */
static void arm_other(play *p)
{
    if (p->caller == OTHER_TIMER && p->cell->phase == BEGUN)
        MUST_OK(hf_timer_set_at(p->queue, p->other, 1099, 0));
    if (p->caller == OTHER_TIMER && p->cell->phase == HANDLED)
        MUST_OK(hf_timer_set_at(p->queue, p->other, 1100, 0));
}

static void run_other_alone(play *p, phase now)
{
    if (p->caller != OTHER_TIMER || p->cell->phase != now)
        return;
    hf_timer_batch batch;
    MUST_OK(hf_timer_set_at(p->queue, p->other, 1, 0));
    MUST_OK(hf_timer_begin(p->queue, &batch));
    (void)hf_timer_handle(p->queue, &batch);
    MUST_OK(hf_timer_end(p->queue, &batch));
}

static void dispatch(play *p)
{
    hf_timer_batch batch;
    arm_other(p);
    turn_if(p, BEFORE);
    MUST_OK(hf_timer_begin(p->queue, &batch));
    turn_if(p, BEGUN);
    (void)hf_timer_handle(p->queue, &batch);
    turn_if(p, HANDLED);
    MUST_OK(hf_timer_end(p->queue, &batch));
    turn_if(p, ENDED);
    run_other_alone(p, ENDED);
}

/* ---- what must come of it ------------------------------------------------------------------- */

/* After the end of its dispatch a timer that closes itself is a stale handle. */
static hf_status expected_status(const play *p)
{
    return p->kind == CLOSES && p->cell->phase == ENDED ? HF_E_STALE_HANDLE : p->cell->status;
}

static void check_data(const play *p, int64_t next)
{
    bool replaced = p->cell->operation == SET_DATA && p->status == HF_OK;
    bool freed_by_close = p->kind == CLOSES && p->cell->phase == ENDED;
    cr_assert_eq(p->freed_now, p->cell->frees_now || freed_by_close);
    cr_assert_eq(p->first.frees, replaced || next == GONE ? 1 : 0);
    cr_assert_eq(p->second.frees, replaced && next == GONE ? 1 : 0);
}

static void check(const play *p)
{
    int64_t next = p->cell->next[p->kind];
    MUST(p->status, expected_status(p));
    cr_assert_eq(p->turns, 1);
    cr_assert_eq(p->first.calls + p->second.calls, p->cell->calls);
    cr_assert_eq(timer_is_open(p->queue, p->subject), next != GONE);
    cr_assert_eq(timer_deadline(p->queue, p->subject), next, "due at %lld, not %lld",
                 (long long)timer_deadline(p->queue, p->subject), (long long)next);
    check_data(p, next);
    if (p->status == HF_OK && (p->cell->operation == CANCEL || p->cell->operation == ASK))
        cr_assert_eq(p->answer, p->cell->answer[p->kind == PERIODIC]);
    cr_assert_eq(hf_timer_armed(p->queue), next != GONE && next != NEVER ? 1u : 0u);
}

/* When everything is over each data was freed once, and the function was called once for what was
 * still due. */
static void finish(play *p)
{
    int64_t next = p->cell->next[p->kind];
    unsigned before = p->first.calls + p->second.calls;
    if (next != GONE && next != NEVER) {
        clock_set(next - 1);
        cr_assert_eq(hf_timer_run(p->queue), 0);
        clock_set(next);
        cr_assert_eq(hf_timer_run(p->queue), 1);
        cr_assert_eq(p->first.calls + p->second.calls, before + 1);
    }
    actor_end(p->thread);
    hf_timer_queue_destroy(p->queue);
    cr_assert_eq(p->first.frees, 1);
    cr_assert_eq(p->second.frees, p->cell->operation == SET_DATA && p->status == HF_OK ? 1 : 0);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
}

static bool can_be(const cell *c, caller who)
{
    if (c->phase == OWN)
        return who != THREAD;
    if (c->phase == RUNNING)
        return who == THREAD;
    return !(c->phase == BEFORE && who == OTHER_TIMER);
}

static void play_all(const cell *c)
{
    reports_start();
    for (unsigned order = 0; order < TIMER_ORDERS; order++)
        for (caller who = MAIN; who < CALLERS; who++)
            for (unsigned kind = 0; kind < KINDS && can_be(c, who); kind++) {
                play p = {.cell = c, .kind = kind, .caller = who};
                start(&p, timer_order(order));
                dispatch(&p);
                check(&p);
                finish(&p);
            }
}

#define CELL(name, ...)                      \
    Test(phases, name)                       \
    {                                        \
        static const cell c = {__VA_ARGS__}; \
        play_all(&c);                        \
    }

/* clang-format off */
CELL(set_before_begin,      SET, BEFORE,  HF_OK, 0, {1130, 1130, 1130}, {0, 0}, false)
CELL(set_begun,             SET, BEGUN,   HF_OK, 0, {1130, 1130, 1130}, {0, 0}, false)
CELL(set_own_callback,      SET, OWN,     HF_OK, 1, {1130, 1130, 1130}, {0, 0}, false)
CELL(set_while_running,     SET, RUNNING, HF_OK, 1, {1130, 1130, 1130}, {0, 0}, false)
CELL(set_handled,           SET, HANDLED, HF_OK, 1, {1130, 1130, 1130}, {0, 0}, false)
CELL(set_ended,             SET, ENDED,   HF_OK, 1, {1130, 1130, GONE}, {0, 0}, false)

CELL(set_at_before_begin,   SET_AT, BEFORE,  HF_OK, 0, {1170, 1170, 1170}, {0, 0}, false)
CELL(set_at_begun,          SET_AT, BEGUN,   HF_OK, 0, {1170, 1170, 1170}, {0, 0}, false)
CELL(set_at_own_callback,   SET_AT, OWN,     HF_OK, 1, {1170, 1170, 1170}, {0, 0}, false)
CELL(set_at_while_running,  SET_AT, RUNNING, HF_OK, 1, {1170, 1170, 1170}, {0, 0}, false)
CELL(set_at_handled,        SET_AT, HANDLED, HF_OK, 1, {1170, 1170, 1170}, {0, 0}, false)
CELL(set_at_ended,          SET_AT, ENDED,   HF_OK, 1, {1170, 1170, GONE}, {0, 0}, false)

CELL(reset_before_begin,    RESET, BEFORE,  HF_OK, 0, {1200, 1200, 1200}, {0, 0}, false)
CELL(reset_begun,           RESET, BEGUN,   HF_OK, 0, {1200, 1200, 1200}, {0, 0}, false)
CELL(reset_own_callback,    RESET, OWN,     HF_OK, 1, {1200, 1200, 1200}, {0, 0}, false)
CELL(reset_while_running,   RESET, RUNNING, HF_OK, 1, {1200, 1200, 1200}, {0, 0}, false)
CELL(reset_handled,         RESET, HANDLED, HF_OK, 1, {1200, 1200, 1200}, {0, 0}, false)
CELL(reset_ended,           RESET, ENDED,   HF_OK, 1, {1200, 1200, GONE}, {0, 0}, false)

#define IDLE  HF_TIMER_WAS_IDLE
#define ARMED HF_TIMER_WAS_ARMED
#define RUNS  HF_TIMER_WAS_RUNNING
CELL(cancel_before_begin,   CANCEL, BEFORE,  HF_OK, 0, {NEVER, NEVER, NEVER}, {ARMED, ARMED}, false)
CELL(cancel_begun,          CANCEL, BEGUN,   HF_OK, 0, {NEVER, NEVER, NEVER}, {ARMED, ARMED}, false)
CELL(cancel_own_callback,   CANCEL, OWN,     HF_OK, 1, {NEVER, NEVER, GONE},  {RUNS, RUNS},   false)
CELL(cancel_while_running,  CANCEL, RUNNING, HF_OK, 1, {NEVER, NEVER, GONE},  {RUNS, RUNS},   false)
CELL(cancel_handled,        CANCEL, HANDLED, HF_OK, 1, {NEVER, NEVER, GONE},  {IDLE, ARMED},  false)
CELL(cancel_ended,          CANCEL, ENDED,   HF_OK, 1, {NEVER, NEVER, GONE},  {IDLE, ARMED},  false)

CELL(set_data_before_begin, SET_DATA, BEFORE,  HF_OK, 1, {NEVER, 1150, GONE}, {0, 0}, true)
CELL(set_data_begun,        SET_DATA, BEGUN,   HF_OK, 1, {NEVER, 1150, GONE}, {0, 0}, true)
CELL(set_data_own_callback, SET_DATA, OWN,     HF_OK, 1, {NEVER, 1150, GONE}, {0, 0}, false)
CELL(set_data_while_running,SET_DATA, RUNNING, HF_OK, 1, {NEVER, 1150, GONE}, {0, 0}, false)
CELL(set_data_handled,      SET_DATA, HANDLED, HF_OK, 1, {NEVER, 1150, GONE}, {0, 0}, true)
CELL(set_data_ended,        SET_DATA, ENDED,   HF_OK, 1, {NEVER, 1150, GONE}, {0, 0}, true)

CELL(close_before_begin,    CLOSE, BEFORE,  HF_OK, 0, {GONE, GONE, GONE}, {0, 0}, true)
CELL(close_begun,           CLOSE, BEGUN,   HF_OK, 0, {GONE, GONE, GONE}, {0, 0}, true)
CELL(close_own_callback,    CLOSE, OWN,     HF_OK, 1, {GONE, GONE, GONE}, {0, 0}, false)
CELL(close_while_running,   CLOSE, RUNNING, HF_OK, 1, {GONE, GONE, GONE}, {0, 0}, false)
CELL(close_handled,         CLOSE, HANDLED, HF_OK, 1, {GONE, GONE, GONE}, {0, 0}, true)
CELL(close_ended,           CLOSE, ENDED,   HF_OK, 1, {GONE, GONE, GONE}, {0, 0}, true)

#define REFUSED HF_E_POSSIBLE_DEADLOCK
#define LATE    HF_E_TIMED_OUT
CELL(close_wait_before_begin, CLOSE_WAIT, BEFORE,  HF_OK,   0, {GONE, GONE, GONE},  {0, 0}, true)
CELL(close_wait_begun,        CLOSE_WAIT, BEGUN,   HF_OK,   0, {GONE, GONE, GONE},  {0, 0}, true)
CELL(close_wait_own_callback, CLOSE_WAIT, OWN,     REFUSED, 1, {NEVER, 1150, GONE}, {0, 0}, false)
CELL(close_wait_while_running,CLOSE_WAIT, RUNNING, LATE,    1, {GONE, GONE, GONE},  {0, 0}, false)
CELL(close_wait_handled,      CLOSE_WAIT, HANDLED, HF_OK,   1, {GONE, GONE, GONE},  {0, 0}, true)
CELL(close_wait_ended,        CLOSE_WAIT, ENDED,   HF_OK,   1, {GONE, GONE, GONE},  {0, 0}, true)

CELL(deadline_before_begin, ASK, BEFORE,  HF_OK, 1, {NEVER, 1150, GONE}, {1100, 1100},  false)
CELL(deadline_begun,        ASK, BEGUN,   HF_OK, 1, {NEVER, 1150, GONE}, {1100, 1100},  false)
CELL(deadline_own_callback, ASK, OWN,     HF_OK, 1, {NEVER, 1150, GONE}, {NEVER, 1150}, false)
CELL(deadline_while_running,ASK, RUNNING, HF_OK, 1, {NEVER, 1150, GONE}, {NEVER, 1150}, false)
CELL(deadline_handled,      ASK, HANDLED, HF_OK, 1, {NEVER, 1150, GONE}, {NEVER, 1150}, false)
CELL(deadline_ended,        ASK, ENDED,   HF_OK, 1, {NEVER, 1150, GONE}, {NEVER, 1150}, false)
/* clang-format on */

/* Set again, and begun again, before the first batch ends: it is the second one's to call. */
Test(phases, end_of_an_older_batch_leaves_a_newer_one_alone)
{
    hf_timer_batch older;
    hf_timer_batch newer;
    load data = {.calls = 0};
    clock_reset();
    hf_timer_queue *queue = timers_create(NULL);
    hf_timer timer = timer_open(queue, &data);
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    MUST_OK(hf_timer_begin(queue, &older));
    MUST_OK(hf_timer_set(queue, timer, 0, 0));
    MUST_OK(hf_timer_begin(queue, &newer));
    MUST_OK(hf_timer_end(queue, &older));
    cr_assert_eq(hf_timer_handle(queue, &newer), 1);
    MUST_OK(hf_timer_end(queue, &newer));
    cr_assert_eq(data.calls, 1);
    cr_assert_eq(hf_timer_run(queue), 0);
    hf_timer_queue_destroy(queue);
}

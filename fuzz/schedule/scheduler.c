/* Turns, time and findings.
 *
 * A thread that gives up its turn decides itself, by asking the plan, who is next, and changes to
 * that one; only when all have ended is the one who called schedule_run next.
 *
 * Nobody ready, somebody sleeping: time jumps.  A waiter of the library sleeps in slices and looks
 * again after each, so a wait for what never comes is a series of jumps without an end; so many of
 * them in a row, while no operation ends, are a finding, after whoever was stopped has gone on.
 * And one who finds after a jump that what he waited for has happened should have been woken: the
 * library's looks of its own accord are for wakers that are stopped. */
#include "scheduler.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coroutine.h"
#include "points.h"

enum {
    OUTSIDE = SCHEDULE_THREADS, /* the one who called schedule_run */
    ALL = SCHEDULE_THREADS + 1,
    CHANGES = 64,
    FIRST_NS = 1000,
    ENDINGS = 4,        /* functions at a thread's end */
    JUMPS_LIMIT = 64,   /* in a row */
    STEPS_LIMIT = 50000 /* of one operation, or between two */
};

typedef enum turn { ENDED = 0, READY, SLEEPING, STOPPED, TURNS } turn;

typedef struct thread {
    turn turn;
    bool hushed;
    struct {
        void (*function)(void *);
        void *argument;
    } endings[ENDINGS];
    schedule_operation *operation;
    uint64_t steps;
    uint64_t between;     /* its steps when its last operation ended */
    const char *place;    /* of its last step */
    const uint32_t *word; /* on which it sleeps */
    int64_t wake_ns;
    uint64_t jumped;     /* number of turns when its sleep ended by a jump; 0: it did not */
    coroutine coroutine; /* last: the rest is zeroed for a new thread */
} thread;

static thread threads[ALL];
static const schedule_plan *plan;
static uint32_t who_is[TURNS]; /* a bit for each thread */
static unsigned current = OUTSIDE;
static uint64_t steps;
static uint64_t trace;
static uint64_t turns;
static int64_t now_ns;
static unsigned jumps;
static bool unfair;
static unsigned lined_up;

/* The changes of turns, the last of them: for those who must understand a finding. */
static struct change {
    uint64_t step;
    const char *place; /* where the one who left stood */
    unsigned from;
    unsigned to;
} changes[CHANGES];

void (*schedule_tell)(void);

/* ---- findings ------------------------------------------------------------------------------- */

static void tell_thread(unsigned number)
{
    static const char *const names[] = {"ended", "ready", "sleeping", "stopped"};
    const thread *one = &threads[number];
    fprintf(stderr, "  thread %u%s: %s", number, number == current ? ", running" : "",
            names[one->turn]);
    for (const schedule_operation *in = one->operation; in != NULL; in = in->outer)
        fprintf(stderr, ", in %s", in->name);
    fprintf(stderr, ", at %s\n", one->place != NULL ? one->place : "its beginning");
}

static void tell_changes(void)
{
    uint64_t first = turns > CHANGES ? turns - CHANGES : 1;
    for (uint64_t i = first; i < turns; i++) {
        const struct change *one = &changes[i % CHANGES];
        fprintf(stderr, "  step %llu: thread %u after thread %u, which is at %s\n",
                (unsigned long long)one->step, one->to, one->from,
                one->place != NULL ? one->place : "its beginning or end");
    }
}

_Noreturn void schedule_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "schedule: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n  after %llu steps\n", (unsigned long long)steps);
    va_end(arguments);
    for (unsigned i = 0; plan != NULL && i < plan->threads; i++)
        tell_thread(i);
    tell_changes();
    if (schedule_tell != NULL)
        schedule_tell();
    abort();
}

/* ---- whose turn it is ----------------------------------------------------------------------- */

static void change_to(unsigned next)
{
    thread *from = &threads[current];
    thread *to = &threads[next];
    if (next == current)
        return;
    changes[turns++ % CHANGES] =
        (struct change){.step = steps, .place = from->place, .from = current, .to = next};
    current = next;
    if (from->turn == ENDED && from != &threads[OUTSIDE])
        coroutine_end(&from->coroutine, &to->coroutine);
    else
        coroutine_change(&from->coroutine, &to->coroutine);
}

static void set_turn(thread *one, turn to)
{
    uint32_t bit = 1u << (one - threads);
    who_is[one->turn] &= ~bit;
    who_is[to] |= bit;
    one->turn = to;
}

static void wake(thread *one)
{
    set_turn(one, READY);
    one->word = NULL;
}

static void pass_time_for(thread *one)
{
    now_ns = one->wake_ns > now_ns ? one->wake_ns : now_ns;
    wake(one);
}

/* The sleeper whose time-out is the first. */
static unsigned first_sleeper(uint32_t sleeping)
{
    unsigned first = SCHEDULE_NOBODY;
    for (unsigned i = 0; i < plan->threads; i++)
        if ((sleeping & 1u << i) != 0 &&
            (first == SCHEDULE_NOBODY || threads[i].wake_ns < threads[first].wake_ns))
            first = i;
    return first;
}

static void expect_excuse(unsigned stopped)
{
    for (unsigned i = 0; i < plan->threads; i++)
        if (threads[i].turn == SLEEPING && !plan->excuses(i, stopped))
            schedule_fail("thread %u waits for one that is stopped elsewhere", i);
}

static void let_stopped_go_on(void)
{
    jumps = 0;
    for (unsigned i = 0; i < plan->threads; i++)
        if (threads[i].turn == STOPPED) {
            expect_excuse(i);
            set_turn(&threads[i], READY);
        }
}

/* Nobody is ready: sees to it that somebody is, unless all have ended. */
static void find_somebody(void)
{
    uint32_t sleeping = who_is[SLEEPING];
    if (sleeping == 0 || jumps >= JUMPS_LIMIT) {
        if (sleeping != 0 && who_is[STOPPED] == 0)
            schedule_fail("nobody gets on: a deadlock, or a wait that was never answered");
        let_stopped_go_on();
        return;
    }
    unsigned first = first_sleeper(sleeping);
    jumps++;
    pass_time_for(&threads[first]);
    threads[first].jumped = turns + (first == current ? 0 : 1);
}

/* Asks who goes on, and changes to that one. */
static void ask(bool runs, const void *address, bool writes)
{
    schedule_moment now = {.step = steps,
                           .running = runs ? current : SCHEDULE_NOBODY,
                           .last = current,
                           .ready = who_is[READY],
                           .sleeping = who_is[SLEEPING],
                           .address = address,
                           .writes = writes};
    schedule_decision decision = plan->decide(plan->decider, &now);
    if (decision.stops && runs) {
        unfair = true;
        set_turn(&threads[current], STOPPED);
        return;
    }
    thread *next = &threads[decision.next];
    if (next->turn == SLEEPING) {
        unfair = true;
        pass_time_for(next);
    }
    change_to(decision.next);
}

/* The running thread cannot go on: until it can. */
static void give_turn_away(void)
{
    unsigned self = current;
    do {
        if (who_is[READY] == 0)
            find_somebody();
        if (who_is[READY] == 0) {
            change_to(OUTSIDE);
            return;
        }
        ask(false, NULL, false);
    } while (current != self || threads[self].turn != READY);
}

void schedule_point(const void *address, bool writes, const char *place)
{
    thread *self = &threads[current];
    if (current == OUTSIDE || self->hushed ||
        (uintptr_t)address - (uintptr_t)self->coroutine.stack <
            self->coroutine.stack_size) /* nobody else sees it */
        return;
    self->place = place;
    steps++;
    trace = (trace ^ (uintptr_t)place ^ current) * UINT64_C(0x100000001b3);
    uint64_t begun = self->operation != NULL ? self->operation->steps : self->between;
    if (++self->steps - begun > STEPS_LIMIT)
        schedule_fail("an operation does not come to an end: a livelock");
    ask(true, address, writes);
    if (self->turn == STOPPED)
        give_turn_away();
}

bool schedule_fails(void)
{
    return current != OUTSIDE && plan->fails != NULL && plan->fails(plan->decider);
}

/* ---- a run ---------------------------------------------------------------------------------- */

static void end_thread(thread *self)
{
    for (int i = 0; i < ENDINGS; i++) {
        void (*function)(void *) = self->endings[i].function;
        self->endings[i].function = NULL;
        if (function != NULL)
            function(self->endings[i].argument);
    }
}

static void run_thread(void)
{
    unsigned number = current;
    thread *self = &threads[number];
    coroutine_begin();
    plan->body(number, plan->argument);
    end_thread(self);
    set_turn(self, ENDED);
    give_turn_away();
    abort(); /* nobody gives an ended thread its turn */
}

static void make_thread(thread *one)
{
    memset(one, 0, offsetof(thread, coroutine));
    coroutine_make(&one->coroutine, run_thread);
    set_turn(one, READY);
}

void schedule_run(const schedule_plan *what)
{
    plan = what;
    steps = 0;
    trace = UINT64_C(0xcbf29ce484222325);
    turns = 1;
    now_ns = FIRST_NS;
    jumps = 0;
    unfair = false;
    lined_up = 0;
    for (unsigned i = 0; i < what->threads; i++)
        make_thread(&threads[i]);
    if (what->lines_up)
        change_to(0);
    else
        ask(false, NULL, false);
    plan = NULL;
}

void schedule_hush(bool on)
{
    threads[current].hushed = on;
}

/* Nobody is asked before all have come: the others get their first turns here. */
void schedule_line_up(void)
{
    unsigned self = current;
    if (++lined_up < plan->threads)
        change_to((self + 1) % plan->threads);
    else
        ask(false, NULL, false);
}

uint64_t schedule_steps(void)
{
    return steps;
}

uint64_t schedule_trace(void)
{
    return trace;
}

unsigned schedule_current(void)
{
    return current;
}

bool schedule_was_unfair(void)
{
    return unfair;
}

void schedule_begin(schedule_operation *operation, const char *name, bool waits)
{
    thread *self = &threads[current];
    *operation = (schedule_operation){
        .name = name, .waits = waits, .steps = self->steps, .outer = self->operation};
    self->operation = operation;
}

void schedule_end(schedule_operation *operation, bool served)
{
    thread *self = &threads[current];
    if (served && operation->waits && !unfair && self->jumped == turns)
        schedule_fail("%s was not woken: it had to look by itself", operation->name);
    self->operation = operation->outer;
    self->between = self->steps;
    self->jumped = 0;
    jumps = 0;
}

/* ---- waiting -------------------------------------------------------------------------------- */

int64_t schedule_now_ns(void)
{
    return now_ns;
}

bool schedule_is_asymmetric(void)
{
    return plan != NULL && plan->asymmetric;
}

void schedule_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    thread *self = &threads[current];
    if (current == OUTSIDE)
        schedule_fail("somebody waits when all threads have ended");
    schedule_point(word, false, self->place);
    if (*word != expected)
        return;
    if (self->operation != NULL && !self->operation->waits)
        schedule_fail("%s waits for another thread", self->operation->name);
    set_turn(self, SLEEPING);
    self->word = word;
    self->jumped = 0;
    self->wake_ns = timeout_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + timeout_ns;
    give_turn_away();
}

void schedule_wake(const uint32_t *word)
{
    schedule_point(word, true, threads[current].place);
    for (unsigned i = 0; i < SCHEDULE_THREADS; i++)
        if (threads[i].turn == SLEEPING && threads[i].word == word)
            wake(&threads[i]);
}

/* ---- what a thread knows of itself ---------------------------------------------------------- */

bool schedule_at_thread_end(void (*function)(void *), void *argument)
{
    thread *self = &threads[current];
    for (int i = 0; i < ENDINGS; i++) {
        if (self->endings[i].function != NULL && self->endings[i].function != function)
            continue;
        self->endings[i].function = function;
        self->endings[i].argument = argument;
        return true;
    }
    return false;
}

bool schedule_lives(unsigned number)
{
    return number == OUTSIDE || (number < SCHEDULE_THREADS && threads[number].turn != ENDED);
}

bool schedule_stack(uintptr_t *low, uintptr_t *high)
{
    *low = (uintptr_t)threads[current].coroutine.stack;
    *high = *low + threads[current].coroutine.stack_size;
    return current != OUTSIDE;
}

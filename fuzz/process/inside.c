/* What happens inside something: callbacks, signal handlers, and threads that end there. */
#include "steps.h"

#include <signal.h>

typedef struct call {
    const step *of;
    hf_status status;
    bool called;
    unsigned actions;
    hf_status inner;
    hf_ref ref;
} call;

/* ---- callbacks ------------------------------------------------------------------------------ */

enum {
    INSIDE_NOTHING,
    INSIDE_WAIT,
    INSIDE_CLOSE,
    INSIDE_THEN,
    INSIDE_AFTER,
    INSIDE_GROUP,
    INSIDES
};

static void count_action(void *context)
{
    call *c = context;
    c->actions++;
}

static void ask_for_actions(call *c, hf_callback *self)
{
    const card *of = c->of->card;
    MUST(hf_after_return(self, count_action, c) == HF_OK);
    if (hf_addref(table_of(of), of->handle, &c->ref) == HF_OK)
        MUST(hf_after_return_release(self, &c->ref) == HF_OK);
    c->inner = hf_after_return_close(self, table_of(of), of->handle);
    for (int i = 0; i < HF_AFTER_ACTIONS; i++)
        (void)hf_after_return(self, count_action, c);
    MUST(hf_after_return(self, count_action, c) == HF_E_TOO_MANY_REFERENCES);
}

static void inside(hf_value value, void *argument, hf_callback *self)
{
    call *c = argument;
    const card *of = c->of->card;
    hf_table *table = table_of(of);
    c->called = true;
    if (has_value(of))
        fake_use(value);
    switch (c->of->argument % INSIDES) {
    case INSIDE_WAIT:
        c->inner = hf_close_wait(table, of->handle, HF_FOREVER, NULL);
        break;
    case INSIDE_CLOSE:
        c->inner = hf_close(table, of->handle, NULL);
        break;
    case INSIDE_THEN:
        c->inner = hf_close_then(table, of->handle, count_completion, c->of->card);
        break;
    case INSIDE_AFTER:
        ask_for_actions(c, self);
        break;
    case INSIDE_GROUP:
        c->inner = hf_group_close_wait(s.group, 0);
        break;
    default:
        break;
    }
    /* The owner of what is borrowed may have been closed with the group. */
    if (has_value(of) && (of->owner == NOBODY || c->of->argument % INSIDES != INSIDE_GROUP))
        fake_use(value);
}

static void dispatch_task(void *argument)
{
    call *c = argument;
    c->status = hf_dispatch(table_of(c->of->card), c->of->card->handle, NULL, inside, c);
}

static void close_in_group(void)
{
    for (int i = 0; i < CARDS; i++)
        if (s.cards[i].in_group && (s.cards[i].life == OPEN || s.cards[i].life == RESERVED))
            s.cards[i].life = CLOSED;
    s.group_closing = true;
}

/* What the callback's own call has answered, and changed. */
static void follow(const step *of, const call *c)
{
    card *to = of->card;
    int how = of->argument % INSIDES;
    hf_status closing = s.exiting ? HF_E_EXITING : status_of(to, true);
    if (how == INSIDE_NOTHING)
        return;
    if (how == INSIDE_GROUP) {
        MUST(c->inner == (s.exiting ? HF_E_EXITING : c->inner));
        MUST(!to->in_group || s.exiting || c->inner == HF_E_POSSIBLE_DEADLOCK);
        if (!s.exiting)
            close_in_group();
        return;
    }
    if (how == INSIDE_WAIT) {
        MUST(closing == HF_E_EXITING || closing == HF_E_CLOSING || closing == HF_OK);
        MUST(c->inner == (closing == HF_OK ? HF_E_POSSIBLE_DEADLOCK : closing));
        if (closing == HF_OK)
            expect_report(HF_REPORT_POSSIBLE_DEADLOCK);
        return;
    }
    MUST(how == INSIDE_AFTER ? c->actions > 0 : is_answer(c->inner, closing));
    if (closing != HF_OK || (how != INSIDE_AFTER && c->inner != HF_OK))
        return;
    to->completions_due += how == INSIDE_THEN;
    to->life = CLOSED;
}

void step_dispatch(const step *of)
{
    call c = {.of = of};
    if (of->card->life == UNUSED || of->card->orphan)
        return;
    bool lenient = of->card->life == CLOSED && of->card->type == TYPE_LENIENT;
    hf_status foretold = lenient ? HF_OK : status_of(of->card, false);
    if (of->argument % INSIDES == INSIDE_GROUP) {
        allow_report(HF_REPORT_POSSIBLE_DEADLOCK);
        allow_report(HF_REPORT_RUNDOWN_TIMEOUT);
    }
    on_thread(of->who, dispatch_task, &c);
    MUST(c.status == foretold);
    MUST(c.called == (c.status == HF_OK));
    if (c.called)
        follow(of, &c);
}

/* ---- signals -------------------------------------------------------------------------------- */

/* What the handler does, which has no argument: one thread at a time. */
static struct {
    const step *of;
    hold *hold; /* to be ended, or NULL */
    bool closes;
    hf_status status;
} handled;

static void handle(int number)
{
    const card *of = handled.of->card;
    hf_region region;
    (void)number;
    hf_signal_begin();
    if (handled.closes)
        handled.status = hf_close(table_of(of), of->handle, NULL);
    else if (of->life == OPEN && hf_enter(table_of(of), of->handle, NULL, &region) == HF_OK)
        hf_leave(&region);
    if (handled.hold != NULL && handled.hold->thread == NOBODY)
        (void)hf_release(&handled.hold->ref);
    else if (handled.hold != NULL)
        hf_leave(&handled.hold->region);
    hf_signal_end();
}

static int signal_number(void)
{
    return SIGRTMIN + 3;
}

static void raise_task(void *argument)
{
    (void)argument;
    (void)raise(signal_number());
}

static hold *hold_of(const step *of)
{
    for (int i = 0; i < HOLDS; i++) {
        hold *one = &s.holds[i];
        if (one->used && one->card == of->number &&
            (one->thread == NOBODY || one->thread == of->who))
            return one;
    }
    return NULL;
}

/* What the handler left to the next call. */
static void drain(void)
{
    for (int i = 0; i < TABLES; i++)
        (void)hf_close_many(s.tables[i], NULL, 0, NULL);
}

/* The handler may be the last to hold what is closed; then it does not release it. */
void step_signal(const step *of)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    if (of->card->life == UNUSED || of->card->life == OVER || of->card->orphan)
        return;
    handled.of = of;
    handled.hold = of->argument % 2 != 0 ? hold_of(of) : NULL;
    handled.closes = of->argument / 2 % 2 != 0 && of->card->life == OPEN && !s.exiting;
    handled.status = HF_OK;
    bool open = of->card->life == OPEN;
    uint32_t releases = atomic_load(&s.world->releases);
    (void)sigemptyset(&action.sa_mask);
    MUST(sigaction(signal_number(), &action, NULL) == 0);
    on_thread(of->who, raise_task, NULL);
    MUST(handled.status == HF_OK || !open);
    bool waited_for = false;
    for (int i = 1; i < THREADS; i++)
        waited_for = waited_for || s.threads[i].repose == BLOCKED;
    MUST(waited_for || atomic_load(&s.world->releases) == releases);
    if (handled.hold != NULL)
        handled.hold->used = false;
    if (handled.closes)
        of->card->life = CLOSED;
    drain();
}

/* ---- threads that end ----------------------------------------------------------------------- */

/* Left on its behalf: its regions, and what is known of its locks. */
void step_end_thread(const step *of)
{
    thread *one = &s.threads[of->who];
    if (of->who == 0 || one->who == NULL)
        return;
    actor_end(one->who);
    one->who = NULL;
    for (int i = 0; i < HOLDS; i++) {
        hold *held = &s.holds[i];
        if (!held->used || held->thread != of->who)
            continue;
        held->used = false;
        expect_report(HF_REPORT_HELD_AT_THREAD_EXIT);
    }
    for (int i = 0; i < LOCKS; i++) {
        if (s.lock_owner[i] != of->who)
            continue;
        s.lock_owner[i] = NOBODY;
        grant_lock(i);
    }
}

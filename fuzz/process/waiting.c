/* What waits: for a handle, a lock, a group, a table.  A wait without end is begun on another
 * thread, and only if the model does not foretell that it is refused; the player goes on when that
 * thread sleeps. */
#include "steps.h"

#define SHORT_NS (HF_MILLISECONDS / 2)

typedef struct call {
    const step *of;
    hf_timeout timeout;
    hf_status status;
} call;

typedef enum patience { NONE, SHORT, FOR_EVER } patience;

/* The first thread plays on, so it waits for a while at most. */
static patience patience_of(const step *of, bool blocks)
{
    unsigned how = of->argument % 4;
    if (how == 0)
        return NONE;
    if (how >= 2 && (of->who != 0 || !blocks))
        return FOR_EVER;
    if (blocks && s.naps_left == 0)
        return NONE;
    s.naps_left -= blocks;
    return SHORT;
}

static hf_timeout timeout_of(patience how)
{
    return how == NONE ? 0 : how == SHORT ? SHORT_NS : HF_FOREVER;
}

/* ---- handles -------------------------------------------------------------------------------- */

static void close_wait_blocked(thread *self)
{
    const card *of = &s.cards[self->awaited];
    self->status = hf_close_wait(table_of(of), of->handle, HF_FOREVER, NULL);
}

static void wait_blocked(thread *self)
{
    const card *of = &s.cards[self->awaited];
    self->status = hf_wait(table_of(of), of->handle, HF_FOREVER);
}

static void close_wait_task(void *argument)
{
    call *c = argument;
    const card *of = c->of->card;
    c->status = hf_close_wait(table_of(of), of->handle, c->timeout, NULL);
}

static void wait_task(void *argument)
{
    call *c = argument;
    const card *of = c->of->card;
    c->status = hf_wait(table_of(of), of->handle, c->timeout);
}

/* Whether the wait is refused: what this very thread holds counts always, others if it blocks. */
static bool is_cycle(const step *of, patience how)
{
    return how == NONE ? is_held_by(of->card, of->who) : would_deadlock(of->who, of->number, false);
}

static hf_status foretell(const step *of, patience how, bool held)
{
    if (is_cycle(of, how)) {
        expect_report(HF_REPORT_POSSIBLE_DEADLOCK);
        return HF_E_POSSIBLE_DEADLOCK;
    }
    if (!held)
        return HF_OK;
    expect_report(HF_REPORT_RUNDOWN_TIMEOUT);
    return HF_E_TIMED_OUT;
}

/* The wait itself; true: the handle is closed after it. */
static bool wait_for(const step *of, actor_task task, void (*blocked)(thread *self))
{
    bool held = holders_of(of->card) != 0;
    patience how = patience_of(of, held);
    if (how == FOR_EVER && held && !is_cycle(of, how)) {
        begin_wait(of->who, blocked, of->number, of->card->table);
        return true;
    }
    call c = {.of = of, .timeout = timeout_of(how)};
    hf_status foretold = foretell(of, how, held);
    on_thread(of->who, task, &c);
    MUST(c.status == foretold);
    return c.status != HF_E_POSSIBLE_DEADLOCK;
}

void step_close_wait(const step *of)
{
    call c = {.of = of};
    if (of->card->life == UNUSED || of->card->orphan)
        return;
    hf_status foretold = s.exiting ? HF_E_EXITING : status_of(of->card, true);
    if (foretold == HF_OK) {
        if (wait_for(of, close_wait_task, close_wait_blocked))
            of->card->life = CLOSED;
        return;
    }
    on_thread(of->who, close_wait_task, &c);
    MUST(c.status == foretold);
}

void step_wait(const step *of)
{
    call c = {.of = of};
    if (of->card->life == UNUSED || of->card->orphan)
        return;
    if (of->card->life == CLOSED && !s.exiting) {
        (void)wait_for(of, wait_task, wait_blocked);
        return;
    }
    on_thread(of->who, wait_task, &c);
    MUST(c.status == (s.exiting                    ? HF_E_EXITING
                      : of->card->life == OVER     ? HF_OK
                      : of->card->life == RESERVED ? HF_E_NOT_COMMITTED
                                                   : HF_E_BUSY));
}

/* ---- locks ---------------------------------------------------------------------------------- */

typedef struct lock_call {
    void *lock;
    bool acquires;
    hf_status status;
} lock_call;

static void lock_task(void *argument)
{
    lock_call *c = argument;
    c->status = hf_lock_waiting(c->lock);
    if (c->status == HF_OK && c->acquires)
        hf_lock_acquired(c->lock);
}

static void abandon_task(void *lock)
{
    hf_lock_abandoned(lock);
}

static void unlock_task(void *lock)
{
    hf_lock_released(lock);
}

void step_lock(const step *of)
{
    int number = of->argument % LOCKS;
    lock_call c = {.lock = &s.locks[number], .acquires = s.lock_owner[number] == NOBODY};
    bool refused = !c.acquires && would_deadlock(of->who, number, true);
    if (refused)
        expect_report(HF_REPORT_POSSIBLE_DEADLOCK);
    on_thread(of->who, lock_task, &c);
    MUST(c.status == (refused ? HF_E_POSSIBLE_DEADLOCK : HF_OK));
    if (c.acquires) {
        s.lock_owner[number] = of->who;
    } else if (!refused && of->who != 0) {
        s.threads[of->who].repose = AT_LOCK;
        s.threads[of->who].awaited = number;
    } else if (!refused) {
        abandon_task(c.lock);
    }
}

void step_unlock(const step *of)
{
    int number = of->argument % LOCKS;
    int owner = s.lock_owner[number];
    if (owner == NOBODY || (owner != 0 && s.threads[owner].repose != IDLE))
        return;
    on_thread(owner, unlock_task, &s.locks[number]);
    s.lock_owner[number] = NOBODY;
    grant_lock(number);
}

/* ---- groups and tables ---------------------------------------------------------------------- */

/* What a step ends that ends many. */
typedef struct crowd {
    int table; /* NOBODY: the group's */
    unsigned held;
    unsigned open;
} crowd;

static bool is_of(const crowd *all, const card *of)
{
    bool alive = of->life == RESERVED || of->life == OPEN || of->life == CLOSED;
    return alive && (all->table == NOBODY ? of->in_group : of->table == all->table && !of->orphan);
}

/* Closes the crowd in the model; what is held then by others than its own children, stays. */
static void close_crowd(crowd *all)
{
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if (!is_of(all, of))
            continue;
        all->open += of->life == OPEN;
        of->life = CLOSED;
    }
}

static void count_held(crowd *all)
{
    bool again = true;
    life before[CARDS];
    for (int i = 0; i < CARDS; i++)
        before[i] = s.cards[i].life;
    while (again) {
        again = false;
        for (int i = 0; i < CARDS; i++)
            if (s.cards[i].life == CLOSED && holders_of(&s.cards[i]) == 0) {
                s.cards[i].life = OVER;
                again = true;
            }
    }
    for (int i = 0; i < CARDS; i++)
        all->held += is_of(all, &s.cards[i]);
    for (int i = 0; i < CARDS; i++)
        s.cards[i].life = before[i];
}

static void group_task(void *argument)
{
    call *c = argument;
    c->status = hf_group_close_wait(s.group, c->timeout);
}

static void group_blocked(thread *self)
{
    self->status = hf_group_close_wait(s.group, HF_FOREVER);
}

static void shutdown_task(void *argument)
{
    call *c = argument;
    c->status = hf_table_shutdown(table_of(c->of->card), c->timeout);
}

static void shutdown_blocked(thread *self)
{
    self->status = hf_table_shutdown(s.tables[self->table], HF_FOREVER);
}

/* Who holds nothing closes no cycle. */
static void end_crowd(const step *of, crowd *all, actor_task task, void (*blocked)(thread *self))
{
    close_crowd(all);
    count_held(all);
    bool alone = !holds_anything(of->who);
    patience how = patience_of(of, all->held != 0);
    if (how == FOR_EVER && all->held != 0 && alone) {
        begin_wait(of->who, blocked, NOBODY, all->table);
        return;
    }
    call c = {.of = of, .timeout = how == FOR_EVER && all->held != 0 ? 0 : timeout_of(how)};
    on_thread(of->who, task, &c);
    if (all->held == 0)
        MUST(c.status == HF_OK);
    else /* which of its members it comes to first, the model does not know */
        MUST(c.status == HF_E_TIMED_OUT || (!alone && c.status == HF_E_POSSIBLE_DEADLOCK));
}

void step_group(const step *of)
{
    crowd all = {.table = NOBODY};
    call c = {.of = of};
    if (s.exiting) {
        on_thread(of->who, group_task, &c);
        MUST(c.status == HF_E_EXITING);
        return;
    }
    allow_report(HF_REPORT_POSSIBLE_DEADLOCK);
    allow_report(HF_REPORT_RUNDOWN_TIMEOUT);
    s.group_closing = true;
    end_crowd(of, &all, group_task, group_blocked);
}

static void allow_table_reports(void)
{
    allow_report(HF_REPORT_LEAK);
    allow_report(HF_REPORT_HELD_AT_SHUTDOWN);
    allow_report(HF_REPORT_POSSIBLE_DEADLOCK);
}

void step_shutdown(const step *of)
{
    crowd all = {.table = of->card->table};
    call c = {.of = of};
    if (s.exiting) {
        on_thread(of->who, shutdown_task, &c);
        MUST(c.status == HF_E_EXITING);
        return;
    }
    allow_table_reports();
    s.shut[all.table] = true;
    end_crowd(of, &all, shutdown_task, shutdown_blocked);
    MUST(all.open == 0 || reported(HF_REPORT_LEAK) != 0);
}

static bool is_awaited(int table)
{
    bool found = false;
    for (int i = 1; i < THREADS; i++) {
        const thread *one = &s.threads[i];
        found = found || (one->repose == BLOCKED && (one->table == table || one->table == NOBODY));
    }
    return found;
}

/* Its memory is kept for those who hold something of it. */
void step_destroy(const step *of)
{
    crowd all = {.table = of->card->table};
    if (is_awaited(all.table))
        return;
    if (s.exiting) {
        hf_table_destroy(s.tables[all.table]);
        return;
    }
    allow_table_reports();
    close_crowd(&all);
    count_held(&all);
    hf_table_destroy(s.tables[all.table]);
    MUST((all.open != 0) == (reported(HF_REPORT_LEAK) != 0));
    MUST((all.held != 0) == (reported(HF_REPORT_HELD_AT_SHUTDOWN) != 0));
    for (int i = 0; i < CARDS; i++)
        s.cards[i].orphan = s.cards[i].orphan || s.cards[i].table == all.table;
    for (int i = 0; i < CARDS; i++)
        if (s.cards[i].orphan && s.cards[i].life == OVER)
            s.cards[i].life = UNUSED;
    make_table(all.table);
}

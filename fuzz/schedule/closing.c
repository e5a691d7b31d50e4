/* Closing and waiting. */
#include "acting.h"

/* ---- closing -------------------------------------------------------------------------------- */

static void expect_outcome(const entry *of, const hf_close_result *result)
{
    if (result->outcome != HF_OUTCOME_RELEASED && result->outcome != HF_OUTCOME_DEFERRED &&
        result->outcome != HF_OUTCOME_NOT_OWNED)
        schedule_fail("an outcome that cannot be: %d", (int)result->outcome);
    if (result->outcome == HF_OUTCOME_RELEASED)
        ledger_expect_gone(of->value);
}

void act_close(hf_handle handle)
{
    hf_close_result result;
    hf_status status = hf_close(the_stage.table, handle, &result);
    expect(status, CLOSED);
    if (status != HF_OK)
        return;
    entry *of = ledger_find(handle);
    ledger_close(of);
    expect_outcome(of, &result);
}

void operation_close_one(const scene_operation *what)
{
    if (!hf_handle_is_null(handle_of(what)))
        act_close(handle_of(what));
}

void operation_close_many(const scene_operation *what)
{
    hf_handle handles[SCENE_HANDLES];
    hf_close_result results[SCENE_HANDLES];
    size_t count = 0;
    (void)what;
    for (int i = 0; i < SCENE_HANDLES; i++)
        if (!hf_handle_is_null(the_stage.handles[i]))
            handles[count++] = the_stage.handles[i];
    expect(hf_close_many(the_stage.table, handles, count, results), CLOSED);
    for (size_t i = 0; i < count; i++)
        if (results[i].outcome != HF_OUTCOME_NONE) {
            entry *of = ledger_find(handles[i]);
            ledger_close(of);
            expect_outcome(of, &results[i]);
        }
}

static void complete(void *context, const hf_close_result *result)
{
    entry *of = context;
    (void)result;
    ledger_expect_gone(of->value);
    if (of->awaited == 0)
        schedule_fail("a completion was called twice, or without a close");
    of->awaited--;
}

void operation_close_then(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    if (hf_handle_is_null(handle))
        return;
    entry *of = ledger_find(handle);
    of->awaited++; /* before the call, which may call it */
    hf_status status = hf_close_then(the_stage.table, handle, complete, of);
    expect(status, CLOSED);
    if (status == HF_OK)
        ledger_close(of);
    else
        of->awaited--;
}

void operation_detach(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    hf_value value;
    if (hf_handle_is_null(handle))
        return;
    entry *of = ledger_find(handle);
    of->detached = true;
    ledger_unbind(of); /* if this succeeds, it drops the parent before it returns */
    hf_status status = hf_detach(the_stage.table, handle, &value);
    expect(status, CLOSED | REFUSED);
    if (status != HF_OK)
        return;
    ledger_close(of);
    if (ledger_is_held(value))
        schedule_fail("a value was detached while somebody held it");
    fake_give_back(value);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static hf_timeout timeout_of(const scene_operation *what)
{
    static const hf_timeout timeouts[WAITS] = {
        [WAIT_FOR_EVER] = HF_FOREVER,
        [WAIT_NOT] = 0,
        [WAIT_SHORTLY] = 5 * HF_MILLISECONDS,
        [WAIT_LONG] = 400 * HF_MILLISECONDS,
    };
    unsigned which = what->argument % WAITS;
    return timeouts[which == WAIT_FOR_EVER && the_stage.scene->mortal ? WAIT_LONG : which];
}

static unsigned regions_of(const actor *who)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ACTOR_REGIONS; i++)
        count += is_open(who, i);
    return count;
}

static bool is_inside(const actor *who, hf_handle handle)
{
    for (unsigned i = 0; i < ACTOR_REGIONS; i++)
        if (hf_handle_equal(who->entered[i], handle))
            return true;
    return false;
}

/* Longer than a waiter sleeps who was not woken. */
#define IDLE (100 * HF_MILLISECONDS)

/* A wait has ended. */
static void expect_wait(actor *who, const entry *of, hf_timeout timeout, hf_status status)
{
    who->last_wait = status;
    who->waits = false;
    the_stage.refused_waits += status == HF_E_POSSIBLE_DEADLOCK;
    the_stage.timed_out += status == HF_E_TIMED_OUT;
    if (status == HF_E_POSSIBLE_DEADLOCK && regions_of(who) == 0 && who->callbacks == 0)
        schedule_fail("a wait was refused to a thread that holds nothing");
    if ((status == HF_OK || status == HF_E_TIMED_OUT) && of != NULL && is_inside(who, of->handle))
        schedule_fail("a thread was let wait for itself");
    if (status == HF_E_TIMED_OUT && timeout >= 400 * HF_MILLISECONDS && !schedule_was_unfair() &&
        of != NULL && of->value != 0 && !of->parent && ledger_was_idle(of->value, IDLE))
        schedule_fail("a wait timed out although nobody holds the handle");
    if (status == HF_OK && of != NULL && !of->detached)
        ledger_expect_gone(of->value);
}

/* Who waits is woken when the last holder has left, or the release that was under way has ended.
 * The last of several may have to look by himself, a little later. */
static void wait_begins(actor *who)
{
    bool alone = true;
    for (unsigned i = 0; i < SCHEDULE_THREADS; i++) {
        alone = alone && !the_stage.actors[i].waits;
        the_stage.actors[i].to_be_woken = false;
    }
    who->waits = true;
    who->to_be_woken = alone;
}

hf_status act_close_wait(hf_handle handle, hf_timeout timeout)
{
    entry *of = ledger_find(handle);
    hf_close_result result;
    wait_begins(self());
    hf_status status = hf_close_wait(the_stage.table, handle, timeout, &result);
    expect(status, CLOSED | WAITED);
    expect_wait(self(), of, timeout, status);
    if (status == HF_OK || status == HF_E_TIMED_OUT)
        ledger_close(of);
    return status;
}

void operation_close_wait(const scene_operation *what)
{
    if (!hf_handle_is_null(handle_of(what)))
        (void)act_close_wait(handle_of(what), timeout_of(what));
}

void operation_wait_for(const scene_operation *what)
{
    hf_handle handle = handle_of(what);
    if (hf_handle_is_null(handle))
        return;
    wait_begins(self());
    hf_status status = hf_wait(the_stage.table, handle, timeout_of(what));
    expect(status, ANSWER(HF_OK) | ANSWER(HF_E_BUSY) | ANSWER(HF_E_NOT_COMMITTED) | WAITED);
    expect_wait(self(), ledger_find(handle), timeout_of(what), status);
}

/* Whatever it answers, all that were members before are closed. */
void operation_wait_for_group(const scene_operation *what)
{
    size_t before = ledger_size();
    wait_begins(self());
    hf_status status = hf_group_close_wait(the_stage.group, timeout_of(what));
    expect(status, ANSWER(HF_OK) | WAITED);
    expect_wait(self(), NULL, 0, status);
    for (size_t i = 0; i < before; i++) {
        entry *of = ledger_at(i);
        of->closed = of->closed || of->member;
        if (of->member && status == HF_OK && !of->detached)
            ledger_expect_gone(of->value);
    }
}

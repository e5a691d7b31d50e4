/* Steps that close, in every way, and that detach. */
#include "targets.h"

#include "harness.h"

void step_detach(const step *s)
{
    target at = targets_aim(s);
    verdict why = targets_judge(&at, NULL, false);
    call c = targets_call(&at);
    if (why.status == HF_OK && at.c->holds > 0)
        why.status = HF_E_BUSY;
    targets_expect_refusal(&at, &why, "hf_detach", steps_moment(s));
    site_call(steps_moment(s), call_detach, &c);
    steps_expect_status("hf_detach", c.status, why.status);
    if (c.status != HF_OK)
        return;
    if (c.value != at.c->value)
        fuzz_fail("hf_detach hands out another value");
    cards_abandon(at.c, steps_moment(s));
    if (!at.c->borrowed && numbers_object(c.value) == at.c->object)
        loose_give(c.value);
}

unsigned completions;

static void completed(void *context, const hf_close_result *result)
{
    (void)result;
    if (context != &completions)
        fuzz_fail("a completion with another's context");
    completions++;
}

hf_outcome closing_predict(const target *at, verdict *why, const char *operation, moment now,
                           bool completes)
{
    *why = targets_judge(at, NULL, true);
    if (why->status == HF_E_NOT_COMMITTED) {
        why->status = HF_OK;
        at->c->completes = completes;
        cards_abandon(at->c, now);
        return HF_OUTCOME_NOT_OWNED;
    }
    targets_expect_refusal(at, why, operation, now);
    if (why->status != HF_OK)
        return HF_OUTCOME_NONE;
    at->c->completes = completes;
    cards_begin_close(at->c, now);
    return at->c->holds > 0 ? HF_OUTCOME_DEFERRED : cards_release(at->c, now, false);
}

void step_close_one(const step *s)
{
    target at = targets_aim(s);
    call c = targets_call(&at);
    verdict why;
    hf_outcome outcome = closing_predict(&at, &why, "hf_close", steps_moment(s), false);
    site_call(steps_moment(s), call_close, &c);
    steps_expect_status("hf_close", c.status, why.status);
    steps_expect_outcome("hf_close", c.result.outcome, outcome);
}

void step_close_then(const step *s)
{
    target at = targets_aim(s);
    call c = targets_call(&at);
    verdict why;
    c.then = completed;
    c.argument = &completions;
    (void)closing_predict(&at, &why, "hf_close_then", steps_moment(s), true);
    site_call(steps_moment(s), call_close_then, &c);
    steps_expect_status("hf_close_then", c.status, why.status);
}

/* Not of a handle that is held: that wait would be refused, or never end. */
void step_close_wait(const step *s)
{
    target at = targets_aim(s);
    call c = targets_call(&at);
    verdict why;
    if (target_is_own(&at) && at.c->holds > 0)
        return;
    hf_outcome outcome = closing_predict(&at, &why, "hf_close_wait", steps_moment(s), false);
    site_call(steps_moment(s), call_close_wait, &c);
    steps_expect_status("hf_close_wait", c.status, why.status);
    steps_expect_outcome("hf_close_wait", c.result.outcome, outcome);
}

/* Of a batch all is closed before anything is refused, and that before anything is released. */
static void predict_many(const target *at, hf_outcome *outcomes, hf_status *answer, moment now)
{
    bool begun[CALL_MANY];
    for (unsigned i = 0; i < CALL_MANY; i++) {
        hf_status status = targets_judge(&at[i], NULL, true).status;
        begun[i] = status == HF_OK || status == HF_E_NOT_COMMITTED;
        outcomes[i] = status == HF_OK ? HF_OUTCOME_DEFERRED : HF_OUTCOME_NOT_OWNED;
        if (status == HF_OK)
            cards_begin_close(at[i].c, now);
        else if (status == HF_E_NOT_COMMITTED)
            cards_abandon(at[i].c, now);
    }
    for (unsigned i = 0; i < CALL_MANY; i++) {
        verdict why = begun[i] ? (verdict){.status = HF_OK} : targets_judge(&at[i], NULL, true);
        if (begun[i])
            continue;
        targets_expect_refusal(&at[i], &why, "hf_close_many", now);
        outcomes[i] = HF_OUTCOME_NONE;
        *answer = *answer == HF_OK ? why.status : *answer;
    }
    for (unsigned i = 0; i < CALL_MANY; i++)
        if (begun[i] && outcomes[i] == HF_OUTCOME_DEFERRED && at[i].c->holds == 0)
            outcomes[i] = cards_release(at[i].c, now, false);
}

void step_close_many(const step *s)
{
    target at[CALL_MANY];
    hf_handle handles[CALL_MANY];
    hf_outcome outcomes[CALL_MANY];
    hf_status answer = HF_OK;
    step each = *s;
    for (unsigned i = 0; i < CALL_MANY; i++, each.subject = (uint8_t)(each.subject + s->detail)) {
        at[i] = targets_aim(&each);
        if (i > 0 && at[i].c == NULL && at[i].in != at[0].in)
            at[i].handle = HF_NULL_HANDLE; /* a life to come, of another table */
        at[i].in = at[0].in;
        handles[i] = at[i].handle;
    }
    call c = targets_call(&at[0]);
    c.many = handles;
    predict_many(at, outcomes, &answer, steps_moment(s));
    site_call(steps_moment(s), call_close_many, &c);
    steps_expect_status("hf_close_many", c.status, answer);
    for (unsigned i = 0; i < CALL_MANY; i++)
        steps_expect_outcome("hf_close_many", c.results[i].outcome, outcomes[i]);
}

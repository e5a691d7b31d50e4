/* Steps that use a handle, and that use its value behind the table's back. */
#include "targets.h"

#include "harness.h"
#include "holds.h"

static const hf_type *type_asked(const step *s)
{
    return s->type % (NUMBER_TYPES + 1) == NUMBER_TYPES ? NULL
                                                        : numbers_type(s->type % NUMBER_TYPES);
}

/* An admitting type's handle that is closing is as good as open. */
static verdict judge_use(const target *at, const hf_type *type)
{
    verdict why = targets_judge(at, type, false);
    if (why.status == HF_E_CLOSING && cards_admits(at->c))
        why.status = HF_OK;
    return why;
}

void step_enter(const step *s)
{
    target at = targets_aim(s);
    call c = targets_call(&at);
    hold *free_hold = holds_free();
    hf_region refused;
    c.type = type_asked(s);
    verdict why = judge_use(&at, c.type);
    if (why.status == HF_OK && free_hold == NULL)
        return;
    c.region = why.status == HF_OK ? &free_hold->region : &refused;
    targets_expect_refusal(&at, &why, "hf_enter", steps_moment(s));
    site_call(steps_moment(s), call_enter, &c);
    steps_expect_status("hf_enter", c.status, why.status);
    if (c.status == HF_OK)
        holds_begin(free_hold, at.c, false, steps_moment(s).thread);
}

void step_addref(const step *s)
{
    target at = targets_aim(s);
    call c = targets_call(&at);
    hold *free_hold = holds_free();
    hf_ref refused;
    verdict why = judge_use(&at, NULL);
    if (why.status == HF_OK && free_hold == NULL)
        return;
    c.ref = why.status == HF_OK ? &free_hold->ref : &refused;
    targets_expect_refusal(&at, &why, "hf_addref", steps_moment(s));
    site_call(steps_moment(s), call_addref, &c);
    steps_expect_status("hf_addref", c.status, why.status);
    if (c.status == HF_OK)
        holds_begin(free_hold, at.c, true, steps_moment(s).thread);
}

/* What a callback that closes its own handle must know. */
typedef struct own_close {
    call closing;
    moment at;
} own_close;

static void close_own(hf_value value, void *argument, hf_callback *self)
{
    own_close *own = argument;
    (void)value;
    (void)self;
    if (own != NULL)
        site_call(own->at, call_close, &own->closing);
}

void step_dispatch(const step *s)
{
    target at = targets_aim(s);
    call c = targets_call(&at);
    moment inner = {(steps_moment(s).site + 1) % SITES, steps_moment(s).thread};
    own_close own = {.closing = targets_call(&at), .at = inner};
    verdict closing = {.status = HF_OK};
    c.type = type_asked(s);
    c.callback = close_own;
    verdict why = judge_use(&at, c.type);
    targets_expect_refusal(&at, &why, "hf_dispatch", steps_moment(s));
    bool closes = why.status == HF_OK && s->detail % 2 == 1;
    c.argument = closes ? &own : NULL;
    if (why.status == HF_OK)
        at.c->holds++;
    if (closes)
        (void)closing_predict(&at, &closing, "hf_close", inner, false);
    if (why.status == HF_OK)
        cards_let_go(at.c, steps_moment(s), true);
    site_call(steps_moment(s), call_dispatch, &c);
    steps_expect_status("hf_dispatch", c.status, why.status);
    if (closes)
        steps_expect_status("hf_close in a callback", own.closing.status, closing.status);
}

void step_leave(const step *s)
{
    holds_leave(s->subject, steps_moment(s), s->detail);
}

/* Tells what is known: never wrong, never reported. */
void step_inspect(const step *s)
{
    target at = targets_aim(s);
    hf_info info = {.size = (uint32_t)sizeof(info)};
    static const hf_life lives[] = {
        [CARD_RESERVED] = HF_LIFE_RESERVED,
        [CARD_OPEN] = HF_LIFE_OPEN,
        [CARD_CLOSING] = HF_LIFE_CLOSING,
        [CARD_CLOSED] = HF_LIFE_CLOSED,
    };
    hf_status status = hf_inspect(at.in->table, at.handle, &info);
    if (target_is_own(&at) && (status != HF_OK || info.life != lives[at.c->state]))
        fuzz_fail("hf_inspect tells of another life");
    if (target_is_own(&at) && info.references + info.regions != at.c->holds)
        fuzz_fail("hf_inspect tells of %u holders, not %u", info.references + info.regions,
                  at.c->holds);
}

/* ---- behind the table's back ---------------------------------------------------------------- */

/* The program closes the raw value of a handle. */
void step_close_raw(const step *s)
{
    const card *c = targets_pick(s->subject);
    if (c != NULL && (c->state == CARD_OPEN || c->state == CARD_CLOSING))
        numbers_close(c->value);
}

void step_obtain_raw(const step *s)
{
    (void)s;
    if (numbers_available())
        loose_give(numbers_obtain());
}

void step_close_loose(const step *s)
{
    if (loose_numbers() > 0)
        numbers_close(loose_take(s->subject));
}

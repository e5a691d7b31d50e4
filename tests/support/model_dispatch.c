/* The model's operations inside a callback: a dispatch plays the records that follow it, on the
 * dispatcher's thread, and asks for what is to be done after it returns. */
#include "model_state.h"

typedef struct call {
    model *m;
    card *c;
    const model_record *record;
    held_region held;
    held_ref *released; /* after return; or NULL */
    card *closed;
    bool acts;
} call;

static void act(void *context)
{
    const call *of = context;
    model_told(of->m, MODEL_ACTION, of->c->handle.bits, 0);
}

/* What is asked for, in this order: a release, a close, a plain call. */
static void ask(call *of, hf_callback *self)
{
    model *m = of->m;
    const model_record *r = of->record;
    held_ref *held = &m->refs[r->actor % MODEL_HOLDS];
    bool good = true;
    if ((r->detail & 0x10) != 0 && held->card != MODEL_NONE) {
        of->released = held;
        good = hf_after_return_release(self, &held->ref) == HF_OK;
    }
    if ((r->detail & 0x20) != 0) {
        of->closed = model_pick(m, r->fails);
        good = hf_after_return_close(self, m->sheets[of->closed->sheet].table,
                                     of->closed->handle) == HF_OK &&
               good;
    }
    of->acts = (r->detail & 0x40) != 0;
    if (of->acts)
        good = hf_after_return(self, act, of) == HF_OK && good;
    if (!good)
        model_fail(m, "an after-return action is refused");
}

static void callback(hf_value value, void *argument, hf_callback *self)
{
    call *of = argument;
    model *m = of->m;
    if (value != of->c->value)
        model_fail(m, "hf_dispatch: another value");
    model_region_begin(m, of->c, &of->held);
    m->depth++;
    for (unsigned i = of->record->detail % 4; i > 0 && model_agrees(m); i--)
        model_step(m);
    m->depth--;
    ask(of, self);
}

static void close_after_return(model *m, card *c)
{
    sheet *s = &m->sheets[c->sheet];
    hf_status answer = model_closability(m, s, c);
    if (answer != HF_OK)
        (void)model_answers(m, s, c, "hf_close", true, answer, answer);
    else
        (void)model_close(m, c);
}

static void note_return(model *m, call *of)
{
    model_region_end(m, &of->held);
    if (of->released != NULL)
        model_ref_end(m, of->released);
    if (of->released != NULL)
        of->released->sheet = MODEL_NONE; /* it was moved out */
    if (of->closed != NULL)
        close_after_return(m, of->closed);
    if (of->acts)
        (void)model_note_bits(m, MODEL_ACTION, NULL, of->c->handle.bits, "");
}

void model_play_dispatch(model *m, const model_record *r)
{
    bool unsure;
    card *c = model_pick(m, r->subject);
    if (c == NULL || m->depth == MODEL_DEPTH)
        return;
    call of = {.m = m, .c = c, .record = r, .held = {.card = MODEL_NONE}};
    sheet *s = model_place(m, c, r->more);
    const hf_type *type = model_some_type(m, c, r->more);
    hf_status expected = model_enter_answer(m, s, c, type, &unsure);
    hf_status got = hf_dispatch(s->table, c->handle, type, callback, &of);
    bool called = of.held.card != MODEL_NONE;
    if (unsure && got == HF_OK)
        expected = HF_OK;
    if (called != (got == HF_OK))
        model_fail(m, "hf_dispatch: called although it was refused, or the reverse");
    if (model_answers(m, s, c, "hf_dispatch", false, got, expected) && called)
        note_return(m, &of);
}

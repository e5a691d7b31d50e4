/* The model's operations on lives: open, reserve, commit, close, wait, detach, duplicate.  Each
 * decodes a record, asks the rules for the answer, calls the library and compares. */
#include "model_state.h"

static bool room_for_a_card(const model *m)
{
    return m->card_count < MODEL_CARDS;
}

/* ---- open, reserve, commit --------------------------------------------------------------------
 */

static hf_status open_answer(const model *m, const sheet *s, hf_status first)
{
    if (first != HF_OK)
        return first;
    if (s->closing)
        return HF_E_CLOSING;
    return model_is_full(m, s) ? HF_E_TABLE_FULL : HF_OK;
}

/* Of a reference that is taken: by a child, or by one who duplicates. */
static hf_status count_answer(const model *m, const sheet *s, const card *c)
{
    hf_status status = model_admission(m, s, c);
    if (status == HF_OK && c->counts + c->children == MODEL_COUNT_LIMIT)
        return HF_E_TOO_MANY_REFERENCES;
    return status;
}

/* How a new handle is to be. */
typedef struct plan {
    int kind;
    int group; /* MODEL_NONE: none */
    hf_value value;
    card *parent;
    hf_open_options options;
} plan;

static bool make_plan(model *m, const model_record *r, bool borrowed, card *parent, plan *out)
{
    static const char *const labels[] = {NULL, NULL, "alpha", "beta"};
    *out = (plan){.kind = r->detail % MODEL_KINDS,
                  .group = r->more / 16 % 4 < MODEL_GROUPS ? r->more / 16 % 4 : MODEL_NONE,
                  .parent = parent,
                  .options = HF_OPEN_OPTIONS_INIT};
    out->options.borrowed = borrowed;
    out->options.label = labels[r->more / 4 % 4];
    if (parent != NULL)
        out->options.parent = parent->handle;
    if (out->group != MODEL_NONE)
        out->options.group = m->groups[out->group].group;
    return model_value_make(m, out->kind, r->detail / 16, &out->value);
}

static hf_status plan_answer(const model *m, const sheet *s, const plan *p)
{
    hf_status first = p->parent == NULL ? HF_OK : count_answer(m, s, p->parent);
    if ((first == HF_OK || first > HF_E_CLOSING) &&
        (s->closing || (p->group != MODEL_NONE && m->groups[p->group].closing)))
        return HF_E_CLOSING;
    return open_answer(m, s, first);
}

static void note_birth(model *m, card *c, const plan *p, const char *operation)
{
    c->value = p->value;
    c->kind = p->kind;
    c->life = HF_LIFE_OPEN;
    c->borrowed = p->options.borrowed;
    c->label = p->options.label;
    c->group = p->group;
    if (p->group != MODEL_NONE)
        m->groups[p->group].members++;
    if (p->parent != NULL) {
        c->parent = (int)(p->parent - m->cards);
        p->parent->children++;
    }
    model_value_enter(m, c, operation);
}

static void open_as_planned(model *m, sheet *s, const model_record *r, const plan *p)
{
    hf_handle handle = HF_NULL_HANDLE;
    hf_status expected = plan_answer(m, s, p);
    model_memory_arm(r);
    hf_status got = hf_open(s->table, model_type(m, p->kind), p->value, &p->options, &handle);
    model_memory_disarm(m, r);
    if (!model_answers(m, s, p->parent, "hf_open", false, got, expected) || got != HF_OK) {
        model_value_drop(p->kind, p->value);
        return;
    }
    card *c = model_issue(m, s, handle);
    if (c != NULL)
        note_birth(m, c, p, "hf_open");
}

void model_play_open(model *m, const model_record *r)
{
    plan p;
    if (room_for_a_card(m) && make_plan(m, r, r->more % 4 == 0, NULL, &p))
        open_as_planned(m, &m->sheets[r->subject % 4 == 3], r, &p);
}

void model_play_open_child(model *m, const model_record *r)
{
    plan p;
    card *parent = model_pick(m, r->subject);
    if (parent != NULL && room_for_a_card(m) && make_plan(m, r, r->more % 8 == 0, parent, &p))
        open_as_planned(m, model_place(m, parent, r->more), r, &p);
}

void model_play_reserve(model *m, const model_record *r)
{
    hf_handle handle;
    sheet *s = &m->sheets[r->subject % 2];
    if (!room_for_a_card(m))
        return;
    hf_status expected = open_answer(m, s, HF_OK);
    int kind = r->detail % MODEL_KINDS;
    model_memory_arm(r);
    hf_status got = hf_reserve(s->table, model_type(m, kind), &handle);
    model_memory_disarm(m, r);
    if (!model_expect(m, s, "hf_reserve", got, expected) || got != HF_OK)
        return;
    card *c = model_issue(m, s, handle);
    if (c == NULL)
        return;
    c->kind = kind;
    c->life = HF_LIFE_RESERVED;
}

void model_play_commit(model *m, const model_record *r)
{
    hf_value value;
    card *c = model_pick(m, r->subject);
    if (c == NULL || !model_value_make(m, c->kind, r->detail, &value))
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_openness(m, s, c);
    if (expected == HF_OK)
        expected = HF_E_BUSY;
    else if (expected == HF_E_NOT_COMMITTED)
        expected = HF_OK;
    hf_status got = hf_commit(s->table, c->handle, value);
    if (!model_answers(m, s, c, "hf_commit", false, got, expected) || got != HF_OK) {
        model_value_drop(c->kind, value);
        return;
    }
    c->value = value;
    c->life = HF_LIFE_OPEN;
    model_value_enter(m, c, "hf_commit");
}

/* ---- close, wait, detach, duplicate -----------------------------------------------------------
 */

void model_check_outcome(model *m, const char *what, const hf_close_result *result,
                         hf_outcome expected, const card *c)
{
    bool released = expected == HF_OUTCOME_RELEASED || expected == HF_OUTCOME_NOT_RELEASED ||
                    expected == HF_OUTCOME_RELEASED_WITH_ERROR;
    if (result->outcome != expected)
        model_fail(m, "%s: outcome %d, not %d", what, (int)result->outcome, (int)expected);
    if (result->error != (released ? m->close_error : 0))
        model_fail(m, "%s: an error of %d", what, (int)result->error);
    if (expected == HF_OUTCOME_DEFERRED &&
        (result->children != c->children || result->references != c->counts + c->children))
        model_fail(m, "%s: %u children, %u references; not %u, %u", what, result->children,
                   result->references, c->children, c->counts + c->children);
}

void model_play_close(model *m, const model_record *r)
{
    hf_close_result result;
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_closability(m, s, c);
    hf_status got = hf_close(s->table, c->handle, &result);
    if (!model_answers(m, s, c, "hf_close", true, got, expected))
        return;
    hf_outcome outcome = expected == HF_OK ? model_close(m, c) : HF_OUTCOME_NONE;
    model_check_outcome(m, "hf_close", &result, outcome, c);
}

/* What completions are given: who they are of. */
typedef struct completion {
    model *m;
    uint64_t handle;
} completion;

static completion completions[MODEL_CARDS];

static void complete(void *context, const hf_close_result *result)
{
    const completion *of = context;
    model_told(of->m, MODEL_COMPLETION, of->handle, (int32_t)result->outcome);
}

void model_play_close_then(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    completion *of = &completions[c - m->cards];
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_closability(m, s, c);
    *of = (completion){m, c->handle.bits};
    model_memory_arm(r);
    hf_status got = hf_close_then(s->table, c->handle, complete, of);
    model_memory_disarm(m, r);
    if (!model_answers(m, s, c, "hf_close_then", true, got, expected) || got != HF_OK)
        return;
    c->then = true;
    (void)model_close(m, c);
}

static void note_wait(model *m, const sheet *s, const card *c, hf_status status,
                      const char *operation)
{
    if (status != HF_E_TIMED_OUT && status != HF_E_POSSIBLE_DEADLOCK)
        return;
    int kind = status == HF_E_TIMED_OUT ? HF_REPORT_RUNDOWN_TIMEOUT : HF_REPORT_POSSIBLE_DEADLOCK;
    model_note *note = model_note_card(m, kind, s, c, operation);
    if (note != NULL && status == HF_E_TIMED_OUT)
        model_note_holders(note, c);
}

void model_play_close_wait(model *m, const model_record *r)
{
    hf_close_result result;
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_closability(m, s, c);
    if (expected == HF_OK && model_is_inside(m, c))
        expected = HF_E_POSSIBLE_DEADLOCK;
    else if (expected == HF_OK && model_holders(c) > 0)
        expected = HF_E_TIMED_OUT;
    hf_status got = hf_close_wait(s->table, c->handle, 0, &result);
    if (!model_answers(m, s, c, "hf_close_wait", true, got, expected))
        return;
    bool closed = expected == HF_OK || expected == HF_E_TIMED_OUT;
    hf_outcome outcome = closed ? model_close(m, c) : HF_OUTCOME_NONE;
    note_wait(m, s, c, got, "hf_close_wait");
    model_check_outcome(m, "hf_close_wait", &result, outcome, c);
}

void model_play_wait(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_openness(m, s, c);
    if (expected == HF_OK)
        expected = HF_E_BUSY;
    else if (expected == HF_E_STALE_HANDLE)
        expected = HF_OK;
    else if (expected == HF_E_CLOSING)
        expected = model_is_inside(m, c) ? HF_E_POSSIBLE_DEADLOCK : HF_E_TIMED_OUT;
    hf_status got = hf_wait(s->table, c->handle, 0);
    if (model_answers(m, s, c, "hf_wait", false, got, expected))
        note_wait(m, s, c, got, "hf_wait");
}

void model_play_detach(model *m, const model_record *r)
{
    hf_value value = 0;
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_openness(m, s, c);
    if (expected == HF_OK && model_holders(c) > 0)
        expected = HF_E_BUSY;
    hf_status got = hf_detach(s->table, c->handle, &value);
    if (!model_answers(m, s, c, "hf_detach", false, got, expected) || expected != HF_OK)
        return;
    if (value != c->value)
        model_fail(m, "hf_detach: another value");
    if (!c->borrowed)
        model_value_give_back(c);
    c->tracked = false;
    model_forget(m, c);
}

static void note_copy(model *m, sheet *to, const card *source, hf_handle handle)
{
    card *copy = model_issue(m, to, handle);
    hf_region region;
    if (copy == NULL)
        return;
    copy->kind = source->kind;
    copy->life = HF_LIFE_OPEN;
    if (hf_enter(to->table, handle, NULL, &region) == HF_OK) {
        copy->value = region.value;
        hf_leave(&region);
    }
    model_value_enter(m, copy, "hf_duplicate");
}

void model_play_duplicate(model *m, const model_record *r)
{
    hf_handle handle;
    hf_value room;
    card *c = model_pick(m, r->subject);
    if (c == NULL || !room_for_a_card(m))
        return;
    if (c->kind == MODEL_NUMBERED)
        for (uint8_t i = 0; i < MODEL_NUMBERS; i++)
            if (!model_value_make(m, c->kind, i, &room))
                return;
    sheet *from = model_place(m, c, r->more);
    sheet *to = &m->sheets[r->detail % 2];
    hf_status first = count_answer(m, from, c);
    hf_status expected = open_answer(m, to, first);
    model_memory_arm(r);
    hf_status got = hf_duplicate(from->table, c->handle, to->table, &handle);
    model_memory_disarm(m, r);
    if (first == HF_OK && c->kind == FAKE_PLAIN) {
        /* Both may be true at once; which of the two tables is looked at first is not told. */
        bool refused = got == expected && expected != HF_OK;
        expected = refused ? got : HF_E_NOT_SUPPORTED;
    }
    if (first != HF_OK)
        (void)model_answers(m, from, c, "hf_duplicate", false, got, expected);
    else if (model_expect(m, got == HF_E_NOT_SUPPORTED ? from : to, "hf_duplicate", got,
                          expected) &&
             got == HF_OK)
        note_copy(m, to, c, handle);
}

/* Several short lives, to wear out the generations of a slot. */
void model_play_churn(model *m, const model_record *r)
{
    sheet *s = &m->sheets[r->subject % 2];
    for (int i = r->detail % 16; i >= 0 && room_for_a_card(m) && model_agrees(m); i--) {
        plan p;
        model_record plain = {.detail = (uint8_t)(r->more % FAKE_KINDS), .more = 0xf1};
        hf_close_result result;
        (void)make_plan(m, &plain, false, NULL, &p);
        int before = m->card_count;
        open_as_planned(m, s, &plain, &p);
        if (m->card_count == before)
            return;
        card *c = &m->cards[before];
        if (model_expect(m, s, "hf_close", hf_close(s->table, c->handle, &result), HF_OK))
            model_check_outcome(m, "hf_close", &result, model_close(m, c), c);
    }
}

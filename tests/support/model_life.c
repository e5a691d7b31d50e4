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
    return model_is_full(m, s) ? HF_E_TABLE_FULL : HF_OK;
}

static hf_status parent_answer(const model *m, const sheet *s, const card *parent)
{
    hf_status status = model_admission(m, s, parent);
    if (status == HF_OK && parent->counts + parent->children == MODEL_COUNT_LIMIT)
        return HF_E_TOO_MANY_REFERENCES;
    return status;
}

static void open_one(model *m, sheet *s, const model_record *r, bool borrowed, card *parent)
{
    hf_handle handle = HF_NULL_HANDLE;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    fake_kind kind = (fake_kind)(r->detail % FAKE_KINDS);
    hf_value value = fake_make(m->world);
    options.borrowed = borrowed;
    options.parent = parent == NULL ? HF_NULL_HANDLE : parent->handle;
    hf_status expected = open_answer(m, s, parent == NULL ? HF_OK : parent_answer(m, s, parent));
    hf_status got = hf_open(s->table, &m->world->types[kind], value, &options, &handle);
    if (!model_expect(m, s, "hf_open", got, expected) || got != HF_OK) {
        fake_give_back(value);
        return;
    }
    card *c = model_issue(m, s, handle);
    if (c == NULL)
        return;
    c->value = value;
    c->kind = kind;
    c->life = HF_LIFE_OPEN;
    c->borrowed = borrowed;
    if (parent != NULL) {
        c->parent = (int)(parent - m->cards);
        parent->children++;
    }
}

static void play_open(model *m, const model_record *r)
{
    if (room_for_a_card(m))
        open_one(m, &m->sheets[r->subject % 4 == 3], r, r->more % 4 == 0, NULL);
}

static void play_open_child(model *m, const model_record *r)
{
    card *parent = model_pick(m, r->subject);
    if (parent != NULL && room_for_a_card(m))
        open_one(m, model_place(m, parent, r->more), r, r->more % 8 == 0, parent);
}

static void play_reserve(model *m, const model_record *r)
{
    hf_handle handle;
    sheet *s = &m->sheets[r->subject % 2];
    if (!room_for_a_card(m))
        return;
    hf_status expected = open_answer(m, s, HF_OK);
    fake_kind kind = (fake_kind)(r->detail % FAKE_KINDS);
    hf_status got = hf_reserve(s->table, &m->world->types[kind], &handle);
    if (!model_expect(m, s, "hf_reserve", got, expected) || got != HF_OK)
        return;
    card *c = model_issue(m, s, handle);
    if (c == NULL)
        return;
    c->kind = kind;
    c->life = HF_LIFE_RESERVED;
}

static void play_commit(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_openness(m, s, c);
    if (expected == HF_OK)
        expected = HF_E_BUSY;
    else if (expected == HF_E_NOT_COMMITTED)
        expected = HF_OK;
    hf_value value = fake_make(m->world);
    if (model_expect(m, s, "hf_commit", hf_commit(s->table, c->handle, value), expected) &&
        expected == HF_OK) {
        c->value = value;
        c->life = HF_LIFE_OPEN;
    } else {
        fake_give_back(value);
    }
}

/* ---- close, wait, detach, duplicate -----------------------------------------------------------
 */

static hf_status close_answer(const model *m, const sheet *s, const card *c)
{
    hf_status status = model_openness(m, s, c);
    return status == HF_E_NOT_COMMITTED ? HF_OK : status;
}

static void check_outcome(model *m, const char *what, const hf_close_result *result,
                          hf_outcome expected, const card *c)
{
    if (result->outcome != expected)
        model_fail(m, "%s: outcome %d, not %d", what, (int)result->outcome, (int)expected);
    if (expected == HF_OUTCOME_DEFERRED &&
        (result->children != c->children || result->references != c->counts + c->children))
        model_fail(m, "%s: %u children, %u references; not %u, %u", what, result->children,
                   result->references, c->children, c->counts + c->children);
}

static void play_close(model *m, const model_record *r)
{
    hf_close_result result;
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = close_answer(m, s, c);
    if (!model_expect(m, s, "hf_close", hf_close(s->table, c->handle, &result), expected))
        return;
    hf_outcome outcome = expected == HF_OK ? model_close(m, c) : HF_OUTCOME_NONE;
    check_outcome(m, "hf_close", &result, outcome, c);
}

/* The distinct cards that a record names. */
static int pick_some(model *m, const model_record *r, card **out)
{
    card *named[3] = {model_pick(m, r->subject), model_pick(m, r->detail), model_pick(m, r->more)};
    int count = 0;
    for (int i = 0; i < 3 && named[i] != NULL; i++) {
        bool repeated = false;
        for (int j = 0; j < count; j++)
            repeated = repeated || out[j] == named[i];
        if (!repeated)
            out[count++] = named[i];
    }
    return count;
}

/* One of several closed with one barrier: members of one family may be closed before any of them is
 * released, so a parent may be told as deferred although its last child is closed in the same call.
 */
static void close_one_of_many(model *m, card *c, hf_status answer, const hf_close_result *result)
{
    sheet *s = &m->sheets[c->sheet];
    bool held = model_holders(c) > 0;
    uint64_t deferred = s->deferred;
    if ((result->outcome == HF_OUTCOME_NONE) != (answer != HF_OK))
        model_fail(m, "hf_close_many: outcome %d of %s", (int)result->outcome,
                   hf_status_name(answer));
    if (answer != HF_OK) {
        s->refused[answer]++;
        return;
    }
    hf_outcome outcome = model_close(m, c);
    if (!held && result->outcome != outcome && result->outcome != HF_OUTCOME_DEFERRED)
        model_fail(m, "hf_close_many: outcome %d, not %d", (int)result->outcome, (int)outcome);
    s->deferred = deferred + (result->outcome == HF_OUTCOME_DEFERRED);
}

static void play_close_many(model *m, const model_record *r)
{
    card *cards[3];
    hf_handle handles[3];
    hf_status answers[3];
    hf_close_result results[3];
    hf_status expected = HF_OK;
    int count = pick_some(m, r, cards);
    if (count == 0)
        return;
    sheet *s = &m->sheets[cards[0]->sheet];
    for (int i = 0; i < count; i++) {
        handles[i] = cards[i]->handle;
        answers[i] = close_answer(m, s, cards[i]);
        expected = expected == HF_OK ? answers[i] : expected;
    }
    hf_status got = hf_close_many(s->table, handles, (size_t)count, results);
    for (int i = 0; i < count; i++) {
        if (answers[i] != HF_E_FOREIGN_HANDLE)
            close_one_of_many(m, cards[i], answers[i], &results[i]);
        else
            s->refused[HF_E_FOREIGN_HANDLE]++;
    }
    s->order_known = false;
    if (got != expected)
        model_fail(m, "hf_close_many answers %s, not %s", hf_status_name(got),
                   hf_status_name(expected));
}

/* Whether this thread is in a region of the card or of a descendant, and so must not wait for it.
 */
static bool is_inside(const model *m, const card *c)
{
    for (int i = 0; i < m->card_count; i++) {
        const card *at = &m->cards[i];
        while (m->cards[i].regions > 0 && at != c && at->parent != MODEL_NONE)
            at = &m->cards[at->parent];
        if (m->cards[i].regions > 0 && at == c)
            return true;
    }
    return false;
}

static void play_close_wait(model *m, const model_record *r)
{
    hf_close_result result;
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = close_answer(m, s, c);
    if (expected == HF_OK && is_inside(m, c))
        expected = HF_E_POSSIBLE_DEADLOCK;
    else if (expected == HF_OK && model_holders(c) > 0)
        expected = HF_E_TIMED_OUT;
    hf_status got = hf_close_wait(s->table, c->handle, 0, &result);
    if (!model_expect(m, s, "hf_close_wait", got, expected))
        return;
    bool closed = expected == HF_OK || expected == HF_E_TIMED_OUT;
    hf_outcome outcome = closed ? model_close(m, c) : HF_OUTCOME_NONE;
    check_outcome(m, "hf_close_wait", &result, outcome, c);
}

static void play_wait(model *m, const model_record *r)
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
        expected = is_inside(m, c) ? HF_E_POSSIBLE_DEADLOCK : HF_E_TIMED_OUT;
    model_expect(m, s, "hf_wait", hf_wait(s->table, c->handle, 0), expected);
}

static void play_detach(model *m, const model_record *r)
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
    if (!model_expect(m, s, "hf_detach", got, expected) || expected != HF_OK)
        return;
    if (value != c->value)
        model_fail(m, "hf_detach: another value");
    if (!c->borrowed)
        fake_give_back(value);
    model_forget(m, c);
}

static void play_duplicate(model *m, const model_record *r)
{
    hf_handle handle;
    card *c = model_pick(m, r->subject);
    if (c == NULL || !room_for_a_card(m))
        return;
    sheet *from = model_place(m, c, r->more);
    sheet *to = &m->sheets[r->detail % 2];
    hf_status first = parent_answer(m, from, c);
    hf_status expected = open_answer(m, to, first);
    hf_status got = hf_duplicate(from->table, c->handle, to->table, &handle);
    if (first == HF_OK && c->kind == FAKE_PLAIN) {
        /* Both may be true at once; which of the two tables is looked at first is not told. */
        bool full = got == HF_E_TABLE_FULL && model_is_full(m, to);
        expected = full ? got : HF_E_NOT_SUPPORTED;
    }
    bool blames_target = got == HF_E_TABLE_FULL;
    if (!model_expect(m, blames_target ? to : from, "hf_duplicate", got, expected) || got != HF_OK)
        return;
    card *copy = model_issue(m, to, handle);
    if (copy == NULL)
        return;
    copy->value = (hf_value)&m->world->values[m->world->made - 1];
    copy->kind = c->kind;
    copy->life = HF_LIFE_OPEN;
}

typedef void (*operation)(model *m, const model_record *r);

/* Those that deserve more turns stand here more than once. */
static const operation operations[] = {
    play_open,   play_open,   play_open,     play_open_child, play_reserve,
    play_commit, play_close,  play_close,    play_close_many, play_close_wait,
    play_wait,   play_detach, play_duplicate};

void model_play_life(model *m, const model_record *r)
{
    operations[r->operation % (sizeof(operations) / sizeof(*operations))](m, r);
}

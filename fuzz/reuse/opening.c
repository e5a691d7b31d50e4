/* Steps that open: new values, values that others own, reserved slots, duplicates. */
#include "targets.h"

#include "harness.h"

static const char *label_of(const step *s)
{
    static const char *const labels[] = {NULL, "one", "two", "three"};
    return labels[s->detail / 8 % 4];
}

static card *open_value(const step *s, hf_value value, bool borrowed)
{
    sheet *in = steps_sheet(s->table);
    unsigned type = s->type % NUMBER_TYPES;
    moment now = steps_moment(s);
    call c = {.table = in->table, .type = numbers_type(type), .value = value};
    c.options = (hf_open_options){
        .size = (uint32_t)sizeof(hf_open_options), .borrowed = borrowed, .label = label_of(s)};
    bool room = cards_have_room(in);
    site_call(now, call_open, &c);
    steps_expect_status("hf_open", c.status, room ? HF_OK : HF_E_TABLE_FULL);
    if (!room)
        return NULL;
    card *fresh = cards_issue(in, c.out, type, CARD_BY_OPEN, now);
    fresh->label = c.options.label;
    cards_open(fresh, value, borrowed, "hf_open", now);
    return fresh;
}

static bool may_open(void)
{
    return deck.count < CARDS;
}

void step_open_new(const step *s)
{
    if (!may_open() || !numbers_available())
        return;
    hf_value value = numbers_obtain();
    if (open_value(s, value, false) == NULL)
        loose_give(value);
}

/* Of a value that a live handle owns: borrowed, or owned a second time. */
static void open_again(const step *s, bool borrowed)
{
    const card *c = targets_pick(s->subject);
    if (may_open() && c != NULL && c->state == CARD_OPEN && numbers_object(c->value) != 0)
        (void)open_value(s, c->value, borrowed);
}

void step_open_borrowed(const step *s)
{
    open_again(s, true);
}

void step_open_duplicate(const step *s)
{
    open_again(s, false);
}

void step_open_loose(const step *s)
{
    if (!may_open() || loose_numbers() == 0)
        return;
    hf_value value = loose_take(s->subject);
    if (open_value(s, value, false) == NULL)
        loose_give(value);
}

void step_reserve(const step *s)
{
    sheet *in = steps_sheet(s->table);
    unsigned type = s->type % NUMBER_TYPES;
    call c = {.table = in->table, .type = numbers_type(type)};
    if (!may_open())
        return;
    bool room = cards_have_room(in);
    site_call(steps_moment(s), call_reserve, &c);
    steps_expect_status("hf_reserve", c.status, room ? HF_OK : HF_E_TABLE_FULL);
    if (room)
        (void)cards_issue(in, c.out, type, CARD_BY_RESERVE, steps_moment(s));
}

/* The value to commit: a new one, or one that another handle owns. */
static hf_value value_to_commit(const step *s, bool *is_new)
{
    const card *other = targets_pick(s->detail);
    *is_new = s->detail % 4 != 0 || other == NULL || other->state != CARD_OPEN ||
              numbers_object(other->value) == 0;
    return *is_new ? numbers_obtain() : other->value;
}

void step_commit(const step *s)
{
    target at = targets_aim(s);
    verdict why = targets_judge(&at, NULL, false);
    call c = targets_call(&at);
    bool is_new;
    if (!numbers_available())
        return;
    c.value = value_to_commit(s, &is_new);
    if (why.status == HF_E_NOT_COMMITTED)
        cards_open(at.c, c.value, false, "hf_commit", steps_moment(s));
    else
        targets_expect_refusal(&at, &why, "hf_commit", steps_moment(s));
    site_call(steps_moment(s), call_commit, &c);
    if (why.status == HF_OK)
        why.status = HF_E_BUSY;
    else if (why.status == HF_E_NOT_COMMITTED)
        why.status = HF_OK;
    steps_expect_status("hf_commit", c.status, why.status);
    if (is_new && c.status != HF_OK)
        loose_give(c.value);
}

/* ---- duplicating and detaching -------------------------------------------------------------- */

static hf_status can_duplicate(const card *c, const sheet *to)
{
    if (numbers_type(c->type)->duplicate == NULL)
        return HF_E_NOT_SUPPORTED;
    return cards_have_room(to) ? HF_OK : HF_E_TABLE_FULL;
}

/* The copy's value, which only a region tells. */
static hf_value value_of(const sheet *in, hf_handle handle)
{
    hf_region region;
    if (hf_enter(in->table, handle, NULL, &region) != HF_OK)
        fuzz_fail("a duplicate cannot be entered");
    hf_value value = region.value;
    hf_leave(&region);
    return value;
}

static void note_duplicate(const card *of, sheet *to, hf_handle handle, moment now)
{
    card *copy = cards_issue(to, handle, of->type, CARD_BY_DUPLICATE, now);
    hf_value value = value_of(to, handle);
    numbers_expect_duplicate(of->value, value);
    cards_open(copy, value, false, "hf_duplicate", now);
}

void step_duplicate(const step *s)
{
    target at = targets_aim(s);
    sheet *to = steps_sheet(s->detail);
    verdict why = targets_judge(&at, NULL, false);
    call c = targets_call(&at);
    if (!may_open() || !numbers_available() ||
        (at.c != NULL && cards_admits(at.c) && numbers_object(at.c->value) == 0))
        return;
    c.to = to->table;
    if (target_is_own(&at) && cards_admits(at.c))
        why.status = can_duplicate(at.c, to);
    else
        targets_expect_refusal(&at, &why, "hf_duplicate", steps_moment(s));
    site_call(steps_moment(s), call_duplicate, &c);
    steps_expect_status("hf_duplicate", c.status, why.status);
    if (c.status == HF_OK)
        note_duplicate(at.c, to, c.out, steps_moment(s));
}

/* The predictions. */
#include "cards.h"

#include "harness.h"

#include <errno.h>

cards deck;

/* The low half of a handle, but for LIVE and HAZARD, names its slot. */
static uint32_t key_of(hf_handle handle)
{
    return (uint32_t)handle.bits & ((UINT32_C(1) << HF_HAZARD_SHIFT_) - 1);
}

sheet *cards_sheet(const card *c)
{
    return &deck.sheets[c->table];
}

static slot *slot_of(const card *c)
{
    return &cards_sheet(c)->slots[c->slot];
}

static const hf_type *type_of(const card *c)
{
    return numbers_type(c->type);
}

bool cards_admits(const card *c)
{
    return c->state == CARD_OPEN ||
           (c->state == CARD_CLOSING && (type_of(c)->flags & HF_TYPE_ADMIT_UNTIL_RELEASED) != 0);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* The live handle that has a closed one's slot now. */
static const card *successor(const card *c)
{
    int holder = slot_of(c)->holder;
    if (holder == NOBODY || &deck.list[holder] == c || !cards_admits(&deck.list[holder]))
        return NULL;
    return &deck.list[holder];
}

static verdict judge_stale(const card *c, bool closes)
{
    hf_report_kind kind = closes ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_STALE_USE;
    return (verdict){HF_E_STALE_HANDLE, true, successor(c) != NULL ? HF_REPORT_HANDLE_REUSE : kind};
}

verdict cards_judge(const sheet *s, const card *c, const hf_type *type, bool closes)
{
    if (c == NULL)
        return (verdict){HF_E_FORGED_HANDLE, true, HF_REPORT_FORGED_HANDLE};
    if (s != cards_sheet(c))
        return (verdict){HF_E_FOREIGN_HANDLE, true, HF_REPORT_FOREIGN_HANDLE};
    if (c->state == CARD_CLOSED)
        return judge_stale(c, closes);
    if (c->state == CARD_RESERVED)
        return (verdict){.status = HF_E_NOT_COMMITTED};
    if (type != NULL && type != type_of(c))
        return (verdict){HF_E_WRONG_TYPE, true, HF_REPORT_WRONG_TYPE};
    if (c->state == CARD_CLOSING)
        return (verdict){HF_E_CLOSING, closes, HF_REPORT_DOUBLE_CLOSE};
    return (verdict){.status = HF_OK};
}

/* How many lives of a slot a table of this level remembers. */
static unsigned memory(void)
{
    static const unsigned lives[] = {1, 2, 8, 8};
    return lives[deck.level];
}

finding_party cards_party(const card *c)
{
    finding_party party = {.handle = c->handle, .type_name = type_of(c)->name};
    if (slot_of(c)->lives - c->life >= memory())
        return party;
    party.value = c->value;
    party.label = c->label;
    party.opened = c->opened;
    party.closed = c->closed;
    return party;
}

void cards_expect_refusal(const sheet *s, const card *c, hf_handle handle, const verdict *why,
                          const char *operation, moment now)
{
    if (!why->reported)
        return;
    finding *report = findings_expect(why->kind, operation, now);
    report->table = s->name;
    report->subject.handle = handle;
    if (c == NULL)
        return;
    report->subject = cards_party(c);
    if (why->kind == HF_REPORT_FOREIGN_HANDLE)
        report->issuer = cards_sheet(c)->name;
    if (why->kind == HF_REPORT_HANDLE_REUSE)
        report->others[report->other_count++] = cards_party(successor(c));
}

/* ---- slots ---------------------------------------------------------------------------------- */

bool cards_have_room(const sheet *s)
{
    return deck.count < CARDS && (s->free_count > 0 || s->used < deck.capacity);
}

static unsigned find_slot(const sheet *s, hf_handle handle)
{
    unsigned i = 0;
    while (i < s->used && s->slots[i].key != key_of(handle))
        i++;
    return i;
}

/* Whether the table's order of reuse gives this slot out now. */
static bool is_next(const sheet *s, unsigned index)
{
    bool fresh_first = deck.reuse == HF_REUSE_FIFO;
    if (s->free_count == 0 || (fresh_first && s->used < deck.capacity))
        return index == s->used;
    if (fresh_first)
        return index == s->free[0];
    if (deck.reuse != HF_REUSE_RANDOM)
        return index == s->free[s->free_count - 1];
    return index < s->used && s->slots[index].holder == NOBODY && s->slots[index].lives < LIVES;
}

static void take_slot(sheet *s, unsigned index)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < s->free_count; i++)
        if (s->free[i] != index)
            s->free[kept++] = s->free[i];
    s->free_count = kept;
}

static slot *next_slot(sheet *s, hf_handle handle, unsigned *index)
{
    *index = find_slot(s, handle);
    if (!is_next(s, *index))
        fuzz_fail("slot %u is used, out of turn", *index);
    if (*index == s->used)
        s->slots[s->used++] = (slot){.key = key_of(handle), .first = handle};
    take_slot(s, *index);
    return &s->slots[*index];
}

card *cards_issue(sheet *s, hf_handle handle, unsigned type, card_origin origin, moment now)
{
    for (int i = 0; i < deck.count; i++)
        if (hf_handle_equal(deck.list[i].handle, handle))
            fuzz_fail("a handle was issued twice");
    card *c = &deck.list[deck.count];
    *c = (card){.handle = handle,
                .table = (unsigned)(s - deck.sheets),
                .type = type,
                .origin = origin,
                .opened = {deck.level != 0, false, now}};
    slot *place = next_slot(s, handle, &c->slot);
    place->holder = deck.count++;
    c->life = ++place->lives;
    return c;
}

void cards_free(card *c)
{
    sheet *s = cards_sheet(c);
    slot *place = slot_of(c);
    c->state = CARD_CLOSED;
    place->holder = NOBODY;
    if (place->lives < LIVES)
        s->free[s->free_count++] = c->slot;
    deck.completions += c->completes;
}

/* ---- values --------------------------------------------------------------------------------- */

/* Whether a namespace knows a card as holder of this value. */
static bool is_enrolled(const card *c, hf_value value, bool borrowed)
{
    return (c->state == CARD_OPEN || c->state == CARD_CLOSING) && c->value == value &&
           c->borrowed == borrowed;
}

enum { HOLDERS = TABLES * SLOTS };

/* The cards that are not closed have a slot each. */
static const card *holder_at(unsigned number)
{
    const sheet *s = &deck.sheets[number / SLOTS];
    int holder = number % SLOTS < s->used ? s->slots[number % SLOTS].holder : NOBODY;
    return holder != NOBODY ? &deck.list[holder] : NULL;
}

/* Any of them is a right answer to "who else". */
static void list_others(finding *report, const card *except, bool borrowed)
{
    for (unsigned i = 0; i < HOLDERS; i++) {
        const card *c = holder_at(i);
        if (c != NULL && c != except && is_enrolled(c, except->value, borrowed))
            report->others[report->other_count++] = cards_party(c);
    }
}

static bool has_other(const card *c, bool borrowed)
{
    for (unsigned i = 0; i < HOLDERS; i++) {
        const card *other = holder_at(i);
        if (other != NULL && other != c && is_enrolled(other, c->value, borrowed))
            return true;
    }
    return false;
}

bool cards_keep(hf_value value)
{
    for (unsigned i = 0; i < HOLDERS; i++) {
        const card *c = holder_at(i);
        if (c != NULL && is_enrolled(c, value, false) && !c->identified)
            return true;
    }
    return false;
}

void cards_open(card *c, hf_value value, bool borrowed, const char *operation, moment now)
{
    c->state = CARD_OPEN;
    c->value = value;
    c->borrowed = borrowed;
    c->object = numbers_object(value);
    c->identified = type_of(c)->identify != NULL && c->object != 0;
    if (borrowed || !has_other(c, false))
        return;
    finding *report = findings_expect(HF_REPORT_DUPLICATE_OWNER, operation, now);
    report->table = cards_sheet(c)->name;
    report->subject = cards_party(c);
    list_others(report, c, false);
}

static finding *expect_of_release(const card *c, hf_report_kind kind, moment now, bool inside)
{
    finding *report = findings_expect(kind, "release", now);
    report->now.inside = inside;
    report->table = cards_sheet(c)->name;
    report->subject = cards_party(c);
    return report;
}

static hf_outcome release_value(const card *c, moment now, bool inside)
{
    uint64_t object = numbers_object(c->value);
    if (c->borrowed)
        return HF_OUTCOME_NOT_OWNED;
    if (c->identified && object != c->object) {
        list_others(expect_of_release(c, HF_REPORT_FOREIGN_CLOSE, now, inside), c, false);
        return HF_OUTCOME_NOT_RELEASED;
    }
    if (has_other(c, true))
        list_others(expect_of_release(c, HF_REPORT_BORROW_OUTLIVES_OWNER, now, inside), c, true);
    numbers_expect_release(c->value);
    if (object != 0)
        return HF_OUTCOME_RELEASED;
    expect_of_release(c, HF_REPORT_RELEASE_FAILED, now, inside)->error = EBADF;
    return HF_OUTCOME_NOT_RELEASED;
}

hf_outcome cards_release(card *c, moment now, bool inside)
{
    hf_outcome outcome = release_value(c, now, inside);
    cards_free(c);
    return outcome;
}

void cards_let_go(card *c, moment now, bool inside)
{
    if (--c->holds == 0 && c->state == CARD_CLOSING)
        (void)cards_release(c, now, inside);
}

void cards_abandon(card *c, moment now)
{
    c->closed = (recorded){deck.level != 0, false, now};
    cards_free(c);
}

void cards_begin_close(card *c, moment now)
{
    c->state = CARD_CLOSING;
    c->closed = (recorded){deck.level != 0, false, now};
}

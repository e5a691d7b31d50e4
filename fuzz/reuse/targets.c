/* Handles that are live, stale, another table's, or forged, as a record says. */
#include "targets.h"

#include "harness.h"

enum { FORGED_FROM = 0xF0, FORGED_AHEAD = 0xF8, FORGED_NULL = 0xFF, LOOSE = 6 };

moment steps_moment(const step *s)
{
    return (moment){s->at % SITES, s->at / SITES % 16 == 15 ? 1 : 0};
}

sheet *steps_sheet(uint8_t number)
{
    return &deck.sheets[number % TABLES];
}

void steps_expect_status(const char *what, hf_status got, hf_status expected)
{
    if (got != expected)
        fuzz_fail("%s answers %s, not %s", what, hf_status_name(got), hf_status_name(expected));
}

void steps_expect_outcome(const char *what, hf_outcome got, hf_outcome expected)
{
    if (got != expected)
        fuzz_fail("%s has the outcome %d, not %d", what, (int)got, (int)expected);
}

/* ---- targets -------------------------------------------------------------------------------- */

card *targets_pick(uint8_t choice)
{
    int count = deck.count;
    if (count == 0)
        return NULL;
    if (choice >= 0xA0)
        return &deck.list[(choice * 7) % count];
    return &deck.list[count - 1 - choice % (count < 12 ? count : 12)];
}

/* A handle of a life that is still to come in the card's slot; null when there is none. */
static hf_handle ahead_of(const card *c, uint8_t by)
{
    const slot *place = &cards_sheet(c)->slots[c->slot];
    uint64_t one = UINT64_C(1) << HF_GENERATION_SHIFT_;
    uint64_t life = place->lives + 1 + by % 2;
    return life > LIVES ? HF_NULL_HANDLE : (hf_handle){place->first.bits ^ one ^ life * one};
}

/* Nobody issued it: made up, or of a life to come in its own table, or null. */
static target forge(const step *s)
{
    uint64_t bits = (s->detail + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
    target at = {.in = steps_sheet(s->table), .handle = {bits | HF_HANDLE_MARK_}};
    const card *c = targets_pick(s->detail);
    if (s->subject >= FORGED_AHEAD)
        at.handle = HF_NULL_HANDLE;
    if (s->subject >= FORGED_AHEAD && s->subject < FORGED_NULL && c != NULL) {
        at.in = cards_sheet(c);
        at.handle = ahead_of(c, s->subject);
    }
    return at;
}

target targets_aim(const step *s)
{
    target at = {.in = steps_sheet(s->table)};
    if (s->subject >= FORGED_FROM)
        return forge(s);
    at.c = targets_pick(s->subject);
    at.handle = at.c != NULL ? at.c->handle : HF_NULL_HANDLE;
    if (at.c != NULL && s->table < 0xC0)
        at.in = cards_sheet(at.c);
    return at;
}

verdict targets_judge(const target *at, const hf_type *type, bool closes)
{
    if (hf_handle_is_null(at->handle))
        return (verdict){.status = HF_E_NULL_HANDLE};
    return cards_judge(at->in, at->c, type, closes);
}

bool target_is_own(const target *at)
{
    return at->c != NULL && cards_sheet(at->c) == at->in;
}

void targets_expect_refusal(const target *at, const verdict *why, const char *operation, moment now)
{
    cards_expect_refusal(at->in, at->c, at->handle, why, operation, now);
}

call targets_call(const target *at)
{
    return (call){.table = at->in->table, .handle = at->handle};
}

/* ---- loose numbers -------------------------------------------------------------------------- */

static hf_value loose[LOOSE];
static unsigned loose_count;

void loose_start(void)
{
    loose_count = 0;
}

unsigned loose_numbers(void)
{
    return loose_count;
}

void loose_give(hf_value value)
{
    if (loose_count < LOOSE)
        loose[loose_count++] = value;
    else
        numbers_close(value);
}

hf_value loose_take(uint8_t choice)
{
    unsigned index = choice % loose_count;
    hf_value value = loose[index];
    loose[index] = loose[--loose_count];
    return value;
}

/* The model's operations on what holds a handle: regions and references, their misuse, and handles
 * that nobody issued. */
#include "model_state.h"

static bool goes_to_hazard(const model *m, const card *c)
{
    return m->options.protection == HF_PROTECT_HAZARD && m->options.level != HF_LEVEL_EVERYTHING &&
           c->life == HF_LIFE_OPEN && m->hazards_used < HF_HAZARDS_PER_THREAD_;
}

/* Where a region of a handle that is closing, but admits, is protected is the library's choice. */
static bool is_counted(model *m, const card *c)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    if (c->life == HF_LIFE_OPEN)
        return !goes_to_hazard(m, c);
    if (hf_inspect(m->sheets[c->sheet].table, c->handle, &info) != HF_OK)
        model_fail(m, "hf_inspect fails");
    return info.regions == c->hazards;
}

static hf_status enter_answer(const model *m, const sheet *s, const card *c, const hf_type *type,
                              bool *unsure)
{
    *unsure = false;
    hf_status status = model_openness(m, s, c);
    if (status != HF_OK && status != HF_E_CLOSING)
        return status;
    if (type != NULL && type != &m->world->types[c->kind])
        return HF_E_WRONG_TYPE;
    status = model_admission(m, s, c);
    if (status != HF_OK || c->counts + c->children < MODEL_COUNT_LIMIT)
        return status;
    *unsure = c->life != HF_LIFE_OPEN;
    return goes_to_hazard(m, c) ? HF_OK : HF_E_TOO_MANY_REFERENCES;
}

static const hf_type *some_type(const model *m, const card *c, uint8_t choice)
{
    if (choice % 4 == 0)
        return NULL;
    return &m->world->types[choice % 16 == 1 ? (c->kind + 1) % FAKE_KINDS : c->kind];
}

static void note_region(model *m, card *c, held_region *held)
{
    if (held->region.value != c->value)
        model_fail(m, "hf_enter: another value");
    held->counted = is_counted(m, c);
    held->card = (int)(c - m->cards);
    c->regions++;
    if (held->counted) {
        c->counts++;
    } else {
        c->hazards++;
        m->hazards_used++;
    }
}

static void play_enter(model *m, const model_record *r)
{
    bool unsure;
    card *c = model_pick(m, r->subject);
    held_region *held = &m->regions[r->detail % MODEL_HOLDS];
    if (c == NULL || held->card != MODEL_NONE)
        return;
    sheet *s = model_place(m, c, r->more);
    const hf_type *type = some_type(m, c, r->more);
    hf_status expected = enter_answer(m, s, c, type, &unsure);
    hf_status got = hf_enter(s->table, c->handle, type, &held->region);
    if (unsure && got == HF_OK)
        expected = HF_OK;
    if (hf_region_entered(&held->region) != (got == HF_OK))
        model_fail(m, "hf_region_entered contradicts hf_enter");
    if (model_expect(m, s, "hf_enter", got, expected) && got == HF_OK)
        note_region(m, c, held);
}

static void end_region(model *m, held_region *held)
{
    card *c = &m->cards[held->card];
    if (c->value != 0 && !c->borrowed)
        fake_use(held->region.value);
    hf_leave(&held->region);
    if (hf_region_entered(&held->region))
        model_fail(m, "a region that was left still stands");
    held->card = MODEL_NONE;
    c->regions--;
    if (held->counted) {
        c->counts--;
    } else {
        c->hazards--;
        m->hazards_used--;
    }
    model_let_go(m, c);
}

/* Leaves a region; one that has ended is left once more, which must change nothing. */
static void play_leave(model *m, const model_record *r)
{
    held_region *held = &m->regions[r->subject % MODEL_HOLDS];
    if (held->card != MODEL_NONE)
        end_region(m, held);
    else if (r->more % 8 == 0)
        hf_leave(&held->region);
}

static void play_addref(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    held_ref *held = &m->refs[r->detail % MODEL_HOLDS];
    if (c == NULL || held->card != MODEL_NONE)
        return;
    sheet *s = model_place(m, c, r->more);
    hf_status expected = model_admission(m, s, c);
    if (expected == HF_OK && c->counts + c->children == MODEL_COUNT_LIMIT)
        expected = HF_E_TOO_MANY_REFERENCES;
    hf_status got = hf_addref(s->table, c->handle, &held->ref);
    if (!model_expect(m, s, "hf_addref", got, expected) || got != HF_OK)
        return;
    if (held->ref.value != c->value)
        model_fail(m, "hf_addref: another value");
    held->card = (int)(c - m->cards);
    c->counts++;
}

static void end_ref(model *m, held_ref *held)
{
    card *c = &m->cards[held->card];
    hf_status got = hf_release(&held->ref);
    if (got != HF_OK)
        model_fail(m, "hf_release answers %s", hf_status_name(got));
    held->card = MODEL_NONE;
    c->counts--;
    model_let_go(m, c);
}

static void play_release(model *m, const model_record *r)
{
    held_ref *held = &m->refs[r->subject % MODEL_HOLDS];
    if (held->card != MODEL_NONE)
        end_ref(m, held);
    else if (r->more % 8 == 0 && hf_release(&(hf_ref)HF_REF_INIT) != HF_E_OVER_RELEASE)
        model_fail(m, "hf_release of an ended reference is accepted");
}

/* A handle with some bits of a real one changed must never be taken for a live one. */
static void play_forged(model *m, const model_record *r)
{
    hf_region region;
    card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = &m->sheets[c->sheet];
    hf_handle forged = {c->handle.bits ^ (UINT64_C(1) << (r->detail % 64))};
    for (int i = 0; i < m->card_count; i++) {
        if (hf_handle_equal(m->cards[i].handle, forged))
            return;
    }
    hf_status got = hf_enter(s->table, forged, NULL, &region);
    if (got != HF_E_FORGED_HANDLE && got != HF_E_FOREIGN_HANDLE && got != HF_E_STALE_HANDLE)
        model_fail(m, "a forged handle (bit %u) answers %s", r->detail % 64u, hf_status_name(got));
    s->refused[got]++;
}

void model_end_holds(model *m)
{
    for (int i = 0; i < MODEL_HOLDS; i++) {
        if (m->regions[i].card != MODEL_NONE)
            end_region(m, &m->regions[i]);
        if (m->refs[i].card != MODEL_NONE)
            end_ref(m, &m->refs[i]);
    }
}

typedef void (*operation)(model *m, const model_record *r);

static const operation operations[] = {play_enter,  play_enter,   play_leave,   play_leave,
                                       play_addref, play_release, play_release, play_forged};

void model_play_hold(model *m, const model_record *r)
{
    operations[r->operation % (sizeof(operations) / sizeof(*operations))](m, r);
}

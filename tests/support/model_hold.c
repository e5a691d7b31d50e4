/* The model's operations on what holds a handle: regions and references, their misuse, and handles
 * that nobody issued. */
#include "model_state.h"

/* ---- regions -------------------------------------------------------------------------------- */

/* The first region, from a place on, that is in use, or is not; the place itself if none is so. */
static held_region *find_region(model *m, uint8_t choice, bool used)
{
    for (int i = 0; i < MODEL_HOLDS; i++) {
        held_region *held = &m->regions[(choice + i) % MODEL_HOLDS];
        if ((held->card != MODEL_NONE) == used)
            return held;
    }
    return &m->regions[choice % MODEL_HOLDS];
}

static held_ref *find_ref(model *m, uint8_t choice, bool used)
{
    for (int i = 0; i < MODEL_HOLDS; i++) {
        held_ref *held = &m->refs[(choice + i) % MODEL_HOLDS];
        if ((held->card != MODEL_NONE) == used)
            return held;
    }
    return &m->refs[choice % MODEL_HOLDS];
}

/* Whether a handle goes to hazard mode is told by its table's options, or by the handle itself. */
static bool is_hazard(const model *m, const card *c)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    if (m->options.protection == HF_PROTECT_ADAPTIVE &&
        hf_inspect(m->sheets[c->sheet].table, c->handle, &info) == HF_OK)
        return info.hazard;
    return m->options.protection == HF_PROTECT_HAZARD;
}

static bool goes_to_hazard(const model *m, const card *c)
{
    return m->level < 3 && c->life == HF_LIFE_OPEN &&
           m->hazards_used[m->actor] < HF_HAZARDS_PER_THREAD_ && is_hazard(m, c);
}

/* Where a region of a handle that is closing, but admits, or that is on its way to being hot, is
 * protected is the library's choice. */
static bool is_counted(model *m, const card *c)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    if (c->life == HF_LIFE_OPEN && m->options.protection != HF_PROTECT_ADAPTIVE)
        return !goes_to_hazard(m, c);
    if (hf_inspect(m->sheets[c->sheet].table, c->handle, &info) != HF_OK)
        model_fail(m, "hf_inspect fails");
    return info.regions == c->hazards;
}

hf_status model_enter_answer(model *m, const sheet *s, const card *c, const hf_type *type,
                             bool *unsure)
{
    *unsure = false;
    hf_status status = model_openness(m, s, c);
    if (status != HF_OK && status != HF_E_CLOSING)
        return status;
    if (type != NULL && type != model_type(m, c->kind))
        return HF_E_WRONG_TYPE;
    status = model_admission(m, s, c);
    if (status != HF_OK || c->counts + c->children < MODEL_COUNT_LIMIT)
        return status;
    *unsure = c->life != HF_LIFE_OPEN;
    return goes_to_hazard(m, c) ? HF_OK : HF_E_TOO_MANY_REFERENCES;
}

const hf_type *model_some_type(const model *m, const card *c, uint8_t choice)
{
    if (choice % 4 == 0)
        return NULL;
    return model_type(m, choice % 16 == 1 ? (c->kind + 1) % MODEL_KINDS : c->kind);
}

void model_region_begin(model *m, card *c, held_region *held)
{
    held->counted = is_counted(m, c);
    held->card = (int)(c - m->cards);
    held->actor = m->actor;
    c->regions[m->actor]++;
    if (held->counted) {
        c->counts++;
    } else {
        c->hazards++;
        m->hazards_used[m->actor]++;
    }
}

/* What has been left already. */
void model_region_end(model *m, held_region *held)
{
    card *c = &m->cards[held->card];
    held->card = MODEL_NONE;
    c->regions[held->actor]--;
    if (held->counted) {
        c->counts--;
    } else {
        c->hazards--;
        m->hazards_used[held->actor]--;
    }
    model_let_go(m, c);
}

void model_play_enter(model *m, const model_record *r)
{
    bool unsure;
    card *c = model_pick(m, r->subject);
    held_region *held = find_region(m, r->detail, false);
    if (c == NULL || held->card != MODEL_NONE)
        return;
    sheet *s = model_place(m, c, r->more);
    const hf_type *type = model_some_type(m, c, r->more);
    hf_status expected = model_enter_answer(m, s, c, type, &unsure);
    hf_status got = hf_enter(s->table, c->handle, type, &held->region);
    if (unsure && got == HF_OK)
        expected = HF_OK;
    if (hf_region_entered(&held->region) != (got == HF_OK))
        model_fail(m, "hf_region_entered contradicts hf_enter");
    if (!model_answers(m, s, c, "hf_enter", false, got, expected) || got != HF_OK)
        return;
    if (held->region.value != c->value)
        model_fail(m, "hf_enter: another value");
    model_region_begin(m, c, held);
}

static void use(const card *c, hf_value value)
{
    if (c->kind != MODEL_NUMBERED && value != 0 && !c->borrowed)
        fake_use(value);
}

static void leave(model *m, held_region *held)
{
    use(&m->cards[held->card], held->region.value);
    hf_leave(&held->region);
    if (hf_region_entered(&held->region))
        model_fail(m, "a region that was left still stands");
    model_region_end(m, held);
}

/* By whoever's turn it is: on another thread it changes nothing. */
void model_play_leave(model *m, const model_record *r)
{
    held_region *held = find_region(m, r->subject, r->more % 16 != 0);
    if (held->card == MODEL_NONE)
        return;
    const card *c = &m->cards[held->card];
    if (held->actor == m->actor) {
        leave(m, held);
        return;
    }
    (void)model_note_card(m, HF_REPORT_WRONG_THREAD, &m->sheets[c->sheet], c, "hf_leave");
    hf_leave(&held->region);
    if (!hf_region_entered(&held->region))
        model_fail(m, "a region of another thread was left");
}

/* Leaves what was never entered, what was left before, and a copy of what was left. */
void model_play_leave_again(model *m, const model_record *r)
{
    held_region *held = find_region(m, r->subject, r->more % 16 != 0);
    if (held->card == MODEL_NONE) {
        hf_region never = HF_REGION_INIT;
        (void)model_note_bits(m, HF_REPORT_OVER_RELEASE, NULL, 0, "hf_leave");
        hf_leave(&never);
        return;
    }
    const card *c = &m->cards[held->card];
    const sheet *s = &m->sheets[c->sheet];
    if (held->actor != m->actor)
        return;
    bool copied = r->detail % 2 == 0;
    hf_region copy = held->region;
    leave(m, held);
    (void)model_note_card(m, copied ? HF_REPORT_COPIED_REGION : HF_REPORT_OVER_RELEASE, s, c,
                          "hf_leave");
    hf_leave(copied ? &copy : &held->region);
}

/* Makes a handle hot, or nearly: that takes about a thousand uses. */
void model_play_warm(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    if (c == NULL || c->gone || c->life != HF_LIFE_OPEN ||
        c->counts + c->children == MODEL_COUNT_LIMIT)
        return;
    for (int i = 2 * r->detail; i >= 0; i--) {
        hf_region region;
        if (hf_enter(m->sheets[c->sheet].table, c->handle, NULL, &region) != HF_OK)
            model_fail(m, "hf_enter fails when it is repeated");
        hf_leave(&region);
    }
}

/* ---- references ----------------------------------------------------------------------------- */

static bool addref(model *m, sheet *s, card *c, held_ref *held)
{
    hf_status expected = model_admission(m, s, c);
    if (expected == HF_OK && c->counts + c->children == MODEL_COUNT_LIMIT)
        expected = HF_E_TOO_MANY_REFERENCES;
    hf_status got = hf_addref(s->table, c->handle, &held->ref);
    held->sheet = MODEL_NONE;
    if (!model_answers(m, s, c, "hf_addref", false, got, expected) || got != HF_OK)
        return false;
    if (held->ref.value != c->value)
        model_fail(m, "hf_addref: another value");
    held->card = (int)(c - m->cards);
    held->sheet = c->sheet;
    c->counts++;
    return true;
}

void model_play_addref(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    held_ref *held = find_ref(m, r->detail, false);
    if (c != NULL && held->card == MODEL_NONE)
        (void)addref(m, model_place(m, c, r->more), c, held);
}

/* As many references as there is room for, to come to where a count ends. */
void model_play_flood(model *m, const model_record *r)
{
    card *c = model_pick(m, r->subject);
    int wanted = r->detail % (MODEL_COUNT_LIMIT + 4);
    for (int i = 0; c != NULL && i < MODEL_HOLDS && wanted > 0; i++) {
        if (m->refs[i].card != MODEL_NONE)
            continue;
        wanted--;
        if (!addref(m, &m->sheets[c->sheet], c, &m->refs[i]))
            return;
    }
}

void model_ref_end(model *m, held_ref *held)
{
    card *c = &m->cards[held->card];
    held->card = MODEL_NONE;
    c->counts--;
    model_let_go(m, c);
}

/* What has ended belongs to no handle any more, but to a table, if that still stands. */
static void release_again(model *m, held_ref *held)
{
    sheet *s = held->sheet == MODEL_NONE ? NULL : &m->sheets[held->sheet];
    (void)model_note_bits(m, HF_REPORT_OVER_RELEASE, s, 0, "hf_release");
    if (s != NULL)
        s->refused[HF_E_OVER_RELEASE]++;
    if (hf_release(&held->ref) != HF_E_OVER_RELEASE)
        model_fail(m, "hf_release of an ended reference is accepted");
}

void model_play_release(model *m, const model_record *r)
{
    held_ref *held = find_ref(m, r->subject, r->more % 16 != 0);
    if (held->card == MODEL_NONE) {
        if (r->more % 8 == 0)
            release_again(m, held);
        return;
    }
    use(&m->cards[held->card], held->ref.value);
    hf_status got = hf_release(&held->ref);
    if (got != HF_OK)
        model_fail(m, "hf_release answers %s", hf_status_name(got));
    model_ref_end(m, held);
}

/* ---- forged handles ------------------------------------------------------------------------- */

static bool was_issued(const model *m, hf_handle handle)
{
    for (int i = 0; i < m->card_count; i++) {
        if (hf_handle_equal(m->cards[i].handle, handle))
            return true;
    }
    return false;
}

/* A handle with some bits of a real one changed must never be taken for a live one. */
void model_play_forged(model *m, const model_record *r)
{
    static const int kinds[HF_STATUS_COUNT] = {[HF_E_FORGED_HANDLE] = HF_REPORT_FORGED_HANDLE,
                                               [HF_E_FOREIGN_HANDLE] = HF_REPORT_FOREIGN_HANDLE,
                                               [HF_E_STALE_HANDLE] = HF_REPORT_STALE_USE};
    hf_region region;
    const card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    sheet *s = &m->sheets[c->sheet];
    hf_handle forged = {c->handle.bits ^ (UINT64_C(1) << (r->detail % 64))};
    if (was_issued(m, forged))
        return;
    hf_status got = hf_enter(s->table, forged, NULL, &region);
    s->refused[got]++;
    if (kinds[got] == 0) {
        model_fail(m, "a forged handle (bit %u) answers %s", r->detail % 64u, hf_status_name(got));
        return;
    }
    model_note_wild(m, s, kinds[got], forged, "hf_enter");
}

/* Values: fakes, of which every handle has its own, and numbers, which several handles may have.
 * The numbers lie in a namespace and have an identity, so that it is found when a second handle
 * owns one, when its owner goes before a borrower, and when it was closed behind the table's back.
 */
#include <errno.h>

#include "model_state.h"

/* Far enough apart that their windows in the namespace do not meet. */
enum { NUMBER_STEP = 64 };

static hf_namespace numbers = HF_NAMESPACE_INIT("numbers", HF_VALUES_SMALL);

static int index_of(hf_value number)
{
    return (int)(number / NUMBER_STEP) - 1;
}

static hf_value number_of(int index)
{
    return (hf_value)(index + 1) * NUMBER_STEP;
}

/* ---- the type of numbers -------------------------------------------------------------------- */

static hf_outcome release_number(hf_value value, void *context, int32_t *error)
{
    model *m = context;
    (void)value;
    m->number_releases++;
    errno = EIO;
    *error = m->world->error;
    return m->world->outcome;
}

static bool identify_number(hf_value value, void *context, hf_identity *out)
{
    const model *m = context;
    *out = (hf_identity){.object = m->identities[index_of(value)]};
    return out->object != 0;
}

static hf_status duplicate_number(hf_value value, void *context, hf_value *out)
{
    (void)context;
    *out = number_of((index_of(value) + 1) % MODEL_NUMBERS);
    return HF_OK;
}

const hf_type *model_type(const model *m, int kind)
{
    return kind == MODEL_NUMBERED ? &m->numbered : &m->world->types[kind];
}

void model_values_start(model *m)
{
    m->numbered = (hf_type){.size = (uint32_t)sizeof(hf_type),
                            .name = "number",
                            .name_space = &numbers,
                            .context = m,
                            .release = release_number,
                            .duplicate = duplicate_number,
                            .identify = identify_number};
    for (int i = 0; i < MODEL_NUMBERS; i++)
        m->identities[i] = 1;
}

/* ---- making and ending ---------------------------------------------------------------------- */

/* The cards that have this number and are known to its namespace. */
static int sharers(model *m, hf_value number, const card **out)
{
    int count = 0;
    for (int i = 0; i < m->card_count && count < MODEL_SHARERS; i++) {
        if (m->cards[i].tracked && m->cards[i].value == number)
            out[count++] = &m->cards[i];
    }
    return count;
}

bool model_value_make(model *m, int kind, uint8_t choice, hf_value *out)
{
    const card *with[MODEL_SHARERS];
    if (kind != MODEL_NUMBERED) {
        *out = fake_make(m->world);
        return true;
    }
    *out = number_of(choice % MODEL_NUMBERS);
    return sharers(m, *out, with) < MODEL_SHARERS;
}

void model_value_drop(int kind, hf_value value)
{
    if (kind != MODEL_NUMBERED)
        fake_give_back(value);
}

void model_value_give_back(const card *c)
{
    model_value_drop(c->kind, c->value);
}

/* Of many that end at once, some of those that had the number may be gone already, or not yet: who
 * was told of, if anybody, must have had it. */
static void note_any_sharer(model *m, int kind, const card *c, bool borrowed, bool always,
                            const char *operation)
{
    const model_finding *told = model_find_told(m, kind, c->handle.bits);
    if (told == NULL && (!always || m->policies[kind] != HF_POLICY_REPORT))
        return;
    model_note *note = model_note_card(m, kind, &m->sheets[c->sheet], c, operation);
    for (int i = 0; note != NULL && told != NULL && i < m->card_count; i++) {
        const card *other = &m->cards[i];
        if (other->handle.bits == told->other && other->value == c->value && other != c &&
            other->borrowed == borrowed)
            model_note_other(note, other);
    }
}

/* A finding about one of those that have the same number, if there is such a one. */
static void note_sharer(model *m, int kind, const card *c, bool borrowed, bool always,
                        const char *operation)
{
    const card *with[MODEL_SHARERS];
    const card *others[MODEL_SHARERS];
    int found = 0;
    if (m->any_order) {
        note_any_sharer(m, kind, c, borrowed, always, operation);
        return;
    }
    int count = sharers(m, c->value, with);
    for (int i = 0; i < count; i++) {
        if (with[i] != c && with[i]->borrowed == borrowed)
            others[found++] = with[i];
    }
    if (found == 0 && !always)
        return;
    model_note *note = model_note_card(m, kind, &m->sheets[c->sheet], c, operation);
    for (int i = 0; note != NULL && i < found; i++)
        model_note_other(note, others[i]);
}

void model_value_enter(model *m, card *c, const char *operation)
{
    if (c->kind != MODEL_NUMBERED)
        return;
    c->tracked = true;
    c->identity = m->identities[index_of(c->value)];
    c->identified = c->identity != 0;
    if (!c->borrowed)
        note_sharer(m, HF_REPORT_DUPLICATE_OWNER, c, false, false, operation);
}

hf_outcome model_value_release(model *m, card *c, int32_t *error)
{
    *error = 0;
    c->tracked = false;
    if (c->borrowed)
        return HF_OUTCOME_NOT_OWNED;
    if (c->kind == MODEL_NUMBERED) {
        if (c->identified && m->identities[index_of(c->value)] != c->identity) {
            note_sharer(m, HF_REPORT_FOREIGN_CLOSE, c, false, true, "release");
            return HF_OUTCOME_NOT_RELEASED;
        }
        note_sharer(m, HF_REPORT_BORROW_OUTLIVES_OWNER, c, true, false, "release");
    }
    m->releases++;
    *error = m->world->error;
    if (m->world->outcome == HF_OUTCOME_NOT_RELEASED) {
        model_note *note =
            model_note_card(m, HF_REPORT_RELEASE_FAILED, &m->sheets[c->sheet], c, "release");
        if (note != NULL)
            note->error = *error;
    }
    return m->world->outcome;
}

/* ---- operations on the world ---------------------------------------------------------------- */

/* Somebody closes a number behind the tables' back; it may be somebody else's then, or nobody's. */
void model_play_identity(model *m, const model_record *r)
{
    m->identities[r->subject % MODEL_NUMBERS] = r->detail % 4;
}

/* From now on releases go well, or not. */
void model_play_outcome(model *m, const model_record *r)
{
    static const hf_outcome outcomes[] = {HF_OUTCOME_RELEASED, HF_OUTCOME_RELEASED,
                                          HF_OUTCOME_RELEASED_WITH_ERROR, HF_OUTCOME_NOT_RELEASED};
    m->world->outcome = outcomes[r->subject % 4];
    m->world->error = m->world->outcome == HF_OUTCOME_RELEASED ? 0 : 1 + r->detail % 8;
}

/* Policies that make neither an end of the process nor a memory of it. */
void model_play_policy(model *m, const model_record *r)
{
    hf_report_kind kind = (hf_report_kind)(r->subject % HF_REPORT_KIND_COUNT);
    m->policies[kind] = (hf_policy)(r->detail % (HF_POLICY_REPORT + 1));
    if (hf_set_policy(kind, m->policies[kind]) != HF_OK || hf_get_policy(kind) != m->policies[kind])
        model_fail(m, "hf_set_policy fails");
}

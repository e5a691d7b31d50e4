/* What is told to the user in a step, and what is to be told.  The order within a step is not
 * looked at: where it matters, one thing is the other's cause. */
#include <string.h>

#include "model_state.h"

/* The hook has no way to learn which model plays but this; one plays at a time. */
static model *listening;

/* ---- listening ------------------------------------------------------------------------------ */

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static model_finding *add_finding(void)
{
    if (listening->finding_count == MODEL_NOTES) {
        model_fail(listening, "more is told in one step than there is room for");
        listening->finding_count--;
    }
    return &listening->findings[listening->finding_count++];
}

static uint32_t count_regions(const hf_report *report)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->holder_count; i++)
        count +=
            report->holders[i].hold == HF_HOLD_HAZARD || report->holders[i].hold == HF_HOLD_COUNTED;
    return count;
}

static bool hook(const hf_report *report, void *context)
{
    (void)context;
    model_finding *f = add_finding();
    *f = (model_finding){.kind = (int)report->kind,
                         .subject = report->subject.handle.bits,
                         .other = report->other.handle.bits,
                         .value = report->subject.value,
                         .thread = report->now.thread,
                         .opener = report->subject.opened.thread,
                         .closer = report->subject.closed.thread,
                         .holder_count = report->holder_count,
                         .region_count = count_regions(report),
                         .references = report->references,
                         .group_count = report->group_count,
                         .error = report->error,
                         .has_role = report->other_role[0] != '\0'};
    copy(f->operation, sizeof(f->operation), report->operation);
    copy(f->table_name, sizeof(f->table_name), report->table_name);
    copy(f->issuer_name, sizeof(f->issuer_name), report->issuer_name);
    copy(f->type_name, sizeof(f->type_name), report->subject.type_name);
    copy(f->label, sizeof(f->label), report->subject.label);
    copy(f->group_name, sizeof(f->group_name), report->subject.group_name);
    return true;
}

void model_told(model *m, int kind, uint64_t subject, int32_t error)
{
    *add_finding() = (model_finding){
        .kind = kind, .subject = subject, .error = error, .thread = model_thread(m->actor)};
}

void model_listen(model *m)
{
    listening = m;
    hf_set_report_hook(hook, NULL);
}

/* ---- foretelling ---------------------------------------------------------------------------- */

bool model_counts(model *m, const sheet *s, int kind)
{
    if (kind >= HF_REPORT_KIND_COUNT)
        return true;
    if (s != NULL && m->policies[kind] != HF_POLICY_IGNORE)
        m->sheets[s - m->sheets].reports[kind]++;
    return m->policies[kind] >= HF_POLICY_REPORT;
}

model_note *model_note_bits(model *m, int kind, const sheet *s, uint64_t bits,
                            const char *operation)
{
    if (!model_counts(m, s, kind))
        return NULL;
    if (m->note_count == MODEL_NOTES) {
        model_fail(m, "more is foretold in one step than there is room for");
        return NULL;
    }
    model_note *note = &m->notes[m->note_count++];
    *note = (model_note){.kind = kind,
                         .loose = true,
                         .operation = operation,
                         .table_name = s != NULL ? model_name(m, s) : "",
                         .issuer_name = "",
                         .subject = bits,
                         .thread = model_thread(m->actor)};
    return note;
}

/* How many lives of a slot are remembered. */
static unsigned memory_of(int level)
{
    return level == 1 ? 2 : level > 1 ? 8 : 0;
}

bool model_is_remembered(const model *m, const card *c)
{
    unsigned lives = m->sheets[c->sheet].slots[c->slot].lives;
    return !m->memory_suspect && lives - c->life_number < memory_of(m->level);
}

static void describe(const model *m, model_note *note, const card *c)
{
    note->loose = false;
    note->type_name = model_type(m, c->kind)->name;
    note->value = c->value;
    note->label = c->label != NULL ? c->label : "";
    note->group_name = c->group != MODEL_NONE && c->life != HF_LIFE_CLOSED ? "model" : "";
    note->opener = c->opener;
    note->closer = c->closer;
    note->closer_unsure = c->closer_unsure;
    note->known = model_is_remembered(m, c);
}

model_note *model_note_card(model *m, int kind, const sheet *s, const card *c,
                            const char *operation)
{
    model_note *note = model_note_bits(m, kind, s, c->handle.bits, operation);
    if (note != NULL)
        describe(m, note, c);
    return note;
}

void model_note_other(model_note *note, const card *c)
{
    if (note->other_count < MODEL_SHARERS)
        note->others[note->other_count++] = c->handle.bits;
}

void model_note_holders(model_note *note, const card *c)
{
    note->holds = true;
    note->regions = model_regions(c);
    note->references = c->counts + c->children;
}

/* Who lives in the card's slot now, and is live. */
static const card *successor(const model *m, const card *c)
{
    for (int i = 0; i < m->card_count; i++) {
        const card *other = &m->cards[i];
        if (other != c && !other->gone && other->sheet == c->sheet && other->slot == c->slot &&
            model_admission(m, &m->sheets[other->sheet], other) == HF_OK)
            return other;
    }
    return NULL;
}

static void note_stale(model *m, const sheet *s, const card *c, const char *operation, bool closes)
{
    const card *owner = successor(m, c);
    int kind = closes ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_STALE_USE;
    model_note *note =
        model_note_card(m, owner != NULL ? HF_REPORT_HANDLE_REUSE : kind, s, c, operation);
    if (note != NULL && owner != NULL)
        model_note_other(note, owner);
}

static void note_foreign(model *m, const sheet *s, const card *c, const char *operation)
{
    model_note *note = model_note_card(m, HF_REPORT_FOREIGN_HANDLE, s, c, operation);
    if (note != NULL)
        note->issuer_name = model_name(m, &m->sheets[c->sheet]);
}

void model_note_refusal(model *m, const sheet *s, const card *c, const char *operation, bool closes,
                        hf_status status)
{
    switch (status) {
    case HF_E_FOREIGN_HANDLE:
        note_foreign(m, s, c, operation);
        break;
    case HF_E_FORGED_HANDLE:
        (void)model_note_bits(m, HF_REPORT_FORGED_HANDLE, s, c->handle.bits, operation);
        break;
    case HF_E_WRONG_TYPE:
        (void)model_note_card(m, HF_REPORT_WRONG_TYPE, s, c, operation);
        break;
    case HF_E_STALE_HANDLE:
        note_stale(m, s, c, operation, closes);
        break;
    case HF_E_CLOSING:
        if (closes)
            (void)model_note_card(m, HF_REPORT_DOUBLE_CLOSE, s, c, operation);
        break;
    default:
        break;
    }
}

/* A handle that was never issued may look like one of an earlier life of a slot that has another
 * now, and who that is depends on which bits are wrong: he is taken as told. */
void model_note_wild(model *m, const sheet *s, int kind, hf_handle handle, const char *operation)
{
    const model_finding *told = m->finding_count > 0 ? &m->findings[m->finding_count - 1] : NULL;
    bool silent = told == NULL && kind == HF_REPORT_STALE_USE;
    bool reuse =
        kind == HF_REPORT_STALE_USE && (told != NULL ? told->kind == HF_REPORT_HANDLE_REUSE
                                                     : m->policies[kind] == HF_POLICY_REPORT);
    if (silent && !reuse) {
        m->any_order = true; /* of the two, the one that is counted is learnt */
        return;
    }
    model_note *note =
        model_note_bits(m, reuse ? HF_REPORT_HANDLE_REUSE : kind, s, handle.bits, operation);
    if (note == NULL)
        return;
    if (reuse && told != NULL)
        note->others[note->other_count++] = told->other;
    if (kind == HF_REPORT_FOREIGN_HANDLE && told != NULL)
        note->issuer_name = told->issuer_name;
}

const model_finding *model_find_told(const model *m, int kind, uint64_t subject)
{
    for (unsigned i = 0; i < m->finding_count; i++)
        if (m->findings[i].kind == kind && m->findings[i].subject == subject)
            return &m->findings[i];
    return NULL;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool is_one_of(uint64_t bits, const uint64_t *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i] == bits)
            return true;
    }
    return count == 0 && bits == 0;
}

static bool is_alike(const model_note *note, const model_finding *f)
{
    return !note->met && note->kind == f->kind && f->subject == note->subject;
}

/* The first difference in words, NULL if there is none. */
static const char *differs(const model_note *note, const model_finding *f)
{
    bool nothing = f->opener == 0 && f->closer == 0;
    if (strcmp(note->operation, f->operation) != 0)
        return "operation";
    if (strcmp(note->table_name, f->table_name) != 0 ||
        strcmp(note->issuer_name, f->issuer_name) != 0)
        return "table";
    if (f->thread != note->thread)
        return "thread";
    if (!is_one_of(f->other, note->others, note->other_count) || f->has_role != (f->other != 0))
        return "other party";
    if (f->error != note->error)
        return "error";
    if (note->loose)
        return NULL;
    if (strcmp(note->type_name, f->type_name) != 0 || strcmp(note->group_name, f->group_name) != 0)
        return "type or group";
    if (strcmp(note->label, f->label) != 0 && (note->known || f->label[0] != '\0'))
        return "label";
    if (note->value != f->value && (note->known || f->value != 0))
        return "value";
    if (note->closer_unsure && f->closer == 0)
        return f->opener == note->opener || nothing ? NULL : "opener";
    if (note->known ? f->opener != note->opener || f->closer != note->closer
                    : !nothing && (f->opener != note->opener || f->closer != note->closer))
        return "opener or closer";
    return NULL;
}

static uint32_t least(uint32_t left, uint32_t right)
{
    return left < right ? left : right;
}

static const char *differs_in_holders(const model_note *note, const model_finding *f)
{
    if (!note->holds)
        return NULL;
    if (f->region_count != least(note->regions, MODEL_HOLDERS))
        return "holders";
    return f->references != note->references ? "references" : NULL;
}

static const char *name_of(int kind)
{
    return kind == MODEL_COMPLETION ? "completion"
           : kind == MODEL_ACTION   ? "action"
                                    : hf_report_kind_name((hf_report_kind)kind);
}

static void check_leak(model *m, const model_finding *f, unsigned *leaks)
{
    bool found = false;
    for (int i = 0; i < m->card_count; i++)
        found = found || (m->cards[i].leaked && m->cards[i].handle.bits == f->subject);
    if (!found)
        model_fail(m, "a leak is reported of a handle that is none");
    *leaks += f->group_count;
}

static void check_finding(model *m, const model_finding *f)
{
    unsigned at = 0;
    while (at < m->note_count && !is_alike(&m->notes[at], f))
        at++;
    if (at == m->note_count) {
        model_fail(m, "%s by %s of handle %llx: not foretold", name_of(f->kind), f->operation,
                   (unsigned long long)f->subject);
        return;
    }
    model_note *note = &m->notes[at];
    const char *what = differs(note, f);
    what = what != NULL ? what : differs_in_holders(note, f);
    note->met = true;
    if (what != NULL)
        model_fail(m, "%s by %s, foretold by %s: another %s", name_of(f->kind), f->operation,
                   note->operation, what);
}

void model_check_notes(model *m)
{
    unsigned leaks = 0;
    for (unsigned i = 0; i < m->finding_count; i++) {
        model_tally_kind(m->findings[i].kind);
        if (m->findings[i].kind == HF_REPORT_LEAK)
            check_leak(m, &m->findings[i], &leaks);
        else
            check_finding(m, &m->findings[i]);
    }
    for (unsigned i = 0; i < m->note_count; i++) {
        if (!m->notes[i].met)
            model_fail(m, "%s by %s was not told", name_of(m->notes[i].kind),
                       m->notes[i].operation);
    }
    if (leaks != m->leaks)
        model_fail(m, "%u leaks are reported, not %u", leaks, m->leaks);
    m->note_count = 0;
    m->finding_count = 0;
    m->leaks = 0;
}

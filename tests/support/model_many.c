/* The model's operations that end many things at once: several handles, groups, tables, threads. */
#include <stdlib.h>
#include <string.h>

#include "model_state.h"

/* ---- several handles ------------------------------------------------------------------------ */

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
static void close_one_of_many(model *m, card *c, const hf_close_result *result)
{
    sheet *s = &m->sheets[c->sheet];
    bool held = model_holders(c) > 0;
    uint64_t deferred = s->deferred;
    hf_outcome outcome = model_close(m, c);
    if (!held && result->outcome != outcome && result->outcome != HF_OUTCOME_DEFERRED)
        model_fail(m, "hf_close_many: outcome %d, not %d", (int)result->outcome, (int)outcome);
    s->deferred = deferred + (result->outcome == HF_OUTCOME_DEFERRED);
}

/* All are closed before the first one ends, and with it a child's hold of its parent: whoever is
 * held by as many as can be counted now may not be told its closer. */
static void batch_begins(model *m)
{
    m->any_order = true;
    for (int i = 0; i < m->card_count; i++) {
        card *c = &m->cards[i];
        c->closer_unsure = c->life == HF_LIFE_CLOSING || c->life == HF_LIFE_CLOSED
                               ? c->closer_unsure
                               : c->counts + c->children >= MODEL_COUNT_LIMIT;
    }
}

/* All are closed before any refusal is reported, and released after that. */
static void note_refusals(model *m, sheet *s, card **cards, const hf_status *answers, int count)
{
    hf_life lives[3];
    for (int i = 0; i < count; i++) {
        lives[i] = cards[i]->life;
        if (answers[i] == HF_OK)
            cards[i]->life = lives[i] == HF_LIFE_OPEN ? HF_LIFE_CLOSING : HF_LIFE_CLOSED;
    }
    for (int i = 0; i < count; i++)
        if (answers[i] != HF_OK)
            (void)model_answers(m, s, cards[i], "hf_close_many", true, answers[i], answers[i]);
    for (int i = 0; i < count; i++)
        cards[i]->life = lives[i];
}

void model_play_close_many(model *m, const model_record *r)
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
        answers[i] = model_closability(m, s, cards[i]);
        expected = expected == HF_OK ? answers[i] : expected;
    }
    batch_begins(m);
    hf_status got = hf_close_many(s->table, handles, (size_t)count, results);
    note_refusals(m, s, cards, answers, count);
    for (int i = 0; i < count; i++) {
        if ((results[i].outcome == HF_OUTCOME_NONE) != (answers[i] != HF_OK))
            model_fail(m, "hf_close_many: outcome %d of %s", (int)results[i].outcome,
                       hf_status_name(answers[i]));
        else if (answers[i] == HF_OK)
            close_one_of_many(m, cards[i], &results[i]);
    }
    s->order_known = false;
    if (got != expected)
        model_fail(m, "hf_close_many answers %s, not %s", hf_status_name(got),
                   hf_status_name(expected));
}

/* Closes all that `wanted` tells and is not closed; how many of a family are deferred for a moment
 * is the library's choice, and learnt from it. */
static void close_all(model *m, bool (*wanted)(const model *m, const card *c, int which), int which)
{
    batch_begins(m);
    for (int i = 0; i < m->card_count; i++) {
        card *c = &m->cards[i];
        if (!c->gone && wanted(m, c, which) &&
            (c->life == HF_LIFE_OPEN || c->life == HF_LIFE_RESERVED))
            (void)model_close(m, c);
    }
    for (int i = 0; i < 2; i++) {
        hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
        sheet *s = &m->sheets[i];
        s->order_known = false;
        if (hf_table_get_stats(s->table, &stats) != HF_OK)
            continue;
        s->deferred = stats.deferred;
    }
}

/* ---- groups --------------------------------------------------------------------------------- */

static bool is_member(const model *m, const card *c, int which)
{
    (void)m;
    return c->group == which;
}

/* The members of a group that are not yet released; if `own`, those in whose regions this thread
 * is. */
static int held_members(model *m, int which, bool own, const card **out)
{
    int count = 0;
    for (int i = 0; i < m->card_count && count < MODEL_SLOTS; i++) {
        const card *c = &m->cards[i];
        if (!c->gone && c->group == which && c->life == HF_LIFE_CLOSING &&
            (!own || c->regions[m->actor] > 0))
            out[count++] = c;
    }
    return count;
}

/* A finding about any one of these cards, which may be of either table. */
static void note_any(model *m, int kind, const card *const *cards, int count, const char *operation)
{
    const model_finding *told = NULL;
    const card *c = count > 0 ? cards[0] : NULL;
    if (c == NULL) {
        model_fail(m, "a group has members that are in no table");
        return;
    }
    for (unsigned i = 0; i < m->finding_count; i++)
        if (m->findings[i].kind == kind)
            told = &m->findings[i];
    for (int i = 0; told != NULL && i < count; i++)
        if (cards[i]->handle.bits == told->subject)
            c = cards[i];
    model_note *note = model_note_card(m, kind, &m->sheets[c->sheet], c, operation);
    if (note != NULL)
        model_note_holders(note, c);
}

void model_play_group_close(model *m, const model_record *r)
{
    const card *held[MODEL_SLOTS];
    int which = r->subject % MODEL_GROUPS;
    model_group *g = &m->groups[which];
    hf_status expected = HF_OK;
    hf_status got = hf_group_close_wait(g->group, 0);
    g->closing = true;
    close_all(m, is_member, which);
    int own = held_members(m, which, true, held);
    if (own > 0) {
        expected = HF_E_POSSIBLE_DEADLOCK;
        note_any(m, HF_REPORT_POSSIBLE_DEADLOCK, held, own, "hf_group_close_wait");
    } else if (g->members > 0) {
        expected = HF_E_TIMED_OUT;
        note_any(m, HF_REPORT_RUNDOWN_TIMEOUT, held, held_members(m, which, false, held),
                 "hf_group_close_wait");
    }
    model_tally_status(got);
    if (got != expected)
        model_fail(m, "hf_group_close_wait answers %s, not %s", hf_status_name(got),
                   hf_status_name(expected));
}

static void group_start(model *m, model_group *g)
{
    *g = (model_group){.group = NULL};
    if (hf_group_create("model", &g->group) != HF_OK)
        model_fail(m, "hf_group_create fails");
}

void model_play_group_renew(model *m, const model_record *r)
{
    model_group *g = &m->groups[r->subject % MODEL_GROUPS];
    if (hf_group_size(g->group) != g->members)
        model_fail(m, "a group has %llu members, not %u",
                   (unsigned long long)hf_group_size(g->group), g->members);
    hf_status expected = g->members > 0 ? HF_E_BUSY : HF_OK;
    hf_status got = hf_group_destroy(g->group);
    model_tally_status(got);
    if (got != expected)
        model_fail(m, "hf_group_destroy answers %s, not %s", hf_status_name(got),
                   hf_status_name(expected));
    else if (got == HF_OK)
        group_start(m, g);
}

/* ---- tables --------------------------------------------------------------------------------- */

static bool is_of_sheet(const model *m, const card *c, int which)
{
    (void)m;
    return c->sheet == which;
}

/* Opens of the same type at the same place are one finding: only how many there are is foretold. */
static void note_leaks(model *m, sheet *s, const char *operation)
{
    for (unsigned i = 0; i < m->finding_count; i++) {
        const model_finding *f = &m->findings[i];
        if (f->kind == HF_REPORT_LEAK) {
            s->reports[f->kind]++;
            if (strcmp(f->operation, operation) != 0)
                model_fail(m, "a leak is told by %s", f->operation);
        }
    }
    for (int i = 0; i < m->card_count; i++) {
        card *c = &m->cards[i];
        c->leaked = !c->gone && is_of_sheet(m, c, (int)(s - m->sheets)) && c->life == HF_LIFE_OPEN;
        m->leaks += c->leaked && m->policies[HF_REPORT_LEAK] == HF_POLICY_REPORT;
    }
}

static hf_status note_held(model *m, const sheet *s, const char *operation)
{
    hf_status answer = HF_OK;
    for (int i = 0; i < m->card_count; i++) {
        const card *c = &m->cards[i];
        if (c->gone || &m->sheets[c->sheet] != s || c->life != HF_LIFE_CLOSING)
            continue;
        model_note *note = model_note_card(m, HF_REPORT_HELD_AT_SHUTDOWN, s, c, operation);
        if (note != NULL)
            model_note_holders(note, c);
        if (answer != HF_E_POSSIBLE_DEADLOCK)
            answer = c->regions[m->actor] > 0 ? HF_E_POSSIBLE_DEADLOCK : HF_E_TIMED_OUT;
    }
    return answer;
}

static hf_status end_all(model *m, sheet *s, const char *operation)
{
    s->closing = true;
    note_leaks(m, s, operation);
    close_all(m, is_of_sheet, (int)(s - m->sheets));
    return note_held(m, s, operation);
}

void model_play_shutdown(model *m, const model_record *r)
{
    sheet *s = &m->sheets[r->subject % 2];
    hf_status got = hf_table_shutdown(s->table, 0);
    (void)model_expect(m, s, "hf_table_shutdown", got, end_all(m, s, "hf_table_shutdown"));
}

static void table_start(model *m, sheet *s)
{
    hf_table_options options = {.size = (uint32_t)sizeof(options),
                                .reuse = m->options.reuse,
                                .protection = m->options.protection,
                                .level = m->options.level,
                                .capacity_slots = m->options.capacity,
                                .seed = ++m->renewals,
                                .name = model_name(m, s)};
    *s = (sheet){.order_known = true};
    if (hf_table_create(&options, &s->table) != HF_OK)
        abort();
    model_memory_fresh(s->table);
}

static bool is_held(const model *m, int which)
{
    for (int i = 0; i < m->card_count; i++) {
        const card *c = &m->cards[i];
        if (!c->gone && c->sheet == which && c->counts + c->hazards > 0)
            return true;
    }
    return false;
}

/* Destroys a table that nothing holds, and makes another in its place. */
void model_play_renew(model *m, const model_record *r)
{
    int which = r->subject % 2;
    sheet *s = &m->sheets[which];
    if (is_held(m, which) || m->renewals == MODEL_RENEWALS)
        return;
    hf_table_destroy(s->table);
    s->closing = true;
    batch_begins(m);
    note_leaks(m, s, "hf_table_destroy");
    for (int i = 0; i < m->card_count; i++) {
        card *c = &m->cards[i];
        if (c->sheet == which && (c->life == HF_LIFE_OPEN || c->life == HF_LIFE_RESERVED))
            (void)model_close(m, c);
    }
    for (int i = 0; i < m->card_count; i++)
        m->cards[i].gone = m->cards[i].gone || m->cards[i].sheet == which;
    for (int i = 0; i < MODEL_HOLDS; i++)
        if (m->refs[i].card == MODEL_NONE && m->refs[i].sheet == which)
            m->refs[i] = (held_ref){.ref = HF_REF_INIT, .card = MODEL_NONE, .sheet = MODEL_NONE};
    model_tally_limits(s);
    table_start(m, s);
}

void model_tables_start(model *m)
{
    for (int i = 0; i < 2; i++)
        table_start(m, &m->sheets[i]);
    for (int i = 0; i < MODEL_GROUPS; i++)
        group_start(m, &m->groups[i]);
    for (int i = 0; i < MODEL_HOLDS; i++) {
        m->regions[i] = (held_region){.region = HF_REGION_INIT, .card = MODEL_NONE};
        m->refs[i] = (held_ref){.ref = HF_REF_INIT, .card = MODEL_NONE, .sheet = MODEL_NONE};
    }
}

/* Ends the tables in the one or the other way; what is still owned must be released now. */
void model_tables_end(model *m, bool orderly)
{
    for (int i = 0; i < 2; i++) {
        sheet *s = &m->sheets[i];
        if (orderly && model_agrees(m) && hf_table_shutdown(s->table, 0) != HF_OK)
            model_fail(m, "hf_table_shutdown fails although nothing is held");
        if (!orderly)
            hf_table_destroy(s->table);
        if (model_agrees(m))
            (void)end_all(m, s, orderly ? "hf_table_shutdown" : "hf_table_destroy");
        model_check_notes(m);
        if (orderly)
            hf_table_destroy(s->table);
        model_tally_limits(s);
    }
    for (int i = 0; i < MODEL_GROUPS; i++)
        if (hf_group_destroy(m->groups[i].group) != HF_OK && model_agrees(m))
            model_fail(m, "a group has members when all tables are gone");
}

/* ---- threads -------------------------------------------------------------------------------- */

static void note_abandoned(model *m, const held_region *held)
{
    const card *c = &m->cards[held->card];
    model_note *note =
        model_note_card(m, HF_REPORT_HELD_AT_THREAD_EXIT, &m->sheets[c->sheet], c, "thread exit");
    if (note == NULL)
        return;
    note->holds = true;
    note->regions = 1;
}

/* A thread ends; what it is inside of is left on its behalf, by it.  References stay. */
void model_play_thread_exit(model *m, const model_record *r)
{
    int who = 1 + r->subject % (MODEL_ACTORS - 1);
    if (m->busy[who] || !model_actor_runs(who))
        return;
    int before = m->actor;
    m->actor = who;
    m->any_order = true;
    model_actor_end(who);
    for (int i = 0; i < MODEL_HOLDS; i++)
        if (m->regions[i].card != MODEL_NONE && m->regions[i].actor == who)
            note_abandoned(m, &m->regions[i]);
    for (int i = 0; i < MODEL_HOLDS; i++)
        if (m->regions[i].card != MODEL_NONE && m->regions[i].actor == who)
            model_region_end(m, &m->regions[i]);
    m->actor = before;
    for (int i = 0; i < 2; i++)
        m->sheets[i].order_known = false;
}

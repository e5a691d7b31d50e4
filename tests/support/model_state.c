/* The model's rules.  They are written from the contract, not from the library. */
#include "model_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SLOT_KEY_MASK UINT64_C(0x7fffffff)

void model_fail(model *m, const char *format, ...)
{
    va_list arguments;
    if (!model_agrees(m))
        return;
    va_start(arguments, format);
    vsnprintf(m->message, m->message_size, format, arguments);
    va_end(arguments);
}

bool model_agrees(const model *m)
{
    return m->message[0] == '\0';
}

bool model_expect(model *m, sheet *s, const char *what, hf_status got, hf_status expected)
{
    bool starved = m->memory_failed && got == HF_E_NO_MEMORY;
    if (got != expected && !starved)
        model_fail(m, "%s answers %s, not %s", what, hf_status_name(got), hf_status_name(expected));
    model_tally_status(got);
    if (got != HF_OK)
        s->refused[got]++;
    return got == expected;
}

bool model_answers(model *m, sheet *s, const card *c, const char *what, bool closes, hf_status got,
                   hf_status expected)
{
    if (!model_expect(m, s, what, got, expected))
        return false;
    if (got != HF_OK)
        model_note_refusal(m, s, c, what, closes, got);
    return true;
}

unsigned model_holders(const card *c)
{
    return c->children + c->counts + c->hazards;
}

unsigned model_regions(const card *c)
{
    unsigned regions = 0;
    for (int i = 0; i < MODEL_ACTORS; i++)
        regions += c->regions[i];
    return regions;
}

bool model_is_inside(const model *m, const card *c)
{
    for (int i = 0; i < m->card_count; i++) {
        const card *at = &m->cards[i];
        if (at->regions[m->actor] == 0)
            continue;
        while (at != c && at->parent != MODEL_NONE)
            at = &m->cards[at->parent];
        if (at == c)
            return true;
    }
    return false;
}

hf_status model_openness(const model *m, const sheet *s, const card *c)
{
    if (c->gone)
        return HF_E_FORGED_HANDLE;
    if (&m->sheets[c->sheet] != s)
        return HF_E_FOREIGN_HANDLE;
    switch (c->life) {
    case HF_LIFE_RESERVED:
        return HF_E_NOT_COMMITTED;
    case HF_LIFE_OPEN:
        return HF_OK;
    case HF_LIFE_CLOSING:
        return HF_E_CLOSING;
    default:
        return HF_E_STALE_HANDLE;
    }
}

hf_status model_admission(const model *m, const sheet *s, const card *c)
{
    hf_status status = model_openness(m, s, c);
    bool lenient = c->kind == FAKE_UNTIL_RELEASED;
    return status == HF_E_CLOSING && lenient ? HF_OK : status;
}

hf_status model_closability(const model *m, const sheet *s, const card *c)
{
    hf_status status = model_openness(m, s, c);
    return status == HF_E_NOT_COMMITTED ? HF_OK : status;
}

const char *model_name(const model *m, const sheet *s)
{
    return s == m->sheets ? "left" : "right";
}

bool model_is_full(const model *m, const sheet *s)
{
    return s->live + s->retired == m->options.capacity;
}

static int find_slot(const sheet *s, uint32_t key)
{
    for (unsigned i = 0; i < s->slots_seen; i++) {
        if (s->slots[i].key == key)
            return (int)i;
    }
    return MODEL_NONE;
}

static int add_slot(model *m, sheet *s, uint32_t key)
{
    if (s->slots_seen == m->options.capacity) {
        model_fail(m, "a slot beyond the capacity was issued");
        return MODEL_NONE;
    }
    s->slots[s->slots_seen] = (slot_sheet){.key = key};
    return (int)s->slots_seen++;
}

/* Takes a slot from the free list, checking the order in which the table chose it. */
static void take_slot(model *m, sheet *s, int slot)
{
    unsigned at = 0;
    while (at < s->free_count && s->free[at] != slot)
        at++;
    if (at == s->free_count) {
        model_fail(m, "a slot in use or retired was issued again");
        return;
    }
    if (m->options.reuse == HF_REUSE_FIFO && s->slots_seen < m->options.capacity)
        model_fail(m, "a slot was used again before one that was never used");
    if (s->order_known && m->options.reuse == HF_REUSE_FIFO && at != 0)
        model_fail(m, "not the slot that was freed first");
    if (s->order_known && m->options.reuse == HF_REUSE_LIFO && at != s->free_count - 1)
        model_fail(m, "not the slot that was freed last");
    for (; at + 1 < s->free_count; at++)
        s->free[at] = s->free[at + 1];
    s->free_count--;
}

static void check_new_handle(model *m, hf_handle handle)
{
    if ((handle.bits & 1) == 0)
        model_fail(m, "an even handle was issued");
    for (int i = 0; i < m->card_count; i++) {
        if (hf_handle_equal(m->cards[i].handle, handle))
            model_fail(m, "handle value %d was issued twice", i);
    }
}

card *model_issue(model *m, sheet *s, hf_handle handle)
{
    uint32_t key = (uint32_t)(handle.bits & SLOT_KEY_MASK);
    int slot = find_slot(s, key);
    check_new_handle(m, handle);
    if (slot != MODEL_NONE) {
        take_slot(m, s, slot);
    } else {
        if (m->options.reuse == HF_REUSE_LIFO && s->order_known && s->free_count > 0)
            model_fail(m, "a fresh slot was issued before the one that was freed last");
        slot = add_slot(m, s, key);
    }
    if (!model_agrees(m) || m->card_count == MODEL_CARDS)
        return NULL;
    s->live++;
    s->opened++;
    card *c = &m->cards[m->card_count++];
    *c = (card){.handle = handle,
                .sheet = (int)(s - m->sheets),
                .slot = slot,
                .life_number = ++s->slots[slot].lives,
                .parent = MODEL_NONE,
                .group = MODEL_NONE,
                .opener = m->level > 0 ? model_thread(m->actor) : 0};
    return c;
}

static void free_slot(model *m, card *c)
{
    sheet *s = &m->sheets[c->sheet];
    s->live--;
    if (s->slots[c->slot].lives == MODEL_LIVES)
        s->retired++;
    else
        s->free[s->free_count++] = c->slot;
}

/* What follows the end of a life. */
static void bid_farewell(model *m, const card *c, hf_outcome outcome)
{
    model_note *note =
        c->then ? model_note_bits(m, MODEL_COMPLETION, NULL, c->handle.bits, "") : NULL;
    if (note != NULL)
        note->error = (int32_t)outcome;
    if (c->group != MODEL_NONE)
        m->groups[c->group].members--;
}

/* Ends lives from a card upwards, as long as a parent waited for just this child. */
static void end_life(model *m, card *c, hf_outcome outcome)
{
    bool first = true;
    int32_t error;
    for (;;) {
        c->life = HF_LIFE_CLOSED;
        free_slot(m, c);
        if (!first)
            m->sheets[c->sheet].order_known = false; /* who of a family goes first is not told */
        bid_farewell(m, c, outcome);
        if (c->parent == MODEL_NONE)
            return;
        c = &m->cards[c->parent];
        c->children--;
        if (c->life != HF_LIFE_CLOSING || model_holders(c) > 0)
            return;
        outcome = model_value_release(m, c, &error);
        first = false;
    }
}

void model_forget(model *m, card *c)
{
    c->closer = m->level > 0 ? model_thread(m->actor) : 0;
    end_life(m, c, HF_OUTCOME_NOT_OWNED);
}

void model_let_go(model *m, card *c)
{
    int32_t error;
    if (c->life == HF_LIFE_CLOSING && model_holders(c) == 0)
        end_life(m, c, model_value_release(m, c, &error));
}

hf_outcome model_close(model *m, card *c)
{
    int32_t error;
    bool reserved = c->life == HF_LIFE_RESERVED;
    if (!m->any_order)
        c->closer_unsure = false;
    c->life = HF_LIFE_CLOSING;
    if (reserved) {
        c->closer = m->level > 0 ? model_thread(m->actor) : 0;
        end_life(m, c, HF_OUTCOME_NOT_OWNED);
        return HF_OUTCOME_NOT_OWNED;
    }
    /* Whoever closes what is held by as many as can be counted cannot stay to note himself. */
    if (m->level > 0 && c->counts + c->children < MODEL_COUNT_LIMIT)
        c->closer = model_thread(m->actor);
    if (model_holders(c) > 0) {
        m->sheets[c->sheet].deferred++;
        return HF_OUTCOME_DEFERRED;
    }
    hf_outcome outcome = model_value_release(m, c, &error);
    m->close_error = error;
    end_life(m, c, outcome);
    return outcome;
}

/* What is recorded of a life, also when it is over. */
static void check_history(model *m, const card *c, const hf_info *info)
{
    const char *label = c->label != NULL ? c->label : "";
    bool known = model_is_remembered(m, c);
    if (c->closer_unsure && info->closed_thread == 0)
        known = false;
    if (known ? info->opened_thread != c->opener || info->closed_thread != c->closer
              : info->opened_thread != 0 && info->opened_thread != c->opener)
        model_fail(m, "opened by %llu and closed by %llu, not %llu and %llu",
                   (unsigned long long)info->opened_thread, (unsigned long long)info->closed_thread,
                   (unsigned long long)c->opener, (unsigned long long)c->closer);
    if (info->label != NULL ? strcmp(info->label, label) != 0 : known && label[0] != '\0')
        model_fail(m, "the label is wrong");
}

void model_check_card(model *m, const card *c)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_table *table = m->sheets[c->sheet].table;
    if (c->gone)
        return;
    if (hf_inspect(table, c->handle, &info) != HF_OK || info.life != c->life) {
        model_fail(m, "the handle's life is %d, not %d", (int)info.life, (int)c->life);
        return;
    }
    if (info.generation != c->life_number)
        model_fail(m, "generation %u, not %u", info.generation, c->life_number);
    check_history(m, c, &info);
    bool admitted = model_admission(m, &m->sheets[c->sheet], c) == HF_OK;
    if (hf_is_live(table, c->handle) != admitted)
        model_fail(m, "hf_is_live is wrong in life %d", (int)c->life);
    if (c->life == HF_LIFE_CLOSED)
        return;
    if (info.references != c->counts + c->children || info.regions != c->hazards)
        model_fail(m, "counts %u, hazards %u; not %u, %u", info.references, info.regions,
                   c->counts + c->children, c->hazards);
    if (info.type != model_type(m, c->kind) || info.borrowed != c->borrowed)
        model_fail(m, "type or ownership is wrong");
    if (m->level == 0)
        return;
    hf_handle parent = c->parent == MODEL_NONE ? HF_NULL_HANDLE : m->cards[c->parent].handle;
    if (!hf_handle_equal(info.parent, parent))
        model_fail(m, "the parent is wrong");
}

void model_check_sheet(model *m, const sheet *s)
{
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    if (hf_table_get_stats(s->table, &stats) != HF_OK)
        model_fail(m, "no statistics");
    if (stats.live != s->live || stats.opened != s->opened)
        model_fail(m, "live %llu, opened %llu; not %u, %llu", (unsigned long long)stats.live,
                   (unsigned long long)stats.opened, s->live, (unsigned long long)s->opened);
    if (stats.closed != s->opened - s->live || stats.retired_slots != s->retired)
        model_fail(m, "closed %llu, retired %llu; not %llu, %u", (unsigned long long)stats.closed,
                   (unsigned long long)stats.retired_slots,
                   (unsigned long long)(s->opened - s->live), s->retired);
    /* A slot whose open failed for lack of memory was in use for a moment. */
    if (stats.peak < s->slots_seen || (!m->memory_suspect && stats.peak != s->slots_seen))
        model_fail(m, "peak %llu, not %u", (unsigned long long)stats.peak, s->slots_seen);
    if (stats.deferred != s->deferred)
        model_fail(m, "deferred %llu, not %llu", (unsigned long long)stats.deferred,
                   (unsigned long long)s->deferred);
    for (int i = 1; i < HF_STATUS_COUNT; i++) {
        if (stats.refused[i] != s->refused[i])
            model_fail(m, "refused %s: %llu, not %llu", hf_status_name((hf_status)i),
                       (unsigned long long)stats.refused[i], (unsigned long long)s->refused[i]);
    }
    for (int i = 0; i < HF_REPORT_KIND_COUNT; i++) {
        if (stats.reports[i] != s->reports[i])
            model_fail(m, "%s: counted %llu times, not %llu",
                       hf_report_kind_name((hf_report_kind)i), (unsigned long long)stats.reports[i],
                       (unsigned long long)s->reports[i]);
    }
}

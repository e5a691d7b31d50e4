/* Playing a step: sound operations and planted misuses.  What an operation is given may be live,
 * stale, of another table or type, or forged, as the record says: the verdict on its handle
 * predicts the answer, and what is released is predicted before the library is called. */
#include "operations.h"

#include "harness.h"
#include "holds.h"
#include "targets.h"

static void check(void)
{
    findings_check();
    numbers_check();
    if (completions != deck.completions)
        fuzz_fail("%u completions were called, not %u", completions, deck.completions);
}

/* Uses up lives of a slot. */
static void wear_out(const step *s)
{
    step each = {.table = s->table, .type = s->type, .at = s->at};
    step close = {.at = (uint8_t)(s->at + 1)};
    for (unsigned i = 0; i <= s->detail % LIVES; i++) {
        step_open_new(&each);
        check();
        step_close_one(&close);
        check();
    }
}

void operations_play(const step *s)
{
    static void (*const operations[])(const step *) = {
        step_open_new,   step_open_new,   step_open_new,   step_open_borrowed, step_open_duplicate,
        step_open_loose, step_reserve,    step_commit,     step_enter,         step_addref,
        step_detach,     step_duplicate,  step_dispatch,   step_dispatch,      step_close_one,
        step_close_one,  step_close_many, step_close_then, step_close_wait,    step_leave,
        step_leave,      step_leave,      step_close_raw,  step_obtain_raw,    step_close_loose,
        step_inspect,    wear_out};
    operations[s->operation % (sizeof(operations) / sizeof(operations[0]))](s);
    check();
}

void operations_start(void)
{
    completions = 0;
    loose_start();
    holds_start();
}

/* ---- the end -------------------------------------------------------------------------------- */

static void close_cards(void)
{
    for (int i = 0; i < deck.count; i++) {
        card *c = &deck.list[i];
        target at = {cards_sheet(c), c, c->handle};
        call closing = targets_call(&at);
        moment now = {(unsigned)i % SITES, 0};
        verdict why;
        if (c->state == CARD_CLOSED)
            continue;
        (void)closing_predict(&at, &why, "hf_close", now, false);
        site_call(now, call_close, &closing);
        steps_expect_status("hf_close at the end", closing.status, HF_OK);
        check();
    }
}

/* Leaks are told by where they were opened; without stacks, by their type. */
static bool is_same_leak(const card *one, const card *two)
{
    if (one->type != two->type || one->opened.known != two->opened.known)
        return false;
    return !one->opened.known ||
           (one->origin == two->origin && one->opened.at.site == two->opened.at.site &&
            one->opened.at.thread == two->opened.at.thread);
}

static card *open_card_at(const sheet *in, unsigned index)
{
    int holder = index < in->used ? in->slots[index].holder : NOBODY;
    return holder != NOBODY && deck.list[holder].state == CARD_OPEN ? &deck.list[holder] : NULL;
}

static bool is_first_leak(const sheet *in, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (open_card_at(in, i) != NULL &&
            is_same_leak(open_card_at(in, i), open_card_at(in, index)))
            return false;
    return true;
}

static void expect_leaks(const sheet *in, moment now)
{
    for (unsigned i = 0; i < in->used; i++) {
        const card *c = open_card_at(in, i);
        if (c == NULL || !is_first_leak(in, i))
            continue;
        finding *report = findings_expect(HF_REPORT_LEAK, "hf_table_destroy", now);
        report->table = in->name;
        report->subject = cards_party(c);
        for (unsigned j = i; j < in->used; j++)
            report->group_count +=
                open_card_at(in, j) != NULL && is_same_leak(c, open_card_at(in, j));
    }
}

static void end_table(sheet *in, moment now)
{
    call c = {.table = in->table};
    bool leaked[SLOTS];
    expect_leaks(in, now);
    for (unsigned i = 0; i < in->used; i++) {
        leaked[i] = open_card_at(in, i) != NULL;
        if (leaked[i])
            cards_begin_close(open_card_at(in, i), now);
    }
    for (unsigned i = 0; i < in->used; i++)
        if (leaked[i])
            (void)cards_release(&deck.list[in->slots[i].holder], now, false);
    site_call(now, call_destroy, &c);
    check();
}

void operations_end(bool orderly)
{
    for (unsigned i = 0; i < HOLDS; i++)
        holds_leave((uint8_t)i, (moment){i % SITES, 0}, 0);
    check();
    if (orderly)
        close_cards();
    for (unsigned i = 0; i < TABLES; i++)
        end_table(&deck.sheets[i], (moment){i, 0});
    while (loose_numbers() > 0)
        numbers_close(loose_take(0));
}

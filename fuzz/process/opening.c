/* What begins and ends handles, regions and references. */
#include "steps.h"

#include <string.h>

typedef struct call {
    const step *of;
    hold *hold;
    hf_handle handle;
    hf_value value;
    hf_open_options options;
    hf_close_result result;
    hf_status status;
} call;

hf_status status_of(const card *of, bool closes)
{
    if (of->life == OVER) {
        /* The place may have another owner by now. */
        allow_report(closes ? HF_REPORT_DOUBLE_CLOSE : HF_REPORT_STALE_USE);
        allow_report(HF_REPORT_HANDLE_REUSE);
        return HF_E_STALE_HANDLE;
    }
    if (closes && (of->life == CLOSED || of->life == SWEPT))
        allow_report(HF_REPORT_DOUBLE_CLOSE);
    if (of->life == CLOSED || of->life == SWEPT)
        return HF_E_CLOSING;
    return of->life == RESERVED && !closes ? HF_E_NOT_COMMITTED : HF_OK;
}

bool is_answer(hf_status answer, hf_status foretold)
{
    MUST(strncmp(hf_status_name(answer), "HF_", 3) == 0);
    MUST(hf_status_text(answer)[0] != '\0');
    return answer == foretold || (s.failing && foretold == HF_OK &&
                                  (answer == HF_E_NO_MEMORY || answer == HF_E_TABLE_FULL));
}

static bool is_usable(const card *of)
{
    return of->life != UNUSED && !of->orphan;
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool is_place(const step *of)
{
    return (of->card->life == UNUSED || of->card->life == OVER) && holders_of(of->card) == 0;
}

/* Another card that may be the parent, or the owner of a borrowed value. */
static int other_card(const step *of, bool borrowed)
{
    for (int i = 0; i < CARDS; i++) {
        const card *one = &s.cards[i];
        if (i != of->number && one->life == OPEN && !one->orphan && !one->borrowed &&
            one->table == of->card->table && (!borrowed || one->type >= TYPE_NUMBERED_CLOSE))
            return i;
    }
    return NOBODY;
}

static void open_task(void *argument)
{
    call *c = argument;
    const card *of = c->of->card;
    c->status = hf_open(table_of(of), &s.types[of->type], c->value, &c->options, &c->handle);
}

static void begin_card(const step *of)
{
    int type = of->argument / 32;
    *of->card = (card){.table = of->argument / 16 % TABLES,
                       .type = type == TYPE_NUMBERED_CLOSE ? type + of->who % 2 : type,
                       .parent = NOBODY,
                       .owner = NOBODY};
}

/* How it is opened, of the argument: the low bits. */
static void choose_open(const step *of, call *c)
{
    card *to = of->card;
    unsigned how = of->argument % 16;
    c->options = (hf_open_options)HF_OPEN_OPTIONS_INIT;
    if ((how & 1) != 0)
        to->parent = other_card(of, false);
    if (to->parent != NOBODY)
        c->options.parent = s.cards[to->parent].handle;
    to->in_group = (how & 2) != 0 && !s.group_closing;
    c->options.group = to->in_group ? s.group : NULL;
    to->borrowed = c->options.borrowed = (how & 4) != 0;
    if (to->borrowed && to->type >= TYPE_NUMBERED_CLOSE)
        to->owner = other_card(of, true);
    c->options.label = (how & 8) != 0 ? "labelled" : NULL;
}

void step_open(const step *of)
{
    call c = {.of = of};
    if (!is_place(of))
        return;
    begin_card(of);
    choose_open(of, &c);
    c.value = of->card->owner != NOBODY ? s.cards[of->card->owner].value : fake_make(s.world);
    on_thread(of->who, open_task, &c);
    MUST(is_answer(c.status, s.shut[of->card->table] ? HF_E_CLOSING : HF_OK));
    of->card->value = c.value;
    of->card->handle = c.handle;
    of->card->life = c.status == HF_OK ? OPEN : UNUSED;
}

static void reserve_task(void *argument)
{
    call *c = argument;
    const card *of = c->of->card;
    c->status = hf_reserve(table_of(of), &s.types[of->type], &c->handle);
}

void step_reserve(const step *of)
{
    call c = {.of = of};
    if (!is_place(of))
        return;
    begin_card(of);
    on_thread(of->who, reserve_task, &c);
    MUST(is_answer(c.status, s.shut[of->card->table] ? HF_E_CLOSING : HF_OK));
    of->card->handle = c.handle;
    of->card->life = c.status == HF_OK ? RESERVED : UNUSED;
}

static void commit_task(void *argument)
{
    call *c = argument;
    c->status = hf_commit(table_of(c->of->card), c->of->card->handle, c->value);
}

void step_commit(const step *of)
{
    call c = {.of = of, .value = fake_make(s.world)};
    if (!is_usable(of->card))
        return;
    hf_status foretold = of->card->life == RESERVED ? HF_OK
                         : of->card->life == OPEN   ? HF_E_BUSY
                                                    : status_of(of->card, false);
    on_thread(of->who, commit_task, &c);
    MUST(is_answer(c.status, foretold));
    if (c.status != HF_OK)
        return;
    of->card->life = OPEN;
    of->card->value = c.value;
}

static void duplicate_task(void *argument)
{
    call *c = argument;
    const card *of = c->of->card;
    c->status =
        hf_duplicate(table_of(of), of->handle, s.tables[c->of->argument % TABLES], &c->handle);
}

/* The copy is closed at once, being no card. */
void step_duplicate(const step *of)
{
    call c = {.of = of};
    int to = of->argument % TABLES;
    if (!is_usable(of->card) || !has_value(of->card))
        return;
    bool lenient = of->card->life == CLOSED && of->card->type == TYPE_LENIENT;
    hf_status foretold = lenient ? HF_OK : status_of(of->card, false);
    on_thread(of->who, duplicate_task, &c);
    MUST(is_answer(c.status, foretold == HF_OK && s.shut[to] ? HF_E_CLOSING : foretold));
    if (c.status == HF_OK)
        MUST(hf_close(s.tables[to], c.handle, NULL) == (s.exiting ? HF_E_EXITING : HF_OK));
}

/* ---- holding -------------------------------------------------------------------------------- */

static void enter_task(void *argument)
{
    /* Programs in other languages call the functions that are not inlined. */
    hf_status (*const enter)(hf_table *, hf_handle, const hf_type *, hf_region *) = hf_enter;
    call *c = argument;
    const card *of = c->of->card;
    c->status = c->of->argument % 2 == 0
                    ? hf_enter(table_of(of), of->handle, NULL, &c->hold->region)
                    : enter(table_of(of), of->handle, NULL, &c->hold->region);
    if (c->status == HF_OK && has_value(of))
        fake_use(c->hold->region.value);
}

static void addref_task(void *argument)
{
    call *c = argument;
    c->status = hf_addref(table_of(c->of->card), c->of->card->handle, &c->hold->ref);
}

static void take(const step *of, actor_task task, int who)
{
    call c = {.of = of, .hold = new_hold()};
    if (c.hold == NULL || !is_usable(of->card))
        return;
    bool lenient = of->card->life == CLOSED && of->card->type == TYPE_LENIENT;
    hf_status foretold = lenient && !of->card->poisoned ? HF_OK : status_of(of->card, false);
    on_thread(of->who, task, &c);
    MUST(c.status == foretold ||
         (foretold == HF_OK && c.status == HF_E_TOO_MANY_REFERENCES && holders_of(of->card) > 12));
    if (c.status != HF_OK)
        return;
    c.hold->used = true;
    c.hold->card = of->number;
    c.hold->thread = who;
}

void step_enter(const step *of)
{
    take(of, enter_task, of->who);
}

void step_addref(const step *of)
{
    take(of, addref_task, NOBODY);
}

/* Of the card's holds that may be ended now, the one that the argument names. */
void step_leave(const step *of)
{
    hold *list[HOLDS];
    unsigned count = 0;
    for (int i = 0; i < HOLDS; i++) {
        hold *one = &s.holds[i];
        bool idle = one->thread <= 0 || s.threads[one->thread].repose == IDLE;
        if (one->used && one->card == of->number && idle)
            list[count++] = one;
    }
    if (count != 0)
        leave_hold(list[of->argument % count]);
}

static void heat_task(void *argument)
{
    const step *of = argument;
    for (int i = 0; i < 1200; i++) {
        hf_region region;
        if (hf_enter(table_of(of->card), of->card->handle, NULL, &region) != HF_OK)
            break;
        hf_leave(&region);
    }
}

/* So often that it becomes hot, if it may. */
void step_heat(const step *of)
{
    step copy = *of;
    if (is_usable(of->card) && of->card->life == OPEN)
        on_thread(of->who, heat_task, &copy);
}

enum { MANY = 80 };

/* More regions than are listed of a thread: then it may not wait, for who knows for what. */
static void crowd_task(void *argument)
{
    const step *of = argument;
    hf_region regions[MANY];
    unsigned count = 0;
    for (unsigned i = 0; i < 3 * MANY && count < MANY; i++) {
        const card *one = &s.cards[((unsigned)of->number + i) % CARDS];
        if (is_usable(one) && one->life == OPEN && holders_of(one) < 8 &&
            hf_enter(table_of(one), one->handle, NULL, &regions[count]) == HF_OK)
            count++;
    }
    expect_report(HF_REPORT_POSSIBLE_DEADLOCK);
    MUST(hf_close_wait(table_of(of->card), of->card->handle, 0, NULL) == HF_E_POSSIBLE_DEADLOCK);
    while (count > 0)
        hf_leave(&regions[--count]);
}

void step_crowd(const step *of)
{
    step copy = *of;
    if (is_usable(of->card) && of->card->life == OPEN && !s.exiting && holders_of(of->card) < 8)
        on_thread(of->who, crowd_task, &copy);
}

/* ---- closing -------------------------------------------------------------------------------- */

static void close_task(void *argument)
{
    call *c = argument;
    hf_table *table = table_of(c->of->card);
    if (c->of->argument % 2 == 0)
        c->status = hf_close(table, c->of->card->handle, &c->result);
    else
        c->status = hf_close_many(table, &c->of->card->handle, 1, &c->result);
}

void step_close(const step *of)
{
    call c = {.of = of};
    if (!is_usable(of->card))
        return;
    bool held = holders_of(of->card) != 0;
    hf_status foretold = s.exiting ? HF_E_EXITING : status_of(of->card, true);
    on_thread(of->who, close_task, &c);
    MUST(c.status == foretold);
    MUST((c.result.outcome == HF_OUTCOME_NONE) == (c.status != HF_OK));
    if (c.status != HF_OK)
        return;
    MUST((c.result.outcome == HF_OUTCOME_DEFERRED) == held);
    MUST((c.result.outcome == HF_OUTCOME_NOT_OWNED) ==
         (!held && (of->card->borrowed || of->card->life == RESERVED)));
    of->card->life = CLOSED;
}

void count_completion(void *context, const hf_close_result *result)
{
    card *of = context;
    (void)result;
    of->completions++;
}

static void close_then_task(void *argument)
{
    call *c = argument;
    c->status =
        hf_close_then(table_of(c->of->card), c->of->card->handle, count_completion, c->of->card);
}

void step_close_then(const step *of)
{
    call c = {.of = of};
    if (!is_usable(of->card))
        return;
    hf_status foretold = s.exiting ? HF_E_EXITING : status_of(of->card, true);
    on_thread(of->who, close_then_task, &c);
    MUST(is_answer(c.status, foretold));
    if (c.status != HF_OK)
        return;
    of->card->completions_due = 1;
    of->card->life = CLOSED;
}

static void detach_task(void *argument)
{
    call *c = argument;
    c->status = hf_detach(table_of(c->of->card), c->of->card->handle, &c->value);
}

void step_detach(const step *of)
{
    call c = {.of = of};
    if (!is_usable(of->card))
        return;
    hf_status foretold = status_of(of->card, false);
    if (foretold == HF_OK && holders_of(of->card) != 0)
        foretold = HF_E_BUSY;
    on_thread(of->who, detach_task, &c);
    MUST(c.status == foretold);
    if (c.status != HF_OK)
        return;
    MUST(c.value == of->card->value);
    if (!of->card->borrowed)
        fake_give_back(c.value);
    of->card->life = OVER;
}

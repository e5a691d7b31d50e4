/* The player: makes two tables of one configuration, plays the records one by one, compares the
 * library with the model after each, and takes everything down in the end. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_state.h"

#define NAME(name) #name
#define PLAY(name)                    \
    {                                 \
        NAME(name), model_play_##name \
    }

/* Those that deserve more turns stand here more than once, side by side. */
static const struct {
    const char *name;
    model_operation *play;
} operations[] = {PLAY(open),        PLAY(open),        PLAY(open),       PLAY(open_child),
                  PLAY(reserve),     PLAY(commit),      PLAY(close),      PLAY(close),
                  PLAY(close_then),  PLAY(close_many),  PLAY(close_wait), PLAY(wait),
                  PLAY(detach),      PLAY(duplicate),   PLAY(churn),      PLAY(enter),
                  PLAY(enter),       PLAY(leave),       PLAY(leave),      PLAY(leave_again),
                  PLAY(addref),      PLAY(release),     PLAY(release),    PLAY(forged),
                  PLAY(flood),       PLAY(warm),        PLAY(dispatch),   PLAY(dispatch),
                  PLAY(group_close), PLAY(group_renew), PLAY(shutdown),   PLAY(renew),
                  PLAY(thread_exit), PLAY(identity),    PLAY(outcome),    PLAY(policy)};
enum { OPERATION_COUNT = sizeof(operations) / sizeof(*operations) };

/* ---- the tally ------------------------------------------------------------------------------ */

static struct tally {
    uint64_t played[OPERATION_COUNT];
    uint64_t statuses[HF_STATUS_COUNT];
    uint64_t kinds[MODEL_TOLD_KINDS];
    uint64_t retired;
    uint64_t starved;
} tally;

void model_tally_status(hf_status status)
{
    tally.statuses[status]++;
}

void model_tally_kind(int kind)
{
    tally.kinds[kind]++;
}

void model_tally_limits(const sheet *s)
{
    tally.retired += s->retired;
}

static void tell(FILE *to, const char *what, uint64_t count)
{
    fprintf(to, "%12llu %s\n", (unsigned long long)count, what);
}

void model_tell_tally(FILE *to)
{
    for (int i = 0; i < OPERATION_COUNT; i++)
        if (i == 0 || operations[i].play != operations[i - 1].play)
            tell(to, operations[i].name, tally.played[i]);
    for (int i = 0; i < HF_STATUS_COUNT; i++)
        tell(to, hf_status_name((hf_status)i), tally.statuses[i]);
    for (int i = 0; i < HF_REPORT_KIND_COUNT; i++)
        tell(to, hf_report_kind_name((hf_report_kind)i), tally.kinds[i]);
    tell(to, "completions", tally.kinds[MODEL_COMPLETION]);
    tell(to, "after-return actions", tally.kinds[MODEL_ACTION]);
    tell(to, "retired slots", tally.retired);
    tell(to, "failed allocations", tally.starved);
}

/* ---- steps ---------------------------------------------------------------------------------- */

model_options model_options_decode(const uint8_t *record)
{
    static const uint32_t capacities[] = {1, 2, 4, 8, 16};
    return (model_options){.reuse = (hf_reuse)(record[0] % 4),
                           .protection = (hf_protection)(record[1] % 3),
                           .level = (hf_level)(record[2] % 5),
                           .level_told = record[4] % 4u,
                           .capacity = capacities[record[3] % 5]};
}

card *model_pick(model *m, uint8_t choice)
{
    int count = m->card_count;
    if (count == 0)
        return NULL;
    if (choice & 0x80)
        return &m->cards[(choice * 5) % count];
    return &m->cards[count - 1 - choice % (count < 10 ? count : 10)];
}

sheet *model_place(model *m, const card *c, uint8_t choice)
{
    return &m->sheets[choice % 16 == 15 ? 1 - c->sheet : c->sheet];
}

static void check_sheets(model *m)
{
    model_check_sheet(m, &m->sheets[0]);
    model_check_sheet(m, &m->sheets[1]);
}

/* What must be true after every step. */
static void check(model *m, const model_record *r)
{
    uint32_t releases = m->world->releases + m->number_releases;
    model_check_notes(m);
    if (releases != m->releases)
        model_fail(m, "%u releases, not %u", releases, m->releases);
    if (!fake_world_is_sound(m->world))
        model_fail(m, "a value was misused");
    const card *c = model_pick(m, r->subject);
    if (c != NULL)
        model_check_card(m, c);
    if (r->more % 32 == 0)
        check_sheets(m); /* now and then: adding up takes long */
}

static FILE *trace; /* or NULL */

void model_trace(FILE *to)
{
    trace = to;
}

/* Of what is only counted, how much there was is known by the order in which things ended. */
static void learn_counts(model *m)
{
    for (int i = 0; i < 2; i++) {
        hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
        if (hf_table_get_stats(m->sheets[i].table, &stats) != HF_OK)
            continue;
        for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
            if (m->policies[kind] == HF_POLICY_COUNT)
                m->sheets[i].reports[kind] = stats.reports[kind];
    }
}

/* Enter, leave, addref, release and close allocate nothing, where they report nothing.  A thread's
 * first call may, and only of the first thread is it known that it was made long ago. */
static bool may_allocate(const model *m, int operation)
{
    static model_operation *const frugal[] = {
        model_play_close,  model_play_close_many, model_play_enter, model_play_leave,
        model_play_addref, model_play_release,    model_play_flood, model_play_warm};
    for (size_t i = 0; i < sizeof(frugal) / sizeof(*frugal); i++)
        if (operations[operation].play == frugal[i])
            return m->actor != 0 || m->level > 0 || m->finding_count > 0;
    return true;
}

/* These leave errno alone, whatever the functions that they call do to it. */
static bool keeps_errno(int operation)
{
    static model_operation *const careful[] = {model_play_close, model_play_close_many,
                                               model_play_leave, model_play_leave_again,
                                               model_play_release};
    for (size_t i = 0; i < sizeof(careful) / sizeof(*careful); i++)
        if (operations[operation].play == careful[i])
            return true;
    return false;
}

static void play(model *m, const model_record *r)
{
    int operation = r->operation % OPERATION_COUNT;
    size_t number = m->number - 1;
    while (operation > 0 && operations[operation].play == operations[operation - 1].play)
        operation--; /* counted as the first of its name */
    tally.played[operation]++;
    if (trace != NULL)
        fprintf(trace, "%3zu: %*sby %d: %s %u %u %u, %u %u\n", number, 2 * (int)m->depth, "",
                m->actor, operations[operation].name, r->subject, r->detail, r->more, r->actor,
                r->fails);
    m->memory_failed = false;
    m->any_order = false;
    (void)model_memory_asked();
    errno = ENOTTY;
    operations[operation].play(m, r);
    if (keeps_errno(operation) && errno != ENOTTY)
        model_fail(m, "%s changes errno", operations[operation].name);
    if (!may_allocate(m, operation) && model_memory_asked() > 0)
        model_fail(m, "%s allocates", operations[operation].name);
    tally.starved += m->memory_failed;
    if (m->any_order)
        learn_counts(m);
    m->any_order = false;
    if (model_agrees(m))
        check(m, r);
    if (!model_agrees(m)) {
        size_t length = strlen(m->message);
        snprintf(m->message + length, m->message_size - length, " (record %zu: %s %u %u %u %u %u)",
                 number, operations[operation].name, r->subject, r->detail, r->more, r->actor,
                 r->fails);
    }
}

void model_step(model *m)
{
    const uint8_t *bytes = m->next;
    if (m->left == 0)
        return;
    const model_record r = {bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]};
    int actor = r.actor % 8 < 8 - (MODEL_ACTORS - 1) ? 0 : 8 - r.actor % 8;
    m->next += MODEL_RECORD_SIZE;
    m->left--;
    m->number++;
    model_on_actor(m, actor, play, &r);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void start(model *m)
{
    char text[64];
    /* Names take long, and are not what is asked for here. */
    snprintf(text, sizeof(text), "print_all=1:all=report:symbolize=0:level=%u",
             m->options.level_told);
    if (hf_set_options(text) != HF_OK)
        abort();
    m->level = m->options.level == HF_LEVEL_DEFAULT ? (int)m->options.level_told
                                                    : (int)m->options.level - 1;
    for (int i = 0; i < HF_REPORT_KIND_COUNT; i++)
        m->policies[i] = HF_POLICY_REPORT;
    model_actors_start(m);
    model_values_start(m);
    model_listen(m);
    model_tables_start(m);
}

static void end_own_holds(model *m, const model_record *r)
{
    (void)r;
    m->any_order = false;
    for (int i = 0; i < MODEL_HOLDS; i++) {
        const model_record leave = {.subject = (uint8_t)i, .more = 1};
        const model_record release = {.subject = (uint8_t)i, .more = 1};
        if (m->regions[i].card != MODEL_NONE && m->regions[i].actor == m->actor)
            model_play_leave(m, &leave);
        if (m->actor == 0)
            model_play_release(m, &release);
        model_check_notes(m);
    }
}

static void end_holds(model *m)
{
    for (int i = 0; i < MODEL_ACTORS; i++)
        if (i == 0 || model_actor_runs(i))
            model_on_actor(m, i, end_own_holds, NULL);
    check_sheets(m);
}

/* After a disagreement everything is left as it is: it may be looked at. */
static void finish(model *m, bool orderly)
{
    if (model_agrees(m))
        end_holds(m);
    if (model_agrees(m))
        model_tables_end(m, orderly);
    hf_set_report_hook(NULL, NULL);
    if (!model_agrees(m))
        return;
    for (int i = 0; i < m->card_count; i++) {
        const card *c = &m->cards[i];
        if (c->borrowed)
            model_value_give_back(c);
    }
    if (!fake_world_is_sound(m->world))
        model_fail(m, "at the end: a value was misused");
    if (fake_alive(m->world) != 0)
        model_fail(m, "at the end: %zu values were never released", fake_alive(m->world));
}

bool model_play(const model_options *options, const uint8_t *bytes, size_t size, char *message,
                size_t message_size)
{
    size_t records = size / MODEL_RECORD_SIZE;
    model *m = calloc(1, sizeof(*m));
    if (m == NULL)
        abort();
    message[0] = '\0';
    m->options = *options;
    m->message = message;
    m->message_size = message_size;
    m->world = fake_world_create(records + MODEL_CARDS);
    m->world->errno_left = EIO;
    m->next = bytes;
    m->left = records;
    start(m);
    while (m->left > 0 && model_agrees(m))
        model_step(m);
    finish(m, size > 0 && bytes[size - 1] % 2 == 0);
    bool agrees = model_agrees(m);
    if (agrees) {
        fake_world_destroy(m->world);
        free(m);
    }
    return agrees;
}

/* A thread that stands still for ever, at any instruction of an operation, stops nobody: all other
 * operations complete (invariant 4). */
#include "others.h"
#include "subject.h"

#include <criterion/criterion.h>

enum {
    MOST = 200,
    PAST_HOT = 600,
    NEARLY_HOT = 510,
    MANY = 4,
    LABELLED = 1,
    HELD = 2,
    CLOSED = 4,
    QUIET = 8
};

/* A row of the matrix: what the first thread is stopped in, and the handle it is at. */
typedef struct row {
    const char *name;
    void (*operation)(void);
    unsigned uses; /* that the subject has had */
    hf_protection protection;
    hf_reuse reuse;
    hf_level level;
    unsigned is; /* LABELLED: has a cold record; HELD: by the second thread; CLOSED;
                      QUIET: findings are counted only: see reports.c for others */
    fake_kind kind;
    void (*before)(void); /* what the first thread has done */
    void (*afterwards)(void);
} row;

static const row *now;
static hf_handle many[MANY];
static hf_region others_region;
static hf_ref reference;
static hf_status answer;
static hf_handle opened;
static hf_value detached;

/* ---- the operations ------------------------------------------------------------------------- */

static void addref(void)
{
    answer = hf_addref(all.table, all.subject, &reference);
}

static void release(void)
{
    (void)hf_release(&reference);
}

static void close_wait(void)
{
    answer = hf_close_wait(all.table, all.subject, 0, NULL);
}

static void close_all(void)
{
    (void)hf_close_many(all.table, many, MANY, NULL);
}

static void open_one(void)
{
    answer = hf_open(all.table, &all.world->types[now->kind], fake_make(all.world), NULL, &opened);
}

static void reserve(void)
{
    answer = hf_reserve(all.table, &all.world->types[now->kind], &opened);
}

static void commit(void)
{
    answer = hf_commit(all.table, opened, fake_make(all.world));
}

static void detach(void)
{
    answer = hf_detach(all.table, all.subject, &detached);
}

static void duplicate(void)
{
    answer = hf_duplicate(all.table, all.subject, all.table, &opened);
}

/* ---- before and after ----------------------------------------------------------------------- */

static void open_many(void)
{
    for (int i = 0; i < MANY; i++)
        many[i] = others_open(FAKE_RUNDOWN, i == 1 ? "labelled" : NULL);
    others_heat(many[0], PAST_HOT);
    others_heat(many[1], PAST_HOT);
}

static void leave_if_entered(void)
{
    if (subject_entered == HF_OK) {
        fake_use(subject_region.value);
        subject_leave();
    }
}

static void release_if_taken(void)
{
    if (answer == HF_OK) {
        fake_use(reference.value);
        DEMAND(hf_release(&reference) == HF_OK);
    }
}

static void close_if_opened(void)
{
    if (answer == HF_OK)
        DEMAND(hf_close(all.table, opened, NULL) == HF_OK);
}

static void give_back_if_detached(void)
{
    if (answer == HF_OK)
        fake_give_back(detached);
}

/* ---- the case ------------------------------------------------------------------------------- */

static void prepare(void)
{
    hf_table_options options = HF_TABLE_OPTIONS_INIT;
    options.protection = now->protection;
    options.reuse = now->reuse;
    options.level = now->level != HF_LEVEL_DEFAULT ? now->level : HF_LEVEL_COUNTERS;
    options.capacity_slots = now->reuse == HF_REUSE_MAGAZINES ? 0 : 4096;
    others_prepare(&options);
    if ((now->is & QUIET) != 0)
        DEMAND(hf_set_options("all=count") == HF_OK);
    others_meet();
    all.subject = others_open(now->kind, (now->is & LABELLED) != 0 ? "subject" : NULL);
    others_heat(all.subject, now->uses);
    if (now->before != NULL)
        now->before();
}

static void arrive(void)
{
    others_meet();
    if ((now->is & HELD) != 0)
        DEMAND(hf_enter(all.table, all.subject, NULL, &others_region) == HF_OK);
    if ((now->is & CLOSED) != 0)
        DEMAND(hf_close(all.table, all.subject, NULL) == HF_OK);
}

static void others(void)
{
    others_elsewhere();
    others_thread();
    others_on_subject();
    if ((now->is & HELD) != 0)
        hf_leave(&others_region);
}

/* Whatever the order was: closed by the others, held by nobody, so released, once. */
static void settle(void)
{
    hf_info info = {.size = (uint32_t)sizeof(info)};
    if (now->afterwards != NULL)
        now->afterwards();
    DEMAND(fake_world_is_sound(all.world));
    DEMAND(hf_wait(all.table, all.subject, HF_FOREVER) == HF_OK);
    DEMAND(hf_inspect(all.table, all.subject, &info) == HF_OK && info.life == HF_LIFE_CLOSED);
    DEMAND(hf_close(all.table, all.cold, NULL) == HF_OK);
    DEMAND(hf_close(all.table, all.hot, NULL) == HF_OK);
    DEMAND(hf_close(all.table, all.warm, NULL) == HF_OK);
    hf_table_destroy(all.table);
    DEMAND(fake_world_is_sound(all.world) && fake_alive(all.world) == 0);
}

static void stop_everywhere(const row *which)
{
    const stepper_case scene = {.name = which->name,
                                .prepare = prepare,
                                .arrive = arrive,
                                .operation = which->operation,
                                .others = others,
                                .settle = settle};
    now = which;
    stepper_run(&scene, STEPPER_INSTRUCTIONS, MOST);
}

#define ROW(title, ...)                                         \
    Test(frozen, title)                                         \
    {                                                           \
        static const row which = {.name = #title, __VA_ARGS__}; \
        stop_everywhere(&which);                                \
    }

/* ---- entering and leaving ------------------------------------------------------------------- */

ROW(entering_counted, .operation = subject_enter, .afterwards = leave_if_entered)
ROW(entering_hot, .operation = subject_enter, .uses = PAST_HOT, .afterwards = leave_if_entered)
ROW(entering_at_promotion, .operation = subject_enter, .uses = NEARLY_HOT,
    .afterwards = leave_if_entered)
ROW(entering_never_hot, .operation = subject_enter, .protection = HF_PROTECT_COUNTED,
    .afterwards = leave_if_entered)
ROW(entering_always_hot, .operation = subject_enter, .protection = HF_PROTECT_HAZARD,
    .afterwards = leave_if_entered)
ROW(entering_closed, .operation = subject_enter, .is = CLOSED | QUIET)
ROW(entering_closed_but_admitting, .operation = subject_enter, .uses = PAST_HOT,
    .is = CLOSED | HELD, .kind = FAKE_UNTIL_RELEASED, .afterwards = leave_if_entered)
ROW(leaving_counted, .operation = subject_leave, .before = subject_enter)
ROW(leaving_hot, .operation = subject_leave, .uses = PAST_HOT, .before = subject_enter)
ROW(leaving_last_counted, .operation = subject_leave, .before = subject_enter, .is = CLOSED)
ROW(leaving_last_hot, .operation = subject_leave, .uses = PAST_HOT, .before = subject_enter,
    .is = CLOSED)
ROW(leaving_last_labelled, .operation = subject_leave, .before = subject_enter,
    .is = CLOSED | LABELLED, .level = HF_LEVEL_STACKS)
ROW(leaving_last_until_released, .operation = subject_leave, .uses = PAST_HOT,
    .before = subject_enter, .is = CLOSED, .kind = FAKE_UNTIL_RELEASED)

/* ---- references ----------------------------------------------------------------------------- */

ROW(addref_counted, .operation = addref, .afterwards = release_if_taken)
ROW(addref_hot, .operation = addref, .uses = PAST_HOT, .afterwards = release_if_taken)
ROW(release_counted, .operation = release, .before = addref)
ROW(release_hot, .operation = release, .uses = PAST_HOT, .before = addref)
ROW(release_last_counted, .operation = release, .before = addref, .is = CLOSED)
ROW(release_last_hot, .operation = release, .uses = PAST_HOT, .before = addref, .is = CLOSED)
ROW(release_last_labelled, .operation = release, .before = addref, .is = CLOSED | LABELLED,
    .level = HF_LEVEL_STACKS)

/* ---- closing -------------------------------------------------------------------------------- */

ROW(closing_counted, .operation = subject_close)
ROW(closing_hot, .operation = subject_close, .uses = PAST_HOT)
ROW(closing_always_hot, .operation = subject_close, .protection = HF_PROTECT_HAZARD)
ROW(closing_held_counted, .operation = subject_close, .is = HELD)
ROW(closing_held_hot, .operation = subject_close, .uses = PAST_HOT, .is = HELD)
ROW(closing_labelled, .operation = subject_close, .is = LABELLED)
ROW(closing_with_stacks, .operation = subject_close, .uses = PAST_HOT, .is = HELD,
    .level = HF_LEVEL_STACKS)
ROW(closing_twice, .operation = subject_close, .is = CLOSED | QUIET)
ROW(closing_magazines, .operation = subject_close, .reuse = HF_REUSE_MAGAZINES)
ROW(closing_fifo, .operation = subject_close, .reuse = HF_REUSE_FIFO)
ROW(closing_many, .operation = close_all, .before = open_many)
ROW(closing_and_waiting, .operation = close_wait)
ROW(closing_and_waiting_hot, .operation = close_wait, .uses = PAST_HOT)
ROW(closing_and_waiting_held, .operation = close_wait, .uses = PAST_HOT, .is = HELD | QUIET)

/* ---- opening, and other ways to end --------------------------------------------------------- */

ROW(opening, .operation = open_one, .afterwards = close_if_opened)
ROW(opening_with_stacks, .operation = open_one, .level = HF_LEVEL_STACKS,
    .afterwards = close_if_opened)
ROW(opening_magazines, .operation = open_one, .reuse = HF_REUSE_MAGAZINES,
    .afterwards = close_if_opened)
ROW(opening_fifo, .operation = open_one, .reuse = HF_REUSE_FIFO, .afterwards = close_if_opened)
ROW(committing, .operation = commit, .before = reserve, .afterwards = close_if_opened)
ROW(detaching, .operation = detach, .afterwards = give_back_if_detached)
ROW(detaching_hot, .operation = detach, .uses = PAST_HOT, .afterwards = give_back_if_detached)
ROW(duplicating, .operation = duplicate, .uses = PAST_HOT, .afterwards = close_if_opened)

/* The scene: how it begins and ends, and what follows from what.
 *
 * The model is small.  A handle that is closed and held by nothing is over, and its value released,
 * once and not before; a child holds its parent until it is over; a wait ends when what it waits
 * for is over.  Everything else is what a fork or the end of the process takes away. */
#include "scene.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/platform.h"

enum { VALUES = 4096 };

scene s;

static hf_namespace numbers = HF_NAMESPACE_INIT("process numbers", HF_VALUES_SPARSE);

/* ---- reports -------------------------------------------------------------------------------- */

static bool hook(const hf_report *report, void *context)
{
    (void)context;
    /* Several threads report: one that waited in vain, and who plays. */
    (void)__atomic_fetch_add(&s.reports[report->kind], 1, __ATOMIC_RELAXED);
    return true;
}

void expect_report(hf_report_kind kind)
{
    s.due[kind]++;
}

void allow_report(hf_report_kind kind)
{
    s.allowed |= 1u << kind;
}

void reset_step(void)
{
    memset(s.reports, 0, sizeof(s.reports));
    memset(s.due, 0, sizeof(s.due));
    s.allowed = 1u << HF_REPORT_BORROW_OUTLIVES_OWNER;
}

void scene_check_reports(void)
{
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        bool good = s.reports[kind] == s.due[kind] ||
                    (s.reports[kind] > s.due[kind] && (s.allowed >> kind & 1) != 0);
        if (!good)
            fuzz_fail("step %u%s: %u reports of %s, not %u", s.step,
                      s.is_child ? " of a child" : "", s.reports[kind],
                      hf_report_kind_name((hf_report_kind)kind), s.due[kind]);
    }
}

/* ---- what holds what ------------------------------------------------------------------------ */

hf_table *table_of(const card *of)
{
    return s.tables[of->table];
}

static bool is_alive(const card *of)
{
    return of->life == RESERVED || of->life == OPEN || of->life == CLOSED;
}

unsigned holders_of(const card *of)
{
    int number = (int)(of - s.cards);
    unsigned count = 0;
    for (int i = 0; i < HOLDS; i++)
        count += s.holds[i].used && s.holds[i].card == number;
    for (int i = 0; i < CARDS; i++)
        count += is_alive(&s.cards[i]) && s.cards[i].parent == number;
    return count;
}

bool is_held_by(const card *of, int who)
{
    int number = (int)(of - s.cards);
    for (int i = 0; i < HOLDS; i++)
        if (s.holds[i].used && s.holds[i].card == number && s.holds[i].thread == who)
            return true;
    for (int i = 0; i < CARDS; i++)
        if (is_alive(&s.cards[i]) && s.cards[i].parent == number && is_held_by(&s.cards[i], who))
            return true;
    return false;
}

bool holds_anything(int who)
{
    bool found = false;
    for (int i = 0; i < HOLDS; i++)
        found = found || (s.holds[i].used && s.holds[i].thread == who);
    for (int i = 0; i < LOCKS; i++)
        found = found || s.lock_owner[i] == who;
    return found;
}

static bool holds_awaited(int who, int awaited, bool lock)
{
    return lock ? s.lock_owner[awaited] == who : is_held_by(&s.cards[awaited], who);
}

/* Depth first, over threads that wait for one thing. */
static bool leads_to(int goal, int awaited, bool lock, unsigned *seen)
{
    if (holds_awaited(goal, awaited, lock))
        return true;
    for (int i = 1; i < THREADS; i++) {
        const thread *one = &s.threads[i];
        if (one->repose == IDLE || one->awaited == NOBODY || (*seen >> i & 1) != 0 ||
            !holds_awaited(i, awaited, lock))
            continue;
        *seen |= 1u << i;
        if (leads_to(goal, one->awaited, one->repose == AT_LOCK, seen))
            return true;
    }
    return false;
}

bool would_deadlock(int who, int awaited, bool lock)
{
    unsigned seen = 0;
    return leads_to(who, awaited, lock, &seen);
}

/* ---- threads -------------------------------------------------------------------------------- */

void on_thread(int who, actor_task task, void *argument)
{
    if (who == 0) {
        task(argument);
        return;
    }
    if (s.threads[who].who == NULL)
        s.threads[who].who = actor_start();
    actor_do(s.threads[who].who, task, argument);
}

static void block(void *argument)
{
    thread *self = argument;
    __atomic_store_n(&self->number, gettid(), __ATOMIC_RELEASE);
    self->blocking(self);
    __atomic_store_n(&self->done, 1, __ATOMIC_RELEASE);
}

/* Whether the system says that a thread sleeps: the third word, after the name in parentheses. */
static bool sleeps(int number)
{
    char path[64];
    char text[256] = "";
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    if (file >= 0)
        (void)close(file);
    const char *end = length > 0 ? strrchr(text, ')') : NULL;
    return end != NULL && end[1] == ' ' && end[2] == 'S';
}

/* All that a waiting thread sleeps for is what it waits for. */
static void await_sleep(const thread *one)
{
    int number;
    while ((number = __atomic_load_n(&one->number, __ATOMIC_ACQUIRE)) == 0 || !sleeps(number)) {
        if (__atomic_load_n(&one->done, __ATOMIC_ACQUIRE) != 0)
            fuzz_fail("step %u: did not wait, but answered %s", s.step,
                      hf_status_name(one->status));
        (void)sched_yield();
    }
}

void begin_wait(int who, void (*blocking)(thread *self), int awaited, int table)
{
    thread *one = &s.threads[who];
    if (one->who == NULL)
        one->who = actor_start();
    one->repose = BLOCKED;
    one->blocking = blocking;
    one->awaited = awaited;
    one->table = table;
    one->number = 0;
    one->done = 0;
    actor_begin(one->who, block, one);
    await_sleep(one);
}

/* Whether what a thread waits for has come. */
static bool may_go_on(const thread *one)
{
    bool over = true;
    if (one->awaited != NOBODY)
        return !is_alive(&s.cards[one->awaited]);
    for (int i = 0; i < CARDS; i++) {
        const card *of = &s.cards[i];
        bool wanted = one->table == NOBODY ? of->in_group : of->table == one->table && !of->orphan;
        over = over && !(wanted && is_alive(of));
    }
    return over;
}

static void finish(thread *one)
{
    actor_finish(one->who);
    one->repose = IDLE;
    MUST(one->status == HF_OK);
}

static void acquire(void *lock)
{
    hf_lock_acquired(lock);
}

void grant_lock(int lock)
{
    for (int i = 1; i < THREADS && s.lock_owner[lock] == NOBODY; i++) {
        thread *one = &s.threads[i];
        if (one->repose != AT_LOCK || one->awaited != lock)
            continue;
        one->repose = IDLE;
        s.lock_owner[lock] = i;
        on_thread(i, acquire, &s.locks[lock]);
    }
}

/* ---- what follows --------------------------------------------------------------------------- */

static bool is_released(hf_value value)
{
    return atomic_load(&fake_of(value)->life) == FAKE_GONE;
}

static bool end_cards(void)
{
    bool changed = false;
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if (of->life != CLOSED || holders_of(of) != 0 || s.exiting)
            continue;
        of->life = OVER;
        changed = true;
    }
    return changed;
}

static bool wake_threads(void)
{
    bool changed = false;
    for (int i = 1; i < THREADS; i++) {
        if (s.threads[i].repose != BLOCKED || !may_go_on(&s.threads[i]))
            continue;
        finish(&s.threads[i]);
        changed = true;
    }
    return changed;
}

static void check_card(const card *of)
{
    if (of->life == UNUSED)
        return;
    bool ended = of->life == OVER && !of->borrowed && !of->poisoned;
    if (of->value != 0 && !of->borrowed)
        MUST(is_released(of->value) == (ended || of->life == SWEPT));
    MUST(of->completions == (of->life == OVER ? of->completions_due : 0) || of->in_doubt);
    if (of->orphan)
        return;
    hf_info info = {.size = (uint32_t)sizeof(info)};
    MUST(hf_inspect(table_of(of), of->handle, &info) == HF_OK);
    static const hf_life lives[] = {[RESERVED] = HF_LIFE_RESERVED,
                                    [OPEN] = HF_LIFE_OPEN,
                                    [CLOSED] = HF_LIFE_CLOSING,
                                    [SWEPT] = HF_LIFE_CLOSING,
                                    [OVER] = HF_LIFE_CLOSED};
    MUST(info.life == lives[of->life]);
    if (of->type != TYPE_LENIENT || of->life != CLOSED)
        MUST(hf_is_live(table_of(of), of->handle) == (of->life == OPEN));
}

void scene_settle(void)
{
    for (bool again = true; again;) {
        again = end_cards();
        again = wake_threads() || again;
    }
    for (int i = 0; i < CARDS; i++)
        check_card(&s.cards[i]);
    MUST(fake_world_is_sound(s.world));
}

/* ---- the ends of a process ------------------------------------------------------------------ */

static void drop_others(void)
{
    for (int i = 0; i < HOLDS; i++)
        if (s.holds[i].used && s.holds[i].thread > 0)
            s.holds[i].used = false;
    for (int i = 0; i < LOCKS; i++)
        if (s.lock_owner[i] > 0)
            s.lock_owner[i] = NOBODY;
    for (int i = 1; i < THREADS; i++)
        s.threads[i] = (thread){.who = NULL};
}

static int policy_of(const card *of)
{
    const card *by = of;
    if (of->borrowed && of->type < TYPE_NUMBERED_CLOSE)
        return HF_FORK_INHERIT;
    if (of->borrowed)
        by = of->owner != NOBODY && s.cards[of->owner].value == of->value ? &s.cards[of->owner]
                                                                          : NULL;
    return by != NULL && (by->life == OPEN || by->life == CLOSED) ? (int)s.types[by->type].fork
                                                                  : HF_FORK_INHERIT;
}

void scene_become_child(void)
{
    int policies[CARDS];
    s.is_child = true;
    s.forks_left = 0;
    drop_others();
    for (int i = 0; i < CARDS; i++)
        policies[i] = policy_of(&s.cards[i]);
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if ((of->life != OPEN && of->life != CLOSED) || policies[i] == HF_FORK_INHERIT)
            continue;
        of->life = CLOSED;
        if (policies[i] == HF_FORK_POISON) {
            of->poisoned = true;
            of->in_doubt = of->completions_due != 0;
        }
    }
}

/* One handle that is to be flushed now, its children being gone. */
static card *next_to_flush(void)
{
    for (int i = 0; i < CARDS; i++) {
        card *of = &s.cards[i];
        if ((of->life == OPEN || of->life == CLOSED) && of->type == TYPE_FLUSHED && !of->borrowed &&
            !of->poisoned && holders_of(of) == 0)
            return of;
    }
    return NULL;
}

void scene_become_exiting(void)
{
    card *of;
    bool good = s.world->outcome == HF_OUTCOME_RELEASED;
    s.exiting = true;
    while ((of = next_to_flush()) != NULL) {
        of->life = SWEPT;
        if (!good)
            expect_report(HF_REPORT_LOST_AT_EXIT);
    }
    for (int i = 0; i < CARDS; i++) {
        of = &s.cards[i];
        if ((of->life == OPEN || of->life == CLOSED) && !of->borrowed && !of->poisoned &&
            (of->type == TYPE_FLUSHED || of->type == TYPE_LOST))
            expect_report(HF_REPORT_LOST_AT_EXIT);
    }
}

/* ---- begin and end -------------------------------------------------------------------------- */

static hf_outcome flush(hf_value value, void *context, int32_t *error)
{
    const fake_world *world = context;
    fake_use(value);
    fake_give_back(value);
    *error = world->error;
    return world->outcome;
}

static bool identify(hf_value value, void *context, hf_identity *out)
{
    (void)context;
    *out = (hf_identity){.object = (uint64_t)value};
    return true;
}

static void make_types(void)
{
    fake_world_unblocks(s.world, NULL);
    for (int i = 0; i < TYPES; i++) {
        s.types[i] = s.world->types[i == TYPE_LENIENT ? FAKE_UNTIL_RELEASED : FAKE_RUNDOWN];
        if (i != TYPE_UNBLOCKED)
            s.types[i].unblock = NULL;
    }
    s.types[TYPE_CLOSE].fork = HF_FORK_CLOSE;
    s.types[TYPE_POISON].fork = HF_FORK_POISON;
    s.types[TYPE_NUMBERED_CLOSE].fork = HF_FORK_CLOSE;
    s.types[TYPE_NUMBERED_POISON].fork = HF_FORK_POISON;
    s.types[TYPE_NUMBERED_CLOSE].name_space = &numbers;
    s.types[TYPE_NUMBERED_POISON].name_space = &numbers;
    s.types[TYPE_NUMBERED_CLOSE].identify = identify;
    s.types[TYPE_FLUSHED].flags |= HF_TYPE_FLUSH_AT_EXIT;
    s.types[TYPE_LOST].flags |= HF_TYPE_FLUSH_AT_EXIT;
    s.types[TYPE_FLUSHED].release_at_exit = flush;
}

/* What lasts from input to input: the world, and the threads, for what they cost. */
static void begin_once(void)
{
    if (s.world != NULL)
        return;
    s.world = fake_world_create(VALUES);
    make_types();
    hf_set_report_hook(hook, NULL);
    (void)hf_set_options("print_all=1");
}

void make_table(int number)
{
    hf_status status = hf_table_create(&s.options[number], &s.tables[number]);
    if (s.failing && (status == HF_E_NO_MEMORY || status == HF_E_NO_ADDRESS_SPACE)) {
        (void)hf_os_fail_allocation(0);
        status = hf_table_create(&s.options[number], &s.tables[number]);
    }
    MUST(status == HF_OK);
    MUST(strcmp(hf_table_name(s.tables[number]), s.options[number].name) == 0);
    s.shut[number] = false;
}

static void choose_options(int number, const uint8_t *head)
{
    static const hf_level levels[] = {HF_LEVEL_COUNTERS, HF_LEVEL_STACKS, HF_LEVEL_HISTORY,
                                      HF_LEVEL_EVERYTHING};
    s.options[number] = (hf_table_options){
        .size = (uint32_t)sizeof(hf_table_options),
        .reuse = (hf_reuse)(head[0] % 4),
        .protection = (hf_protection)(head[0] / 4 % 3),
        .level = levels[head[0] / 16 % 4],
        .capacity_slots = head[1] % 4 == 3 ? 100000 : 16,
        .seed = 1 + (uint64_t)number + (uint64_t)head[1],
        .name = number == 0 ? "first" : "second",
    };
}

void scene_begin(const uint8_t *head)
{
    begin_once();
    fake_world_reset(s.world);
    memset(s.cards, 0, sizeof(s.cards));
    memset(s.holds, 0, sizeof(s.holds));
    for (int i = 0; i < LOCKS; i++)
        s.lock_owner[i] = NOBODY;
    bool fails = head[2] % 4 == 1;
    s.world->outcome = fails ? HF_OUTCOME_RELEASED_WITH_ERROR : HF_OUTCOME_RELEASED;
    s.world->error = fails ? 5 : 0;
    s.forks_left = 2;
    s.naps_left = 6;
    s.step = 0;
    s.group_closing = false;
    reset_step();
    for (int i = 0; i < TABLES; i++) {
        choose_options(i, head);
        make_table(i);
    }
    MUST(hf_group_create("process", &s.group) == HF_OK);
}

static void leave(void *argument)
{
    void (*const otherwise)(hf_region *) = hf_leave;
    const hf_region *region = argument;
    if (region->value % 32 == 0)
        hf_leave(argument);
    else
        otherwise(argument);
}

void leave_hold(hold *of)
{
    of->used = false;
    if (of->thread == NOBODY)
        MUST(hf_release(&of->ref) == HF_OK);
    else
        on_thread(of->thread, leave, &of->region);
}

hold *new_hold(void)
{
    for (int i = 0; i < HOLDS; i++)
        if (!s.holds[i].used)
            return &s.holds[i];
    return NULL;
}

static void give_up_lock(void *lock)
{
    hf_lock_abandoned(lock);
}

static void end_threads(void)
{
    for (int i = 1; i < THREADS; i++) {
        thread *one = &s.threads[i];
        if (one->repose == AT_LOCK)
            on_thread(i, give_up_lock, &s.locks[one->awaited]);
        if (one->repose == AT_LOCK)
            one->repose = IDLE;
    }
}

static void unlock(void *lock)
{
    hf_lock_released(lock);
}

/* Who waits holds as well; but what the first to go on waits for, is held by those who do not. */
static void leave_all(void)
{
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < HOLDS; i++) {
            hold *of = &s.holds[i];
            if (!of->used || (of->thread > 0 && s.threads[of->thread].repose == BLOCKED))
                continue;
            leave_hold(of);
            scene_settle();
            again = true;
        }
        if (!again && !s.exiting)
            for (int i = 0; i < CARDS && !again; i++) {
                card *of = &s.cards[i];
                if ((of->life != OPEN && of->life != RESERVED) || of->orphan)
                    continue;
                MUST(hf_close(table_of(of), of->handle, NULL) == HF_OK);
                of->life = CLOSED;
                scene_settle();
                again = true;
            }
    }
    for (int i = 0; i < LOCKS; i++)
        if (s.lock_owner[i] != NOBODY)
            on_thread(s.lock_owner[i], unlock, &s.locks[i]);
}

void scene_end(void)
{
    reset_step();
    end_threads();
    leave_all();
    scene_check_reports();
    if (s.exiting)
        return;
    MUST(hf_group_destroy(s.group) == HF_OK);
    for (int i = 0; i < TABLES; i++) {
        MUST(hf_table_shutdown(s.tables[i], 0) == HF_OK);
        hf_table_destroy(s.tables[i]);
    }
    scene_check_reports();
}

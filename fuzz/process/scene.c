/* The scene: how an input begins, what is reported, and how all is put away at its end. */
#include "scene.h"

#include <string.h>

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

uint32_t reported(hf_report_kind kind)
{
    return __atomic_load_n(&s.reports[kind], __ATOMIC_RELAXED);
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
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        __atomic_store_n(&s.reports[kind], 0, __ATOMIC_RELAXED);
    memset(s.due, 0, sizeof(s.due));
    s.allowed = 1u << HF_REPORT_BORROW_OUTLIVES_OWNER;
}

void scene_check_reports(void)
{
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        uint32_t found = reported((hf_report_kind)kind);
        bool good = found == s.due[kind] || (found > s.due[kind] && (s.allowed >> kind & 1) != 0);
        if (!good)
            fuzz_fail("step %u%s: %u reports of %s, not %u", s.step,
                      s.is_child ? " of a child" : "", found,
                      hf_report_kind_name((hf_report_kind)kind), s.due[kind]);
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

/* Setting the stage, letting the threads run, and looking at what is left. */
#include <stdio.h>
#include <string.h>

#include "core/bag.h"
#include "core/cold.h"
#include "core/state.h"
#include "core/table.h"
#include "core/waiting.h"
#include "ledger.h"
#include "operations.h"
#include "points.h"

/* ---- the stage ------------------------------------------------------------------------------ */

static void on_release(fake_value *value, void *argument)
{
    const stage *on = argument;
    hf_handle last = on->handles[SCENE_HANDLES - 1];
    ledger_release(value);
    if (!on->scene->release_closes || hf_handle_is_null(last))
        return;
    entry *of = ledger_find(last);
    if (hf_close(on->table, last, NULL) == HF_OK)
        ledger_close(of);
}

static void set_up_world(const scene *what)
{
    if (the_stage.world == NULL)
        the_stage.world = fake_world_create(LEDGER_VALUES);
    fake_world *world = the_stage.world;
    fake_world_unblocks(world, NULL);
    for (int kind = 0; !what->unblocks && kind < FAKE_KINDS; kind++)
        world->types[kind].unblock = NULL;
    world->on_release = on_release;
    world->argument = &the_stage;
    ledger_begin(world);
}

/* What the library remembers of threads' former refusals, and of the barrier that there was, would
 * make an execution depend on those before. */
static void forget_former_runs(const scene *what)
{
    for (uint32_t record = 1; record <= hf_record_peak(); record++)
        memset(hf_record_at(record)->findings, 0, sizeof hf_record_at(record)->findings);
    __atomic_store_n(&hf_gate_state, what->asymmetric ? 0u : HF_GATE_FENCED, __ATOMIC_RELAXED);
}

static void must(hf_status status)
{
    if (status != HF_OK)
        schedule_fail("the stage cannot be set: %s", hf_status_name(status));
}

static void warm_up(hf_handle handle)
{
    uint64_t raw;
    hf_slot_ *slot = hf_slot_find(the_stage.table, handle, &raw);
    if (the_stage.scene->protection == HF_PROTECT_ADAPTIVE)
        slot->state += (HF_HEAT_HOT - 1) * HF_HEAT_ONE;
}

/* The table is made anew only where it must be another: otherwise what was used of it is zeroed
 * again, as when it was new.  Creating one takes ten times as long as most scenes do. */
static void renew_table(const hf_table_options *options)
{
    static hf_table_options last;
    static hf_table as_new;
    hf_table *table = the_stage.table;
    if (table == NULL || memcmp(&last, options, sizeof last) != 0) {
        hf_table_destroy(table);
        must(hf_table_create(options, &the_stage.table));
        last = *options;
        as_new = *the_stage.table;
        return;
    }
    size_t slots = hf_slots_end(table);
    hf_unpoison(table->head.slots, slots * sizeof(hf_slot_));
    memset(table->head.slots, 0, slots * sizeof(hf_slot_));
    if (table->bag.cells != NULL)
        memset(table->bag.cells, 0, slots * sizeof(hf_queue_cell));
    if (table->cold_limit != 0) {
        hf_unpoison(table->cold, slots * table->cold_stride);
        memset(table->cold, 0, slots * table->cold_stride);
    }
    memset(table->locals, 0, (hf_record_peak() + 1) * sizeof(hf_local));
    as_new.head.place_limit = table->head.place_limit;
    as_new.cold_limit = table->cold_limit;
    as_new.cold = table->cold;
    if (hf_poisons()) {
        hf_slots_hide(table, (uint32_t)slots);
        hf_cold_hide_all(table);
    }
    *table = as_new;
}

static void set_up_table(const scene *what)
{
    hf_table_options options;
    memset(&options, 0, sizeof options); /* compared as bytes */
    options.size = (uint32_t)sizeof(options);
    options.reuse = what->reuse;
    options.protection = what->protection;
    options.level = what->level;
    options.capacity_slots = what->capacity;
    options.seed = 1;
    options.name = "scene";
    renew_table(&options);
    must(hf_group_create("scene", &the_stage.group));
    for (int i = 0; i < SCENE_HANDLES; i++) {
        the_stage.handles[i] = act_begin((scene_beginning)what->handles[i]);
        if (what->handles[i] == BEGIN_WARM && !hf_handle_is_null(the_stage.handles[i]))
            warm_up(the_stage.handles[i]);
    }
}

static void set_up(const scene *what)
{
    the_stage = (stage){.scene = what, .world = the_stage.world, .table = the_stage.table};
    set_up_world(what);
    forget_former_runs(what);
    set_up_table(what);
}

/* ---- the threads ---------------------------------------------------------------------------- */

static void act(unsigned thread, void *argument)
{
    const scene *what = argument;
    if (what->settled) {
        schedule_hush(true);
        (void)hf_record_current();
        schedule_hush(false);
        schedule_line_up();
    }
    for (unsigned i = 0; i < what->counts[thread]; i++)
        operation_do(&what->operations[thread][i]);
    act_leave_all(&the_stage.actors[thread]);
    schedule_hush(what->settled);
}

/* One who waits for a handle may do so for a thread that holds it, or was stopped in the midst of
 * an operation on it; where that one may be in the midst of more, one cannot tell. */
static bool excuses(unsigned sleeper, unsigned stopped)
{
    hf_handle awaited = the_stage.actors[sleeper].subject;
    const actor *other = &the_stage.actors[stopped];
    const entry *of = ledger_find(awaited);
    return of == NULL || of->parent || of->member || of->value == 0 || ledger_is_held(of->value) ||
           hf_handle_is_null(other->subject) || hf_handle_equal(other->subject, awaited) ||
           the_stage.scene->release_closes;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void close_the_rest(void)
{
    for (size_t i = 0; i < ledger_size(); i++) {
        entry *of = ledger_at(i);
        if (of->closed)
            continue;
        hf_status status = hf_close(the_stage.table, of->handle, NULL);
        if (status == HF_OK)
            ledger_close(of);
        else if (!of->loose)
            schedule_fail("what nobody closed cannot be closed: %s", hf_status_name(status));
    }
}

/* What a sound program cannot cause, however its threads' steps are ordered.  Handles are used
 * after their close, and closed twice, on purpose. */
static void expect_reports(const hf_table_stats *stats)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++) {
        bool possible = kind == HF_REPORT_DOUBLE_CLOSE || kind == HF_REPORT_STALE_USE ||
                        kind == HF_REPORT_HANDLE_REUSE ||
                        (kind == HF_REPORT_POSSIBLE_DEADLOCK && the_stage.refused_waits != 0) ||
                        (kind == HF_REPORT_RUNDOWN_TIMEOUT && the_stage.timed_out != 0) ||
                        (kind == HF_REPORT_HELD_AT_THREAD_EXIT && the_stage.abandoned != 0);
        if (stats->reports[kind] != 0 && !possible)
            schedule_fail("a report without a reason: %s",
                          hf_report_kind_name((hf_report_kind)kind));
    }
    if (stats->reports[HF_REPORT_HELD_AT_THREAD_EXIT] != the_stage.abandoned)
        schedule_fail("%u regions were left by the ends of threads, and %llu reported",
                      the_stage.abandoned,
                      (unsigned long long)stats->reports[HF_REPORT_HELD_AT_THREAD_EXIT]);
}

/* All threads have ended: nothing of theirs is left in the library. */
static void expect_no_traces(void)
{
    for (uint32_t record = 1; record <= hf_record_peak(); record++) {
        const hf_record *of = hf_record_at(record);
        uint64_t left = of->window;
        if (record != hf_this_thread.record && hf_record_is_taken(record))
            schedule_fail("a thread that ended has kept its record");
        for (int i = 0; i < HF_HAZARDS_PER_THREAD_; i++)
            left |= hf_record_hazards(record)[i] ^ HF_HAZARD_FREE_;
        for (int i = 0; i < HF_HELD_PER_THREAD; i++)
            left |= of->held[i];
        for (int i = 0; i < HF_INSIDE_PER_THREAD; i++)
            left |= of->inside[i];
        for (int i = 0; i < HF_NOTES_PER_THREAD; i++)
            left |= of->notes[i].subject;
        if (left != 0)
            schedule_fail("something is left in a thread's record");
    }
    if (hf_waiting_next(0) != 0)
        schedule_fail("a wait is still published");
}

static void strike(void)
{
    hf_table_stats stats = {.size = (uint32_t)sizeof(stats)};
    act_release_all();
    close_the_rest();
    must(hf_group_close_wait(the_stage.group, 0));
    must(hf_group_destroy(the_stage.group));
    ledger_end();
    must(hf_table_get_stats(the_stage.table, &stats));
    if (stats.live != 0)
        schedule_fail("%llu slots were never given back", (unsigned long long)stats.live);
    expect_reports(&stats);
    expect_no_traces();
}

/* ---- telling -------------------------------------------------------------------------------- */

static void tell_scene(void)
{
    static const char *const kinds[] = {"rundown", "until released", "plain"};
    static const char *const beginnings[BEGINNINGS] = {"absent", "open",   "warm",
                                                       "child",  "member", "reserved"};
    const scene *what = the_stage.scene;
    fprintf(stderr,
            "  the scene: %s, protection %d, level %d, reuse %d, %s barrier%s%s%s%s; handles",
            kinds[what->kind], (int)what->protection, (int)what->level - 1, (int)what->reuse,
            what->asymmetric ? "asymmetric" : "symmetric", what->unblocks ? ", unblock" : "",
            what->settled ? ", settled" : "", what->ends_inside ? ", ends inside" : "",
            what->release_closes ? ", release closes" : "");
    for (int i = 0; i < SCENE_HANDLES; i++)
        fprintf(stderr, " %s", beginnings[what->handles[i]]);
    fprintf(stderr, "\n");
    for (unsigned thread = 0; thread < what->threads; thread++) {
        fprintf(stderr, "  thread %u:", thread);
        for (unsigned i = 0; i < what->counts[thread]; i++) {
            const scene_operation *one = &what->operations[thread][i];
            fprintf(stderr, " %s(%u, %u)", operation_name(one), one->handle % SCENE_HANDLES,
                    one->argument);
        }
        fprintf(stderr, "\n");
    }
}

/* ---- playing -------------------------------------------------------------------------------- */

static void play(const scene *what, schedule_plan *plan)
{
    set_up(what);
    plan->threads = what->threads;
    plan->lines_up = what->settled;
    plan->asymmetric = what->asymmetric;
    plan->body = act;
    plan->excuses = excuses;
    plan->argument = (void *)(uintptr_t)what;
    schedule_tell = tell_scene;
    schedule_run(plan);
    strike();
}

/* Findings are counted only: what is written of them depends on those before. */
static void set_policies(void)
{
    for (unsigned kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        must(hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT));
}

/* In turn, so that all are in the midst of something at the same time. */
static schedule_decision take_turns(void *decider, const schedule_moment *now)
{
    schedule_decision decision = {.next = (now->last + 1) % SCHEDULE_THREADS};
    (void)decider;
    while ((now->ready & 1u << decision.next) == 0)
        decision.next = (decision.next + 1) % SCHEDULE_THREADS;
    return decision;
}

/* Some things happen once in a process (memory is committed, high-water marks rise).  They are
 * behind us when this was played, so that the first scene is like any other. */
static void warm_up_library(hf_level level, hf_reuse reuse)
{
    static const scene_operation operations[] = {{DO_OPEN, 0, 0},
                                                 {DO_ENTER, 0, 0},
                                                 {DO_OPEN_CHILD, 0, 1},
                                                 {DO_CLOSE_THEN, 1, 0},
                                                 {DO_OPEN_MEMBER, 2, 0}};
    scene what = {.threads = SCHEDULE_THREADS,
                  .mortal = true,
                  .level = level,
                  .reuse = reuse,
                  .capacity = SCENE_CAPACITY};
    schedule_plan plan = {.decide = take_turns};
    for (unsigned thread = 0; thread < SCHEDULE_THREADS; thread++) {
        what.counts[thread] = sizeof operations / sizeof operations[0];
        memcpy(what.operations[thread], operations, sizeof operations);
    }
    play(&what, &plan);
}

static void prepare(void)
{
    set_policies();
    for (int level = HF_LEVEL_COUNTERS; level <= HF_LEVEL_EVERYTHING; level++)
        for (int reuse = HF_REUSE_FIFO; reuse <= HF_REUSE_RANDOM; reuse++)
            warm_up_library((hf_level)level, (hf_reuse)reuse);
}

void scene_play(const scene *what, schedule_plan *plan)
{
    static bool prepared;
    if (!prepared)
        prepare();
    prepared = true;
    play(what, plan);
}

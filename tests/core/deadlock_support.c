/* Players, and what reports of cycles say. */
#include "deadlock_support.h"

#include "core/deadlock.h"

player players[PLAYERS];
hf_table *counted;
hf_table *hazard;

void deadlock_begin(void)
{
    stage_make();
    counted = fixture_table(HF_PROTECT_COUNTED);
    hazard = fixture_table(HF_PROTECT_HAZARD);
}

void deadlock_end(void)
{
    hf_deadlock_between_walks = NULL;
    world->on_release = NULL;
    hf_table_destroy(counted);
    hf_table_destroy(hazard);
    fixture_end(world);
}

static void enter_task(void *argument)
{
    player *p = argument;
    MUST_OK(hf_enter(p->held_table, p->held, NULL, &p->region));
}

static void leave_task(void *argument)
{
    hf_leave(&((player *)argument)->region);
}

void close_wait_task(void *argument)
{
    player *p = argument;
    p->status = hf_close_wait(p->awaited_table, p->awaited, p->timeout, &p->result);
}

void wait_task(void *argument)
{
    player *p = argument;
    p->status = hf_wait(p->awaited_table, p->awaited, p->timeout);
}

player *play(int number, hf_table *table, hf_handle handle)
{
    player *p = &players[number];
    *p = (player){.who = actor_start(), .held_table = table, .held = handle, .timeout = HF_FOREVER};
    if (table != NULL)
        actor_do(p->who, enter_task, p);
    return p;
}

void blocks(player *p, hf_table *table, hf_handle handle)
{
    p->awaited_table = table;
    p->awaited = handle;
    actor_begin(p->who, close_wait_task, p);
    fixture_until_closed(table, handle);
}

void is_refused(player *p, hf_table *table, hf_handle handle)
{
    hf_info before = fixture_info(table, handle);
    uint64_t deferred = fixture_stats(table).deferred;
    p->awaited_table = table;
    p->awaited = handle;
    p->result.outcome = HF_OUTCOME_DEFERRED;
    actor_do(p->who, close_wait_task, p);
    MUST(p->status, HF_E_POSSIBLE_DEADLOCK);
    cr_assert_eq(p->result.outcome, HF_OUTCOME_NONE);
    hf_info after = fixture_info(table, handle);
    cr_assert_eq(after.life, before.life);
    cr_assert_eq(after.references, before.references);
    cr_assert_eq(after.regions, before.regions);
    cr_assert_eq(fixture_stats(table).deferred, deferred);
    cr_assert_eq(fixture_stats(table).refused[HF_E_POSSIBLE_DEADLOCK], 1);
}

void leaves(player *p)
{
    actor_do(p->who, leave_task, p);
}

void got_on(player *p)
{
    actor_finish(p->who);
    MUST_OK(p->status);
    cr_assert_eq(p->result.outcome, HF_OUTCOME_RELEASED);
}

void ends(player *p)
{
    actor_end(p->who);
}

const report_copy *the_report(void)
{
    cr_assert_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    return reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0);
}

const report_copy *reported_cycle(unsigned length)
{
    const report_copy *report = the_report();
    cr_assert_eq(report->holder_count, length, "%u steps", report->holder_count);
    cr_assert_eq(report->holders[0].thread, report->now_thread);
    for (unsigned i = 0; i < length && i < REPORT_HOLDERS; i++) {
        const holder_copy *step = &report->holders[i];
        cr_expect_neq(step->thread, 0);
        cr_expect_eq(step->waits_thread, step->thread);
        cr_expect_gt(step->waits_frames, 0);
        for (unsigned j = 0; j < i; j++)
            cr_expect_neq(step->thread, report->holders[j].thread);
    }
    return report;
}

void each_waits_for_the_next(const report_copy *report)
{
    for (unsigned i = 0; i < report->holder_count; i++) {
        const holder_copy *next = &report->holders[(i + 1) % report->holder_count];
        cr_expect_eq(report->holders[i].awaited.bits, next->held.bits, "step %u", i);
    }
}

void wait_inside(fake_value *value, void *argument)
{
    order *o = argument;
    (void)value;
    if (o->times++ == 0)
        o->status = hf_wait(o->table, o->handle, HF_FOREVER);
}

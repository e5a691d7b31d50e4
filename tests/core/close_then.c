/* Closing with a completion: it is called exactly once, after the release and with the slot free,
 * by whoever is last. */
#include "actor.h"
#include "core/close.h"
#include "fixture.h"
#include "platform/platform.h"
#include "spin_barrier.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

static hf_table *table;
static fake_world *world;
static hf_handle handle;

/* What a completion saw. */
typedef struct completion {
    unsigned calls;
    hf_close_result result;
    uintptr_t thread;
    uint32_t releases; /* of all values, when it was called */
    unsigned order;
    hf_handle of; /* if not null, must be closed by then */
    void (*action)(void *argument);
    void *argument;
} completion;

static unsigned calls_in_all;

static void note(void *context, const hf_close_result *result)
{
    completion *c = context;
    c->calls++;
    c->result = *result;
    c->thread = fake_thread();
    c->releases = world->releases;
    c->order = ++calls_in_all;
    if (!hf_handle_is_null(c->of))
        cr_assert_eq(fixture_life(table, c->of), HF_LIFE_CLOSED, "its slot is not free");
    errno = EDOM;
    if (c->action != NULL)
        c->action(c->argument);
}

static void set_up(void)
{
    reports_start();
    world = fake_world_create(256);
}

static void start(hf_protection protection)
{
    table = fixture_table(protection);
    handle = fixture_open(table, world, FAKE_RUNDOWN);
}

static void tear_down(void)
{
    hf_table_destroy(table);
    cr_assert(fake_world_is_sound(world));
    cr_assert_eq(fake_alive(world), 0);
    fake_world_destroy(world);
}

TestSuite(close_then, .init = set_up, .fini = tear_down);

/* Closes `what`, which something holds. */
static completion begin(hf_handle what)
{
    return (completion){.of = what};
}

static void must_be_held(completion *c)
{
    MUST_OK(hf_close_then(table, c->of, note, c));
    cr_assert_eq(c->calls, 0, "called while the handle is held");
    cr_assert_not(hf_is_live(table, c->of));
    cr_assert_eq(fixture_life(table, c->of), HF_LIFE_CLOSING);
}

static void must_be_over(const completion *c, hf_outcome outcome)
{
    cr_assert_eq(c->calls, 1, "called %u times", c->calls);
    cr_assert_eq(c->result.outcome, outcome);
    if (outcome == HF_OUTCOME_RELEASED)
        cr_assert_eq(c->releases, 1, "called before the release");
}

Test(close_then, nobody_holds_it)
{
    start(HF_PROTECT_ADAPTIVE);
    completion c = begin(handle);
    MUST_OK(hf_close_then(table, handle, note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(c.thread, fake_thread());
    MUST(hf_close_then(table, handle, note, &c), HF_E_STALE_HANDLE);
    cr_assert_eq(c.calls, 1);
    cr_assert_eq(reports_count(HF_REPORT_DOUBLE_CLOSE), 1);
    cr_assert_str_eq(reports_nth(HF_REPORT_DOUBLE_CLOSE, 0)->operation, "hf_close_then");
}

Test(close_then, without_a_function)
{
    start(HF_PROTECT_ADAPTIVE);
    MUST(hf_close_then(table, handle, NULL, NULL), HF_E_INVALID_ARGUMENT);
    MUST(hf_close_then(NULL, handle, note, NULL), HF_E_INVALID_ARGUMENT);
    cr_assert(hf_is_live(table, handle));
}

Test(close_then, hot_and_held_by_nobody)
{
    start(HF_PROTECT_ADAPTIVE);
    fixture_heat(table, handle);
    completion c = begin(handle);
    MUST_OK(hf_close_then(table, handle, note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

static void region_here(hf_protection protection)
{
    hf_region region;
    start(protection);
    completion c = begin(handle);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    must_be_held(&c);
    fake_use(region.value);
    hf_leave(&region);
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, counted_region_of_this_thread)
{
    region_here(HF_PROTECT_COUNTED);
}

Test(close_then, hazard_region_of_this_thread)
{
    region_here(HF_PROTECT_HAZARD);
}

typedef struct visit {
    hf_region region;
    uintptr_t thread;
} visit;

static void enter_task(void *argument)
{
    visit *v = argument;
    v->thread = fake_thread();
    MUST_OK(hf_enter(table, handle, NULL, &v->region));
}

static void leave_task(void *argument)
{
    visit *v = argument;
    hf_leave(&v->region);
}

static void region_elsewhere(hf_protection protection, bool thread_ends)
{
    visit v;
    actor *other = actor_start();
    start(protection);
    completion c = begin(handle);
    actor_do(other, enter_task, &v);
    must_be_held(&c);
    if (!thread_ends)
        actor_do(other, leave_task, &v);
    actor_end(other);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(c.thread, v.thread, "not called by the last holder");
}

Test(close_then, counted_region_of_another_thread)
{
    region_elsewhere(HF_PROTECT_COUNTED, false);
}

Test(close_then, hazard_region_of_another_thread)
{
    region_elsewhere(HF_PROTECT_HAZARD, false);
}

Test(close_then, counted_region_of_a_thread_that_ends)
{
    region_elsewhere(HF_PROTECT_COUNTED, true);
}

Test(close_then, hazard_region_of_a_thread_that_ends)
{
    region_elsewhere(HF_PROTECT_HAZARD, true);
}

Test(close_then, reference)
{
    hf_ref ref;
    start(HF_PROTECT_ADAPTIVE);
    completion c = begin(handle);
    MUST_OK(hf_addref(table, handle, &ref));
    must_be_held(&c);
    MUST_OK(hf_release(&ref));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, type_that_admits_until_released)
{
    hf_ref first;
    hf_region second;
    start(HF_PROTECT_ADAPTIVE);
    hf_handle lenient = fixture_open(table, world, FAKE_UNTIL_RELEASED);
    completion c = {.calls = 0};
    MUST_OK(hf_addref(table, lenient, &first));
    MUST_OK(hf_close_then(table, lenient, note, &c));
    MUST_OK(hf_enter(table, lenient, NULL, &second));
    MUST_OK(hf_release(&first));
    cr_assert_eq(c.calls, 0);
    hf_leave(&second);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    MUST_OK(hf_close(table, handle, NULL));
}

Test(close_then, reserved_handle_is_not_owned)
{
    hf_handle reserved;
    start(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_reserve(table, &world->types[FAKE_RUNDOWN], &reserved));
    completion c = begin(reserved);
    MUST_OK(hf_close_then(table, reserved, note, &c));
    must_be_over(&c, HF_OUTCOME_NOT_OWNED);
    cr_assert_eq(world->releases, 0);
    MUST_OK(hf_close(table, handle, NULL));
}

Test(close_then, borrowed_handle_is_not_owned)
{
    hf_region region;
    start(HF_PROTECT_ADAPTIVE);
    hf_handle borrowed = fixture_borrow(table, world, 5);
    MUST_OK(hf_enter(table, borrowed, NULL, &region));
    completion c = begin(borrowed);
    must_be_held(&c);
    hf_leave(&region);
    must_be_over(&c, HF_OUTCOME_NOT_OWNED);
    MUST_OK(hf_close(table, handle, NULL));
}

Test(close_then, failed_release_is_told)
{
    start(HF_PROTECT_ADAPTIVE);
    completion c = {.calls = 0};
    world->outcome = HF_OUTCOME_NOT_RELEASED;
    world->error = EBADF;
    MUST_OK(hf_close_then(table, handle, note, &c));
    must_be_over(&c, HF_OUTCOME_NOT_RELEASED);
    cr_assert_eq(c.result.error, EBADF);
    world->outcome = HF_OUTCOME_RELEASED;
}

Test(close_then, errno_is_preserved_where_a_reserved_handle_is_abandoned)
{
    hf_handle reserved;
    start(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_reserve(table, &world->types[FAKE_RUNDOWN], &reserved));
    completion c = {.calls = 0};
    errno = EXDEV;
    MUST_OK(hf_close_then(table, reserved, note, &c));
    cr_assert_eq(errno, EXDEV);
    cr_assert_eq(c.calls, 1);
}

Test(close_then, errno_is_preserved)
{
    hf_ref ref;
    start(HF_PROTECT_ADAPTIVE);
    hf_handle held = fixture_open(table, world, FAKE_RUNDOWN);
    completion c = {.calls = 0};
    MUST_OK(hf_addref(table, held, &ref));
    errno = EXDEV;
    MUST_OK(hf_close_then(table, handle, note, &c));
    MUST_OK(hf_close_then(table, held, note, &c));
    MUST_OK(hf_release(&ref));
    cr_assert_eq(errno, EXDEV);
    cr_assert_eq(c.calls, 2);
}

/* ---- signal handlers ------------------------------------------------------------------------ */

Test(close_then, closed_inside_a_signal_handler)
{
    start(HF_PROTECT_ADAPTIVE);
    completion c = begin(handle);
    hf_signal_begin();
    must_be_held(&c);
    hf_signal_end();
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, left_inside_a_signal_handler)
{
    hf_region region;
    start(HF_PROTECT_HAZARD);
    completion c = begin(handle);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    must_be_held(&c);
    hf_signal_begin();
    hf_leave(&region);
    cr_assert_eq(c.calls, 0, "called inside the handler");
    hf_signal_end();
    MUST_OK(hf_wait(table, handle, HF_FOREVER));
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

/* ---- others at the same handle -------------------------------------------------------------- */

typedef struct wait {
    uintptr_t thread;
    hf_status status;
} wait;

static void wait_task(void *argument)
{
    wait *w = argument;
    w->thread = fake_thread();
    w->status = hf_wait(table, handle, HF_FOREVER);
}

static void until_awaited(void)
{
    hf_subject subject;
    cr_assert(hf_subject_find(table, handle, &subject));
    while ((hf_state_load(subject.slot) & HF_WAITER) == 0)
        sched_yield();
}

static void waiter_completes(hf_protection protection)
{
    hf_region region;
    wait w;
    actor *waiter = actor_start();
    start(protection);
    completion c = begin(handle);
    MUST_OK(hf_enter(table, handle, NULL, &region));
    must_be_held(&c);
    actor_begin(waiter, wait_task, &w);
    until_awaited();
    hf_leave(&region);
    actor_finish(waiter);
    cr_assert_eq(w.status, HF_OK);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(c.thread, w.thread, "not called by the one who waits");
    actor_end(waiter);
}

Test(close_then, who_waits_for_a_counted_region_completes)
{
    waiter_completes(HF_PROTECT_COUNTED);
}

Test(close_then, who_waits_for_a_hazard_region_completes)
{
    waiter_completes(HF_PROTECT_HAZARD);
}

Test(close_then, close_and_detach_come_too_late)
{
    hf_ref ref;
    hf_value value;
    start(HF_PROTECT_ADAPTIVE);
    completion c = begin(handle);
    completion late = {.calls = 0};
    MUST_OK(hf_addref(table, handle, &ref));
    must_be_held(&c);
    MUST(hf_close(table, handle, NULL), HF_E_CLOSING);
    MUST(hf_close_wait(table, handle, 0, NULL), HF_E_CLOSING);
    MUST(hf_close_then(table, handle, note, &late), HF_E_CLOSING);
    MUST(hf_detach(table, handle, &value), HF_E_CLOSING);
    MUST_OK(hf_release(&ref));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(late.calls, 0);
}

Test(close_then, comes_too_late_after_close)
{
    hf_ref ref;
    start(HF_PROTECT_ADAPTIVE);
    completion late = {.calls = 0};
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close(table, handle, NULL));
    MUST(hf_close_then(table, handle, note, &late), HF_E_CLOSING);
    MUST_OK(hf_release(&ref));
    cr_assert_eq(world->releases, 1);
    cr_assert_eq(late.calls, 0);
}

Test(close_then, next_life_of_the_slot_has_no_completion)
{
    start(HF_PROTECT_ADAPTIVE);
    completion c = {.calls = 0};
    MUST_OK(hf_close_then(table, handle, note, &c));
    hf_handle next = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(handle, next));
    hf_region region;
    MUST_OK(hf_enter(table, next, NULL, &region));
    MUST_OK(hf_close(table, next, NULL));
    hf_leave(&region);
    cr_assert_eq(world->releases, 2);
    cr_assert_eq(c.calls, 1);
}

Test(close_then, every_life_of_a_slot_until_it_is_retired)
{
    start(HF_PROTECT_ADAPTIVE);
    unsigned lives = 0;
    for (hf_handle next = handle; fixture_same_slot(handle, next); lives++) {
        completion c = {.of = next};
        hf_ref ref;
        MUST_OK(hf_addref(table, next, &ref));
        must_be_held(&c);
        MUST_OK(hf_release(&ref));
        cr_assert_eq(c.calls, 1);
        next = fixture_open(table, world, FAKE_RUNDOWN);
    }
    cr_assert_eq(fixture_stats(table).retired_slots, 1);
    cr_assert_gt(lives, 2);
}

static void shut_down(bool destroys)
{
    hf_ref ref;
    start(HF_PROTECT_ADAPTIVE);
    completion c = {.calls = 0};
    MUST_OK(hf_addref(table, handle, &ref));
    MUST_OK(hf_close_then(table, handle, note, &c));
    if (destroys) {
        hf_table_destroy(table);
        table = NULL;
    } else {
        MUST(hf_table_shutdown(table, 0), HF_E_TIMED_OUT);
    }
    cr_assert_eq(c.calls, 0);
    MUST_OK(hf_release(&ref));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_eq(reports_count(HF_REPORT_LEAK), 0);
    cr_assert_eq(reports_count(HF_REPORT_HELD_AT_SHUTDOWN), 1);
}

Test(close_then, table_is_shut_down_meanwhile)
{
    shut_down(false);
}

Test(close_then, table_is_destroyed_meanwhile)
{
    shut_down(true);
}

/* ---- parents -------------------------------------------------------------------------------- */

Test(close_then, child_holds_it)
{
    start(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(table, world, handle);
    completion parent = begin(handle);
    completion own = begin(child);
    must_be_held(&parent);
    MUST_OK(hf_close_then(table, child, note, &own));
    cr_assert_eq(own.calls, 1);
    cr_assert_eq(parent.calls, 1);
    cr_assert_lt(own.order, parent.order);
    cr_assert_eq(own.releases, 1, "the parent was released first");
    cr_assert_eq(parent.releases, 2);
}

static void close_wait_parent(void *argument)
{
    MUST_OK(hf_close_wait(table, handle, HF_FOREVER, argument));
}

Test(close_then, completion_of_a_child_runs_its_parent_down)
{
    hf_close_result result = {.outcome = HF_OUTCOME_NONE};
    start(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(table, world, handle);
    completion c = {.of = child, .action = close_wait_parent, .argument = &result};
    MUST_OK(hf_close_then(table, child, note, &c));
    cr_assert_eq(c.calls, 1);
    cr_assert_eq(result.outcome, HF_OUTCOME_RELEASED);
    cr_assert_eq(world->releases, 2);
}

static void wait_for_parent(void *argument)
{
    (void)argument;
    MUST_OK(hf_wait(table, handle, HF_FOREVER));
    cr_assert_eq(world->releases, 2);
}

Test(close_then, completion_of_a_child_waits_for_its_closed_parent)
{
    start(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(table, world, handle);
    completion parent = begin(handle);
    completion own = {.of = child, .action = wait_for_parent};
    must_be_held(&parent);
    MUST_OK(hf_close_then(table, child, note, &own));
    cr_assert_eq(own.calls, 1);
    cr_assert_eq(parent.calls, 1);
}

Test(close_then, chain_of_parents_completes_from_the_youngest_on)
{
    enum { DEPTH = 20 };
    completion all[DEPTH];
    hf_handle chain[DEPTH];
    start(HF_PROTECT_ADAPTIVE);
    chain[0] = handle;
    for (int i = 1; i < DEPTH; i++)
        chain[i] = fixture_child(table, world, chain[i - 1]);
    for (int i = 0; i < DEPTH; i++) {
        all[i] = begin(chain[i]);
        MUST_OK(hf_close_then(table, chain[i], note, &all[i]));
        cr_assert_eq(all[i].calls, (unsigned)(i == DEPTH - 1));
    }
    for (unsigned i = 0; i < DEPTH; i++) {
        cr_assert_eq(all[i].calls, 1);
        cr_assert_eq(all[i].order, DEPTH - i);
        cr_assert_eq(all[i].releases, DEPTH - i);
    }
}

/* ---- what a completion may do --------------------------------------------------------------- */

static void live_and_close_another(void *argument)
{
    completion *other = argument;
    hf_region region;
    hf_handle own = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(fixture_same_slot(own, handle), "the slot is not free");
    MUST_OK(hf_enter(table, own, NULL, &region));
    hf_leave(&region);
    MUST_OK(hf_close(table, own, NULL));
    MUST(hf_close_wait(table, handle, HF_FOREVER, NULL), HF_E_STALE_HANDLE);
    MUST_OK(hf_wait(table, handle, HF_FOREVER));
    MUST_OK(hf_close_then(table, other->of, note, other));
    cr_assert_eq(other->calls, 1);
}

Test(close_then, completion_lives_whole_lives)
{
    start(HF_PROTECT_ADAPTIVE);
    completion second = {.of = fixture_open(table, world, FAKE_RUNDOWN)};
    completion first = {.action = live_and_close_another, .argument = &second};
    MUST_OK(hf_close_then(table, handle, note, &first));
    cr_assert_eq(first.calls, 1);
    cr_assert_eq(world->releases, 3);
}

static void destroy_table(void *argument)
{
    (void)argument;
    hf_table_destroy(table);
    table = NULL;
}

Test(close_then, completion_destroys_its_table)
{
    start(HF_PROTECT_ADAPTIVE);
    completion c = {.action = destroy_table};
    MUST_OK(hf_close_then(table, handle, note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    hf_handle fresh = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert_eq(fixture_close(table, fresh), HF_OUTCOME_RELEASED);
}

Test(close_then, completion_called_by_a_leave_destroys_its_table)
{
    hf_region region;
    start(HF_PROTECT_HAZARD);
    completion c = {.action = destroy_table};
    MUST_OK(hf_enter(table, handle, NULL, &region));
    MUST_OK(hf_close_then(table, handle, note, &c));
    hf_leave(&region);
    must_be_over(&c, HF_OUTCOME_RELEASED);
    cr_assert_null(table);
}

Test(close_then, completion_of_a_child_destroys_its_table)
{
    start(HF_PROTECT_ADAPTIVE);
    hf_handle child = fixture_child(table, world, handle);
    completion c = {.action = destroy_table};
    MUST_OK(hf_close_then(table, child, note, &c));
    cr_assert_eq(c.calls, 1);
    cr_assert_null(table);
    cr_assert_eq(world->releases, 2, "destroy released the parent");
    table = fixture_table(HF_PROTECT_ADAPTIVE);
    MUST_OK(hf_close(table, fixture_open(table, world, FAKE_RUNDOWN), NULL));
}

/* ---- memory --------------------------------------------------------------------------------- */

Test(close_then, out_of_memory_changes_nothing)
{
    start(HF_PROTECT_ADAPTIVE);
    completion c = begin(handle);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        hf_os_fail_allocation(nth);
        MUST(hf_close_then(table, handle, note, &c), HF_E_NO_MEMORY);
        cr_assert_eq(hf_os_fail_allocation(0), nth);
        cr_assert(hf_is_live(table, handle));
        cr_assert_eq(c.calls, 0);
    }
    MUST_OK(hf_close_then(table, handle, note, &c));
    must_be_over(&c, HF_OUTCOME_RELEASED);
    hf_handle other = fixture_open(table, world, FAKE_RUNDOWN);
    hf_os_fail_allocation(1);
    MUST_OK(hf_close_then(table, other, note, &c));
    cr_assert_eq(hf_os_fail_allocation(0), 0, "the record was there");
}

/* ---- between the steps ---------------------------------------------------------------------- */

static uint64_t state_of(const hf_subject *subject)
{
    return hf_state_load(subject->slot) & (HF_FLAGS | HF_THEN);
}

static hf_region last_region;
static unsigned unsealed;

static void leave_and_look(const hf_closer *closer)
{
    hf_close_unsealed = NULL;
    unsealed++;
    cr_assert_eq(state_of(&closer->subject), HF_CLOSED | HF_THEN);
    if (hf_region_entered(&last_region))
        hf_leave(&last_region);
    hf_settle(&closer->subject, NULL);
    cr_assert_eq(world->releases, 0, "released before the completion was written");
}

/* The last holder leaves when the handle is closed and its completion is not written yet. */
static void left_before_it_is_written(hf_protection protection, bool held)
{
    start(protection);
    completion c = begin(handle);
    unsealed = 0;
    if (held)
        MUST_OK(hf_enter(table, handle, NULL, &last_region));
    hf_close_unsealed = leave_and_look;
    MUST_OK(hf_close_then(table, handle, note, &c));
    cr_assert_eq(unsealed, 1);
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then, nothing_is_released_before_the_completion_is_written)
{
    left_before_it_is_written(HF_PROTECT_COUNTED, false);
    hf_table_destroy(table);
    world->releases = 0;
    left_before_it_is_written(HF_PROTECT_COUNTED, true);
    hf_table_destroy(table);
    world->releases = 0;
    left_before_it_is_written(HF_PROTECT_HAZARD, true);
}

/* As in a forked child whose closing thread is gone: the record is an earlier life's. */
Test(close_then, completion_that_was_never_written)
{
    hf_subject subject;
    start(HF_PROTECT_COUNTED);
    completion c = {.calls = 0};
    MUST_OK(hf_close_then(table, handle, note, &c));
    hf_handle next = fixture_open(table, world, FAKE_RUNDOWN);
    cr_assert(hf_subject_find(table, next, &subject));
    (void)__atomic_fetch_xor(&subject.slot->state, HF_LIVE_ | HF_CLOSED | HF_THEN | HF_SEALED,
                             __ATOMIC_SEQ_CST);
    hf_settle(&subject, NULL);
    cr_assert_eq(world->releases, 2);
    cr_assert_eq(c.calls, 1);
}

/* ---- races ---------------------------------------------------------------------------------- */

enum { RACERS = 3, ROUNDS = 50000, SECONDS = 1 }; /* the table has 61,000 lives */

typedef struct racer {
    pthread_t thread;
    unsigned number;
    hf_status status;
    _Atomic unsigned calls;
    _Atomic unsigned strange; /* calls with another's context */
} racer;

static racer racers[RACERS];
static spin_barrier barrier = {.threads = RACERS};
static hf_handle target;
static _Atomic unsigned winners;
static _Atomic bool over;

static void count_call(void *context, const hf_close_result *result)
{
    racer *who = context;
    who->calls++;
    who->strange += result->outcome != HF_OUTCOME_RELEASED;
}

static bool is_late(void)
{
    static time_t start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (start == 0)
        start = now.tv_sec;
    return now.tv_sec - start > SECONDS;
}

/* By the first racer alone, between rounds. */
static void prepare(unsigned round)
{
    if (round % 100 == 99)
        fake_world_reset(world);
    target = fixture_open(table, world, FAKE_RUNDOWN);
    for (unsigned i = 0; i < RACERS; i++)
        racers[i].calls = 0;
    winners = 0;
    over = round + 1 == ROUNDS || is_late();
}

static void close_target(racer *who)
{
    hf_region region;
    hf_status entered = hf_enter(table, target, NULL, &region);
    if (entered == HF_OK)
        fake_use(region.value);
    who->status = hf_close_then(table, target, count_call, who);
    if (entered == HF_OK)
        hf_leave(&region);
    winners += who->status == HF_OK;
}

static void *race(void *argument)
{
    racer *who = argument;
    bool last = false;
    for (unsigned round = 0; !last; round++) {
        if (who->number == 0)
            prepare(round);
        spin_barrier_wait(&barrier);
        last = over;
        close_target(who);
        spin_barrier_wait(&barrier);
        who->strange += winners != 1 || who->calls != (unsigned)(who->status == HF_OK);
        spin_barrier_wait(&barrier);
    }
    return NULL;
}

static void race_all(hf_protection protection)
{
    for (int kind = 0; kind < HF_REPORT_KIND_COUNT; kind++)
        MUST_OK(hf_set_policy((hf_report_kind)kind, HF_POLICY_COUNT));
    table = fixture_table(protection);
    for (unsigned i = 0; i < RACERS; i++)
        racers[i].number = i;
    for (unsigned i = 0; i < RACERS; i++)
        cr_assert_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (unsigned i = 0; i < RACERS; i++) {
        cr_assert_eq(pthread_join(racers[i].thread, NULL), 0);
        cr_assert_eq(racers[i].strange, 0);
    }
}

Test(close_then, only_the_winner_of_a_race_is_called_counted)
{
    race_all(HF_PROTECT_COUNTED);
}

Test(close_then, only_the_winner_of_a_race_is_called_hazard)
{
    race_all(HF_PROTECT_HAZARD);
}

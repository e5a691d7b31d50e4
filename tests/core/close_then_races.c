/* Closing with a completion: what others do before it is written, and who is called when several
 * close at once. */
#include "completion.h"
#include "core/close.h"
#include "spin_barrier.h"

#include <pthread.h>
#include <time.h>

TestSuite(close_then_races, .init = stage_make, .fini = stage_end);

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
    stage_open(protection);
    completion c = completion_of(the_handle);
    unsealed = 0;
    if (held)
        MUST_OK(hf_enter(the_table, the_handle, NULL, &last_region));
    hf_close_unsealed = leave_and_look;
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    cr_assert_eq(unsealed, 1);
    must_be_over(&c, HF_OUTCOME_RELEASED);
}

Test(close_then_races, nothing_is_released_before_the_completion_is_written)
{
    left_before_it_is_written(HF_PROTECT_COUNTED, false);
    hf_table_destroy(the_table);
    world->releases = 0;
    left_before_it_is_written(HF_PROTECT_COUNTED, true);
    hf_table_destroy(the_table);
    world->releases = 0;
    left_before_it_is_written(HF_PROTECT_HAZARD, true);
}

/* As in a forked child whose closing thread is gone: the record is an earlier life's. */
Test(close_then_races, completion_that_was_never_written)
{
    hf_subject subject;
    stage_open(HF_PROTECT_COUNTED);
    completion c = {.calls = 0};
    MUST_OK(hf_close_then(the_table, the_handle, completion_note, &c));
    hf_handle next = fixture_open(the_table, world, FAKE_RUNDOWN);
    cr_assert(hf_subject_find(the_table, next, &subject));
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
    target = fixture_open(the_table, world, FAKE_RUNDOWN);
    for (unsigned i = 0; i < RACERS; i++)
        racers[i].calls = 0;
    winners = 0;
    over = round + 1 == ROUNDS || is_late();
}

static void close_target(racer *who)
{
    hf_region region;
    hf_status entered = hf_enter(the_table, target, NULL, &region);
    if (entered == HF_OK)
        fake_use(region.value);
    who->status = hf_close_then(the_table, target, count_call, who);
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
    the_table = fixture_table(protection);
    for (unsigned i = 0; i < RACERS; i++)
        racers[i].number = i;
    for (unsigned i = 0; i < RACERS; i++)
        cr_assert_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (unsigned i = 0; i < RACERS; i++) {
        cr_assert_eq(pthread_join(racers[i].thread, NULL), 0);
        cr_assert_eq(racers[i].strange, 0);
    }
}

Test(close_then_races, only_the_winner_of_a_race_is_called_counted)
{
    race_all(HF_PROTECT_COUNTED);
}

Test(close_then_races, only_the_winner_of_a_race_is_called_hazard)
{
    race_all(HF_PROTECT_HAZARD);
}

/* Where features meet: forks of a process that is exiting; cycles through groups, completions and
 * parents; children that share the parent's memory.  More of fork in meetings_fork.c. */
#include "fork_scene.h"

#include "core/deadlock.h"
#include "platform/gate.h"

#include <holdfast/process.h>

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static hf_handle second;
static hf_group *group;

TestSuite(meetings, .init = fork_scene_begin, .fini = fork_scene_end);

static void count_completion(void *context, const hf_close_result *result)
{
    (void)result;
    *(unsigned *)context += 1;
}

/* ---- exit ----------------------------------------------------------------------------------- */

static int answers_exiting(void *argument)
{
    hf_close_result result;
    hf_table *table;
    unsigned completions = 0;
    (void)argument;
    HOLDS(hf_is_exiting());
    HOLDS(hf_close(scene_now.table, scene_now.handle, &result) == HF_E_EXITING);
    HOLDS(hf_close_then(scene_now.table, scene_now.handle, count_completion, &completions) ==
          HF_E_EXITING);
    HOLDS(hf_close_many(scene_now.table, &second, 1, NULL) == HF_E_EXITING);
    HOLDS(hf_close_wait(scene_now.table, second, HF_FOREVER, NULL) == HF_E_EXITING);
    HOLDS(hf_wait(scene_now.table, second, HF_FOREVER) == HF_E_EXITING);
    HOLDS(hf_group_close_wait(group, HF_FOREVER) == HF_E_EXITING);
    HOLDS(hf_table_create(NULL, &table) == HF_E_EXITING);
    HOLDS(hf_table_shutdown(scene_now.table, HF_FOREVER) == HF_E_EXITING);
    hf_table_destroy(scene_now.table);
    hf_leave(&scene_now.region);
    HOLDS(hf_enter(scene_now.table, scene_now.handle, NULL, &scene_now.region) == HF_OK);
    hf_leave(&scene_now.region);
    HOLDS(completions == 0 && atomic_load(&scene_now.world->releases) == 0);
    HOLDS(reports_total() == 0);
    return 0;
}

static uint32_t policy_at_exit;

static int exit_and_fork(void *argument)
{
    enter_it(NULL);
    hf_process_exiting();
    scene_now.world->types[FAKE_RUNDOWN].fork = policy_at_exit; /* this one is a child already */
    int result = forked(answers_exiting, argument);
    return result != 0 ? result : answers_exiting(argument);
}

/* Neither is anything released for the sake of a policy. */
static void fork_of_an_exiting_process(uint32_t policy)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    MUST_OK(hf_group_create("owner", &group));
    options.group = group;
    policy_at_exit = policy;
    MUST_OK(hf_open(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN],
                    fake_make(scene_now.world), &options, &second));
    fork_scene_open(FAKE_PLAIN);
    CHILD_MUST(exit_and_fork);
    MUST_OK(hf_group_close_wait(group, 0));
    MUST_OK(hf_group_destroy(group));
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(meetings, fork_of_an_exiting_process)
{
    fork_of_an_exiting_process(HF_FORK_INHERIT);
}

Test(meetings, fork_of_an_exiting_process_closes_nothing)
{
    fork_of_an_exiting_process(HF_FORK_CLOSE);
}

Test(meetings, fork_of_an_exiting_process_poisons)
{
    fork_of_an_exiting_process(HF_FORK_POISON);
}

/* ---- cycles, and what is none --------------------------------------------------------------- */

static void enter_and_wait_for_the_scene_s(void *argument)
{
    hf_region inside;
    (void)argument;
    MUST_OK(hf_enter(scene_now.table, second, NULL, &inside));
    MUST_OK(hf_close_wait(scene_now.table, scene_now.handle, HF_FOREVER, NULL));
    hf_leave(&inside);
}

/* The one who waits calls unblock before he sleeps, again and again. */
static void await_waiter(void)
{
    while (atomic_load(&scene_now.world->unblocks) == 0)
        sched_yield();
}

Test(meetings, cycle_through_the_drain_of_a_group)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    MUST_OK(hf_group_create("owner", &group));
    options.group = group;
    fake_world_unblocks(scene_now.world, NULL);
    MUST_OK(hf_open(scene_now.table, &scene_now.world->types[FAKE_PLAIN],
                    fake_make(scene_now.world), &options, &second));
    fork_scene_open(FAKE_RUNDOWN);
    enter_it(NULL);
    actor_begin(scene_now.other, enter_and_wait_for_the_scene_s, NULL);
    await_waiter();
    MUST(hf_group_close_wait(group, HF_FOREVER), HF_E_POSSIBLE_DEADLOCK);
    cr_expect_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 1);
    cr_expect_eq(reports_nth(HF_REPORT_POSSIBLE_DEADLOCK, 0)->holder_count, 2);
    leave_it(NULL);
    actor_finish(scene_now.other);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    MUST_OK(hf_group_destroy(group));
}

static void wait_for_second(void *context, const hf_close_result *result)
{
    (void)result;
    *(hf_status *)context = hf_close_wait(scene_now.table, second, 1000, NULL);
}

/* The child is gone, whose completion runs: it does not keep the parent; another child does. */
Test(meetings, completion_of_a_child_waits_for_a_parent_that_has_another)
{
    hf_status status = HF_OK;
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    hf_handle other = fixture_child(scene_now.table, scene_now.world, second);
    scene_now.handle = fixture_child(scene_now.table, scene_now.world, second);
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, wait_for_second, &status));
    cr_expect_eq(status, HF_E_TIMED_OUT);
    cr_expect_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    MUST_OK(hf_close(scene_now.table, other, NULL));
    MUST_OK(hf_wait(scene_now.table, second, HF_FOREVER));
}

/* As one who waits for a handle that is released by now, and has not woken yet. */
static void wait_on_while_inside(void *argument)
{
    hf_subject subject;
    hf_region inside;
    MUST_OK(hf_enter(scene_now.table, second, NULL, &inside));
    cr_assert(hf_subject_find(scene_now.table, scene_now.handle, &subject));
    hf_awaited awaited = hf_awaited_handle(&subject);
    hf_waiting wait = hf_waiting_make(hf_record_current(), &awaited, (hf_trace){0, 0});
    uint32_t number = hf_waiting_publish(&wait);
    stop_here(argument);
    hf_waiting_end(number);
    hf_leave(&inside);
}

Test(meetings, completion_waits_for_one_who_is_about_to_wake)
{
    hf_status status = HF_OK;
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    fork_scene_open(FAKE_RUNDOWN);
    actor_begin(scene_now.other, wait_on_while_inside, &scene_now.place);
    wait_until_stopped(&scene_now.place);
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, wait_for_second, &status));
    cr_expect_eq(status, HF_E_TIMED_OUT);
    cr_expect_eq(reports_count(HF_REPORT_POSSIBLE_DEADLOCK), 0);
    let_pass(&scene_now.place);
    actor_finish(scene_now.other);
}

/* ---- children that share the parent's memory, until they exec -------------------------------- */

typedef struct picture {
    hf_table_stats stats;
    uint32_t gate;
    bool live;
} picture;

static picture look(void)
{
    return (picture){.stats = fixture_stats(scene_now.table),
                     .gate = hf_gate_state,
                     .live = hf_is_live(scene_now.table, scene_now.handle)};
}

static void must_end_well(pid_t child)
{
    int status = 1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
}

static char *const command[] = {(char[]){"true"}, NULL};

static void run_by_vfork(void)
{
    pid_t child = vfork();
    if (child == 0) {
        (void)execvp(command[0], command);
        _exit(1);
    }
    must_end_well(child);
}

static void run_by_spawn(void)
{
    pid_t child;
    cr_assert_eq(posix_spawnp(&child, command[0], NULL, NULL, command, environ), 0);
    must_end_well(child);
}

/* Were it taken for a fork, the handle would be closed here, and the other's region be left. */
static void leaves_the_tables_alone(void (*run)(void))
{
    scene_now.world->types[FAKE_RUNDOWN].fork = HF_FORK_CLOSE;
    fork_scene_open(FAKE_RUNDOWN);
    actor_do(scene_now.other, enter_it, NULL);
    picture before = look();
    run();
    picture after = look();
    cr_expect(after.live && before.live);
    cr_expect_eq(after.gate, before.gate);
    cr_expect_eq(memcmp(&after.stats, &before.stats, sizeof after.stats), 0);
    cr_expect_eq(close_now(), HF_OUTCOME_DEFERRED);
    actor_do(scene_now.other, leave_it, NULL);
    cr_expect_eq(releases_of(scene_now.value), 1);
}

Test(meetings, vfork_and_exec_leave_the_tables_alone)
{
    leaves_the_tables_alone(run_by_vfork);
}

Test(meetings, posix_spawn_leaves_the_tables_alone)
{
    leaves_the_tables_alone(run_by_spawn);
}

/* Where fork meets completions, groups and what a thread is in the midst of: what the child makes
 * of those of threads that are gone, and of its own. */
#include "fork_scene.h"

#include "core/close.h"
#include "core/group.h"

#include <sys/wait.h>
#include <unistd.h>

static hf_handle second;
static hf_group *group;
static unsigned completions;
static int fork_result;

static void begin(void)
{
    fork_scene_begin();
    completions = 0;
    MUST_OK(hf_group_create("owner", &group));
}

static void finish(void)
{
    MUST_OK(hf_group_destroy(group));
    fork_scene_end();
}

TestSuite(meetings_fork, .init = begin, .fini = finish);

static void count_completion(void *context, const hf_close_result *result)
{
    (void)context;
    (void)result;
    completions++;
}

static hf_handle open_member(fake_kind kind)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    hf_handle member;
    options.group = group;
    scene_now.value = fake_make(scene_now.world);
    MUST_OK(hf_open(scene_now.table, &scene_now.world->types[kind], scene_now.value, &options,
                    &member));
    return member;
}

static bool is_drained(void)
{
    return hf_group_close_wait(group, HF_FOREVER) == HF_OK && hf_group_size(group) == 0;
}

/* ---- completions of threads that are gone --------------------------------------------------- */

static void stop_completion(void *context, const hf_close_result *result)
{
    count_completion(context, result);
    stop_here(&scene_now.place);
}

static void close_then_stop(void *argument)
{
    (void)argument;
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, stop_completion, NULL));
}

/* In the parent it goes on. */
static void fork_meanwhile(int (*check)(void *argument))
{
    wait_until_stopped(&scene_now.place);
    scene_now.world->on_release = NULL;
    CHILD_MUST(check);
    let_pass(&scene_now.place);
    actor_finish(scene_now.other);
}

static int another_completed(void *argument)
{
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && releases_of(scene_now.value) == 1);
    HOLDS(is_drained() && completions == 1);
    HOLDS(ends_well());
    return 0;
}

Test(meetings_fork, another_is_inside_a_completion)
{
    scene_now.handle = open_member(FAKE_RUNDOWN);
    actor_begin(scene_now.other, close_then_stop, NULL);
    fork_meanwhile(another_completed);
    cr_expect_eq(hf_group_size(group), 0);
}

static int parent_is_released(void *argument)
{
    (void)argument;
    HOLDS(is_stale(second) && atomic_load(&scene_now.world->releases) == 2);
    HOLDS(ends_well());
    return 0;
}

/* The parent's count is given back, and nobody has looked at it since. */
Test(meetings_fork, another_is_inside_the_completion_of_the_last_child)
{
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    scene_now.handle = fixture_child(scene_now.table, scene_now.world, second);
    MUST_OK(hf_close(scene_now.table, second, NULL));
    actor_begin(scene_now.other, close_then_stop, NULL);
    fork_meanwhile(parent_is_released);
    cr_expect(is_stale(second));
}

static int another_releases(void *argument)
{
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && releases_of(scene_now.value) == 0);
    HOLDS(is_drained() && completions == 0);
    HOLDS(ends_well());
    return 0;
}

/* It counts as released, and its completion as called. */
Test(meetings_fork, another_releases_what_has_a_completion)
{
    scene_now.handle = open_member(FAKE_RUNDOWN);
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_then_stop, NULL);
    fork_meanwhile(another_releases);
    cr_expect_eq(completions, 1);
}

static void stop_unsealed(const hf_closer *closer)
{
    (void)closer;
    stop_here(&scene_now.place);
}

static int another_sealed_nothing(void *argument)
{
    (void)argument;
    hf_close_unsealed = NULL;
    HOLDS(is_stale(scene_now.handle));
    HOLDS(releases_of(scene_now.value) ==
          (scene_now.world->types[FAKE_RUNDOWN].fork == HF_FORK_POISON ? 0 : 1));
    HOLDS(is_drained() && completions == 0);
    HOLDS(ends_well());
    return 0;
}

static void another_has_closed_and_not_sealed(bool hot, uint32_t policy)
{
    scene_now.world->types[FAKE_RUNDOWN].fork = policy;
    scene_now.handle = open_member(FAKE_RUNDOWN);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    hf_close_unsealed = stop_unsealed;
    actor_begin(scene_now.other, close_then_stop, NULL);
    wait_until_stopped(&scene_now.place);
    CHILD_MUST(another_sealed_nothing);
    hf_close_unsealed = NULL;
    let_pass(&scene_now.place);
    actor_finish(scene_now.other);
    cr_expect_eq(completions, 1);
}

/* The fork waits for it for about a second, and in vain: its completion is not yet written. */
Test(meetings_fork, another_has_closed_and_not_sealed_cold)
{
    another_has_closed_and_not_sealed(false, HF_FORK_INHERIT);
}

Test(meetings_fork, another_has_closed_and_not_sealed_hot)
{
    another_has_closed_and_not_sealed(true, HF_FORK_INHERIT);
}

Test(meetings_fork, another_has_closed_and_not_sealed_poisoned)
{
    another_has_closed_and_not_sealed(false, HF_FORK_POISON);
}

/* ---- completions that are due in the child -------------------------------------------------- */

static int leave_completes(void *argument)
{
    (void)argument;
    hf_leave(&scene_now.region);
    HOLDS(completions == 1 && is_stale(scene_now.handle));
    HOLDS(releases_of(scene_now.value) ==
          (scene_now.world->types[FAKE_RUNDOWN].fork == HF_FORK_POISON ? 0 : 1));
    HOLDS(ends_well());
    return 0;
}

static void completion_is_due_in_the_child(uint32_t policy)
{
    scene_now.world->types[FAKE_RUNDOWN].fork = policy;
    fork_scene_open(FAKE_RUNDOWN);
    enter_it(NULL);
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, count_completion, NULL));
    CHILD_MUST(leave_completes);
    leave_it(NULL);
    cr_expect_eq(completions, 1);
}

Test(meetings_fork, completion_is_due_in_the_child)
{
    completion_is_due_in_the_child(HF_FORK_INHERIT);
}

Test(meetings_fork, completion_of_a_poisoned_handle_is_due_in_the_child)
{
    completion_is_due_in_the_child(HF_FORK_POISON);
}

static void fork_and_return(void *context, const hf_close_result *result)
{
    count_completion(context, result);
    fork_and_go_on();
}

static int own_completion_ended(void)
{
    HOLDS(completions == 1 && releases_of(scene_now.value) == 1);
    HOLDS(is_drained());
    HOLDS(ends_well());
    return 0;
}

Test(meetings_fork, fork_in_a_completion_that_returns_in_the_child)
{
    scene_now.handle = open_member(FAKE_RUNDOWN);
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, fork_and_return, NULL));
    if (in_child)
        _exit(own_completion_ended());
    cr_expect_eq(child_status, 0);
    cr_expect_eq(hf_group_size(group), 0);
}

static int group_waits_for_the_completion(void *argument)
{
    (void)argument;
    HOLDS(hf_group_size(group) == 1);
    HOLDS(hf_group_close_wait(group, HF_FOREVER) == HF_E_POSSIBLE_DEADLOCK);
    return 0;
}

static void fork_inside(void *context, const hf_close_result *result)
{
    int (*check)(void *argument) = *(int (**)(void *))context;
    count_completion(context, result);
    fork_result = forked(check, NULL);
}

Test(meetings_fork, fork_in_a_completion_of_a_member)
{
    int (*check)(void *argument) = group_waits_for_the_completion;
    scene_now.handle = open_member(FAKE_RUNDOWN);
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, fork_inside, (void *)&check));
    cr_expect_eq(fork_result, 0);
}

/* ---- policies, and what the forking thread itself has a note of ------------------------------ */

static int parent_was_poisoned(void *argument)
{
    (void)argument;
    HOLDS(is_stale(second) && atomic_load(&scene_now.world->releases) == 1);
    HOLDS(ends_well());
    return 0;
}

/* This thread will look at the parent, but it does not close it. */
Test(meetings_fork, fork_in_the_completion_of_a_child_poisons_the_parent)
{
    int (*check)(void *argument) = parent_was_poisoned;
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    scene_now.world->types[FAKE_RUNDOWN].fork = HF_FORK_POISON;
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    options.parent = second;
    MUST_OK(hf_open(scene_now.table, &scene_now.world->types[FAKE_PLAIN],
                    fake_make(scene_now.world), &options, &scene_now.handle));
    MUST_OK(hf_close_then(scene_now.table, scene_now.handle, fork_inside, (void *)&check));
    cr_expect_eq(fork_result, 0);
    MUST_OK(hf_close(scene_now.table, second, NULL));
}

static int all_is_poisoned(void *argument)
{
    (void)argument;
    HOLDS(is_stale(second));
    HOLDS(ends_well());
    return 0;
}

static void fork_in_hook(const hf_report *report, void *argument)
{
    (void)report;
    (void)argument;
    reports_clear();
    fork_result = forked(all_is_poisoned, NULL);
}

/* This thread closes handles of the table, but not that one. */
Test(meetings_fork, fork_in_the_hook_of_a_batch_poisons_the_rest_of_the_table)
{
    fork_scene_open(FAKE_PLAIN);
    (void)close_now();
    scene_now.world->types[FAKE_RUNDOWN].fork = HF_FORK_POISON;
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    reports_on(fork_in_hook, NULL);
    MUST(hf_close_many(scene_now.table, &scene_now.handle, 1, NULL), HF_E_STALE_HANDLE);
    cr_expect_eq(fork_result, 0);
    MUST_OK(hf_close(scene_now.table, second, NULL));
}

/* ---- groups in the child -------------------------------------------------------------------- */

static stopping_place opening;

static bool identify_stops(hf_value value, void *context, hf_identity *out)
{
    (void)value;
    (void)context;
    *out = (hf_identity){0};
    stop_here(&opening);
    return false;
}

static void open_member_there(void *argument)
{
    *(hf_handle *)argument = open_member(FAKE_UNTIL_RELEASED);
}

static int group_of_the_dead_is_drained(void *argument)
{
    (void)argument;
    HOLDS(hf_group_size(group) == 1); /* the one whose region's thread is gone */
    HOLDS(is_drained() && hf_group_destroy(group) == HF_OK);
    HOLDS(ends_well());
    return 0;
}

/* One is inside a member's region, one releases a member, and one opens another. */
Test(meetings_fork, group_with_members_of_the_dead_is_drained)
{
    hf_handle born;
    actor *opener = actor_start();
    actor *holder = actor_start();
    scene_now.handle = open_member(FAKE_RUNDOWN);
    actor_do(holder, enter_it, NULL);
    scene_now.handle = open_member(FAKE_PLAIN);
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_it, NULL);
    wait_until_stopped(&scene_now.place);
    scene_now.world->types[FAKE_UNTIL_RELEASED].identify = identify_stops;
    actor_begin(opener, open_member_there, &born);
    wait_until_stopped(&opening);
    fork_meanwhile(group_of_the_dead_is_drained);
    let_pass(&opening);
    actor_finish(opener);
    actor_do(holder, leave_it, NULL);
    cr_expect_eq(hf_group_size(group), 2);
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    actor_end(opener);
    actor_end(holder);
}

static int poisoned_member_is_drained(void *argument)
{
    (void)argument;
    HOLDS(hf_group_size(group) == 1);
    HOLDS(hf_group_close_wait(group, HF_FOREVER) == HF_E_POSSIBLE_DEADLOCK);
    hf_leave(&scene_now.region);
    HOLDS(is_drained() && releases_of(scene_now.value) == 0);
    reports_clear();
    HOLDS(ends_well());
    return 0;
}

Test(meetings_fork, poisoned_member_is_drained)
{
    scene_now.world->types[FAKE_RUNDOWN].fork = HF_FORK_POISON;
    scene_now.handle = open_member(FAKE_RUNDOWN);
    enter_it(NULL);
    CHILD_MUST(poisoned_member_is_drained);
    leave_it(NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static void drain_it(void *argument)
{
    (void)argument;
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
}

static int destroyed_table_is_given_back(void *argument)
{
    (void)argument;
    HOLDS(is_drained() && ends_well());
    hf_table_destroy(scene_now.table);
    HOLDS(scene_now.table->phase == HF_TABLE_IDLE);
    return 0;
}

/* Its walk had pinned the table. */
Test(meetings_fork, another_drains_a_group)
{
    scene_now.handle = open_member(FAKE_RUNDOWN);
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, drain_it, NULL);
    fork_meanwhile(destroyed_table_is_given_back);
}

/* Its own walk goes on in the child, with its own pin. */
Test(meetings_fork, fork_in_the_drain_of_a_group)
{
    scene_now.handle = open_member(FAKE_RUNDOWN);
    scene_now.world->on_release = fork_in_action;
    MUST_OK(hf_group_close_wait(group, HF_FOREVER));
    if (in_child)
        _exit(destroyed_table_is_given_back(NULL));
    cr_expect_eq(child_status, 0);
}

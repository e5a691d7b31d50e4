/* Fork: what the child makes of the closing and opening that others were in the midst of. */
#include "fork_scene.h"

static hf_handle second;
static hf_namespace numbers = HF_NAMESPACE_INIT("fake numbers", HF_VALUES_SPARSE);

TestSuite(fork_others, .init = fork_scene_begin, .fini = fork_scene_end);

static int closes_at_once(void *argument)
{
    (void)argument;
    HOLDS(close_now() == HF_OUTCOME_RELEASED);
    HOLDS(ends_well());
    return 0;
}

static int was_released(void *argument)
{
    (void)argument;
    HOLDS(releases_of(scene_now.value) == 1 && is_stale(scene_now.handle));
    HOLDS(ends_well());
    return 0;
}

/* ---- closing -------------------------------------------------------------------------------- */

static int counts_as_released(void *argument)
{
    (void)argument;
    HOLDS(releases_of(scene_now.value) == 0 && is_stale(scene_now.handle));
    HOLDS(ends_well());
    HOLDS(releases_of(scene_now.value) == 0);
    return 0;
}

static bool identify_waits;

/* The world's function lets nobody stop there in the child, who would stop for ever. */
static void fork_at_the_place(int (*check)(void *argument))
{
    wait_until_stopped(&scene_now.place);
    scene_now.world->on_release = NULL;
    scene_now.world->on_unblock = NULL;
    scene_now.world->on_duplicate = NULL;
    identify_waits = false;
    CHILD_MUST(check);
    let_pass(&scene_now.place);
    actor_finish(scene_now.other);
}

static void release_running_in_another(bool hot)
{
    fork_scene_open(FAKE_RUNDOWN);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_it, NULL);
    fork_at_the_place(counts_as_released);
    cr_expect_eq(releases_of(scene_now.value), 1);
}

Test(fork_others, release_of_a_cold_handle_runs_in_another)
{
    release_running_in_another(false);
}

Test(fork_others, release_of_a_hot_handle_runs_in_another)
{
    release_running_in_another(true);
}

static int parent_is_dropped(void *argument)
{
    hf_close_result result;
    (void)argument;
    HOLDS(is_stale(scene_now.handle));
    HOLDS(hf_close(scene_now.table, second, &result) == HF_OK);
    HOLDS(result.outcome == HF_OUTCOME_RELEASED);
    HOLDS(ends_well());
    return 0;
}

static void open_parent_and_child(void)
{
    second = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    scene_now.handle = fixture_child(scene_now.table, scene_now.world, second);
}

Test(fork_others, release_of_a_child_runs_in_another)
{
    open_parent_and_child();
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_it, NULL);
    fork_at_the_place(parent_is_dropped);
    MUST_OK(hf_close(scene_now.table, second, NULL));
}

static int closed_parent_is_released(void *argument)
{
    (void)argument;
    HOLDS(is_stale(scene_now.handle) && is_stale(second));
    HOLDS(atomic_load(&scene_now.world->releases) == 1);
    HOLDS(ends_well());
    return 0;
}

Test(fork_others, release_of_the_last_child_of_a_closed_parent_runs_in_another)
{
    open_parent_and_child();
    MUST_OK(hf_close(scene_now.table, second, NULL));
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_it, NULL);
    fork_at_the_place(closed_parent_is_released);
}

static int value_has_no_owner(void *argument)
{
    (void)argument;
    HOLDS(hf_open(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN], scene_now.value, NULL,
                  &second) == HF_OK);
    HOLDS(reports_count(HF_REPORT_DUPLICATE_OWNER) == 0);
    return 0;
}

Test(fork_others, release_runs_in_another_and_the_value_is_free_for_a_new_owner)
{
    scene_now.world->types[FAKE_RUNDOWN].name_space = &numbers;
    fork_scene_open(FAKE_RUNDOWN);
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_it, NULL);
    fork_at_the_place(value_has_no_owner);
}

static bool identify_at_release(hf_value value, void *context, hf_identity *out)
{
    (void)value;
    (void)context;
    *out = (hf_identity){0};
    if (identify_waits)
        stop_here(&scene_now.place);
    return true;
}

/* Claimed, and not struck off its namespace yet. */
Test(fork_others, release_is_about_to_run_in_another)
{
    scene_now.world->types[FAKE_RUNDOWN].name_space = &numbers;
    scene_now.world->types[FAKE_RUNDOWN].identify = identify_at_release;
    fork_scene_open(FAKE_RUNDOWN);
    identify_waits = true;
    actor_begin(scene_now.other, close_it, NULL);
    fork_at_the_place(value_has_no_owner);
}

/* The closer's own count is gone with the closer. */
Test(fork_others, unblock_runs_in_another)
{
    fake_world_unblocks(scene_now.world, stop_in_action);
    fork_scene_open(FAKE_RUNDOWN);
    actor *holder = actor_start();
    actor_do(holder, enter_it, NULL);
    actor_begin(scene_now.other, close_it, NULL);
    fork_at_the_place(was_released);
    actor_do(holder, leave_it, NULL);
    actor_end(holder);
}

static hf_handle many[8];

static void close_many(void *argument)
{
    (void)argument;
    (void)hf_close_many(scene_now.table, many, 8, NULL);
}

static int rest_of_many_is_released(void *argument)
{
    (void)argument;
    HOLDS(has_free_slots(FORK_SLOTS)); /* the first call on the table looks for them */
    for (unsigned i = 0; i < 8; i++)
        HOLDS(is_stale(many[i]));
    HOLDS(atomic_load(&scene_now.world->releases) == 7 + FORK_SLOTS);
    HOLDS(ends_well());
    return 0;
}

static void many_are_closed_by_another(bool hot)
{
    for (unsigned i = 0; i < 8; i++) {
        many[i] = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
        if (hot)
            fixture_heat(scene_now.table, many[i]);
    }
    scene_now.world->on_release = stop_in_action;
    actor_begin(scene_now.other, close_many, NULL);
    fork_at_the_place(rest_of_many_is_released);
}

Test(fork_others, many_cold_are_closed_by_another)
{
    many_are_closed_by_another(false);
}

Test(fork_others, many_hot_are_closed_by_another)
{
    many_are_closed_by_another(true);
}

static void close_and_wait(void *argument)
{
    (void)argument;
    MUST_OK(hf_close_wait(scene_now.table, scene_now.handle, HF_FOREVER, NULL));
}

static int leave_releases(void *argument)
{
    hf_leave(&scene_now.region);
    return was_released(argument);
}

Test(fork_others, another_waits_for_this_one)
{
    fake_world_unblocks(scene_now.world, NULL);
    fork_scene_open(FAKE_RUNDOWN);
    enter_it(NULL);
    actor_begin(scene_now.other, close_and_wait, NULL);
    while (atomic_load(&scene_now.world->unblocks) == 0)
        sched_yield();
    CHILD_MUST(leave_releases);
    leave_it(NULL);
    actor_finish(scene_now.other);
    cr_expect_eq(releases_of(scene_now.value), 1);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Stops the first to come by; answers that the value is not valid now. */
static bool identify_stops(hf_value value, void *context, hf_identity *out)
{
    (void)value;
    (void)context;
    *out = (hf_identity){0};
    if (!atomic_load(&scene_now.place.reached))
        stop_here(&scene_now.place);
    return false;
}

static void identify_will_stop(void)
{
    scene_now.world->types[FAKE_RUNDOWN].identify = identify_stops;
    scene_now.world->types[FAKE_RUNDOWN].name_space = &numbers;
    scene_now.value = fake_make(scene_now.world);
}

static void open_it(void *argument)
{
    MUST_OK(hf_open(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN], scene_now.value,
                    argument, &scene_now.handle));
}

static int slot_comes_back(void *argument)
{
    (void)argument;
    HOLDS(ends_well());
    return 0;
}

Test(fork_others, another_opens)
{
    identify_will_stop();
    actor_begin(scene_now.other, open_it, NULL);
    fork_at_the_place(slot_comes_back);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static int parent_to_be_is_dropped(void *argument)
{
    hf_close_result result;
    (void)argument;
    HOLDS(hf_enter(scene_now.table, second, NULL, &scene_now.region) == HF_OK);
    HOLDS(hf_close(scene_now.table, second, &result) == HF_OK);
    HOLDS(result.outcome == HF_OUTCOME_DEFERRED && result.children == 0);
    hf_leave(&scene_now.region);
    HOLDS(is_stale(second));
    HOLDS(ends_well());
    return 0;
}

Test(fork_others, another_opens_a_child)
{
    hf_open_options options = HF_OPEN_OPTIONS_INIT;
    second = fixture_open(scene_now.table, scene_now.world, FAKE_PLAIN);
    options.parent = second;
    identify_will_stop();
    actor_begin(scene_now.other, open_it, &options);
    fork_at_the_place(parent_to_be_is_dropped);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
    MUST_OK(hf_close(scene_now.table, second, NULL));
}

static void commit_it(void *argument)
{
    (void)argument;
    MUST_OK(hf_commit(scene_now.table, scene_now.handle, scene_now.value));
}

Test(fork_others, another_commits)
{
    identify_will_stop();
    MUST_OK(hf_reserve(scene_now.table, &scene_now.world->types[FAKE_RUNDOWN], &scene_now.handle));
    actor_begin(scene_now.other, commit_it, NULL);
    fork_at_the_place(can_be_committed);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static void duplicate_it(void *argument)
{
    (void)argument;
    MUST_OK(hf_duplicate(scene_now.table, scene_now.handle, scene_now.table, &second));
}

Test(fork_others, another_duplicates)
{
    fork_scene_open(FAKE_RUNDOWN);
    scene_now.world->on_duplicate = stop_in_action;
    actor_begin(scene_now.other, duplicate_it, NULL);
    fork_at_the_place(closes_at_once);
    MUST_OK(hf_close(scene_now.table, second, NULL));
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

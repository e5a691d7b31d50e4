/* Fork: what the child finds of what its own thread and another were doing.  Each test brings a
 * second thread to some point, forks, and looks around in the child. */
#include "fork_scene.h"

#include "core/record.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static hf_handle second;

TestSuite(fork, .init = fork_scene_begin, .fini = fork_scene_end);

/* ---- what belongs to the forking thread ----------------------------------------------------- */

static int leave_and_close(void *argument)
{
    (void)argument;
    fake_use(scene_now.region.value);
    HOLDS(close_now() == HF_OUTCOME_DEFERRED);
    HOLDS(releases_of(scene_now.value) == 0);
    hf_leave(&scene_now.region);
    HOLDS(releases_of(scene_now.value) == 1);
    HOLDS(ends_well());
    return 0;
}

static void own_region_stays(bool hot)
{
    fork_scene_open(FAKE_RUNDOWN);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    enter_it(NULL);
    CHILD_MUST(leave_and_close);
    leave_it(NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork, own_counted_region_stays)
{
    own_region_stays(false);
}

Test(fork, own_hazard_region_stays)
{
    own_region_stays(true);
}

static int leave_and_close_here_and_in_a_child(void *argument)
{
    int result = forked(leave_and_close, argument);
    return result != 0 ? result : leave_and_close(argument);
}

Test(fork, child_forks_itself)
{
    fork_scene_open(FAKE_RUNDOWN);
    enter_it(NULL);
    CHILD_MUST(leave_and_close_here_and_in_a_child);
    leave_it(NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static int release_reference(void *argument)
{
    (void)argument;
    HOLDS(close_now() == HF_OUTCOME_DEFERRED);
    HOLDS(hf_release(&scene_now.ref) == HF_OK && releases_of(scene_now.value) == 1);
    HOLDS(ends_well());
    return 0;
}

static void addref_it(void *argument)
{
    (void)argument;
    MUST_OK(hf_addref(scene_now.table, scene_now.handle, &scene_now.ref));
}

Test(fork, references_stay_whoever_took_them)
{
    fork_scene_open(FAKE_RUNDOWN);
    actor_do(scene_now.other, addref_it, NULL);
    CHILD_MUST(release_reference);
    MUST_OK(hf_release(&scene_now.ref));
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static int is_known_by_its_own_id(void *argument)
{
    hf_table_options options = fixture_options(HF_REUSE_LIFO, HF_PROTECT_ADAPTIVE);
    hf_info info = {.size = (uint32_t)sizeof(info)};
    hf_table *recording;
    (void)argument;
    options.level = HF_LEVEL_STACKS;
    HOLDS(hf_table_create(&options, &recording) == HF_OK);
    HOLDS(hf_open(recording, &scene_now.world->types[FAKE_PLAIN], fake_make(scene_now.world), NULL,
                  &second) == HF_OK);
    HOLDS(hf_inspect(recording, second, &info) == HF_OK);
    HOLDS(info.opened_thread == (uint64_t)syscall(SYS_gettid));
    return 0;
}

Test(fork, child_is_known_by_its_own_id)
{
    CHILD_MUST(is_known_by_its_own_id);
}

#ifndef HF_TSAN_BUILD_ /* cannot start threads in the child of a process with several */
static int heats_and_defers(void *argument)
{
    (void)argument;
    fixture_heat(scene_now.table, scene_now.handle);
    actor *helper = actor_start();
    actor_do(helper, enter_it, NULL);
    HOLDS(close_now() == HF_OUTCOME_DEFERRED && releases_of(scene_now.value) == 0);
    actor_do(helper, leave_it, NULL);
    HOLDS(releases_of(scene_now.value) == 1);
    actor_end(helper);
    HOLDS(ends_well());
    return 0;
}

Test(fork, hazards_protect_in_the_child)
{
    fork_scene_open(FAKE_RUNDOWN);
    CHILD_MUST(heats_and_defers);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}
#endif

/* ---- regions of others ---------------------------------------------------------------------- */

static int closes_at_once(void *argument)
{
    (void)argument;
    HOLDS(close_now() == HF_OUTCOME_RELEASED);
    HOLDS(ends_well());
    return 0;
}

static void others_region_ends(bool hot)
{
    fork_scene_open(FAKE_RUNDOWN);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    actor_do(scene_now.other, enter_it, NULL);
    CHILD_MUST(closes_at_once);
    cr_expect_eq(close_now(), HF_OUTCOME_DEFERRED);
    actor_do(scene_now.other, leave_it, NULL);
    cr_expect_eq(releases_of(scene_now.value), 1);
}

Test(fork, others_counted_region_ends)
{
    others_region_ends(false);
}

Test(fork, others_hazard_region_ends)
{
    others_region_ends(true);
}

static int was_released(void *argument)
{
    (void)argument;
    HOLDS(releases_of(scene_now.value) == 1 && is_stale(scene_now.handle));
    HOLDS(ends_well());
    return 0;
}

static void close_that_waits_for_others_region_ends(bool hot)
{
    fork_scene_open(FAKE_RUNDOWN);
    if (hot)
        fixture_heat(scene_now.table, scene_now.handle);
    actor_do(scene_now.other, enter_it, NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_DEFERRED);
    CHILD_MUST(was_released);
    actor_do(scene_now.other, leave_it, NULL);
    cr_expect_eq(releases_of(scene_now.value), 1);
}

Test(fork, closing_held_by_others_counted_region)
{
    close_that_waits_for_others_region_ends(false);
}

Test(fork, closing_held_by_others_hazard_region)
{
    close_that_waits_for_others_region_ends(true);
}

/* ---- where fork is called ------------------------------------------------------------------- */

static int fork_result;

static int slot_comes_back(void *argument)
{
    (void)argument;
    HOLDS(ends_well());
    return 0;
}

static int goes_on_releasing(void *argument)
{
    (void)argument;
    HOLDS(!is_stale(scene_now.handle)); /* this very thread is at it */
    HOLDS(has_free_slots(FORK_SLOTS - 1));
    return 0;
}

/* The child goes on in the release function, and ends where the parent's test looks at it. */
static void fork_in_release(fake_value *of, void *argument)
{
    (void)of;
    (void)argument;
    scene_now.world->on_release = NULL;
    fork_result = forked(goes_on_releasing, NULL);
}

Test(fork, in_a_release_function)
{
    fork_scene_open(FAKE_RUNDOWN);
    scene_now.world->on_release = fork_in_release;
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
    cr_expect_eq(fork_result, 0);
}

/* Another was about to claim what this thread has claimed, and was too late. */
static void claim_too_late(void *argument)
{
    hf_handle *handle = argument;
    hf_inside_begin(handle->bits);
    stop_here(&scene_now.place);
    hf_inside_end(handle->bits);
}

Test(fork, in_a_release_function_that_another_was_about_to_call)
{
    fork_scene_open(FAKE_RUNDOWN);
    actor_begin(scene_now.other, claim_too_late, &scene_now.handle);
    wait_until_stopped(&scene_now.place);
    scene_now.world->on_release = fork_in_release;
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
    cr_expect_eq(fork_result, 0);
    let_pass(&scene_now.place);
    actor_finish(scene_now.other);
}

Test(fork, in_a_release_function_that_returns_in_the_child)
{
    fork_scene_open(FAKE_RUNDOWN);
    scene_now.world->on_release = fork_in_action;
    hf_outcome outcome = close_now();
    if (in_child)
        _exit(outcome == HF_OUTCOME_RELEASED ? was_released(NULL) : 1);
    cr_expect_eq(outcome, HF_OUTCOME_RELEASED);
    cr_expect_eq(child_status, 0);
}

static void fork_in_hook(const hf_report *report, void *argument)
{
    (void)report;
    (void)argument;
    reports_clear();
    fork_result = forked(slot_comes_back, NULL);
}

Test(fork, in_a_report_hook)
{
    fork_scene_open(FAKE_RUNDOWN);
    (void)close_now();
    reports_on(fork_in_hook, NULL);
    MUST(hf_close(scene_now.table, scene_now.handle, NULL), HF_E_STALE_HANDLE);
    cr_expect_eq(fork_result, 0);
}

/* Hooks also run in the midst of a batch whose first handles are closed and not yet released. */
static void fork_in_hook_and_return(const hf_report *report, void *argument)
{
    (void)report;
    fork_in_action(NULL, argument);
}

Test(fork, in_a_report_hook_of_a_batch)
{
    hf_handle handles[3];
    hf_close_result results[3];
    for (unsigned i = 0; i < 3; i++)
        handles[i] = fixture_open(scene_now.table, scene_now.world, FAKE_RUNDOWN);
    fixture_heat(scene_now.table, handles[0]);
    MUST_OK(hf_close(scene_now.table, handles[1], NULL));
    reports_on(fork_in_hook_and_return, NULL);
    hf_status status = hf_close_many(scene_now.table, handles, 3, results);
    if (in_child)
        _exit(status == HF_E_STALE_HANDLE && atomic_load(&scene_now.world->releases) == 3
                  ? has_free_slots(FORK_SLOTS) - 1
                  : 1);
    cr_expect_eq(child_status, 0);
}

/* Between the brackets releases are deferred, in the child as well. */
static int leaves_and_defers(void *argument)
{
    (void)argument;
    hf_leave(&scene_now.region);
    HOLDS(close_now() == HF_OUTCOME_DEFERRED && releases_of(scene_now.value) == 0);
    hf_signal_end();
    HOLDS(ends_well());
    HOLDS(releases_of(scene_now.value) == 1);
    return 0;
}

static void fork_in_handler(int number)
{
    (void)number;
    hf_signal_begin();
    fork_result = forked(leaves_and_defers, NULL);
    hf_signal_end();
}

Test(fork, in_a_signal_handler)
{
    fork_scene_open(FAKE_RUNDOWN);
    enter_it(NULL);
    cr_assert(signal(SIGUSR1, fork_in_handler) != SIG_ERR);
    (void)raise(SIGUSR1);
    cr_expect_eq(fork_result, 0);
    leave_it(NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

static void fork_here(void *argument)
{
    (void)argument;
    fork_result = forked(closes_at_once, NULL);
}

Test(fork, in_a_thread_that_never_called_the_library)
{
    fork_scene_open(FAKE_RUNDOWN);
    enter_it(NULL);
    actor_do(scene_now.other, fork_here, NULL);
    cr_expect_eq(fork_result, 0);
    leave_it(NULL);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

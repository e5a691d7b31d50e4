/* The gate: a fork waits for windows, windows wait for a fork, and neither for ever. */
#include "fork_scene.h"

#include "core/record.h"

#include <pthread.h>
#include <unistd.h>

TestSuite(fork_gate, .init = fork_scene_begin, .fini = fork_scene_end);

static _Atomic bool fork_is_near;
static _Atomic bool window_is_over;

/* Long enough for a fork that does not wait to be done. */
static void dawdle(void)
{
    (void)usleep(50 * 1000);
}

static void stay_in_a_window(void *argument)
{
    hf_window window = argument != NULL ? hf_gate_enter(HF_WINDOW) : hf_window_begin(HF_WINDOW);
    stop_here(&scene_now.place);
    while (!atomic_load(&fork_is_near))
        sched_yield();
    dawdle();
    atomic_store(&window_is_over, true);
    hf_window_end(window);
}

static int finds_it_over(void *argument)
{
    (void)argument;
    HOLDS(atomic_load(&window_is_over));
    HOLDS(ends_well());
    return 0;
}

static void fork_waits_for_a_window(void *stranger)
{
    actor_begin(scene_now.other, stay_in_a_window, stranger);
    wait_until_stopped(&scene_now.place);
    let_pass(&scene_now.place);
    atomic_store(&fork_is_near, true);
    CHILD_MUST(finds_it_over);
    actor_finish(scene_now.other);
}

Test(fork_gate, fork_waits_for_a_window)
{
    fork_waits_for_a_window(NULL);
}

Test(fork_gate, fork_waits_for_the_window_of_a_stranger)
{
    fork_waits_for_a_window(&scene_now);
}

static void freeze_in_a_window(void *argument)
{
    hf_window window = argument != NULL ? hf_gate_enter(HF_WINDOW) : hf_window_begin(HF_WINDOW);
    stop_here(&scene_now.place);
    hf_window_end(window);
}

static int is_usable(void *argument)
{
    (void)argument;
    HOLDS(ends_well());
    return 0;
}

static void fork_gives_a_window_up(void *stranger)
{
    actor_begin(scene_now.other, freeze_in_a_window, stranger);
    wait_until_stopped(&scene_now.place);
    CHILD_MUST(is_usable);
    let_pass(&scene_now.place);
    actor_finish(scene_now.other);
}

Test(fork_gate, fork_gives_a_frozen_window_up)
{
    fork_gives_a_window_up(NULL);
}

Test(fork_gate, fork_gives_the_frozen_window_of_a_stranger_up)
{
    fork_gives_a_window_up(&scene_now);
}

static _Atomic bool opened;

static void open_one(void *argument)
{
    fork_scene_open(FAKE_PLAIN);
    (void)argument;
    atomic_store(&opened, true);
}

/* The gate as a fork shuts it, by hand. */
Test(fork_gate, window_waits_for_a_fork)
{
    actor_do(scene_now.other, open_one, NULL);
    (void)close_now();
    atomic_store(&opened, false);
    hf_gate_shut();
    actor_begin(scene_now.other, open_one, NULL);
    dawdle();
    cr_expect_not(atomic_load(&opened));
    hf_gate_open();
    actor_finish(scene_now.other);
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

Test(fork_gate, window_gives_a_frozen_fork_up)
{
    hf_gate_shut();
    actor_do(scene_now.other, open_one, NULL);
    hf_gate_open();
    cr_expect_eq(close_now(), HF_OUTCOME_RELEASED);
}

/* Handlers that were registered before the library's run while the gate is shut. */
Test(fork_gate, forking_thread_does_not_wait_for_itself)
{
    hf_gate_shut();
    for (int i = 0; i < 700; i++) { /* each would wait a tenth of a second */
        fork_scene_open(FAKE_PLAIN);
        (void)close_now();
    }
    hf_gate_open();
}

static void fork_in_prepare(void)
{
    static bool once;
    if (!once) {
        once = true;
        CHILD_MUST(is_usable);
    }
}

Test(fork_gate, fork_inside_a_handler_of_fork)
{
    cr_assert_eq(pthread_atfork(fork_in_prepare, fork_in_prepare, NULL), 0);
    CHILD_MUST(is_usable);
    cr_expect_eq(hf_gate_state & ~HF_GATE_FENCED, 0);
}

/* A page at a time is copied; still the child sees one moment, which fork.c builds upon. */
enum { PAGE_WORDS = 4096 / sizeof(uint64_t), PAGES = 512 };
static _Atomic uint64_t pages[PAGES][PAGE_WORDS];
static _Atomic bool enough;

static void count_from_page_to_page(void *argument)
{
    (void)argument;
    for (uint64_t i = 1; !atomic_load_explicit(&enough, memory_order_relaxed); i++) {
        atomic_store_explicit(&pages[PAGES - 1][0], i, memory_order_release);
        atomic_store_explicit(&pages[PAGES / 2][0], i, memory_order_release);
        atomic_store_explicit(&pages[0][0], i, memory_order_release);
    }
}

static int sees_one_moment(void *argument)
{
    uint64_t first = atomic_load(&pages[PAGES - 1][0]);
    uint64_t middle = atomic_load(&pages[PAGES / 2][0]);
    uint64_t last = atomic_load(&pages[0][0]);
    (void)argument;
    HOLDS(first >= middle && middle >= last && first - last <= 1);
    return 0;
}

Test(fork_gate, child_sees_one_moment)
{
    for (unsigned i = 0; i < PAGES; i++)
        atomic_store(&pages[i][0], 0);
    actor_begin(scene_now.other, count_from_page_to_page, NULL);
    for (unsigned i = 0; i < 300; i++)
        CHILD_MUST(sees_one_moment);
    atomic_store(&enough, true);
    actor_finish(scene_now.other);
}

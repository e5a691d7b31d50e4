/* Sequences of operations on two tables and four threads, and of what happens to processes: forks,
 * exits, threads that end inside regions, signals, waits that would never end, memory that is out.
 *
 * The head chooses the tables' options.  A child plays the rest of the input as its parent does,
 * alone; it must come to the same end, but for what a fork changes.  Threads do one step at a time,
 * and the player goes on when a thread that waits sleeps, so that an input does the same each time.
 */
#include "steps.h"

#include <string.h>

#include "platform/platform.h"

enum { HEAD_SIZE = 4, MOST_STEPS = 300 };

FUZZ_RECORDS(HEAD_SIZE, RECORD_SIZE)

/* The n-th allocation from now on fails, if the next step comes to it. */
static void step_fail(const step *of)
{
    (void)hf_os_fail_allocation(1 + of->argument % 4);
    s.failing = true;
}

static const step_function steps[] = {
    step_open,    step_enter,     step_close,      step_leave,      step_open,
    step_addref,  step_enter,     step_close_wait, step_wait,       step_close_then,
    step_detach,  step_heat,      step_dispatch,   step_signal,     step_end_thread,
    step_lock,    step_unlock,    step_lock,       step_group,      step_shutdown,
    step_destroy, step_reserve,   step_commit,     step_duplicate,  step_fork,
    step_exit,    step_fork_amid, step_fail,       step_close_wait, step_crowd,
};

static void play_step(const uint8_t *record)
{
    step_function function = steps[record[0] % (sizeof(steps) / sizeof(steps[0]))];
    step of = {.number = record[1] % CARDS, .who = record[2] % THREADS, .argument = record[3]};
    of.card = &s.cards[of.number];
    if (s.is_child || s.threads[of.who].repose != IDLE)
        of.who = 0;
    s.step++;
    reset_step();
    function(&of);
    if (function != step_fail && s.failing) {
        (void)hf_os_fail_allocation(0);
        s.failing = false;
    }
    scene_settle();
    scene_check_reports();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t head[HEAD_SIZE] = {0};
    size_t length = size < HEAD_SIZE ? size : HEAD_SIZE;
    if (length != 0)
        memcpy(head, data, length);
    watch_exit();
    scene_begin(head);
    for (size_t at = HEAD_SIZE; at + RECORD_SIZE <= size && s.step < MOST_STEPS; at += RECORD_SIZE)
        play_step(data + at);
    (void)hf_os_fail_allocation(0);
    s.failing = false;
    scene_end();
    if (s.is_child)
        child_ends();
    return 0;
}

/* The model that is made of a trace. */
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "history.h"
#include "trace_scene.h"

enum { CAPACITY = 4 << 20 };

static const hf_history_life *life_of(const hf_history *history, uint32_t process, uint64_t handle)
{
    for (uint32_t i = 0; i < history->life_count; i++)
        if (history->lives[i].process == process && history->lives[i].handle == handle)
            return &history->lives[i];
    return NULL;
}

Test(trace_history, life_with_notes_and_findings)
{
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "/etc/passwd");
    hf_trace_note_text((hf_handle){9}, "first");
    hf_trace_note_text((hf_handle){9}, "second");
    scene_close(9);
    scene_find(HF_REPORT_DOUBLE_CLOSE, 9);
    hf_history *history = scene_history();
    cr_assert(history->life_count == 1 && history->finding_count == 1 && history->note_count == 2);
    const hf_history_life *life = &history->lives[0];
    cr_assert(life->is_closed && !life->open_unknown && life->finding_count == 1);
    cr_assert(life->opened_ns >= history->first_ns && life->closed_ns >= life->opened_ns);
    cr_assert(life->value == 5 && strcmp(life->label, "/etc/passwd") == 0);
    cr_assert(strcmp(life->opened_operation, "open") == 0);
    cr_assert(strcmp(life->closed_operation, "close") == 0);
    cr_assert_gt(history->stacks[life->opened_stack].count, 0);
    cr_assert_not_null(history->stacks[life->opened_stack].frames[0].file);
    const hf_history_note *note = &history->notes[life->first_note];
    cr_assert_str_eq(note->text, "first");
    cr_assert_str_eq(history->notes[note->next].text, "second");
    cr_assert_eq(history->findings[0].life, 0);
    cr_assert_eq(history->findings[0].kind, HF_REPORT_DOUBLE_CLOSE);
    cr_assert_eq(history->stacks[history->findings[0].moments[HF_TRACE_NOW].stack].count, 2);
    hf_history_free(history);
}

Test(trace_history, withdrawn_finding_is_left_out_and_waiting_one_counts)
{
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "");
    hf_trace_settle(scene_find_waiting(HF_REPORT_STALE_USE, 9), HF_TRACE_WITHDRAWN);
    cr_assert_not_null(scene_find_waiting(HF_REPORT_DOUBLE_CLOSE, 9));
    hf_trace_settle(scene_find_waiting(HF_REPORT_FOREIGN_CLOSE, 9), HF_TRACE_TOLD);
    hf_history *history = scene_history();
    cr_assert_eq(history->finding_count, 2);
    cr_assert_eq(history->findings[0].kind, HF_REPORT_DOUBLE_CLOSE);
    cr_assert_eq(history->findings[1].kind, HF_REPORT_FOREIGN_CLOSE);
    cr_assert_eq(history->lives[0].finding_count, 2);
    hf_history_free(history);
}

/* A forked process that is told of late, when its parent has closed what it has a copy of: each
 * close belongs to its own process. */
Test(trace_history, parent_closes_before_child_is_told_of)
{
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "inherited");
    int ends[2];
    char byte;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        (void)hf_event_forked();
        scene_close(9);
        _exit(0);
    }
    scene_close(9);
    (void)close(ends[1]);
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    hf_history *history = scene_history();
    cr_assert_eq(history->life_count, 2);
    const hf_history_life *original = &history->lives[0];
    const hf_history_life *copy = &history->lives[1];
    cr_assert(original->process == 0 && original->is_closed);
    cr_assert_neq(original->closed_thread, HF_HISTORY_NONE);
    cr_assert(copy->process == 1 && copy->copy_of == 0 && copy->is_closed);
    cr_assert_lt(original->closed_ns, copy->closed_ns);
    hf_history_free(history);
}

/* A child has copies of what was open; what it closes is closed there, and not in its parent. */
Test(trace_history, forked_child_closes_its_copy)
{
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "inherited");
    scene_open(11, 6, "closed before");
    scene_close(11);
    pid_t child = fork();
    if (child == 0) {
        (void)hf_event_forked();
        scene_close(9);
        scene_find(HF_REPORT_DOUBLE_CLOSE, 11);
        scene_open(13, 7, "the child's");
        _exit(0);
    }
    (void)waitpid(child, NULL, 0);
    scene_open(15, 8, "the parent's, later");
    hf_history *history = scene_history();
    cr_assert_eq(history->process_count, 2);
    cr_assert_eq(history->processes[1].parent, 0);
    cr_assert_eq(history->processes[1].id, (uint32_t)child);
    const hf_history_life *copy = life_of(history, 1, 9);
    cr_assert(copy != NULL && copy->copy_of != HF_HISTORY_NONE && copy->is_closed);
    cr_assert_str_eq(copy->label, "inherited");
    cr_assert_gt(history->stacks[copy->opened_stack].count, 0, "told by the parent");
    cr_assert_not(life_of(history, 0, 9)->is_closed);
    cr_assert_null(life_of(history, 1, 11), "it was closed before");
    cr_assert_eq(history->findings[0].life, life_of(history, 0, 11) - history->lives);
    cr_assert_not_null(life_of(history, 1, 13));
    cr_assert_null(life_of(history, 1, 15));
    hf_history_free(history);
}

static void wait_for_byte(const int *ends)
{
    char byte;
    (void)close(ends[1]);
    (void)!read(ends[0], &byte, 1);
    (void)close(ends[0]);
}

/* What the parent closes meanwhile is open in the child, and what the child does wrong with it is
 * told of its own life. */
Test(trace_history, parent_closes_after_child_was_told_of)
{
    int begun[2];
    int closed[2];
    cr_assert(pipe(begun) == 0 && pipe(closed) == 0);
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "inherited");
    pid_t child = fork();
    if (child == 0) {
        (void)hf_event_forked();
        (void)close(begun[1]);
        wait_for_byte(closed);
        scene_find(HF_REPORT_FOREIGN_CLOSE, 9);
        _exit(0);
    }
    wait_for_byte(begun);
    scene_close(9);
    (void)close(closed[0]);
    (void)close(closed[1]);
    (void)waitpid(child, NULL, 0);
    hf_history *history = scene_history();
    const hf_history_life *copy = life_of(history, 1, 9);
    cr_assert_not_null(copy);
    cr_assert(!copy->is_closed && life_of(history, 0, 9)->is_closed);
    cr_assert_eq(history->findings[0].life, copy - history->lives);
    hf_history_free(history);
}

static void *rename_itself(void *argument)
{
    (void)argument;
    (void)prctl(PR_SET_NAME, "before");
    scene_open(1, 1, "");
    (void)prctl(PR_SET_NAME, "after");
    (void)hf_event_thread();
    scene_open(3, 1, "");
    return NULL;
}

Test(trace_history, thread_that_takes_another_name)
{
    pthread_t thread;
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(pthread_create(&thread, NULL, rename_itself, NULL), 0);
    (void)pthread_join(thread, NULL);
    hf_history *history = scene_history();
    const hf_history_life *first = life_of(history, 0, 1);
    const hf_history_life *second = life_of(history, 0, 3);
    cr_assert_neq(first->opened_thread, HF_HISTORY_NONE);
    cr_assert_eq(first->opened_thread, second->opened_thread);
    cr_assert_str_eq(history->threads[first->opened_thread].name, "after");
    hf_history_free(history);
}

Test(trace_history, handle_that_was_opened_before)
{
    scene_trace(scene_path(), CAPACITY);
    hf_trace_note_text((hf_handle){9}, "it is there");
    scene_close(9);
    hf_history *history = scene_history();
    cr_assert(history->life_count == 1 && history->lives[0].open_unknown);
    cr_assert(history->lives[0].is_closed && history->lives[0].first_note == 0);
    hf_history_free(history);
}

Test(trace_history, what_is_not_closed_lasts_as_long_as_its_process)
{
    const hf_trace_exit totals = {.live = 1};
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "");
    hf_trace_process_ends(&totals);
    hf_history *history = scene_history();
    cr_assert(history->processes[0].exited && history->processes[0].totals.live == 1);
    cr_assert_not(history->lives[0].is_closed);
    cr_assert_eq(history->lives[0].closed_ns, history->processes[0].ended_ns);
    hf_history_free(history);
}

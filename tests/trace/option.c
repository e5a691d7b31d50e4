/* The option trace=FILE: what a program that uses Holdfast does is in the trace. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <holdfast/holdfast.h>

#include "history.h"
#include "report/trace.h"
#include "trace_scene.h"

static hf_outcome release(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_type thing = {.size = sizeof thing, .name = "thing", .release = release};

/* A table of a program that was told nothing of traces. */
static hf_table *traced_table(hf_level level)
{
    char options[160];
    hf_table *table;
    hf_table_options wanted = HF_TABLE_OPTIONS_INIT;
    wanted.level = level;
    (void)snprintf(options, sizeof options, "trace=%s:log_path=/dev/null", scene_path());
    cr_assert_eq(hf_set_options(options), HF_OK);
    cr_assert_eq(hf_table_create(&wanted, &table), HF_OK);
    return table;
}

static hf_handle open_thing(hf_table *table, hf_value value)
{
    hf_handle handle;
    cr_assert_eq(hf_open(table, &thing, value, NULL, &handle), HF_OK);
    return handle;
}

/* How the life of a value began and ended. */
static void check_life(const hf_history *history, hf_value value, const char *opened,
                       const char *closed)
{
    const hf_history_life *found = NULL;
    for (uint32_t i = 0; i < history->life_count; i++)
        if (history->lives[i].value == value)
            found = &history->lives[i];
    cr_assert_not_null(found, "no life of %llu", (unsigned long long)value);
    cr_assert_str_eq(found->opened_operation, opened);
    cr_assert_str_eq(found->closed_operation, closed);
    cr_assert_gt(history->stacks[found->opened_stack].count, 0);
    if (found->is_closed)
        cr_assert_gt(history->stacks[found->closed_stack].count, 0);
}

static void close_in_all_ways(hf_table *table)
{
    hf_region region;
    hf_value value;
    hf_handle held = open_thing(table, 101);
    hf_handle many[2] = {open_thing(table, 102), open_thing(table, 103)};
    hf_handle reserved;
    hf_handle abandoned;
    cr_assert_eq(hf_close(table, open_thing(table, 100), NULL), HF_OK);
    cr_assert_eq(hf_enter(table, held, &thing, &region), HF_OK);
    cr_assert_eq(hf_close(table, held, NULL), HF_OK);
    hf_leave(&region);
    cr_assert_eq(hf_close_many(table, many, 2, NULL), HF_OK);
    cr_assert_eq(hf_detach(table, open_thing(table, 104), &value), HF_OK);
    cr_assert_eq(hf_reserve(table, &thing, &reserved), HF_OK);
    cr_assert_eq(hf_commit(table, reserved, 105), HF_OK);
    cr_assert_eq(hf_close_wait(table, reserved, HF_FOREVER, NULL), HF_OK);
    cr_assert_eq(hf_reserve(table, &thing, &abandoned), HF_OK);
    cr_assert_eq(hf_close(table, abandoned, NULL), HF_OK);
    (void)open_thing(table, 106);
}

static void check_all_ways(const hf_history *history)
{
    check_life(history, 100, "hf_open", "hf_close");
    check_life(history, 101, "hf_open", "hf_close");
    check_life(history, 102, "hf_open", "hf_close_many");
    check_life(history, 103, "hf_open", "hf_close_many");
    check_life(history, 104, "hf_open", "hf_detach");
    check_life(history, 105, "hf_commit", "hf_close_wait");
    check_life(history, 106, "hf_open", "hf_table_shutdown");
    cr_assert_eq(history->life_count, 7, "what was abandoned had no value");
    for (uint32_t i = 0; i < history->life_count; i++)
        cr_assert_eq(history->lives[i].detached, history->lives[i].value == 104);
}

Test(trace_core, every_way_to_open_and_close)
{
    hf_table *table = traced_table(HF_LEVEL_STACKS);
    close_in_all_ways(table);
    cr_assert_eq(hf_table_shutdown(table, 0), HF_OK);
    hf_history *history = scene_history();
    check_all_ways(history);
    hf_history_free(history);
}

Test(trace_core, table_that_asks_for_no_stacks)
{
    hf_table *table = traced_table(HF_LEVEL_COUNTERS);
    close_in_all_ways(table);
    cr_assert_eq(hf_table_shutdown(table, 0), HF_OK);
    hf_history *history = scene_history();
    check_all_ways(history);
    hf_history_free(history);
}

Test(trace_core, findings_are_in_it_and_reported)
{
    hf_table *table = traced_table(HF_LEVEL_STACKS);
    hf_handle handle = open_thing(table, 100);
    cr_assert_eq(hf_close(table, handle, NULL), HF_OK);
    cr_assert_eq(hf_close(table, handle, NULL), HF_E_STALE_HANDLE);
    hf_history *history = scene_history();
    cr_assert_eq(history->finding_count, 1);
    cr_assert_eq(history->findings[0].kind, HF_REPORT_DOUBLE_CLOSE);
    cr_assert_not(history->findings[0].in_tool);
    cr_assert_eq(history->lives[history->findings[0].life].value, 100);
    hf_history_free(history);
}

Test(trace_core, a_process_writes_one_trace)
{
    char options[160];
    (void)traced_table(HF_LEVEL_STACKS);
    (void)snprintf(options, sizeof options, "trace=%s", scene_path());
    cr_assert_eq(hf_set_options(options), HF_OK, "the same path again");
    cr_assert_eq(hf_set_options("trace=/tmp/holdfast-another"), HF_E_INVALID_ARGUMENT);
    cr_assert_neq(access("/tmp/holdfast-another", F_OK), 0);
    cr_assert_eq(hf_set_options("trace=/nonexistent/trace"), HF_E_INVALID_ARGUMENT);
}

Test(trace_core, program_whose_trace_is_cut_off_lives_on)
{
    struct sigaction before;
    cr_assert_eq(sigaction(SIGBUS, NULL, &before), 0);
    if (before.sa_handler != SIG_DFL)
        cr_skip_test("a sanitizer handles SIGBUS");
    hf_table *table = traced_table(HF_LEVEL_STACKS);
    cr_assert_eq(truncate(scene_path(), 0), 0);
    cr_assert_eq(hf_close(table, open_thing(table, 100), NULL), HF_OK);
    cr_assert_eq(hf_trace_wants(), 0);
}

/* What the next test executes, with the option in its environment. */
Test(trace_core, table_of_a_program)
{
    hf_table *table;
    cr_assert_eq(hf_table_create(NULL, &table), HF_OK);
    cr_assert_eq(hf_close(table, open_thing(table, 200), NULL), HF_OK);
    hf_table_destroy(table);
}

static int execute(void)
{
    char program[256] = "";
    char command[512];
    cr_assert_gt(readlink("/proc/self/exe", program, sizeof program - 1), 0);
    (void)snprintf(command, sizeof command,
                   "env -i HOLDFAST_OPTIONS=trace=%s '%s' --filter trace_core/table_of_a_program "
                   ">/dev/null 2>&1",
                   scene_path(), program);
    return system(command);
}

/* It finds the file that its parent writes to. */
Test(trace_core, program_that_is_executed_joins)
{
    (void)open_thing(traced_table(HF_LEVEL_STACKS), 100);
    cr_assert_eq(execute(), 0);
    hf_history *history = scene_history();
    check_life(history, 100, "hf_open", "");
    check_life(history, 200, "hf_open", "hf_close");
    hf_history_free(history);
}

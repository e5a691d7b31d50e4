/* What a traced program's environment has besides: put in, and taken out again. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "variables.h"

#define LIBRARY "/usr/lib/holdfast/libholdfast-run.so"
#define TRACE   "/dev/shm/trace"

static const run_variables ours = {.library = LIBRARY, .trace = TRACE};

enum { ENTRIES = 8 };

/* Environments of all kinds, with what they become. */
static const struct {
    const char *before[ENTRIES];
    const char *during[ENTRIES + 3];
} cases[] = {
    {{NULL},
     {"LD_PRELOAD=" LIBRARY, "HOLDFAST_RUN=" TRACE, "ASAN_OPTIONS=verify_asan_link_order=0"}},
    {{"A=1", "B=2"},
     {"A=1", "B=2", "LD_PRELOAD=" LIBRARY, "HOLDFAST_RUN=" TRACE,
      "ASAN_OPTIONS=verify_asan_link_order=0"}},
    {{"A=1", "LD_PRELOAD=x.so y.so:z.so", "A=1", "C"},
     {"A=1", "LD_PRELOAD=" LIBRARY ":x.so y.so:z.so", "A=1", "C", "HOLDFAST_RUN=" TRACE,
      "ASAN_OPTIONS=verify_asan_link_order=0"}},
    {{"LD_PRELOAD=", "ASAN_OPTIONS="},
     {"LD_PRELOAD=" LIBRARY ":", "ASAN_OPTIONS=:verify_asan_link_order=0", "HOLDFAST_RUN=" TRACE}},
    {{"ASAN_OPTIONS=a=1", "LD_PRELOAD=first", "ASAN_OPTIONS=b=2", "LD_PRELOAD=last"},
     {"ASAN_OPTIONS=a=1:verify_asan_link_order=0", "LD_PRELOAD=first", "ASAN_OPTIONS=b=2",
      "LD_PRELOAD=" LIBRARY ":last", "HOLDFAST_RUN=" TRACE}},
    {{"LD_PRELOAD=" LIBRARY, "ASAN_OPTIONS=verify_asan_link_order=0"},
     {"LD_PRELOAD=" LIBRARY ":" LIBRARY,
      "ASAN_OPTIONS=verify_asan_link_order=0:verify_asan_link_order=0", "HOLDFAST_RUN=" TRACE}},
    {{"LD_PRELOAD=" LIBRARY ":first", "LD_PRELOAD=last"},
     {"LD_PRELOAD=" LIBRARY ":first", "LD_PRELOAD=" LIBRARY ":last", "HOLDFAST_RUN=" TRACE,
      "ASAN_OPTIONS=verify_asan_link_order=0"}},
    {{"", "=", "LD_PRELOAD", "LD_PRELOADS=1", "HOLDFAST_RUNS=1", "MY_ASAN_OPTIONS=1"},
     {"", "=", "LD_PRELOAD", "LD_PRELOADS=1", "HOLDFAST_RUNS=1", "MY_ASAN_OPTIONS=1",
      "LD_PRELOAD=" LIBRARY, "HOLDFAST_RUN=" TRACE, "ASAN_OPTIONS=verify_asan_link_order=0"}},
};

enum { CASES = sizeof cases / sizeof cases[0] };

/* An environment that may be written to, as the kernel makes it; the next one takes its place. */
static char **copy_of(const char *const *entries)
{
    static char texts[ENTRIES + 3][128];
    static char *copy[ENTRIES + 4];
    size_t count = 0;
    for (; entries[count] != NULL; count++)
        copy[count] = strcpy(texts[count], entries[count]);
    copy[count] = NULL;
    return copy;
}

static void expect_entries(char *const *found, const char *const *wanted)
{
    size_t i = 0;
    for (; wanted[i] != NULL; i++) {
        cr_assert_not_null(found[i], "entry %zu is missing: %s", i, wanted[i]);
        cr_assert_str_eq(found[i], wanted[i]);
    }
    cr_assert_null(found[i], "there is one more: %s", found[i]);
}

/* Puts into a block of just the room that was asked for: what is written beyond it is found. */
static char **put(char *const *environment, void **block)
{
    size_t room = run_variables_room(&ours, environment);
    cr_assert_neq(room, 0);
    char *bytes = malloc(room + 16);
    memset(bytes, 0x7e, room + 16);
    char **array = run_variables_put(&ours, environment, bytes);
    for (size_t i = room; i < room + 16; i++)
        cr_assert_eq(bytes[i], 0x7e, "written beyond the room");
    *block = bytes;
    return array;
}

Test(variables, put_in_where_they_are_heeded)
{
    for (size_t i = 0; i < CASES; i++) {
        void *block;
        char **environment = copy_of(cases[i].before);
        expect_entries(put(environment, &block), cases[i].during);
        expect_entries(environment, cases[i].before);
        free(block);
    }
}

Test(variables, taken_out_leaves_what_was_before)
{
    for (size_t i = 0; i < CASES; i++) {
        char **environment = copy_of(cases[i].during);
        run_variables_take(LIBRARY, environment);
        expect_entries(environment, cases[i].before);
    }
}

Test(variables, taken_out_is_wiped)
{
    char preload[] = "LD_PRELOAD=" LIBRARY ":x";
    char trace[] = "HOLDFAST_RUN=" TRACE;
    char *environment[] = {preload, trace, NULL};
    run_variables_take(LIBRARY, environment);
    for (size_t i = 0; i < sizeof trace; i++)
        cr_assert_eq(trace[i], '\0');
    for (size_t i = sizeof "LD_PRELOAD=x"; i < sizeof preload; i++)
        cr_assert_eq(preload[i], '\0');
}

Test(variables, another_library_is_not_taken_out)
{
    const char *entries[] = {"LD_PRELOAD=" LIBRARY ".1:x",
                             "ASAN_OPTIONS=noverify_asan_link_order=0", NULL};
    char **environment = copy_of(entries);
    run_variables_take(LIBRARY, environment);
    expect_entries(environment, entries);
}

Test(variables, no_environment)
{
    void *block;
    expect_entries(put(NULL, &block), cases[0].during);
    run_variables_take(LIBRARY, NULL);
    cr_expect_null(run_variables_find(NULL, "A"));
    free(block);
}

Test(variables, found_by_the_whole_name)
{
    char *environment[] = {(char[]){"AB=1"}, (char[]){"A"}, (char[]){"A=2"}, (char[]){"A=3"}, NULL};
    cr_expect_str_eq(run_variables_find(environment, "A"), "2");
    cr_expect_null(run_variables_find(environment, "B"));
}

Test(variables, left_alone_where_a_trace_is_named)
{
    char *environment[] = {(char[]){"A=1"}, (char[]){"HOLDFAST_RUN=/other"}, NULL};
    cr_expect_eq(run_variables_room(&ours, environment), 0);
}

Test(variables, left_alone_where_the_system_refuses_it)
{
    enum { MANY = 1 << 20 };
    char entry[] = "A=1";
    char **environment = calloc(MANY + 1, sizeof *environment);
    for (size_t i = 0; i < MANY; i++)
        environment[i] = entry;
    cr_expect_eq(run_variables_room(&ours, environment), 0);
    free(environment);
}

Test(variables, libraries_that_can_be_named)
{
    cr_expect(run_variables_can_name(LIBRARY));
    cr_expect_not(run_variables_can_name("libholdfast-run.so"));
    cr_expect_not(run_variables_can_name("/a b/c.so"));
    cr_expect_not(run_variables_can_name("/a:b/c.so"));
    cr_expect_not(run_variables_can_name("/$LIB/c.so"));
    cr_expect_not(run_variables_can_name(""));
}

/* What an executed program gets: arguments as given, and the environment with what is added. */
#include "following_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"

#define TRACE "/dev/shm/trace"

static char output[4096];

/* Runs `start(argument)` in a child, which executes something; what that prints is `output`. */
static int executed(void (*start)(void *), void *argument)
{
    int ends[2];
    int status;
    size_t length = 0;
    ssize_t count;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], 1);
        (void)close(ends[0]);
        start(argument);
        _exit(errno == E2BIG ? 77 : 78);
    }
    (void)close(ends[1]);
    while ((count = read(ends[0], output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)count;
    output[length] = '\0';
    (void)close(ends[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Something that may be preloaded: the C library, which is there anyway. */
static const char *c_library(void)
{
    Dl_info info;
    cr_assert_neq(dladdr(dlsym(RTLD_NEXT, "getpid"), &info), 0);
    return info.dli_fname;
}

static const char *with_all(const char *before)
{
    static char text[2048];
    (void)snprintf(text, sizeof text,
                   "%sLD_PRELOAD=%s\nHOLDFAST_RUN=" TRACE
                   "\nASAN_OPTIONS=verify_asan_link_order=0\n",
                   before, c_library());
    return text;
}

static char *const small[] = {(char[]){"A=1"}, (char[]){"B=2"}, NULL};
static char *const print[] = {(char[]){"env"}, NULL};
#define ENV "/usr/bin/env"

static void by_execve(void *environment)
{
    (void)execve(ENV, print, environment);
}

static void by_execvpe(void *environment)
{
    (void)execvpe("env", print, environment);
}

static void by_execle(void *environment)
{
    (void)execle(ENV, "env", (char *)NULL, environment);
}

static void by_execv(void *environment)
{
    environ = environment;
    (void)execv(ENV, print);
}

static void by_execlp(void *environment)
{
    environ = environment;
    (void)execlp("env", "env", (char *)NULL);
}

static void by_fexecve(void *environment)
{
    (void)fexecve(open(ENV, O_RDONLY | O_CLOEXEC), print, environment);
}

static void by_posix_spawn(void *environment)
{
    pid_t child;
    if (posix_spawn(&child, ENV, NULL, NULL, print, environment) == 0)
        _exit(waitpid(child, NULL, 0) == child ? 0 : 1);
}

static void by_vfork(void *environment)
{
    pid_t child = vfork();
    if (child == 0) {
        (void)execve(ENV, print, environment);
        _exit(1);
    }
    _exit(waitpid(child, NULL, 0) == child ? 0 : 1);
}

static void (*const ways[])(void *) = {by_execve, by_execvpe, by_execle,      by_execv,
                                       by_execlp, by_fexecve, by_posix_spawn, by_vfork};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void *as_argument(char *const *environment)
{
    void *argument;
    memcpy(&argument, &environment, sizeof argument);
    return argument;
}

Test(exec, every_way_hands_it_on)
{
    follow(c_library(), TRACE);
    for (size_t i = 0; i < WAYS; i++) {
        cr_assert_eq(executed(ways[i], as_argument(small)), 0);
        cr_assert_str_eq(output, with_all("A=1\nB=2\n"), "way %zu", i);
    }
}

Test(exec, nothing_is_handed_on_when_not_followed)
{
    follow(c_library(), TRACE);
    run_this_process.settings[RUN_FOLLOW] = 0;
    for (size_t i = 0; i < WAYS; i++) {
        cr_assert_eq(executed(ways[i], as_argument(small)), 0);
        cr_assert_str_eq(output, "A=1\nB=2\n");
    }
}

Test(exec, nothing_is_handed_on_when_the_library_is_not_to_be_found)
{
    follow("/nowhere/libholdfast-run.so", TRACE);
    cr_expect_eq(executed(by_execve, as_argument(small)), 0);
    cr_expect_str_eq(output, "A=1\nB=2\n");
}

Test(exec, no_environment_at_all)
{
    follow(c_library(), TRACE);
    cr_expect_eq(executed(by_execve, NULL), 0);
    cr_expect_str_eq(output, with_all(""));
}

static void list_arguments(void *environment)
{
    (void)execle("/bin/sh", "sh", "-c", "echo $0 $# $1-$2-$3; echo $A", "zero", "one", "", "three",
                 (char *)NULL, environment);
}

static void search_and_list(void *environment)
{
    environ = environment;
    (void)execlp("sh", "sh", "-c", "echo $# $1", "zero", "one", (char *)NULL);
}

Test(exec, listed_arguments_arrive)
{
    cr_expect_eq(executed(list_arguments, as_argument(small)), 0);
    cr_expect_str_eq(output, "zero 3 one--three\n1\n");
    cr_expect_eq(executed(search_and_list, as_argument(small)), 0);
    cr_expect_str_eq(output, "1 one\n");
}

static void execute_nothing(void *environment)
{
    (void)execve("/bin/true", (char *[]){(char[]){"true"}, NULL}, environment);
}

/* With that many entries; what it answers is what the system says. */
static int execute_with(size_t entries, size_t length)
{
    char *entry = malloc(length + 1);
    char **environment = calloc(entries + 1, sizeof *environment);
    memset(entry, 'x', length);
    memcpy(entry, "A=", 2);
    entry[length] = '\0';
    for (size_t i = 0; i < entries; i++)
        environment[i] = entry;
    int status = executed(execute_nothing, environment);
    free(environment);
    free(entry);
    return status;
}

static void count_entries(void *environment)
{
    (void)execle("/bin/sh", "sh", "-c", "test -n \"$HOLDFAST_RUN\"", (char *)NULL, environment);
}

Test(exec, large_environments_are_followed)
{
    enum { MANY = 50000 };
    char **environment = calloc(MANY + 1, sizeof *environment);
    char entry[] = "A=1";
    follow(c_library(), TRACE);
    for (size_t i = 0; i < MANY; i++)
        environment[i] = entry;
    cr_expect_eq(executed(count_entries, environment), 0);
    free(environment);
}

Test(exec, too_large_is_refused_by_the_system)
{
    follow(c_library(), TRACE);
    cr_expect_eq(execute_with(1000000, 3), 77);
    cr_expect_eq(execute_with(1, 200000), 77);
}

/* With an environment of that many bytes, in one short entry and long ones. */
static int execute_with_bytes(size_t bytes)
{
    enum { LONG = 100000, MOST = 100 };
    static char text[LONG + 1];
    char *environment[MOST] = {text + LONG - bytes % LONG};
    memset(text, 'x', LONG);
    for (size_t i = 1; i <= bytes / LONG; i++)
        environment[i] = text;
    return executed(execute_nothing, environment);
}

/* The largest environment that the system takes leaves no room for three more. */
Test(exec, executed_all_the_same_when_there_is_no_room)
{
    size_t fits = 1000;
    size_t refused = 9000000;
    while (refused - fits > 1) {
        size_t middle = fits + (refused - fits) / 2;
        *(execute_with_bytes(middle) == 77 ? &refused : &fits) = middle;
    }
    follow(c_library(), TRACE);
    cr_expect_eq(execute_with_bytes(fits), 0);
}

/* ---- what uses `environ` itself -------------------------------------------------------------- */

Test(exec, environ_is_the_extended_one_for_a_while)
{
    run_environment_swap swap;
    follow(c_library(), TRACE);
    char **before = environ;
    run_environment_extended_begin(&swap);
    cr_expect_str_eq(getenv("HOLDFAST_RUN"), TRACE);
    run_environment_extended_end(&swap);
    cr_expect_eq(environ, before);
    cr_expect_null(getenv("HOLDFAST_RUN"));
}

Test(exec, what_is_set_meanwhile_stays)
{
    run_environment_swap swap;
    cr_assert_eq(setenv("LD_PRELOAD", "libc.so.6", 1), 0);
    cr_assert_eq(unsetenv("ASAN_OPTIONS"), 0);
    follow(c_library(), TRACE);
    run_environment_extended_begin(&swap);
    cr_assert_eq(setenv("SET_MEANWHILE", "1", 1), 0);
    run_environment_extended_end(&swap);
    cr_expect_str_eq(getenv("SET_MEANWHILE"), "1");
    cr_expect_str_eq(getenv("LD_PRELOAD"), "libc.so.6");
    cr_expect_null(getenv("HOLDFAST_RUN"));
    cr_expect_null(getenv("ASAN_OPTIONS"));
}

/* The next functions of a name: as dlsym has them, where anything is answered. */
#include <criterion/criterion.h>

#include <dlfcn.h>

#include "next.h"

static run_objects objects;

static void set_up(void)
{
    run_objects_find(&objects);
    if (objects.count == 0)
        cr_skip_test("this C library cannot be asked for objects");
}

TestSuite(next_functions, .init = set_up);

static void check(const char *name, bool answered)
{
    void *found = run_objects_search(&objects, name);
    cr_expect_eq(found != NULL, answered, "%s", name);
    cr_expect(found == NULL || found == dlsym(RTLD_NEXT, name), "%s", name);
}

Test(next_functions, of_one_version)
{
    static const char *const names[] = {
        "open", "close",  "read",  "fopen64", "opendir", "socket", "dup3",    "syscall", "fclose",
        "poll", "openat", "pipe2", "fcntl",   "sendmsg", "ioctl",  "mkstemp", "popen",   "execve"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check(names[i], true);
}

/* The C library keeps the former ones for programs that were linked with them. */
Test(next_functions, of_several_versions_the_present_one)
{
    static const char *const names[] = {"pthread_create", "posix_spawn", "posix_spawnp",
                                        "nftw",           "glob",        "dlclose",
                                        "realpath",       "regexec",     "pthread_cond_wait"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check(names[i], true);
}

/* Those that are chosen by the processor, at the first call, are for dlsym. */
Test(next_functions, no_choosers)
{
    static const char *const names[] = {"time", "gettimeofday", "wmemset", "rawmemchr", "strcspn"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *found = run_objects_search(&objects, names[i]);
        cr_expect(found == NULL || found == dlsym(RTLD_NEXT, names[i]), "%s", names[i]);
    }
}

Test(next_functions, that_nobody_has)
{
    check("", false);
    check("ope", false);
    check("openn", false);
    check("holdfast_has_no_such_function", false);
}

/* A variable is none. */
Test(next_functions, variables_are_not_answered)
{
    cr_expect_null(run_objects_search(&objects, "environ"));
    cr_expect_null(run_objects_search(&objects, "stdout"));
}

Test(next_functions, without_objects_nothing_is_answered)
{
    objects.count = 0;
    check("open", false);
}

/* vfork and exec.  What must not be inlined runs between the two returns on one stack. */
#include "following_support.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_USED = 8192 };

/* Overwrites what lies below the caller's frame, as what a child calls does. */
__attribute__((noinline)) static void use_stack(void)
{
    char used[STACK_USED];
    memset(used, 0x5a, sizeof used);
    __asm__ __volatile__("" : : "r"(used) : "memory");
}

/* The exit status, or 1000 and the signal. */
static int await(pid_t child)
{
    int status = -1;
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

Test(vfork, both_return)
{
    pid_t child = vfork();
    if (child == 0) {
        use_stack();
        _exit(run_self.is_vfork_child ? 5 : 6);
    }
    cr_expect_not(run_self.is_vfork_child);
    cr_expect_eq(await(child), 5);
}

Test(vfork, memory_is_shared)
{
    static int seen;
    pid_t child = vfork();
    if (child == 0) {
        seen = 1;
        _exit(0);
    }
    cr_expect_eq(seen, 1);
    cr_expect_eq(await(child), 0);
}

Test(vfork, errno_is_kept_by_success)
{
    errno = ENOTTY;
    pid_t child = vfork();
    if (child == 0)
        _exit(0);
    cr_expect_eq(errno, ENOTTY);
    (void)await(child);
}

Test(vfork, child_executes)
{
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
        _exit(1);
    }
    cr_expect_eq(await(child), 7);
}

Test(vfork, child_that_cannot_execute)
{
    pid_t child = vfork();
    if (child == 0) {
        execl("/nowhere", "nowhere", (char *)NULL);
        _exit(errno == ENOENT ? 8 : 9);
    }
    cr_expect_eq(await(child), 8);
}

Test(vfork, child_is_killed)
{
    pid_t child = vfork();
    if (child == 0) {
        use_stack();
        (void)raise(SIGKILL);
    }
    cr_expect_not(run_self.is_vfork_child);
    cr_expect_eq(await(child), 1000 + SIGKILL);
}

/* Children of children: the innermost ends first. */
__attribute__((noinline)) static int nest(int depth)
{
    pid_t child = vfork();
    if (child == 0) {
        use_stack();
        _exit(depth == 0 ? 1 : nest(depth - 1) + 1);
    }
    bool was_child = run_self.is_vfork_child;
    int status = await(child);
    return was_child == (depth < 5) ? status : 100;
}

Test(vfork, nested)
{
    cr_expect_eq(nest(5), 6);
    cr_expect_not(run_self.is_vfork_child);
}

__attribute__((noinline)) static int end_with(int status)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(status);
    return await(child);
}

Test(vfork, one_after_the_other)
{
    for (int i = 0; i < 100; i++)
        cr_assert_eq(end_with(i), i);
}

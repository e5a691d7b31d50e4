/* A program that forbids itself all system calls but a few, on pain of death, and then errs: the
 * finding is made without any of the others.
 *
 * expect: double-close now=close_again closed=close_it opened=open_it
 * skip-flavours: address thread */
#include "program.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(name)                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void confine(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read),
        ALLOW(write),
        ALLOW(close),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

STEP int open_it(void)
{
    return open("/dev/null", O_RDONLY);
}

STEP void close_it(int number)
{
    MUST(close(number) == 0);
}

STEP void close_again(int number)
{
    MUST(is_refused(close(number)));
}

int main(void)
{
    int number = open_it();
    confine();
    close_it(number);
    close_again(number);
    _exit(0);
}

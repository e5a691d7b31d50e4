/* Starting the program, and waiting for it.
 *
 * What comes from the terminal (INT, QUIT, TSTP) comes to all of the process group, the program
 * included: it is for the program, and not ours.  What is sent to us alone is passed on.  Signals
 * that we take over come by a signalfd, so that there are no handlers; what the program inherits
 * (mask, ignored signals) is as it was. */
#include "launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

static const int taken[] = {SIGTERM, SIGHUP,  SIGINT,  SIGQUIT,  SIGUSR1,
                            SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGCHLD};
static const int ignored[] = {SIGPIPE, SIGTTOU};

enum { TAKEN = sizeof taken / sizeof taken[0], IGNORED = sizeof ignored / sizeof ignored[0] };

/* ---- before and after the child ------------------------------------------------------------- */

static void fill_standard_descriptors(void)
{
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        if (fcntl(number, F_GETFD) < 0)
            (void)open("/dev/null", O_RDWR | O_CLOEXEC); /* gets the lowest that is free */
    }
}

void launch_init(launch *of)
{
    sigset_t mask;
    struct sigaction plain = {.sa_handler = SIG_DFL};
    struct sigaction none = {.sa_handler = SIG_IGN};
    fill_standard_descriptors();
    sigemptyset(&mask);
    for (unsigned i = 0; i < TAKEN; i++) {
        sigaddset(&mask, taken[i]);
        /* Ignored signals would not come, and an ignored CHLD would leave no status. */
        (void)sigaction(taken[i], &plain, &of->old_actions[taken[i]]);
    }
    for (unsigned i = 0; i < IGNORED; i++)
        (void)sigaction(ignored[i], &none, &of->old_actions[ignored[i]]);
    of->child = 0;
    (void)sigprocmask(SIG_BLOCK, &mask, &of->old_mask);
    of->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (of->signals < 0)
        tool_fail("signalfd: %s", strerror(errno));
}

static void restore_signals(const launch *of)
{
    for (unsigned i = 0; i < TAKEN; i++)
        (void)sigaction(taken[i], &of->old_actions[taken[i]], NULL);
    for (unsigned i = 0; i < IGNORED; i++)
        (void)sigaction(ignored[i], &of->old_actions[ignored[i]], NULL);
    (void)sigprocmask(SIG_SETMASK, &of->old_mask, NULL);
}

/* In the child, which has our memory until it executes: it changes nothing in it but the error. */
static _Noreturn void execute(launch *of, const char *path, char **argv, char **environment)
{
    restore_signals(of);
    (void)execve(path, argv, environment);
    of->error = errno;
    _exit(TOOL_NOT_RUN);
}

/* When a file or a pipe that the program has inherited is closed, is for the program to say: who
 * waits for the end of it, or for its lock, is not to wait for us.  Ours are closed on execution.
 * Standard error is for the findings. */
static void let_go_of_inherited(void)
{
    struct dirent *entry;
    DIR *own = opendir("/proc/self/fd");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (own != NULL && (entry = readdir(own)) != NULL) {
        int descriptor = (int)strtol(entry->d_name, NULL, 10);
        if (descriptor > STDERR_FILENO && fcntl(descriptor, F_GETFD) == 0)
            (void)close(descriptor);
    }
    if (own != NULL)
        (void)closedir(own);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)close(null);
    }
}

/* Unlike fork, vfork copies no tables of pages, and both write to the same pages afterwards. */
int launch_start(launch *of, const char *path, char **argv, char **environment)
{
    of->error = 0;
    of->child = vfork(); /* NOLINT(clang-analyzer-*Vfork,clang-analyzer-*vfork) */
    if (of->child == 0)
        execute(of, path, argv, environment);
    if (of->child < 0)
        tool_fail("vfork: %s", strerror(errno));
    if (of->error == 0) {
        let_go_of_inherited();
        return 0;
    }
    (void)waitpid(of->child, NULL, 0);
    tool_tell("cannot run '%s': %s", path, strerror(of->error));
    return of->error == ENOENT ? TOOL_NOT_FOUND : TOOL_NOT_RUN;
}

/* ---- meanwhile ------------------------------------------------------------------------------ */

/* A shell with job control gives the terminal to our process group; where the program has made one
 * of its own, it is for that.  Answers whether the terminal was ours. */
static bool hand_terminal_on(const launch *of)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    bool is_ours = terminal >= 0 && tcgetpgrp(terminal) == getpgrp();
    if (is_ours && getpgid(of->child) != getpgrp())
        (void)tcsetpgrp(terminal, getpgid(of->child)); /* allowed: TTOU is ignored */
    if (terminal >= 0)
        (void)close(terminal);
    return is_ours;
}

/* A program that was stopped stops us, too, where a shell with job control waits for us: else that
 * would not know.  Such a shell makes each job the leader of a process group, but not of a session.
 * A program that was stopped because it wants the terminal, while we have it, gets that instead. */
static void stop_with(const launch *of, int signal)
{
    bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;
    if (getpgrp() != getpid() || getsid(0) == getpid())
        return;
    if (!wants_terminal || !hand_terminal_on(of)) {
        (void)kill(getpid(), SIGSTOP);
        (void)hand_terminal_on(of);
    }
    (void)kill(of->child, SIGCONT);
}

static bool has_ended(const launch *of, int *status)
{
    pid_t found;
    while ((found = waitpid(of->child, status, WNOHANG | WUNTRACED)) > 0) {
        if (!WIFSTOPPED(*status))
            return true;
        stop_with(of, WSTOPSIG(*status));
    }
    return found < 0 && errno == ECHILD;
}

static void pass_on(const launch *of, const struct signalfd_siginfo *signal)
{
    bool from_terminal = signal->ssi_code > 0; /* by the system, to the whole process group */
    int number = (int)signal->ssi_signo;
    if (number != SIGCHLD && !from_terminal)
        (void)kill(of->child, number);
}

bool launch_wait(launch *of, int timeout_ms, int *status)
{
    struct signalfd_siginfo signal;
    struct pollfd ready = {.fd = of->signals, .events = POLLIN};
    (void)poll(&ready, 1, timeout_ms);
    while (read(of->signals, &signal, sizeof signal) == (ssize_t)sizeof signal)
        pass_on(of, &signal);
    return has_ended(of, status);
}

_Noreturn void launch_end_like(int status)
{
    if (WIFSIGNALED(status)) {
        sigset_t all;
        struct sigaction plain = {.sa_handler = SIG_DFL};
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void)sigaction(WTERMSIG(status), &plain, NULL);
        sigfillset(&all);
        (void)kill(getpid(), WTERMSIG(status));
        (void)sigprocmask(SIG_UNBLOCK, &all, NULL);
        exit(128 + WTERMSIG(status));
    }
    exit(WEXITSTATUS(status));
}

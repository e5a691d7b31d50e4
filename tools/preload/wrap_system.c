/* system: as in the C library, whose own would not hand the tool on to the shell.
 *
 * The caller ignores SIGINT and SIGQUIT and blocks SIGCHLD until the command has ended.  How to
 * treat the first two is the process's, so they are restored by the last of the threads that are in
 * here.  The lock protects that count and the actions; nothing runs under it but sigaction. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"
#include "real.h"
#include "runs.h"
#include "self.h"

#define SHELL        "/bin/sh"
#define NOT_EXECUTED (127 << 8) /* what a shell that cannot be executed counts as */

RUN_DECLARE_REAL(int, posix_spawn,
                 (pid_t *, const char *, const posix_spawn_file_actions_t *,
                  const posix_spawnattr_t *, char *const[], char *const[]))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned inside;
static struct sigaction interrupt_before;
static struct sigaction quit_before;

static void ignore_signals(void)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)pthread_mutex_lock(&lock);
    if (inside++ == 0) {
        (void)sigaction(SIGINT, &ignored, &interrupt_before);
        (void)sigaction(SIGQUIT, &ignored, &quit_before);
    }
    (void)pthread_mutex_unlock(&lock);
}

static void heed_signals(void)
{
    (void)pthread_mutex_lock(&lock);
    if (--inside == 0) {
        (void)sigaction(SIGINT, &interrupt_before, NULL);
        (void)sigaction(SIGQUIT, &quit_before, NULL);
    }
    (void)pthread_mutex_unlock(&lock);
}

/* In the child SIGINT and SIGQUIT are what they were for the caller. */
static void set_attributes(posix_spawnattr_t *attributes, const sigset_t *mask)
{
    sigset_t defaults;
    (void)sigemptyset(&defaults);
    if (interrupt_before.sa_handler != SIG_IGN)
        (void)sigaddset(&defaults, SIGINT);
    if (quit_before.sa_handler != SIG_IGN)
        (void)sigaddset(&defaults, SIGQUIT);
    (void)posix_spawnattr_init(attributes);
    (void)posix_spawnattr_setsigmask(attributes, mask);
    (void)posix_spawnattr_setsigdefault(attributes, &defaults);
    (void)posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int start_shell(pid_t *child, char *command, const sigset_t *mask)
{
    char name[] = "sh";
    char option[] = "-c";
    char *arguments[] = {name, option, command, NULL};
    posix_spawnattr_t attributes;
    run_extended extended;
    set_attributes(&attributes, mask);
    RUN_EXTEND(&extended, environ, true);
    int error =
        RUN_REAL(posix_spawn)(child, SHELL, NULL, &attributes, arguments, extended.environment);
    run_extend_end(&extended);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* What is to be undone when the command has ended, or the caller is cancelled. */
typedef struct shell {
    pid_t child; /* 0: it has ended */
    int status;
    sigset_t mask;
} shell;

static void end_shell(void *argument)
{
    const shell *of = argument;
    if (of->child != 0) {
        int state;
        (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        (void)kill(of->child, SIGKILL);
        while (waitpid(of->child, NULL, 0) < 0 && errno == EINTR)
            continue;
        (void)pthread_setcancelstate(state, NULL);
    }
    heed_signals();
    (void)sigprocmask(SIG_SETMASK, &of->mask, NULL);
}

static void await_shell(shell *of)
{
    pid_t ended;
    do
        ended = waitpid(of->child, &of->status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended != of->child)
        of->status = -1;
    of->child = 0;
}

static int run_command(char *command)
{
    shell of = {.status = NOT_EXECUTED};
    sigset_t blocked;
    int saved;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGCHLD);
    ignore_signals();
    (void)sigprocmask(SIG_BLOCK, &blocked, &of.mask);
    int error = start_shell(&of.child, command, &of.mask);
    if (error != 0)
        of.child = 0;
    pthread_cleanup_push(end_shell, &of);
    if (error == 0)
        await_shell(&of);
    saved = error != 0 ? error : errno;
    pthread_cleanup_pop(1);
    errno = saved;
    return of.status;
}

RUN_WRAP(int, system, (const char *command))
{
    union {
        const char *given;
        char *passed; /* exec does not write to it */
    } text = {.given = command};
    if (!run_is_on() || run_this_process.settings[RUN_FOLLOW] == 0)
        return RUN_REAL(system)(command);
    run_series_break();
    if (command != NULL)
        return run_command(text.passed);
    char probe[] = "exit 0"; /* is there a shell? */
    return run_command(probe) == 0;
}

/* What the programs share.  Each is one mistake, or something that looks like one and is none; its
 * head says what `holdfast run` is to find, in the language of ../check. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* A function that expectations name: it keeps its name and its frame. */
#ifdef __clang__
#define STEP static __attribute__((noinline))
#else
#define STEP static __attribute__((noipa))
#endif

/* Whatever the tool does, this holds natively and under it. */
#define MUST(condition) ((condition) ? (void)0 : program_failed(__LINE__, #condition))

static inline void program_failed(int line, const char *condition)
{
    printf("line %d: not so: %s (errno %d)\n", line, condition, errno);
    (void)fflush(stdout);
    _exit(99);
}

static inline bool is_refused(long result)
{
    return result == -1 && errno == EBADF;
}

/* The thread, as /proc names it, sleeps in the system, and goes on doing so. */
static inline void wait_until_asleep(pid_t thread)
{
    char path[64];
    char line[256];
    int asleep = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
    while (asleep < 5) {
        FILE *file = fopen(path, "re");
        MUST(file != NULL && fgets(line, sizeof line, file) != NULL);
        asleep = strstr(line, ") S ") != NULL ? asleep + 1 : 0;
        (void)fclose(file);
        (void)usleep(10000);
    }
}

static inline void *program_idle(void *unused)
{
    sigset_t all;
    (void)sigfillset(&all);
    MUST(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    (void)pause();
    return unused;
}

/* A second thread, which hears no signals and does nothing.  With more threads than one, uses are
 * regions. */
static inline void start_idle_thread(void)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, program_idle, NULL) == 0);
}

/* The child's exit status, 256 + the signal that killed it. */
static inline int status_of(pid_t child)
{
    int status = 0;
    MUST(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

#endif

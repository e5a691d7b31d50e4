/* Threads of the library's own. */
#include "platform/platform.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

_Static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "a thread is known by a word");

static void *run(void *argument)
{
    const hf_os_thread *thread = argument;
    (void)prctl(PR_SET_NAME, thread->name, 0, 0, 0);
    thread->function(thread->argument);
    return NULL;
}

/* The process's signals are for threads of the program's. */
static int create_without_signals(pthread_t *thread, hf_os_thread *argument)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, run, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

bool hf_os_thread_start(hf_os_thread *thread, void (*function)(void *), void *argument,
                        const char *name)
{
    pthread_t made;
    size_t length = strnlen(name, sizeof thread->name - 1);
    thread->function = function;
    thread->argument = argument;
    memcpy(thread->name, name, length);
    thread->name[length] = '\0';
    int error = create_without_signals(&made, thread);
    if (error != 0) {
        errno = error;
        return false;
    }
    thread->system = (uintptr_t)made;
    return true;
}

void hf_os_thread_join(const hf_os_thread *thread)
{
    (void)pthread_join((pthread_t)thread->system, NULL);
}

void hf_os_thread_detach(const hf_os_thread *thread)
{
    (void)pthread_detach((pthread_t)thread->system);
}

void hf_os_thread_detach_self(void)
{
    (void)pthread_detach(pthread_self());
}

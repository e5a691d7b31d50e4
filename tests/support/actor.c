/* The actor: a thread and a one-task mailbox under a mutex. */
#include "actor.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct actor {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    actor_task task; /* NULL: idle */
    void *argument;
    long system; /* the thread's number; 0 until it runs */
    bool ending;
};

static actor_task next_task(actor *self)
{
    while (self->task == NULL && !self->ending)
        pthread_cond_wait(&self->changed, &self->mutex);
    return self->task;
}

static void *run(void *argument)
{
    actor *self = argument;
    actor_task task;
    pthread_mutex_lock(&self->mutex);
    self->system = syscall(SYS_gettid);
    while ((task = next_task(self)) != NULL) {
        pthread_mutex_unlock(&self->mutex);
        task(self->argument);
        pthread_mutex_lock(&self->mutex);
        self->task = NULL;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

actor *actor_start(void)
{
    actor *self = calloc(1, sizeof(*self));
    if (self == NULL)
        abort();
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
    if (pthread_create(&self->thread, NULL, run, self) != 0)
        abort();
    return self;
}

void actor_begin(actor *who, actor_task task, void *argument)
{
    pthread_mutex_lock(&who->mutex);
    who->task = task;
    who->argument = argument;
    pthread_cond_broadcast(&who->changed);
    pthread_mutex_unlock(&who->mutex);
}

void actor_finish(actor *who)
{
    pthread_mutex_lock(&who->mutex);
    while (who->task != NULL)
        pthread_cond_wait(&who->changed, &who->mutex);
    pthread_mutex_unlock(&who->mutex);
}

static bool is_asleep(long thread)
{
    char path[64];
    char line[256] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        abort();
    bool known = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    return known && strstr(line, ") S ") != NULL;
}

void actor_until_asleep(actor *who)
{
    pthread_mutex_lock(&who->mutex);
    long thread = who->system;
    pthread_mutex_unlock(&who->mutex);
    for (int seen = 0; seen < 3; seen = is_asleep(thread) ? seen + 1 : 0)
        sched_yield();
}

void actor_do(actor *who, actor_task task, void *argument)
{
    actor_begin(who, task, argument);
    actor_finish(who);
}

void actor_end(actor *who)
{
    pthread_mutex_lock(&who->mutex);
    who->ending = true;
    pthread_cond_broadcast(&who->changed);
    pthread_mutex_unlock(&who->mutex);
    pthread_join(who->thread, NULL);
    pthread_cond_destroy(&who->changed);
    pthread_mutex_destroy(&who->mutex);
    free(who);
}

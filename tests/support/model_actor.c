/* Actors: threads that do one step each, when it is their turn.  They live from one sequence to the
 * next, because starting a thread takes longer than a short sequence.  Two semaphores hand over and
 * order everything: nothing of the model is ever touched by two at once. */
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include <pthread.h>

#include "model_state.h"

typedef struct actor {
    bool runs;
    pthread_t thread;
    uint64_t id;
    sem_t turn;
    sem_t done;
    model_task task; /* NULL: to end */
    model *m;
    const model_record *record;
} actor;

static actor actors[MODEL_ACTORS];

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
    }
}

static void *act(void *argument)
{
    actor *self = argument;
    self->id = (uint64_t)gettid();
    sem_post(&self->done);
    for (;;) {
        wait_for(&self->turn);
        if (self->task == NULL)
            return NULL;
        self->task(self->m, self->record);
        sem_post(&self->done);
    }
}

static void start(actor *self)
{
    sem_init(&self->turn, 0, 0);
    sem_init(&self->done, 0, 0);
    if (pthread_create(&self->thread, NULL, act, self) != 0)
        abort();
    wait_for(&self->done);
    self->runs = true;
}

void model_actors_start(model *m)
{
    actors[0].id = (uint64_t)gettid();
    m->busy[0] = true;
}

uint64_t model_thread(int number)
{
    return actors[number].id;
}

bool model_actor_runs(int number)
{
    return actors[number].runs;
}

void model_on_actor(model *m, int number, model_task task, const model_record *r)
{
    actor *self = &actors[number];
    int before = m->actor;
    if (number == before || m->busy[number]) {
        task(m, r); /* it waits for what this very step is nested in */
        return;
    }
    if (number != 0 && !self->runs)
        start(self);
    m->busy[number] = true;
    m->actor = number;
    self->m = m;
    self->record = r;
    self->task = task;
    sem_post(&self->turn);
    wait_for(&self->done);
    m->actor = before;
    m->busy[number] = false;
}

void model_actor_end(int number)
{
    actor *self = &actors[number];
    self->task = NULL;
    sem_post(&self->turn);
    pthread_join(self->thread, NULL);
    sem_destroy(&self->turn);
    sem_destroy(&self->done);
    self->runs = false;
}

/* Threads: each does one step at a time, or sleeps in a wait until what it waits for has come. */
#include "scene.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void on_thread(int who, actor_task task, void *argument)
{
    if (who == 0) {
        task(argument);
        return;
    }
    if (s.threads[who].who == NULL)
        s.threads[who].who = actor_start();
    actor_do(s.threads[who].who, task, argument);
}

static void block(void *argument)
{
    thread *self = argument;
    __atomic_store_n(&self->number, gettid(), __ATOMIC_RELEASE);
    self->blocking(self);
    __atomic_store_n(&self->done, 1, __ATOMIC_RELEASE);
}

/* The number that stands after a word in the system's description of a thread. */
static long number_after(const char *text, const char *word)
{
    const char *found = strstr(text, word);
    return found != NULL ? strtol(found + strlen(word), NULL, 10) : -1;
}

/* How often a thread that sleeps has fallen asleep; -1: it does not sleep. */
static long falls_asleep(int number)
{
    char path[64];
    char text[4096] = "";
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/status", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    if (file >= 0)
        (void)close(file);
    bool sleeps = length > 0 && strstr(text, "\nState:\tS") != NULL;
    return sleeps ? number_after(text, "\nvoluntary_ctxt_switches:") : -1;
}

static bool look_at_sleepers(long counts[THREADS])
{
    bool all = true;
    for (int i = 1; i < THREADS; i++) {
        const thread *one = &s.threads[i];
        int number = __atomic_load_n(&one->number, __ATOMIC_ACQUIRE);
        counts[i] = one->repose != BLOCKED ? 0 : number == 0 ? -1 : falls_asleep(number);
        all = all && counts[i] >= 0;
    }
    return all;
}

/* Whether there was a moment at which all that wait slept: nobody has fallen asleep between two
 * looks at which everybody slept.  A single thread may sleep for a lock that another one has, which
 * waits for many handles, or looks after a sleeper's; but who has a lock does not sleep.  So all
 * that they sleep for at such a moment is what they wait for, however slow the machine is. */
static bool all_sleep(void)
{
    long before[THREADS] = {0};
    long after[THREADS] = {0};
    return look_at_sleepers(before) && look_at_sleepers(after) &&
           memcmp(before, after, sizeof(before)) == 0;
}

static void await_sleep(const thread *one)
{
    while (!all_sleep()) {
        if (__atomic_load_n(&one->done, __ATOMIC_ACQUIRE) != 0)
            fuzz_fail("step %u: did not wait, but answered %s", s.step,
                      hf_status_name(one->status));
        (void)sched_yield();
    }
}

void begin_wait(int who, void (*blocking)(thread *self), int awaited, int table)
{
    thread *one = &s.threads[who];
    if (one->who == NULL)
        one->who = actor_start();
    one->repose = BLOCKED;
    one->blocking = blocking;
    one->awaited = awaited;
    one->table = table;
    one->number = 0;
    one->done = 0;
    actor_begin(one->who, block, one);
    await_sleep(one);
}

/* Whether what a thread waits for has come. */
static bool may_go_on(const thread *one)
{
    bool over = true;
    if (one->awaited != NOBODY)
        return !is_alive(&s.cards[one->awaited]);
    for (int i = 0; i < CARDS; i++) {
        const card *of = &s.cards[i];
        bool wanted = one->table == NOBODY ? of->in_group : of->table == one->table && !of->orphan;
        over = over && !(wanted && is_alive(of));
    }
    return over;
}

static void finish(thread *one)
{
    actor_finish(one->who);
    one->repose = IDLE;
    MUST(one->status == HF_OK);
}

static void acquire(void *lock)
{
    hf_lock_acquired(lock);
}

void grant_lock(int lock)
{
    for (int i = 1; i < THREADS && s.lock_owner[lock] == NOBODY; i++) {
        thread *one = &s.threads[i];
        if (one->repose != AT_LOCK || one->awaited != lock)
            continue;
        one->repose = IDLE;
        s.lock_owner[lock] = i;
        on_thread(i, acquire, &s.locks[lock]);
    }
}

bool wake_threads(void)
{
    bool changed = false;
    for (int i = 1; i < THREADS; i++) {
        if (s.threads[i].repose != BLOCKED || !may_go_on(&s.threads[i]))
            continue;
        finish(&s.threads[i]);
        changed = true;
    }
    return changed;
}

#include "mutexes.h"

#include "findings.h"
#include "harness.h"

#include <errno.h>
#include <holdfast/posix.h>
#include <time.h>

typedef enum mutex_kind { PLAIN, CHECKING, RECURSIVE, ROBUST, MUTEXES } mutex_kind;

enum { MOST_DEPTH = 8 };

static struct {
    pthread_mutex_t mutex;
    unsigned depth; /* how often this thread has it */
} mutexes[MUTEXES];

static void make(mutex_kind kind)
{
    static const int types[MUTEXES] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK,
                                       PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK};
    pthread_mutexattr_t attributes;
    (void)pthread_mutexattr_init(&attributes);
    (void)pthread_mutexattr_settype(&attributes, types[kind]);
    if (kind == ROBUST)
        (void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    (void)pthread_mutex_init(&mutexes[kind].mutex, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    mutexes[kind].depth = 0;
}

void mutexes_start(void)
{
    for (unsigned i = 0; i < MUTEXES; i++)
        make((mutex_kind)i);
}

static void expect(int answer, int expected, const char *what)
{
    if (answer != expected)
        fuzz_fail("%s answers %d instead of %d", what, answer, expected);
}

static void lock(unsigned which, int free_answer)
{
    bool has = mutexes[which].depth > 0;
    bool refused = has && which != RECURSIVE;
    if (refused)
        findings_expect(HF_REPORT_POSSIBLE_DEADLOCK, 1);
    expect(hf_mutex_lock(&mutexes[which].mutex), refused ? EDEADLK : free_answer, "hf_mutex_lock");
    mutexes[which].depth += !refused;
}

static void try_lock(unsigned which)
{
    bool refused = mutexes[which].depth > 0 && which != RECURSIVE;
    int answer = refused ? pthread_mutex_trylock(&mutexes[which].mutex) : 0; /* EBUSY or EDEADLK */
    expect(hf_mutex_trylock(&mutexes[which].mutex), answer, "hf_mutex_trylock");
    mutexes[which].depth += !refused;
}

/* Without a check of owners, what is not locked must not be unlocked. */
static void unlock(unsigned which)
{
    bool has = mutexes[which].depth > 0;
    if (!has && (which == PLAIN || HF_INLINE_REGIONS == 0))
        return;
    expect(hf_mutex_unlock(&mutexes[which].mutex), has ? 0 : EPERM, "hf_mutex_unlock");
    mutexes[which].depth -= has;
}

typedef struct rival {
    pthread_mutex_t *mutex;
    pthread_barrier_t both;
    bool dies;
} rival;

/* Has the mutex for a moment after the meeting; a robust one it may keep for ever. */
static void *compete(void *which)
{
    rival *own = which;
    const struct timespec moment = {.tv_nsec = 200000};
    (void)pthread_mutex_lock(own->mutex);
    (void)pthread_barrier_wait(&own->both);
    (void)nanosleep(&moment, NULL);
    if (!own->dies)
        (void)pthread_mutex_unlock(own->mutex);
    return NULL;
}

/* Waits for a mutex that another thread gives back, or dies with. */
static void lock_with_rival(unsigned which)
{
    rival own = {.mutex = &mutexes[which].mutex, .dies = which == ROBUST};
    pthread_t thread;
    if (mutexes[which].depth > 0)
        return;
    (void)pthread_barrier_init(&own.both, NULL, 2);
    if (pthread_create(&thread, NULL, compete, &own) != 0)
        fuzz_fail("no thread could be started");
    (void)pthread_barrier_wait(&own.both);
    lock(which, own.dies ? EOWNERDEAD : 0);
    if (own.dies)
        (void)pthread_mutex_consistent(&mutexes[which].mutex);
    (void)pthread_join(thread, NULL);
    (void)pthread_barrier_destroy(&own.both);
}

static void play_null(void)
{
    expect(hf_mutex_lock(NULL), EINVAL, "hf_mutex_lock of nothing");
    expect(hf_mutex_trylock(NULL), EINVAL, "hf_mutex_trylock of nothing");
    expect(hf_mutex_unlock(NULL), EINVAL, "hf_mutex_unlock of nothing");
}

void mutexes_play(unsigned which, unsigned what)
{
    which %= MUTEXES;
    errno = ENOTTY;
    switch (what % 8) {
    case 0:
    case 1:
        if (mutexes[which].depth < MOST_DEPTH)
            lock(which, 0);
        break;
    case 2:
        if (mutexes[which].depth < MOST_DEPTH)
            try_lock(which);
        break;
    case 3:
    case 4:
    case 5:
        unlock(which);
        break;
    case 6:
        lock_with_rival(which);
        break;
    default:
        play_null();
    }
    if (errno != ENOTTY)
        fuzz_fail("errno is changed by a mutex");
}

void mutexes_end(void)
{
    for (unsigned i = 0; i < MUTEXES; i++) {
        while (mutexes[i].depth > 0)
            unlock(i);
        (void)pthread_mutex_destroy(&mutexes[i].mutex);
    }
}

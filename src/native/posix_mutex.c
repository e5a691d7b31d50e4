/* POSIX mutexes in the search for deadlocks. */
#include <holdfast/lock.h>
#include <holdfast/posix.h>

#include <errno.h>

#include "core/deadlock.h"

/* Notes what came of locking, and answers it. */
static int note(const pthread_mutex_t *mutex, int answer, hf_site site)
{
    if (answer == 0 || answer == EOWNERDEAD) /* its last owner died: it is this thread's */
        hf_lock_taken(mutex, site);
    return answer;
}

int hf_mutex_trylock(pthread_mutex_t *mutex)
{
    return mutex == NULL ? EINVAL : note(mutex, pthread_mutex_trylock(mutex), HF_SITE());
}

/* Tries first: whoever does not have to wait need not ask.  Of a robust mutex that checks for
 * errors trylock tells EDEADLK where others tell EBUSY. */
int hf_mutex_lock(pthread_mutex_t *mutex)
{
    hf_site site = HF_SITE();
    int answer = mutex == NULL ? EINVAL : pthread_mutex_trylock(mutex);
    if (answer != EBUSY && answer != EDEADLK)
        return mutex == NULL ? answer : note(mutex, answer, site);
    if (hf_lock_begin(mutex, "hf_mutex_lock", site) != HF_OK)
        return EDEADLK;
    answer = note(mutex, pthread_mutex_lock(mutex), site);
    hf_lock_abandoned(mutex); /* where it was not locked, nobody waits for it any more */
    return answer;
}

int hf_mutex_unlock(pthread_mutex_t *mutex)
{
    if (mutex == NULL)
        return EINVAL;
    hf_lock_released(mutex);
    return pthread_mutex_unlock(mutex);
}

/* Being told of forks: pthread_atfork. */
#include "platform/platform.h"

#include <errno.h>
#include <pthread.h>

bool hf_os_at_fork(const hf_os_fork_handlers *wanted)
{
    static uint32_t registered;
    /* Marked before it is done, and not by pthread_once: whoever stops inside must not stop the
     * others, who go on without the handlers for that moment. */
    if (__atomic_exchange_n(&registered, 1u, __ATOMIC_RELAXED) != 0)
        return true;
    int saved = errno;
    bool done = pthread_atfork(wanted->prepare, wanted->parent, wanted->child) == 0;
    errno = saved;
    if (!done)
        __atomic_store_n(&registered, 0u, __ATOMIC_RELAXED);
    return done;
}

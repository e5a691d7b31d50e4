/* Being told of forks: pthread_atfork. */
#include "platform/platform.h"

#include <errno.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool registered;
static hf_os_fork_handlers handlers;

static void register_handlers(void)
{
    registered = pthread_atfork(handlers.prepare, handlers.parent, handlers.child) == 0;
}

bool hf_os_at_fork(const hf_os_fork_handlers *wanted)
{
    int saved = errno;
    /* All callers want the same, so it does no harm if two write it at once. */
    __atomic_store_n(&handlers.prepare, wanted->prepare, __ATOMIC_RELAXED);
    __atomic_store_n(&handlers.parent, wanted->parent, __ATOMIC_RELAXED);
    __atomic_store_n(&handlers.child, wanted->child, __ATOMIC_RELAXED);
    (void)pthread_once(&once, register_handlers);
    errno = saved;
    return registered;
}

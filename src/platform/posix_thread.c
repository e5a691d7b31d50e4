/* Threads: identity, end, stack bounds. */
#include "platform/platform.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t hf_os_thread_id(void)
{
    return (uint64_t)syscall(SYS_gettid);
}

__thread uint32_t hf_os_thread_number_;

uint32_t hf_os_thread_number_slow(void)
{
    hf_os_thread_number_ = (uint32_t)hf_os_thread_id();
    return hf_os_thread_number_;
}

void hf_os_thread_renumber(void)
{
    hf_os_thread_number_ = 0;
}

bool hf_os_thread_lives(uint32_t number)
{
    int saved = errno;
    bool lives = syscall(SYS_tgkill, getpid(), number, 0) == 0 || errno != ESRCH;
    errno = saved;
    return lives;
}

void hf_os_thread_name(char *buffer, size_t size)
{
    char name[HF_OS_THREAD_NAME_SIZE] = "";
    int saved = errno;
    (void)prctl(PR_GET_NAME, name, 0, 0, 0);
    errno = saved;
    size_t length = 0;
    for (; length + 1 < size && length + 1 < sizeof name && name[length] != '\0'; length++)
        buffer[length] = name[length];
    buffer[length] = '\0';
}

/* One key serves every caller, for there is one exit function in the library.  Not pthread_once:
 * who stops inside it stops all others. */
static uint32_t key_plus_one; /* 0: not made yet */

static bool find_key(void (*function)(void *), pthread_key_t *out)
{
    /* Acquire: partner is the release below. */
    uint32_t known = __atomic_load_n(&key_plus_one, __ATOMIC_ACQUIRE);
    pthread_key_t made;
    if (known == 0) {
        if (pthread_key_create(&made, function) != 0)
            return false;
        if (__atomic_compare_exchange_n(&key_plus_one, &known, (uint32_t)made + 1, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            known = (uint32_t)made + 1;
        else
            (void)pthread_key_delete(made); /* another thread was first */
    }
    *out = (pthread_key_t)(known - 1);
    return true;
}

bool hf_os_at_thread_exit(void (*function)(void *), void *argument)
{
    int saved = errno;
    pthread_key_t key;
    bool done = find_key(function, &key) && pthread_setspecific(key, argument) == 0;
    errno = saved;
    return done;
}

bool hf_os_stack_bounds(uintptr_t *low, uintptr_t *high)
{
    int saved = errno;
    pthread_attr_t attributes;
    void *address = NULL;
    size_t size = 0;
    bool known = pthread_getattr_np(pthread_self(), &attributes) == 0;
    if (known) {
        known = pthread_attr_getstack(&attributes, &address, &size) == 0;
        (void)pthread_attr_destroy(&attributes);
    }
    *low = (uintptr_t)address;
    *high = (uintptr_t)address + size;
    errno = saved;
    return known;
}

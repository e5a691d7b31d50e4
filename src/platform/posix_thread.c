/* Threads: identity, end, stack bounds. */
#include "platform/platform.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

/* The first thread's stack: the system has put the name of the program at its very end, below one
 * zero word, and keeps room below it free for as much as it may grow to, 128 MiB at least.  (The C
 * library reads /proc/self/maps for this, which takes longer than all else at a start.)  Answers
 * false where this function does not run on that stack. */
static bool find_first_stack(uintptr_t *low, uintptr_t *high)
{
    const uintptr_t most = (uintptr_t)128 << 20;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    const char *name = (const char *)getauxval(AT_EXECFN);
    struct rlimit limit;
    if (name == NULL || here >= (uintptr_t)name || getrlimit(RLIMIT_STACK, &limit) != 0)
        return false;
    uintptr_t end = (uintptr_t)name + strlen(name) + 1 + sizeof(uintptr_t);
    uintptr_t page = hf_os_page_size();
    *high = (end + page - 1) & ~(page - 1);
    *low = *high - (limit.rlim_cur < most ? (uintptr_t)limit.rlim_cur : most);
    return here >= *low;
}

static bool ask_for_stack(uintptr_t *low, uintptr_t *high)
{
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
    return known;
}

bool hf_os_stack_bounds(uintptr_t *low, uintptr_t *high)
{
    int saved = errno;
    bool known = find_first_stack(low, high) || ask_for_stack(low, high);
    errno = saved;
    return known;
}

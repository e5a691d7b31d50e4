/* Address space that is reserved first and committed as it is needed (mmap, mprotect). */
#include "platform/platform.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef HF_FAULT_INJECTION
static uint64_t calls;
static uint64_t failing_call;

uint64_t hf_os_fail_allocation(uint64_t nth)
{
    __atomic_store_n(&failing_call, nth, __ATOMIC_RELAXED);
    return __atomic_exchange_n(&calls, 0, __ATOMIC_RELAXED);
}

static bool fails_now(void)
{
    uint64_t call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    return call == __atomic_load_n(&failing_call, __ATOMIC_RELAXED);
}
#else
static bool fails_now(void)
{
    return false;
}
#endif

size_t hf_os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *hf_os_reserve(size_t bytes)
{
    if (fails_now())
        return NULL;
    int saved = errno;
    void *address =
        mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = saved;
    return address == MAP_FAILED ? NULL : address;
}

bool hf_os_commit(void *address, size_t bytes)
{
    if (fails_now())
        return false;
    int saved = errno;
    bool done = mprotect(address, bytes, PROT_READ | PROT_WRITE) == 0;
    errno = saved;
    return done;
}

void hf_os_zero(void *address, size_t bytes)
{
    int saved = errno;
    (void)madvise(address, bytes, MADV_DONTNEED);
    errno = saved;
}

void hf_os_unreserve(void *address, size_t bytes)
{
    int saved = errno;
    (void)munmap(address, bytes);
    errno = saved;
}

/* Defined by the sanitizers' run-time libraries, null without them. */
__attribute__((weak)) void __lsan_register_root_region(const void *address, size_t bytes);

void hf_os_show_roots(void *address, size_t bytes)
{
    if (__lsan_register_root_region != NULL)
        __lsan_register_root_region(address, bytes);
}

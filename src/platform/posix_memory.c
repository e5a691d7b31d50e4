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

/* The size of a huge page; where it is another, less is gained. */
#define HUGE ((size_t)2 << 20)
_Static_assert(HF_OS_SMALL_PART % HUGE == 0, "the huge part begins with a huge page");

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

/* Gives back what surrounds an array of `bytes` that begins at a multiple of HUGE. */
static char *trim(char *address, size_t bytes)
{
    size_t before = round_up((uintptr_t)address, HUGE) - (uintptr_t)address;
    char *array = address + before;
    if (before != 0)
        hf_os_unreserve(address, before);
    if (before != HUGE)
        hf_os_unreserve(array + bytes, HUGE - before);
    return array;
}

void *hf_os_reserve_array(size_t bytes)
{
    size_t size = round_up(bytes, hf_os_page_size());
    if (size <= HF_OS_SMALL_PART)
        return hf_os_reserve(bytes);
    char *address = size <= SIZE_MAX - HUGE ? hf_os_reserve(size + HUGE) : NULL;
    if (address == NULL)
        return NULL;
    char *array = trim(address, size);
    int saved = errno;
    /* Fails where the system has no huge pages. */
    (void)madvise(array + HF_OS_SMALL_PART, size - HF_OS_SMALL_PART, MADV_HUGEPAGE);
    errno = saved;
    return array;
}

size_t hf_os_array_part(size_t wanted)
{
    return round_up(wanted, wanted > HF_OS_SMALL_PART ? HUGE : hf_os_page_size());
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

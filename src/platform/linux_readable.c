/* Whether memory can be read, found out without reading it. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/platform.h"

/* Valgrind's client request RUNNING_ON_VALGRIND (valgrind.h): these rotations do nothing elsewhere.
 */
static bool is_in_valgrind(void)
{
    uint64_t answer = 0;
#if defined(__x86_64__) && defined(__LP64__)
    uint64_t request[6] = {0x1001, 0, 0, 0, 0, 0};
    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(request)
                     : "cc", "memory");
#endif
    return answer != 0;
}

static bool can_be_copied(uintptr_t page)
{
    char byte;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void *)page, 1};
    return syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL) == 1;
}

/* The call fails in any case; it reads the signal set before it looks at what is to be done with
 * it.  No filter of system calls is known to forbid it. */
static bool can_be_signal_set(uintptr_t page)
{
    enum { NO_OPERATION = 99, SIGNAL_SET_SIZE = 8 };
    return syscall(SYS_rt_sigprocmask, NO_OPERATION, page, NULL, SIGNAL_SET_SIZE) != 0 &&
           errno == EINVAL;
}

/* Valgrind would tell of a signal set that was never written. */
static bool is_page_readable(uintptr_t page)
{
    return is_in_valgrind() ? can_be_copied(page) : can_be_signal_set(page);
}

bool hf_os_can_read(uintptr_t address, size_t bytes)
{
    int saved = errno;
    size_t size = hf_os_page_size();
    uintptr_t page = address & ~(uintptr_t)(size - 1);
    size_t rest = bytes + (address - page);
    bool readable = rest >= bytes && rest - 1 <= UINTPTR_MAX - page;
    for (; readable && rest > size; page += size, rest -= size)
        readable = is_page_readable(page);
    readable = readable && is_page_readable(page);
    errno = saved;
    return readable;
}

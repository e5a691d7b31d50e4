/* Faults in a file that processes share in memory, which somebody has cut off meanwhile.
 *
 * The system has no other way to tell of them than SIGBUS, and what it says of that signal holds
 * for the whole process.  So this is done only where nothing else was arranged for it.  The handler
 * takes a fault for its own by the address.  It puts memory of the process alone in place of the
 * file's, all of it at once, so that the store that could not be made can be made again, and harms
 * nobody. Several threads may come here at once: each of them puts new memory there, which is as
 * good.
 *
 * Every other SIGBUS takes the way that it would have taken: the action becomes the default one,
 * and the same signal, with all that is known of it, is sent to the same thread, where it is let in
 * when the handler returns.
 *
 * The range is written before the handler is there; its size becomes 0 when the process is going to
 * end. */
#include "platform/platform.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *low;
static size_t size;
static void (*tell)(void);

static bool is_own(const siginfo_t *fault)
{
    return fault->si_code == BUS_ADRERR &&
           (uintptr_t)fault->si_addr - (uintptr_t)low < (uintptr_t)size;
}

static bool replace(void)
{
    return mmap(low, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void pass_on(int number, siginfo_t *fault)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    size = 0; /* nobody sets it again */
    (void)sigaction(number, &standard, NULL);
    (void)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), number, fault);
}

static void on_fault(int number, siginfo_t *fault, void *context)
{
    int saved = errno;
    (void)context;
    bool own = is_own(fault);
    if (own)
        tell();
    if (!own || !replace())
        pass_on(number, fault);
    errno = saved;
}

bool hf_os_guard_again(void)
{
    struct sigaction before;
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    return size != 0 && sigaction(SIGBUS, NULL, &before) == 0 &&
           (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL &&
           sigaction(SIGBUS, &action, NULL) == 0;
}

bool hf_os_guard(const hf_os_shared *file, void (*lost)(void))
{
    low = file->memory;
    tell = lost;
    size = (size_t)file->capacity;
    return hf_os_guard_again();
}

bool hf_os_guard_is(uintptr_t handler)
{
    return handler == (uintptr_t)on_fault;
}

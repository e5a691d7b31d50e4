/* SIGBUS, which the library handles where a trace may be cut off: the program is not to see it, and
 * whoever wants that signal has it.  When he has given it back, it is handled again. */
#include <signal.h>
#include <stdint.h>

#include "platform/platform.h"
#include "real.h"
#include "self.h"

RUN_WRAP(int, sigaction,
         (int number, const struct sigaction *restrict action, struct sigaction *restrict before))
{
    int result = RUN_REAL(sigaction)(number, action, before);
    if (number != SIGBUS || result != 0 || !run_is_on())
        return result;
    if (before != NULL && hf_os_guard_is((uintptr_t)before->sa_sigaction))
        *before = (struct sigaction){.sa_handler = SIG_DFL};
    if (action != NULL && action->sa_handler == SIG_DFL)
        (void)hf_os_guard_again();
    return 0;
}

#define WRAP_SIGNAL(name)                                                \
    RUN_WRAP(__sighandler_t, name, (int number, __sighandler_t handler)) \
    {                                                                    \
        __sighandler_t before = RUN_REAL(name)(number, handler);         \
        if (number != SIGBUS || before == SIG_ERR || !run_is_on())       \
            return before;                                               \
        if (handler == SIG_DFL)                                          \
            (void)hf_os_guard_again();                                   \
        return hf_os_guard_is((uintptr_t)before) ? SIG_DFL : before;     \
    }
WRAP_SIGNAL(signal)
WRAP_SIGNAL(__sysv_signal)

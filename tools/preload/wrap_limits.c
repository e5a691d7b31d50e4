/* What the process may do from now on: how many descriptors it may have, which system calls, and
 * what of its memory it may read. */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "process.h"
#include "quarantine.h"
#include "readable.h"
#include "real.h"
#include "self.h"
#include "thread_names.h"

static int limited(int resource, int result)
{
    if (result == 0 && resource == (int)RLIMIT_NOFILE && run_is_on())
        run_quarantine_resize();
    return result;
}

RUN_WRAP(int, setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit))
{
    return limited((int)resource, RUN_REAL(setrlimit)(resource, limit));
}

RUN_WRAP(int, setrlimit64, (__rlimit_resource_t resource, const struct rlimit64 *limit))
{
    return limited((int)resource, RUN_REAL(setrlimit64)(resource, limit));
}

RUN_WRAP(int, prlimit,
         (pid_t process, enum __rlimit_resource resource, const struct rlimit *limit,
          struct rlimit *before))
{
    return limited((int)resource, RUN_REAL(prlimit)(process, resource, limit, before));
}

RUN_WRAP(int, prlimit64,
         (pid_t process, enum __rlimit_resource resource, const struct rlimit64 *limit,
          struct rlimit64 *before))
{
    return limited((int)resource, RUN_REAL(prlimit64)(process, resource, limit, before));
}

RUN_WRAP(int, prctl, (int operation, ...))
{
    unsigned long arguments[4];
    va_list list;
    va_start(list, operation);
    for (unsigned i = 0; i < 4; i++)
        arguments[i] = va_arg(list, unsigned long);
    va_end(list);
    if (operation == PR_SET_SECCOMP)
        run_process_confined();
    int result = RUN_REAL(prctl)(operation, arguments[0], arguments[1], arguments[2], arguments[3]);
    if (operation == PR_SET_NAME)
        run_thread_was_named();
    return result;
}

/* Before it is so: other threads may look there at once. */
static void protects(const void *memory, size_t bytes, int protection)
{
    if ((protection & PROT_READ) == 0 && run_is_on())
        run_readable_forbidden(memory, bytes);
}

RUN_WRAP(int, mprotect, (void *memory, size_t bytes, int protection))
{
    protects(memory, bytes, protection);
    return RUN_REAL(mprotect)(memory, bytes, protection);
}

RUN_WRAP(int, pkey_mprotect, (void *memory, size_t bytes, int protection, int key))
{
    protects(memory, bytes, protection);
    return RUN_REAL(pkey_mprotect)(memory, bytes, protection, key);
}

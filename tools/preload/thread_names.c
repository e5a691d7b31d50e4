/* See thread_names.h. */
#include "thread_names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "report/threads.h"
#include "self.h"

bool run_thread_name_now(uint64_t thread, char name[RUN_THREAD_NAME_BYTES])
{
    char path[64];
    int saved = errno;
    long length = -1;
    (void)snprintf(path, sizeof path, "/proc/self/task/%" PRIu64 "/comm", thread);
    int file = run_is_confined() ? -1 : run_kernel_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        length = run_kernel_read(file, name, RUN_THREAD_NAME_BYTES - 1);
        (void)run_kernel_close(file);
    }
    errno = saved;
    if (length <= 0)
        return false;
    name[length] = 0;
    name[strcspn(name, "\n")] = 0;
    return true;
}

void run_thread_was_named(void)
{
    int saved = errno;
    if (!run_is_on() || !hf_self.met)
        return;
    run_self.inside++;
    (void)hf_thread_refresh();
    run_self.inside--;
    errno = saved;
}

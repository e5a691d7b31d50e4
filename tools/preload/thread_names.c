/* See thread_names.h. */
#include "thread_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kernel.h"
#include "report/threads.h"
#include "self.h"

/* By hand: this may be a signal handler on a small stack, and snprintf takes kilobytes of it. */
static void put_path(char *end, uint64_t thread)
{
    char digits[24];
    int count = 0;
    end = stpcpy(end, "/proc/self/task/");
    do {
        digits[count++] = (char)('0' + thread % 10);
        thread /= 10;
    } while (thread != 0);
    while (count > 0)
        *end++ = digits[--count];
    (void)strcpy(end, "/comm");
}

bool run_thread_name_now(uint64_t thread, char name[RUN_THREAD_NAME_BYTES])
{
    char path[64];
    int saved = errno;
    long length = -1;
    put_path(path, thread);
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

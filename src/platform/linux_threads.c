/* How many threads there are. */
#include "platform/platform.h"

#include <errno.h>
#include <sys/stat.h>

/* The folder has a link for each thread, besides its own two.  The C library's word for it,
 * __libc_single_threaded, says no after fork, and when threads have ended. */
bool hf_os_is_single_threaded(void)
{
    int saved = errno;
    struct stat folder;
    bool single = stat("/proc/self/task", &folder) == 0 && folder.st_nlink == 3;
    errno = saved;
    return single;
}

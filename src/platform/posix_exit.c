/* The end of the process. */
#include "platform/platform.h"

#include <errno.h>
#include <stdlib.h>

bool hf_os_at_exit(void (*function)(void))
{
    int saved = errno;
    bool done = atexit(function) == 0 && at_quick_exit(function) == 0;
    errno = saved;
    return done;
}

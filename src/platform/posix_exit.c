/* The end of the process. */
#include "platform/platform.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define HAVE_SINGLE_THREADED 1
#endif
#endif
#ifndef HAVE_SINGLE_THREADED
#define HAVE_SINGLE_THREADED 0
#endif

bool hf_os_at_exit(void (*function)(void))
{
    int saved = errno;
    bool done = atexit(function) == 0 && at_quick_exit(function) == 0;
    errno = saved;
    return done;
}

bool hf_os_is_single_threaded(void)
{
#if HAVE_SINGLE_THREADED
    return __libc_single_threaded != 0;
#else
    return false;
#endif
}

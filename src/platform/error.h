/* The calling thread's error number, inlined because leave, release and close preserve it. */
#ifndef HF_PLATFORM_ERROR_H
#define HF_PLATFORM_ERROR_H

#ifdef _WIN32
#include <errhandlingapi.h>

static inline int hf_os_error(void)
{
    return (int)GetLastError();
}

static inline void hf_os_set_error(int error)
{
    SetLastError((unsigned long)error);
}
#else
#include <errno.h>

static inline int hf_os_error(void)
{
    return errno;
}

static inline void hf_os_set_error(int error)
{
    errno = error;
}
#endif

#endif

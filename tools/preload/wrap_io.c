/* Reading, writing, positions, mappings. */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wrap_use.h"

/* clang-format off */

/* ---- files, pipes, everything --------------------------------------------------------------- */

RUN_WRAP_USE(ssize_t, -1, read, (int descriptor, void *buffer, size_t size), (descriptor, buffer, size))
RUN_WRAP_USE(ssize_t, -1, write, (int descriptor, const void *buffer, size_t size), (descriptor, buffer, size))
RUN_WRAP_USE(ssize_t, -1, pread, (int descriptor, void *buffer, size_t size, off_t at), (descriptor, buffer, size, at))
RUN_WRAP_USE(ssize_t, -1, pread64, (int descriptor, void *buffer, size_t size, off64_t at), (descriptor, buffer, size, at))
RUN_WRAP_USE(ssize_t, -1, pwrite, (int descriptor, const void *buffer, size_t size, off_t at), (descriptor, buffer, size, at))
RUN_WRAP_USE(ssize_t, -1, pwrite64, (int descriptor, const void *buffer, size_t size, off64_t at), (descriptor, buffer, size, at))
RUN_WRAP_USE(ssize_t, -1, readv, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
RUN_WRAP_USE(ssize_t, -1, writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
RUN_WRAP_USE(ssize_t, -1, preadv, (int descriptor, const struct iovec *parts, int count, off_t at), (descriptor, parts, count, at))
RUN_WRAP_USE(ssize_t, -1, preadv64, (int descriptor, const struct iovec *parts, int count, off64_t at), (descriptor, parts, count, at))
RUN_WRAP_USE(ssize_t, -1, pwritev, (int descriptor, const struct iovec *parts, int count, off_t at), (descriptor, parts, count, at))
RUN_WRAP_USE(ssize_t, -1, pwritev64, (int descriptor, const struct iovec *parts, int count, off64_t at), (descriptor, parts, count, at))
RUN_WRAP_USE(ssize_t, -1, preadv2, (int descriptor, const struct iovec *parts, int count, off_t at, int flags), (descriptor, parts, count, at, flags))
RUN_WRAP_USE(ssize_t, -1, preadv64v2, (int descriptor, const struct iovec *parts, int count, off64_t at, int flags), (descriptor, parts, count, at, flags))
RUN_WRAP_USE(ssize_t, -1, pwritev2, (int descriptor, const struct iovec *parts, int count, off_t at, int flags), (descriptor, parts, count, at, flags))
RUN_WRAP_USE(ssize_t, -1, pwritev64v2, (int descriptor, const struct iovec *parts, int count, off64_t at, int flags), (descriptor, parts, count, at, flags))
RUN_WRAP_USE_AS(ssize_t, -1, __read_chk, "read", (int descriptor, void *buffer, size_t size, size_t room), (descriptor, buffer, size, room))
RUN_WRAP_USE_AS(ssize_t, -1, __pread_chk, "pread", (int descriptor, void *buffer, size_t size, off_t at, size_t room), (descriptor, buffer, size, at, room))
RUN_WRAP_USE_AS(ssize_t, -1, __pread64_chk, "pread64", (int descriptor, void *buffer, size_t size, off64_t at, size_t room), (descriptor, buffer, size, at, room))
RUN_WRAP_USE(int, -1, eventfd_read, (int descriptor, eventfd_t *value), (descriptor, value))
RUN_WRAP_USE(int, -1, eventfd_write, (int descriptor, eventfd_t value), (descriptor, value))

/* ---- sockets -------------------------------------------------------------------------------- */

RUN_WRAP_USE(ssize_t, -1, send, (int descriptor, const void *buffer, size_t size, int flags), (descriptor, buffer, size, flags))
RUN_WRAP_USE(ssize_t, -1, sendto, (int descriptor, const void *buffer, size_t size, int flags, __CONST_SOCKADDR_ARG to, socklen_t to_size), (descriptor, buffer, size, flags, to, to_size))
RUN_WRAP_USE(ssize_t, -1, sendmsg, (int descriptor, const struct msghdr *message, int flags), (descriptor, message, flags))
RUN_WRAP_USE(int, -1, sendmmsg, (int descriptor, struct mmsghdr *messages, unsigned count, int flags), (descriptor, messages, count, flags))
RUN_WRAP_USE(ssize_t, -1, recv, (int descriptor, void *buffer, size_t size, int flags), (descriptor, buffer, size, flags))
RUN_WRAP_USE(ssize_t, -1, recvfrom, (int descriptor, void *buffer, size_t size, int flags, __SOCKADDR_ARG from, socklen_t *from_size), (descriptor, buffer, size, flags, from, from_size))
RUN_WRAP_USE_AS(ssize_t, -1, __recv_chk, "recv", (int descriptor, void *buffer, size_t size, size_t room, int flags), (descriptor, buffer, size, room, flags))
RUN_WRAP_USE_AS(ssize_t, -1, __recvfrom_chk, "recvfrom", (int descriptor, void *buffer, size_t size, size_t room, int flags, __SOCKADDR_ARG from, socklen_t *from_size), (descriptor, buffer, size, room, flags, from, from_size))
RUN_WRAP_USE(int, -1, shutdown, (int descriptor, int how), (descriptor, how))
RUN_WRAP_USE(int, -1, getsockopt, (int descriptor, int level, int name, void *value, socklen_t *size), (descriptor, level, name, value, size))
RUN_WRAP_USE(int, -1, setsockopt, (int descriptor, int level, int name, const void *value, socklen_t size), (descriptor, level, name, value, size))
RUN_WRAP_USE(int, -1, getsockname, (int descriptor, __SOCKADDR_ARG address, socklen_t *size), (descriptor, address, size))
RUN_WRAP_USE(int, -1, getpeername, (int descriptor, __SOCKADDR_ARG address, socklen_t *size), (descriptor, address, size))
RUN_WRAP_USE(int, -1, sockatmark, (int descriptor), (descriptor))

/* ---- from one to another -------------------------------------------------------------------- */

RUN_WRAP_TWO(ssize_t, sendfile, (int out, int in, off_t *at, size_t size), (out, in, at, size))
RUN_WRAP_TWO(ssize_t, sendfile64, (int out, int in, off64_t *at, size_t size), (out, in, at, size))
RUN_WRAP_TWO(ssize_t, splice, (int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags), (in, in_at, out, out_at, size, flags))
RUN_WRAP_TWO(ssize_t, tee, (int in, int out, size_t size, unsigned flags), (in, out, size, flags))
RUN_WRAP_TWO(ssize_t, copy_file_range, (int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags), (in, in_at, out, out_at, size, flags))
RUN_WRAP_USE(ssize_t, -1, vmsplice, (int descriptor, const struct iovec *parts, size_t count, unsigned flags), (descriptor, parts, count, flags))

/* ---- positions and sizes -------------------------------------------------------------------- */

RUN_WRAP_USE(off_t, -1, lseek, (int descriptor, off_t at, int whence), (descriptor, at, whence))
RUN_WRAP_USE(off64_t, -1, lseek64, (int descriptor, off64_t at, int whence), (descriptor, at, whence))
RUN_WRAP_USE(int, -1, fsync, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, fdatasync, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, syncfs, (int descriptor), (descriptor))
RUN_WRAP_USE(int, -1, sync_file_range, (int descriptor, off64_t at, off64_t size, unsigned flags), (descriptor, at, size, flags))
RUN_WRAP_USE(int, -1, ftruncate, (int descriptor, off_t size), (descriptor, size))
RUN_WRAP_USE(int, -1, ftruncate64, (int descriptor, off64_t size), (descriptor, size))
RUN_WRAP_USE(int, -1, fallocate, (int descriptor, int mode, off_t at, off_t size), (descriptor, mode, at, size))
RUN_WRAP_USE(int, -1, fallocate64, (int descriptor, int mode, off64_t at, off64_t size), (descriptor, mode, at, size))
RUN_WRAP_USE(ssize_t, -1, readahead, (int descriptor, off64_t at, size_t size), (descriptor, at, size))
RUN_WRAP_ERROR(posix_fallocate, (int descriptor, off_t at, off_t size), (descriptor, at, size))
RUN_WRAP_ERROR(posix_fallocate64, (int descriptor, off64_t at, off64_t size), (descriptor, at, size))
RUN_WRAP_ERROR(posix_fadvise, (int descriptor, off_t at, off_t size, int advice), (descriptor, at, size, advice))
RUN_WRAP_ERROR(posix_fadvise64, (int descriptor, off64_t at, off64_t size, int advice), (descriptor, at, size, advice))

/* clang-format on */

/* ---- mappings ------------------------------------------------------------------------------- */

/* Without a file the number means nothing.  Allocators call this at any time. */
#define WRAP_MMAP(name, offset)                                                              \
    RUN_WRAP(void *, name,                                                                   \
             (void *address, size_t size, int access, int flags, int descriptor, offset at)) \
    {                                                                                        \
        run_use use;                                                                         \
        if ((flags & MAP_ANONYMOUS) != 0)                                                    \
            return RUN_REAL(name)(address, size, access, flags, descriptor, at);             \
        if (!run_use_begin(&use, descriptor, #name))                                         \
            return MAP_FAILED;                                                               \
        void *mapped = RUN_REAL(name)(address, size, access, flags, descriptor, at);         \
        run_use_end(&use, mapped == MAP_FAILED);                                             \
        return mapped;                                                                       \
    }
WRAP_MMAP(mmap, off_t)
WRAP_MMAP(mmap64, off64_t)

/* ---- dprintf -------------------------------------------------------------------------------- */

RUN_DECLARE_REAL(int, vdprintf, (int, const char *, va_list))
RUN_DECLARE_REAL(int, __vdprintf_chk, (int, int, const char *, va_list))

static int print(int descriptor, const char *format, va_list arguments, const char *operation)
{
    run_use use;
    if (!run_use_begin(&use, descriptor, operation))
        return -1;
    int count = RUN_REAL(vdprintf)(descriptor, format, arguments);
    run_use_end(&use, count < 0);
    return count;
}

/* What _FORTIFY_SOURCE makes of it. */
static int print_checked(int descriptor, int flag, const char *format, va_list arguments,
                         const char *operation)
{
    run_use use;
    if (!run_use_begin(&use, descriptor, operation))
        return -1;
    int count = RUN_REAL(__vdprintf_chk)(descriptor, flag, format, arguments);
    run_use_end(&use, count < 0);
    return count;
}

RUN_EXPORT int vdprintf(int descriptor, const char *format, va_list arguments)
{
    return print(descriptor, format, arguments, "vdprintf");
}

RUN_EXPORT int dprintf(int descriptor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = print(descriptor, format, arguments, "dprintf");
    va_end(arguments);
    return count;
}

RUN_EXPORT int __vdprintf_chk(int descriptor, int flag, const char *format, va_list arguments);
RUN_EXPORT int __vdprintf_chk(int descriptor, int flag, const char *format, va_list arguments)
{
    return print_checked(descriptor, flag, format, arguments, "vdprintf");
}

RUN_EXPORT int __dprintf_chk(int descriptor, int flag, const char *format, ...);
RUN_EXPORT int __dprintf_chk(int descriptor, int flag, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = print_checked(descriptor, flag, format, arguments, "dprintf");
    va_end(arguments);
    return count;
}

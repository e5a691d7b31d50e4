/* The process, its environment, and writing.  Every call that may be a point of cancellation runs
 * with cancellation off: callers hold a lock, which a cancelled thread would keep. */
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 1000 };

uint64_t hf_os_process_id(void)
{
    return (uint64_t)getpid();
}

const char *hf_os_environment(const char *name)
{
#ifdef __GLIBC__
    return secure_getenv(name);
#else
    return getuid() == geteuid() && getgid() == getegid() ? getenv(name) : NULL;
#endif
}

hf_os_output hf_os_standard_error(void)
{
    return (hf_os_output){STDERR_FILENO};
}

static int no_cancel(void)
{
    int state = PTHREAD_CANCEL_ENABLE;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

static void as_before(int cancel_state)
{
    (void)pthread_setcancelstate(cancel_state, NULL);
}

/* Moves a descriptor out of the way of the standard ones: a program that has closed those expects
 * its next open to get their numbers. */
static int above_standard(int descriptor)
{
    if (descriptor < 0 || descriptor > STDERR_FILENO)
        return descriptor;
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    (void)close(descriptor);
    return moved;
}

bool hf_os_output_open(const char *path, hf_os_output *out)
{
    int state = no_cancel();
    out->descriptor =
        above_standard(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644));
    as_before(state);
    return out->descriptor >= 0;
}

void hf_os_output_close(hf_os_output output)
{
    int saved = errno;
    int state = no_cancel();
    if (output.descriptor != STDERR_FILENO)
        (void)close(output.descriptor);
    as_before(state);
    errno = saved;
}

bool hf_os_output_is_terminal(hf_os_output output)
{
    int saved = errno;
    bool terminal = isatty(output.descriptor) == 1;
    errno = saved;
    return terminal;
}

/* Whether writing is worth another try after it failed. */
static bool may_go_on(int descriptor)
{
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return false;
    struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
    return poll(&ready, 1, PATIENCE_MS) > 0;
}

void hf_os_output_write(hf_os_output output, const char *text, size_t length)
{
    int saved = errno;
    int state = no_cancel();
    while (length > 0) {
        ssize_t written = write(output.descriptor, text, length);
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        } else if (written == 0 || !may_go_on(output.descriptor)) {
            break;
        }
    }
    as_before(state);
    errno = saved;
}

/* Reads up to one byte more than `capacity` allows, to learn that the file is too large. */
static ptrdiff_t read_all(int descriptor, char *buffer, size_t capacity)
{
    size_t length = 0;
    for (;;) {
        char beyond;
        bool full = length == capacity;
        ssize_t got =
            read(descriptor, full ? &beyond : buffer + length, full ? 1 : capacity - length);
        if (got == 0)
            return (ptrdiff_t)length;
        if (got > 0 && full) {
            errno = EFBIG;
            return -1;
        }
        if (got > 0)
            length += (size_t)got;
        else if (errno != EINTR)
            return -1;
    }
}

ptrdiff_t hf_os_read_file(const char *path, char *buffer, size_t capacity)
{
    int state = no_cancel();
    ptrdiff_t length = -1;
    int descriptor = above_standard(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (descriptor >= 0) {
        length = read_all(descriptor, buffer, capacity);
        int error = errno;
        (void)close(descriptor);
        errno = error;
    }
    as_before(state);
    return length;
}

bool hf_os_absolute_path(const char *path, size_t length, char *buffer, size_t size)
{
    size_t prefix = 0;
    if (length == 0 || length >= size) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return false;
    }
    if (path[0] != '/') {
        if (getcwd(buffer, size) == NULL)
            return false;
        prefix = strlen(buffer);
        if (prefix + 1 + length >= size) {
            errno = ENAMETOOLONG;
            return false;
        }
        buffer[prefix++] = '/';
    }
    memcpy(buffer + prefix, path, length);
    buffer[prefix + length] = '\0';
    return true;
}

const char *hf_os_error_text(int error, char *buffer, size_t size)
{
#ifndef __GLIBC__
    return strerror_r(error, buffer, size) == 0 ? buffer : "unknown error";
#elif __GLIBC_PREREQ(2, 32)
    /* Unlike strerror_r it takes no lock, of the translations. */
    const char *text = strerrordesc_np(error);
    if (text != NULL)
        return text;
    (void)snprintf(buffer, size, "Unknown error %d", error);
    return buffer;
#else
    return strerror_r(error, buffer, size);
#endif
}

void hf_os_abort(void)
{
    abort();
}

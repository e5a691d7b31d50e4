/* Descriptors: the types fd, socket and pidfd, which share one number space.
 *
 * close() is called once and never retried.  Linux and most systems give the number up before they
 * report EINTR, EIO, ENOSPC or EDQUOT, so a second close could hit somebody else's descriptor; only
 * EBADF says that there was nothing to close. */
#include <holdfast/posix.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern inline hf_value hf_fd_value(int fd);
extern inline int hf_value_fd(hf_value value);

/* Duplicates never land where a program expects its standard streams. */
enum { LOWEST_DUPLICATE = STDERR_FILENO + 1 };

hf_namespace hf_namespace_fd = HF_NAMESPACE_INIT("fd", HF_VALUES_SMALL);

static hf_outcome fd_release(hf_value value, void *context, int32_t *error)
{
    (void)context;
    int saved = errno;
    *error = close(hf_value_fd(value)) == 0 ? 0 : errno;
    errno = saved;
    if (*error == 0)
        return HF_OUTCOME_RELEASED;
    return *error == EBADF ? HF_OUTCOME_NOT_RELEASED : HF_OUTCOME_RELEASED_WITH_ERROR;
}

/* On failure errno stays: HF_E_SYSTEM refers to it. */
static hf_status fd_duplicate(hf_value value, void *context, hf_value *out)
{
    (void)context;
    int copy = fcntl(hf_value_fd(value), F_DUPFD_CLOEXEC, LOWEST_DUPLICATE);
    if (copy < 0)
        return HF_E_SYSTEM;
    *out = hf_fd_value(copy);
    return HF_OK;
}

/* A device node's inode may be the same while the device behind it is another: rdev tells. */
static bool fd_identify(hf_value value, void *context, hf_identity *out)
{
    (void)context;
    struct stat file;
    int saved = errno;
    bool valid = fstat(hf_value_fd(value), &file) == 0;
    errno = saved;
    if (!valid)
        return false;
    *out =
        (hf_identity){.device = file.st_dev,
                      .object = file.st_ino,
                      .kind = (uint64_t)(file.st_mode & S_IFMT) ^ ((uint64_t)file.st_rdev << 16)};
    return true;
}

/* An error means that there is nobody to wake: the socket is not connected, or shut down already.
 */
static void socket_unblock(hf_value value, void *context)
{
    (void)context;
    int saved = errno;
    (void)shutdown(hf_value_fd(value), SHUT_RDWR);
    errno = saved;
}

const hf_type hf_type_fd = {.size = sizeof(hf_type),
                            .name = "fd",
                            .name_space = &hf_namespace_fd,
                            .release = fd_release,
                            .duplicate = fd_duplicate,
                            .identify = fd_identify};

const hf_type hf_type_socket = {.size = sizeof(hf_type),
                                .name = "socket",
                                .name_space = &hf_namespace_fd,
                                .release = fd_release,
                                .duplicate = fd_duplicate,
                                .identify = fd_identify,
                                .unblock = socket_unblock};

const hf_type hf_type_pidfd = {.size = sizeof(hf_type),
                               .name = "pidfd",
                               .name_space = &hf_namespace_fd,
                               .release = fd_release,
                               .duplicate = fd_duplicate,
                               .identify = fd_identify};

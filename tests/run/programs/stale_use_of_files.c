/* Each call on a closed file.
 *
 * expect: stale-use now=by_read closed=close_it opened=open_it
 * expect: stale-use now=by_write closed=close_it opened=open_it
 * expect: stale-use now=by_pread closed=close_it opened=open_it
 * expect: stale-use now=by_pwrite closed=close_it opened=open_it
 * expect: stale-use now=by_readv closed=close_it opened=open_it
 * expect: stale-use now=by_writev closed=close_it opened=open_it
 * expect: stale-use now=by_preadv closed=close_it opened=open_it
 * expect: stale-use now=by_pwritev closed=close_it opened=open_it
 * expect: stale-use now=by_lseek closed=close_it opened=open_it
 * expect: stale-use now=by_ftruncate closed=close_it opened=open_it
 * expect: stale-use now=by_fsync closed=close_it opened=open_it
 * expect: stale-use now=by_fdatasync closed=close_it opened=open_it
 * expect: stale-use now=by_fstat closed=close_it opened=open_it
 * expect: stale-use now=by_fchmod closed=close_it opened=open_it
 * expect: stale-use now=by_fchown closed=close_it opened=open_it
 * expect: stale-use now=by_futimens closed=close_it opened=open_it
 * expect: stale-use now=by_flock closed=close_it opened=open_it
 * expect: stale-use now=by_fallocate closed=close_it opened=open_it
 * expect: stale-use now=by_fstatfs closed=close_it opened=open_it
 * expect: stale-use now=by_mmap closed=close_it opened=open_it
 * expect: stale-use now=by_dup closed=close_it opened=open_it
 * expect: stale-use now=by_dup2 closed=close_it opened=open_it
 * expect: stale-use now=by_dup3 closed=close_it opened=open_it
 * expect: stale-use now=by_fcntl_dup closed=close_it opened=open_it
 * expect: stale-use now=by_fcntl_set closed=close_it opened=open_it
 * expect: stale-use now=by_fcntl_lock closed=close_it opened=open_it
 * expect: stale-use now=by_ioctl closed=close_it opened=open_it
 * expect: stale-use now=by_openat closed=close_it opened=open_it
 * expect: stale-use now=by_fstatat closed=close_it opened=open_it
 * expect: stale-use now=by_fchdir closed=close_it opened=open_it
 * expect: stale-use now=by_unlinkat closed=close_it opened=open_it
 * expect: stale-use now=by_mkdirat closed=close_it opened=open_it
 * expect: stale-use now=by_renameat closed=close_it opened=open_it
 * expect: stale-use now=by_sendfile closed=close_it opened=open_it
 * expect: stale-use now=by_splice closed=close_it opened=open_it
 * expect: stale-use now=by_copy_file_range closed=close_it opened=open_it
 * run:
 * run: --quarantine=0 --
 * run: with_thread
 * run: --quarantine=0 -- with_thread */
#include "program.h"
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/vfs.h>

static char buffer[16];
static struct iovec vector = {.iov_base = buffer, .iov_len = 1};
static struct stat status;
static struct statfs system_status;
static struct flock lock = {.l_type = F_RDLCK};
static int number;

#define OPENED open("/etc/hostname", O_RDONLY)
#define USE(name, call)         \
    STEP void by_##name(int d)  \
    {                           \
        errno = 0;              \
        MUST(is_refused(call)); \
    }
USE(read, read(d, buffer, 1))
USE(write, write(d, buffer, 1))
USE(pread, pread(d, buffer, 1, 0))
USE(pwrite, pwrite(d, buffer, 1, 0))
USE(readv, readv(d, &vector, 1))
USE(writev, writev(d, &vector, 1))
USE(preadv, preadv(d, &vector, 1, 0))
USE(pwritev, pwritev(d, &vector, 1, 0))
USE(lseek, lseek(d, 0, SEEK_SET))
USE(ftruncate, ftruncate(d, 0))
USE(fsync, fsync(d))
USE(fdatasync, fdatasync(d))
USE(fstat, fstat(d, &status))
USE(fchmod, fchmod(d, 0600))
USE(fchown, fchown(d, 0, 0))
USE(futimens, futimens(d, NULL))
USE(flock, flock(d, LOCK_SH))
USE(fallocate, fallocate(d, 0, 0, 1))
USE(fstatfs, fstatfs(d, &system_status))
USE(mmap, mmap(NULL, 1, PROT_READ, MAP_PRIVATE, d, 0) == MAP_FAILED ? -1 : 0)
USE(dup, dup(d))
USE(dup2, dup2(d, 900))
USE(dup3, dup3(d, 900, O_CLOEXEC))
USE(fcntl_dup, fcntl(d, F_DUPFD, 3))
USE(fcntl_set, fcntl(d, F_SETFL, 0))
USE(fcntl_lock, fcntl(d, F_SETLK, &lock))
USE(ioctl, ioctl(d, FIONREAD, &number))
USE(openat, openat(d, "x", O_RDONLY))
USE(fstatat, fstatat(d, "x", &status, 0))
USE(fchdir, fchdir(d))
USE(unlinkat, unlinkat(d, "x", 0))
USE(mkdirat, mkdirat(d, "x", 0700))
USE(renameat, renameat(d, "x", d, "y"))
USE(sendfile, sendfile(d, 0, NULL, 1))
USE(splice, splice(d, NULL, d, NULL, 1, 0))
USE(copy_file_range, copy_file_range(d, NULL, d, NULL, 1, 0))

STEP int open_it(void)
{
    return OPENED;
}

STEP void close_it(int descriptor)
{
    MUST(close(descriptor) == 0);
}

int main(int count, char **arguments)
{
    int descriptor;
    (void)arguments;
    if (count > 1)
        start_idle_thread();
    descriptor = open_it();
    close_it(descriptor);
    by_read(descriptor);
    by_write(descriptor);
    by_pread(descriptor);
    by_pwrite(descriptor);
    by_readv(descriptor);
    by_writev(descriptor);
    by_preadv(descriptor);
    by_pwritev(descriptor);
    by_lseek(descriptor);
    by_ftruncate(descriptor);
    by_fsync(descriptor);
    by_fdatasync(descriptor);
    by_fstat(descriptor);
    by_fchmod(descriptor);
    by_fchown(descriptor);
    by_futimens(descriptor);
    by_flock(descriptor);
    by_fallocate(descriptor);
    by_fstatfs(descriptor);
    by_mmap(descriptor);
    by_dup(descriptor);
    by_dup2(descriptor);
    by_dup3(descriptor);
    by_fcntl_dup(descriptor);
    by_fcntl_set(descriptor);
    by_fcntl_lock(descriptor);
    by_ioctl(descriptor);
    by_openat(descriptor);
    by_fstatat(descriptor);
    by_fchdir(descriptor);
    by_unlinkat(descriptor);
    by_mkdirat(descriptor);
    by_renameat(descriptor);
    by_sendfile(descriptor);
    by_splice(descriptor);
    by_copy_file_range(descriptor);
    puts("done");
    return 0;
}

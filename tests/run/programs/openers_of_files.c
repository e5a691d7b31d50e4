/* Each way to open a file or to duplicate a descriptor.
 *
 * expect: double-close now=twice_open closed=once_open opened=open_by_open
 * expect: double-close now=twice_open64 closed=once_open64 opened=open_by_open64
 * expect: double-close now=twice_openat closed=once_openat opened=open_by_openat
 * expect: double-close now=twice_openat64 closed=once_openat64 opened=open_by_openat64
 * expect: double-close now=twice_creat closed=once_creat opened=open_by_creat
 * expect: double-close now=twice_creat64 closed=once_creat64 opened=open_by_creat64
 * expect: double-close now=twice_open_flags closed=once_open_flags opened=open_by_open_flags
 * expect: double-close now=twice_openat_flags closed=once_openat_flags opened=open_by_openat_flags
 * expect: double-close now=twice_mkstemp closed=once_mkstemp opened=open_by_mkstemp
 * expect: double-close now=twice_mkostemp closed=once_mkostemp opened=open_by_mkostemp
 * expect: double-close now=twice_mkstemps closed=once_mkstemps opened=open_by_mkstemps
 * expect: double-close now=twice_mkstemp64 closed=once_mkstemp64 opened=open_by_mkstemp64
 * expect: double-close now=twice_openat2 closed=once_openat2 opened=call_openat2
 * expect: double-close now=twice_unnamed closed=once_unnamed opened=open_by_unnamed
 * expect: double-close now=twice_memfd closed=once_memfd opened=open_by_memfd
 * expect: double-close now=twice_shm_open closed=once_shm_open opened=shared_memory
 * expect: double-close now=twice_dup closed=once_dup opened=open_by_dup
 * expect: double-close now=twice_dup2 closed=once_dup2 opened=open_by_dup2
 * expect: double-close now=twice_dup3 closed=once_dup3 opened=open_by_dup3
 * expect: double-close now=twice_fcntl_dup closed=once_fcntl_dup opened=open_by_fcntl_dup
 * expect: double-close now=twice_dup_cloexec closed=once_dup_cloexec opened=open_by_dup_cloexec
 * expect: double-close now=twice_open_path closed=once_open_path opened=open_by_open_path
 * expect: double-close now=twice_raw_open closed=once_raw_open opened=open_by_raw_open
 * expect: double-close now=twice_raw_dup closed=once_raw_dup opened=open_by_raw_dup
 * run:
 * run: --quarantine=0 -- */
#include "openers.h"
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char template_a[] = "aXXXXXX";
static char template_b[] = "bXXXXXX";
static char template_c[] = "cXXXXXX.c";
static char template_d[] = "dXXXXXX";
static int directory;
static int flags;
static int nothing;

/* openat2 has no function in the C library. */
static inline __attribute__((always_inline)) long call_openat2(const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static inline __attribute__((always_inline)) int shared_memory(void)
{
    char name[64];
    int descriptor;
    (void)snprintf(name, sizeof name, "/holdfast-test-%d", (int)getpid());
    descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    (void)shm_unlink(name);
    return descriptor;
}

OPENER(open, open("/etc/hostname", O_RDONLY))
OPENER(open64, open64("/etc/hostname", O_RDONLY))
OPENER(openat, openat(directory, "hostname", O_RDONLY))
OPENER(openat64, openat64(directory, "hostname", O_RDONLY))
OPENER(creat, creat("created", 0600))
OPENER(creat64, creat64("created", 0600))
OPENER(open_flags, open("/etc/hostname", flags)) /* __open_2 */
OPENER(openat_flags, openat(directory, "hostname", flags))
OPENER(mkstemp, mkstemp(template_a))
OPENER(mkostemp, mkostemp(template_b, O_CLOEXEC))
OPENER(mkstemps, mkstemps(template_c, 2))
OPENER(mkstemp64, mkstemp64(template_d))
OPENER(openat2, call_openat2("/etc/hostname"))
OPENER(unnamed, open(".", O_TMPFILE | O_RDWR, 0600))
OPENER(memfd, memfd_create("memory", MFD_CLOEXEC))
OPENER(shm_open, shared_memory())
OPENER(dup, dup(nothing))
OPENER(dup2, dup2(nothing, 77))
OPENER(dup3, dup3(nothing, 78, O_CLOEXEC))
OPENER(fcntl_dup, fcntl(nothing, F_DUPFD, 40))
OPENER(dup_cloexec, fcntl(nothing, F_DUPFD_CLOEXEC, 50))
OPENER(open_path, open("/etc", O_PATH))
OPENER(raw_open, syscall(SYS_openat, directory, "hostname", O_RDONLY, 0))
OPENER(raw_dup, syscall(SYS_dup, nothing))

int main(void)
{
    flags = getpid() > 0 ? O_RDONLY : O_RDWR;
    directory = open("/etc", O_RDONLY | O_DIRECTORY);
    nothing = open("/dev/null", O_RDWR);
    twice_open();
    twice_open64();
    twice_openat();
    twice_openat64();
    twice_creat();
    twice_creat64();
    twice_open_flags();
    twice_openat_flags();
    twice_mkstemp();
    twice_mkostemp();
    twice_mkstemps();
    twice_mkstemp64();
    twice_openat2();
    twice_unnamed();
    twice_memfd();
    twice_shm_open();
    twice_dup();
    twice_dup2();
    twice_dup3();
    twice_fcntl_dup();
    twice_dup_cloexec();
    twice_open_path();
    twice_raw_open();
    twice_raw_dup();
    puts("done");
    return 0;
}

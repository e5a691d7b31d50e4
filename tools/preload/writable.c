/* Files whose close may fail.
 *
 * A tombstone closes the file as dup3 does, which swallows what the file system has to say.  Local
 * ones have nothing to say; those below write back, or ask a server, when the last descriptor of a
 * process is closed.  Known by their magic numbers, which are part of the system's interface. */
#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/vfs.h>

#include "numbers.h"
#include "self.h"

static bool tells_at_close(unsigned file_system)
{
    static const unsigned known[] = {NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC,
                                     SMB2_SUPER_MAGIC, AFS_SUPER_MAGIC, AFS_FS_MAGIC,
                                     CODA_SUPER_MAGIC, NCP_SUPER_MAGIC, CEPH_SUPER_MAGIC,
                                     V9FS_MAGIC,       FUSE_SUPER_MAGIC};
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (file_system == known[i])
            return true;
    return false;
}

void run_opened_to_write(int descriptor)
{
    struct statfs system;
    run_number *number = run_number_of(descriptor);
    if (number == NULL || !run_is_on() || run_is_confined())
        return;
    int saved = errno;
    if (fstatfs(descriptor, &system) == 0 && tells_at_close((unsigned)system.f_type))
        __atomic_store_n(&number->tells, 1, __ATOMIC_RELAXED);
    errno = saved;
}

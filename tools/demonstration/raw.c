/* Open files as raw descriptors, with the mistakes that this allows.  Only numbers that raw_open
 * was given are closed here, and the program opens nothing else in the meantime, so the mistakes
 * hit these files only. */
#include <fcntl.h>
#include <unistd.h>

#include "access.h"

static bool raw_open(const char *path, access_name *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    *out = (access_name)fd;
    return true;
}

/* A second close that succeeds has closed what somebody else opened since the first. */
static void raw_close(access_name name, bool again, tally *counts)
{
    bool closed = close((int)name) == 0;
    tally_add(counts, again ? TALLY_DOUBLE_CLOSES : TALLY_CLOSES, 1);
    if (closed && again)
        tally_add(counts, TALLY_DOUBLE_CLOSES_WRONG, 1);
}

static ssize_t raw_read(access_name name, void *buffer, size_t size, off_t offset, tally *counts)
{
    ssize_t got = pread((int)name, buffer, size, offset);
    if (got < 0)
        tally_add(counts, TALLY_READS_FAILED, 1);
    return got;
}

const access_way access_raw = {
    .title = "raw", .open = raw_open, .close = raw_close, .read = raw_read};

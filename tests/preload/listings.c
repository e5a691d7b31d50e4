/* What is known for a listing of descriptors, and what is hidden there. */
#include "listings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload_support.h"

TestSuite(listings, .init = preload_up);

Test(listings, likely_paths)
{
    cr_expect(run_listing_is_likely("/proc/self/fd"));
    cr_expect(run_listing_is_likely("/dev/fd/"));
    cr_expect(run_listing_is_likely("fd"));
    cr_expect(run_listing_is_likely("/proc/self/fdinfo//"));
    cr_expect_not(run_listing_is_likely(""));
    cr_expect_not(run_listing_is_likely("/"));
    cr_expect_not(run_listing_is_likely("/proc/self/fds"));
    cr_expect_not(run_listing_is_likely("/usr/lfd"));
}

static bool is_listing(const char *path)
{
    int number = open(path, O_RDONLY | O_DIRECTORY);
    cr_assert(number >= 0, "%s", path);
    errno = ENOTTY;
    bool is = run_listing_is(number);
    cr_expect_eq(errno, ENOTTY);
    close(number);
    return is;
}

Test(listings, own_by_every_name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", getpid());
    cr_expect(is_listing(path));
    snprintf(path, sizeof path, "/proc/%d/task/%d/fd", getpid(), getpid());
    cr_expect(is_listing(path));
    cr_expect(is_listing("/proc/self/fd"));
    cr_expect(is_listing("/proc/self/fdinfo"));
    cr_expect(is_listing("/proc/thread-self/fd"));
    cr_expect(is_listing("/dev/fd"));
    cr_expect(run_listing_is_at(AT_FDCWD, "/dev/fd"));
}

Test(listings, of_others_and_of_other_things)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", getppid());
    cr_expect_not(is_listing(path));
    cr_expect_not(is_listing("/proc/self/task"));
    cr_expect_not(is_listing("/tmp"));
    cr_expect_not(run_listing_is_at(AT_FDCWD, "/tmp"));
    cr_expect_not(run_listing_is_at(AT_FDCWD, "/nowhere/fd"));
}

Test(listings, hides_tombstones_alone)
{
    char name[16];
    int live = opened_seen();
    int closed = opened_seen();
    must_close_number(closed);
    snprintf(name, sizeof name, "%d", live);
    cr_expect_not(run_listing_hides(name));
    snprintf(name, sizeof name, "%d", closed);
    cr_expect(run_listing_hides(name));
    snprintf(name, sizeof name, "%dx", closed);
    cr_expect_not(run_listing_hides(name));
    cr_expect_not(run_listing_hides("."));
    cr_expect_not(run_listing_hides(""));
    cr_expect_not(run_listing_hides("99999999999999999999"));
}

Test(listings, filter_leaves_the_rest_in_order)
{
    char buffer[4096];
    bool seen[64] = {false};
    int closed = opened_seen();
    int live = opened_seen();
    must_close_number(closed);
    int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    long count = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
    cr_assert_gt(count, 0);
    size_t left = run_listing_filter(buffer, (size_t)count);
    cr_expect_lt(left, (size_t)count);
    for (size_t at = 0; at < left;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
        int number = -1;
        if (sscanf(entry->d_name, "%d", &number) == 1 && number >= 0 && number < 64)
            seen[number] = true;
        at += entry->d_reclen;
    }
    cr_expect(seen[live]);
    cr_expect(seen[directory]);
    cr_expect_not(seen[closed]);
}

Test(listings, filter_of_nothing)
{
    cr_expect_eq(run_listing_filter(NULL, 0), 0);
}

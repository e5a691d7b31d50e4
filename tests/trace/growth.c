/* A trace that cannot grow: the program goes on, and what is lost is counted. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "forked.h"
#include "trace_scene.h"

enum { CAPACITY = 64 << 20, MANY = 60000 }; /* some six megabytes */

static void write_many(void)
{
    for (unsigned i = 0; i < MANY; i++)
        scene_open(i + 1, 1, "a label");
}

/* All that was not dropped is there, and nothing else. */
static void check_what_is_there(const char *path)
{
    const hf_trace_header *header = hf_trace_header_now();
    seen found = scene_read(path, NULL, NULL);
    cr_assert_gt(header->dropped, 0);
    cr_assert_geq(found.kinds[HF_TRACE_OPEN] + header->dropped, MANY);
    cr_assert_gt(found.kinds[HF_TRACE_OPEN], 1000);
    cr_assert_eq(found.tally.damaged, 0);
}

Test(trace_growth, limited_file_size)
{
    struct rlimit limit = {.rlim_cur = 3 << 20, .rlim_max = 3 << 20};
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    write_many();
    check_what_is_there(scene_path());
}

Test(trace_growth, path_gone)
{
    char other[160];
    scene_trace(scene_path(), CAPACITY);
    (void)snprintf(other, sizeof other, "%s.moved", scene_path());
    cr_assert_eq(rename(scene_path(), other), 0);
    write_many();
    check_what_is_there(other);
}

Test(trace_growth, path_of_another_file)
{
    struct stat status;
    char other[160];
    scene_trace(scene_path(), CAPACITY);
    (void)snprintf(other, sizeof other, "%s.moved", scene_path());
    cr_assert_eq(rename(scene_path(), other), 0);
    FILE *innocent = fopen(scene_path(), "w");
    cr_assert(innocent != NULL && ftruncate(fileno(innocent), CAPACITY) == 0);
    (void)fclose(innocent);
    write_many();
    cr_assert(stat(scene_path(), &status) == 0 && status.st_size == CAPACITY);
    cr_assert_eq(status.st_blocks, 0);
    check_what_is_there(other);
}

Test(trace_growth, no_right_any_more)
{
    if (geteuid() != 0)
        cr_skip_test("needs root, to give it up");
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(seteuid(65534), 0);
    write_many();
    cr_assert_eq(seteuid(0), 0);
    check_what_is_there(scene_path());
}

Test(trace_growth, no_descriptor_for_a_while)
{
    struct rlimit before;
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    write_many();
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    uint64_t allocated = hf_trace_header_now()->allocated;
    while (hf_trace_header_now()->allocated == allocated) { /* it is tried again, later */
        scene_open(1, 1, "a label");
        (void)usleep(1000);
    }
    check_what_is_there(scene_path());
}

/* A file system of two megabytes, seen by this process alone. */
static bool mount_small(const char *folder)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, "size=2m") == 0;
}

/* 0: as it should be; 77: no file system can be mounted. */
static int fill_disk(void *argument)
{
    (void)argument;
    char folder[] = "/tmp/holdfast-small-XXXXXX";
    if (mkdtemp(folder) == NULL || !mount_small(folder)) {
        (void)rmdir(folder);
        return 77;
    }
    const char *path = scene_path_in(folder);
    if (!hf_trace_create(path, CAPACITY, HF_TRACE_WANTS_FINDINGS | HF_TRACE_WANTS_EVENTS))
        return 1;
    write_many(); /* a page without a block would be a SIGBUS */
    uint64_t dropped = hf_trace_header_now()->dropped;
    uint64_t allocated = hf_trace_header_now()->allocated;
    (void)umount2(folder, MNT_DETACH);
    (void)rmdir(folder);
    return dropped > 1000 && allocated <= 2 << 20 ? 0 : 2;
}

Test(trace_growth, disk_full)
{
    int status = forked(fill_disk, NULL);
    if (status == 77)
        cr_skip_test("no file system can be mounted here");
    cr_assert_eq(status, 0);
}

Test(trace_growth, ahead_of_need)
{
    scene_trace(scene_path(), CAPACITY);
    uint64_t before = hf_trace_header_now()->allocated;
    hf_trace_grow_ahead();
    cr_assert_gt(hf_trace_header_now()->allocated, before);
    cr_assert_eq(hf_trace_header_now()->dropped, 0);
}

static void guarded_trace(void)
{
    scene_trace(scene_path(), CAPACITY);
    if (!hf_trace_guard())
        cr_skip_test("a sanitizer handles SIGBUS");
}

/* Somebody else's `: > FILE`: the trace is lost, and stays as he has made it. */
static void lose_by_cutting_to(off_t bytes)
{
    struct stat status;
    guarded_trace();
    scene_open(1, 1, "a label");
    cr_assert_eq(truncate(scene_path(), bytes), 0);
    hf_trace_grow_ahead();
    write_many();
    cr_assert(stat(scene_path(), &status) == 0 && status.st_size == bytes);
}

Test(trace_growth, cut_off)
{
    lose_by_cutting_to(0);
    cr_assert_eq(hf_trace_wants(), 0);
}

Test(trace_growth, cut_off_behind_the_header)
{
    lose_by_cutting_to(HF_TRACE_HEADER_BYTES);
    cr_assert_eq(hf_trace_wants(), 0);
}

Test(trace_growth, cut_off_and_made_longer_again)
{
    guarded_trace();
    cr_assert_eq(truncate(scene_path(), 0), 0);
    cr_assert_eq(truncate(scene_path(), 4 << 20), 0);
    write_many();
    cr_assert_eq(hf_trace_wants(), 0);
}

static int touch_other_file(void *argument)
{
    (void)argument;
    FILE *other = tmpfile();
    scene_trace(scene_path(), CAPACITY);
    if (other == NULL)
        return 1;
    (void)hf_trace_guard();
    char *memory = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(other), 0);
    *memory = 1;
    return 2;
}

Test(trace_growth, fault_elsewhere_kills_as_ever)
{
    cr_assert_eq(forked(touch_other_file, NULL), 128 + SIGBUS);
}

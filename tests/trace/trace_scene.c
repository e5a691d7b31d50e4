/* Traces for tests. */
#include "trace_scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static char folder[64];
static pid_t owner;

static void remove_folder(void)
{
    char command[128];
    if (getpid() != owner)
        return;
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        perror(folder);
}

const char *scene_path_in(const char *in)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/trace", in);
    return path;
}

const char *scene_path(void)
{
    if (owner == 0) {
        strcpy(folder, "/tmp/holdfast-trace-XXXXXX");
        cr_assert_not_null(mkdtemp(folder));
        owner = getpid();
        atexit(remove_folder);
    }
    return scene_path_in(folder);
}

void scene_trace(const char *path, uint64_t capacity)
{
    cr_assert(hf_trace_create(path, capacity, HF_TRACE_WANTS_FINDINGS | HF_TRACE_WANTS_EVENTS));
    hf_trace_process_begins(HF_TRACE_STARTED, NULL);
}

void scene_open(uint64_t handle, uint64_t value, const char *label)
{
    hf_event_party party = {.handle = {handle},
                            .value = (hf_value)value,
                            .type_name = "descriptor",
                            .label = label,
                            .opened = hf_event_trace(HF_SITE())};
    if (hf_event_traced(party.opened))
        hf_event_opened(&party, false, "open");
}

void scene_close(uint64_t handle)
{
    hf_trace now = hf_event_trace(HF_SITE());
    if (hf_event_traced(now))
        hf_event_closed((hf_handle){handle}, now, false, "close");
}

static uint32_t *find(hf_report_kind kind, uint64_t handle, bool waits)
{
    uintptr_t frames[2] = {(uintptr_t)&scene_find + 1, (uintptr_t)&scene_open + 1};
    hf_report_event now = {
        .thread = 7, .thread_name = "finder", .frames = frames, .frame_count = 2};
    hf_report report = {.size = sizeof report,
                        .kind = kind,
                        .operation = "close",
                        .table_name = "descriptors",
                        .now = now,
                        .subject = {.handle = {handle},
                                    .value = 5,
                                    .type_name = "descriptor",
                                    .label = "/etc/passwd",
                                    .opened = now},
                        .group_count = 1};
    if (waits)
        return hf_trace_write_waiting(&report, NULL);
    hf_trace_write_finding(&report, NULL, true);
    return NULL;
}

void scene_find(hf_report_kind kind, uint64_t handle)
{
    (void)find(kind, handle, false);
}

uint32_t *scene_find_waiting(hf_report_kind kind, uint64_t handle)
{
    return find(kind, handle, true);
}

/* ---- reading --------------------------------------------------------------------------------- */

static seen read_on(hf_reader *reader, scene_visitor *visit, void *context)
{
    seen found = {.status = HF_READER_OK};
    hf_reader_record record;
    hf_reader_status status;
    while ((status = hf_reader_next(reader, &record)) != HF_READER_END) {
        if (status == HF_READER_PENDING) {
            found.pending++;
            hf_reader_skip(reader);
            continue;
        }
        cr_assert_eq(status, HF_READER_RECORD);
        cr_assert_gt(record.at, found.last_at, "the reader goes forwards");
        found.last_at = record.at;
        found.kinds[record.kind]++;
        if (visit != NULL)
            visit(&record, context);
    }
    found.tally = *hf_reader_tally_now(reader);
    hf_reader_close(reader);
    return found;
}

seen scene_read(const char *path, scene_visitor *visit, void *context)
{
    hf_reader *reader;
    hf_reader_status status = hf_reader_open(path, &reader);
    return status == HF_READER_OK ? read_on(reader, visit, context) : (seen){.status = status};
}

seen scene_read_memory(const void *bytes, size_t size, scene_visitor *visit, void *context)
{
    hf_reader *reader;
    hf_reader_status status = hf_reader_open_memory(bytes, size, &reader);
    return status == HF_READER_OK ? read_on(reader, visit, context) : (seen){.status = status};
}

hf_history *scene_history(void)
{
    hf_reader *reader;
    hf_history *history;
    cr_assert_eq(hf_reader_open(scene_path(), &reader), HF_READER_OK);
    cr_assert_eq(hf_history_read(reader, &history), HF_READER_OK);
    hf_reader_close(reader);
    return history;
}

char *scene_bytes(const char *path, size_t *size)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert(descriptor >= 0 && fstat(descriptor, &status) == 0);
    char *bytes = malloc((size_t)status.st_size);
    cr_assert_not_null(bytes);
    cr_assert_eq(pread(descriptor, bytes, (size_t)status.st_size, 0), status.st_size);
    (void)close(descriptor);
    *size = (size_t)status.st_size;
    return bytes;
}

unsigned scene_descriptors(void)
{
    unsigned count = 0;
    DIR *listing = opendir("/proc/self/fd");
    cr_assert_not_null(listing);
    while (readdir(listing) != NULL)
        count++;
    (void)closedir(listing);
    return count;
}

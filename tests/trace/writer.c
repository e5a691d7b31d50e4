/* Writing a trace: by many at once, to the end of the room, and where the file is taken away. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "trace_scene.h"

enum { CAPACITY = 32 << 20, LIVES = 5000, THREADS = 3, CHILDREN = 3 };

static void check_kinds(const hf_reader_record *record, void *context)
{
    unsigned *good = context;
    const hf_trace_common *common = record->body.common;
    cr_assert_eq(common->process, (uint32_t)getpid());
    switch (record->kind) {
    case HF_TRACE_OPEN:
        *good += record->body.open->handle == 9 && record->body.open->value == 5 &&
                 record->body.open->stack != 0 && common->thread != 0 &&
                 strcmp(record->texts[0], "descriptor") == 0 &&
                 strcmp(record->texts[1], "/etc/passwd") == 0 &&
                 strcmp(record->texts[2], "open") == 0;
        break;
    case HF_TRACE_CLOSE:
        *good += record->body.close->handle == 9 && strcmp(record->texts[0], "close") == 0;
        break;
    case HF_TRACE_NOTE:
        *good += record->body.note->handle == 9 && strcmp(record->texts[0], "a note") == 0;
        break;
    case HF_TRACE_FINDING:
        *good += record->body.finding->kind == HF_REPORT_DOUBLE_CLOSE &&
                 record->body.finding->moments[HF_TRACE_NOW].frames == 2 &&
                 record->body.finding->moments[HF_TRACE_CLOSED].frames == 0 &&
                 strcmp(record->texts[HF_FINDING_LABEL], "/etc/passwd") == 0 &&
                 strcmp(record->texts[HF_FINDING_HOLDER_OPERATION], "") == 0;
        break;
    case HF_TRACE_PROCESS:
        *good += strstr(record->texts[0], "trace_tests") != NULL && record->texts[1][0] != '\0';
        break;
    case HF_TRACE_EXIT:
        *good += record->body.exit->opened == 1;
        break;
    default:
        break;
    }
}

Test(trace_writer, records_of_all_kinds_come_back)
{
    const hf_trace_exit totals = {.opened = 1};
    unsigned good = 0;
    scene_trace(scene_path(), CAPACITY);
    scene_open(9, 5, "/etc/passwd");
    hf_trace_note_text((hf_handle){9}, "a note");
    scene_close(9);
    scene_find(HF_REPORT_DOUBLE_CLOSE, 9);
    hf_trace_process_ends(&totals);
    seen found = scene_read(scene_path(), check_kinds, &good);
    cr_assert_eq(good, 6);
    cr_assert_geq(found.kinds[HF_TRACE_MODULE], 1);
    cr_assert_geq(found.kinds[HF_TRACE_STACK], 2);
    cr_assert_eq(found.kinds[HF_TRACE_THREAD], 1);
    cr_assert_eq(found.tally.bytes_skipped + found.tally.damaged + found.pending, 0);
    cr_assert_eq(hf_trace_header_now()->findings, 1);
}

static void check_parties(const hf_reader_record *record, void *context)
{
    const hf_trace_finding *body = record->body.finding;
    if (record->kind != HF_TRACE_FINDING)
        return;
    *(unsigned *)context += 1;
    cr_assert(body->other_handle == 11 && body->other_value == 6);
    cr_assert_eq(body->moments[HF_TRACE_OTHER_OPENED].frames, 1);
    cr_assert_eq(record->frames[HF_TRACE_OTHER_OPENED][0], (uintptr_t)&check_parties + 1);
    cr_assert_eq(body->moments[HF_TRACE_HOLDER].thread, 7);
    cr_assert_str_eq(body->moments[HF_TRACE_HOLDER].name, "holder");
    cr_assert_str_eq(record->texts[HF_FINDING_OTHER_ROLE], "now owned by");
    cr_assert_str_eq(record->texts[HF_FINDING_OTHER_TYPE], "stream");
    cr_assert_str_eq(record->texts[HF_FINDING_OTHER_LABEL], "/dev/null");
    cr_assert_str_eq(record->texts[HF_FINDING_HOLDER_OPERATION], "read");
}

Test(trace_writer, finding_with_all_parties)
{
    unsigned findings = 0;
    uintptr_t frame = (uintptr_t)&check_parties + 1;
    hf_trace_holder holder = {.moment = {.thread = 7, .thread_name = "holder"},
                              .operation = "read"};
    hf_report report = {.size = sizeof report,
                        .kind = HF_REPORT_HANDLE_REUSE,
                        .operation = "close",
                        .subject = {.handle = {9}},
                        .other = {.handle = {11},
                                  .value = 6,
                                  .type_name = "stream",
                                  .label = "/dev/null",
                                  .opened = {.frames = &frame, .frame_count = 1}},
                        .other_role = "now owned by"};
    scene_trace(scene_path(), CAPACITY);
    hf_trace_write_finding(&report, &holder, true);
    (void)scene_read(scene_path(), check_parties, &findings);
    cr_assert_eq(findings, 1);
}

static void write_lives(unsigned from)
{
    for (unsigned i = 0; i < LIVES; i++) {
        scene_open(from + i + 1, i, "a label");
        scene_close(from + i + 1);
    }
}

static void *write_as_thread(void *argument)
{
    write_lives((unsigned)(uintptr_t)argument);
    return NULL;
}

static void write_by_threads(void)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, write_as_thread, (void *)(i * LIVES)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
}

/* ThreadSanitizer lets a forked child have no threads of its own. */
static void write_in_child(void)
{
#ifdef __SANITIZE_THREAD__
    for (unsigned i = 0; i < THREADS; i++)
        write_lives(i * LIVES);
#else
    write_by_threads();
#endif
}

static pid_t fork_writer(void (*body)(void))
{
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        (void)hf_event_forked();
        body();
        _exit(0);
    }
    return child;
}

typedef struct counts {
    uint64_t lives[CHILDREN + 1];
    pid_t processes[CHILDREN + 1];
} counts;

static void count_lives(const hf_reader_record *record, void *context)
{
    counts *to = context;
    for (unsigned i = 0; i <= CHILDREN; i++)
        if (record->kind == HF_TRACE_OPEN &&
            record->body.common->process == (uint32_t)to->processes[i])
            to->lives[i]++;
}

Test(trace_writer, threads_and_forked_processes_beside_each_other)
{
    counts found_by = {.processes = {getpid()}};
    scene_trace(scene_path(), CAPACITY);
    for (unsigned i = 1; i <= CHILDREN; i++)
        found_by.processes[i] = fork_writer(write_in_child);
    write_by_threads();
    for (unsigned i = 1; i <= CHILDREN; i++)
        (void)waitpid(found_by.processes[i], NULL, 0);
    seen found = scene_read(scene_path(), count_lives, &found_by);
    for (unsigned i = 0; i <= CHILDREN; i++)
        cr_assert_eq(found_by.lives[i], THREADS * LIVES);
    cr_assert_eq(found.kinds[HF_TRACE_CLOSE], (CHILDREN + 1) * THREADS * LIVES);
    cr_assert_eq(found.kinds[HF_TRACE_PROCESS], CHILDREN + 1);
    cr_assert_eq(found.pending + found.tally.damaged + found.tally.bytes_skipped, 0);
    cr_assert_eq(hf_trace_header_now()->dropped, 0);
}

static void write_for_ever(void)
{
    for (;;)
        write_lives(0);
}

/* Each may leave one record unfinished, or its room empty; whoever goes on afterwards is found. */
Test(trace_writer, processes_killed_in_the_midst_of_records)
{
    enum { ROUNDS = 20 };
    scene_trace(scene_path(), (uint64_t)1 << 30);
    for (unsigned i = 0; i < ROUNDS; i++) {
        pid_t child = fork_writer(write_for_ever);
        uint64_t used = hf_trace_header_now()->used;
        while (__atomic_load_n(&hf_trace_header_now()->used, __ATOMIC_RELAXED) < used + 20000)
            (void)sched_yield();
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    scene_find(HF_REPORT_LEAK, 1);
    seen found = scene_read(scene_path(), NULL, NULL);
    cr_assert_eq(found.kinds[HF_TRACE_FINDING], 1);
    cr_assert_eq(found.kinds[HF_TRACE_PROCESS], ROUNDS + 1);
    cr_assert_leq(found.pending, ROUNDS);
    cr_assert_eq(found.tally.damaged, 0);
}

Test(trace_writer, what_finds_no_room_is_counted_and_findings_have_room_longer)
{
    uint64_t opened = 0;
    scene_trace(scene_path(), 1 << 16);
    const hf_trace_header *header = hf_trace_header_now();
    for (; header->dropped == 0; opened++)
        scene_open(opened + 1, 1, "a label");
    scene_find(HF_REPORT_LEAK, 1);
    cr_assert_eq(header->dropped, 1, "a finding has room where an event has none");
    cr_assert_eq(header->findings, 1);
    while (header->dropped == 1)
        scene_find(HF_REPORT_LEAK, 1);
    cr_assert_leq(header->used, header->capacity);
    seen found = scene_read(scene_path(), NULL, NULL);
    cr_assert_eq(found.kinds[HF_TRACE_OPEN], opened - 1);
    cr_assert_eq(found.kinds[HF_TRACE_FINDING], header->findings);
    cr_assert_eq(found.tally.bytes_skipped, 0);
}

Test(trace_writer, errno_and_descriptors_stay_as_they_are)
{
    unsigned before = scene_descriptors();
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(scene_descriptors(), before);
    errno = ENOTTY;
    write_lives(0); /* has the file grow */
    scene_find(HF_REPORT_LEAK, 1);
    hf_trace_code_changed();
    cr_assert_eq(errno, ENOTTY);
    cr_assert_eq(scene_descriptors(), before);
}

Test(trace_writer, a_process_writes_one_trace)
{
    scene_trace(scene_path(), CAPACITY);
    cr_assert_not(hf_trace_create(scene_path(), CAPACITY, HF_TRACE_WANTS_FINDINGS));
    cr_assert_eq(errno, EBUSY);
    cr_assert_not(hf_trace_attach(scene_path()));
    cr_assert_eq(errno, EBUSY);
}

static void attach_and_write(const char *path)
{
    if (!hf_trace_is_written(path) || !hf_trace_attach(path) ||
        strcmp(hf_trace_header_now()->settings, "a=1") != 0)
        _exit(1);
    hf_trace_process_begins(HF_TRACE_STARTED, NULL);
    write_lives(0);
    _exit(0);
}

Test(trace_writer, another_process_joins)
{
    char told;
    int status;
    int ready[2];
    const char *path = scene_path();
    cr_assert_eq(pipe(ready), 0);
    cr_assert_not(hf_trace_is_written(path));
    pid_t other = fork();
    if (other == 0) { /* before there is a trace here */
        if (read(ready[0], &told, 1) == 1)
            attach_and_write(path);
        _exit(1);
    }
    scene_trace(path, CAPACITY);
    hf_trace_describe("a=1", "a command");
    cr_assert_eq(write(ready[1], "", 1), 1);
    (void)waitpid(other, &status, 0);
    seen found = scene_read(path, NULL, NULL);
    cr_assert_eq(status, 0);
    cr_assert_eq(found.kinds[HF_TRACE_PROCESS], 2);
    cr_assert_eq(found.kinds[HF_TRACE_OPEN], LIVES);
}

Test(trace_writer, what_is_no_trace_is_not_joined)
{
    const char *path = scene_path();
    cr_assert_not(hf_trace_attach(path));
    cr_assert_eq(errno, ENOENT);
    cr_assert_not(hf_trace_attach("/dev/null"));
    FILE *empty = fopen(path, "w");
    cr_assert_not_null(empty);
    cr_assert_not(hf_trace_attach(path));
    for (unsigned i = 0; i < HF_TRACE_HEADER_BYTES; i++)
        (void)fputc('x', empty);
    (void)fclose(empty);
    cr_assert_not(hf_trace_attach(path));
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(hf_trace_wants(), 0);
}

static void make_and_end(void)
{
    scene_trace(scene_path(), CAPACITY);
}

/* Whoever wrote beyond its end would be killed. */
Test(trace_writer, file_that_was_cut_off_is_not_joined)
{
    const char *path = scene_path();
    struct stat status;
    pid_t maker = fork_writer(make_and_end);
    cr_assert_eq(waitpid(maker, NULL, 0), maker);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(truncate(path, status.st_size - 4096), 0);
    errno = 0;
    cr_assert_not(hf_trace_attach(path));
    cr_assert_eq(errno, EINVAL);
}

Test(trace_writer, only_a_file_is_replaced)
{
    cr_assert_not(hf_trace_create("/dev/null", CAPACITY, 1));
    cr_assert_not(hf_trace_create("/tmp", CAPACITY, 1));
    cr_assert_not(hf_trace_create("/nonexistent/trace", CAPACITY, 1));
    cr_assert_eq(errno, ENOENT);
    cr_assert_not(hf_trace_create(scene_path(), UINT64_MAX, 1));
    cr_assert_not(hf_trace_create(scene_path(), CAPACITY, 0));
    scene_trace(scene_path(), CAPACITY);
}

/* Reading: what was cut off, damaged, or is still being written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "history.h"
#include "report/trace_file.h"
#include "trace_scene.h"

enum { CAPACITY = 4 << 20, LIVES = 20, PLACES = 1024, DAMAGES = 3000 };

/* Where the records of a trace lie, by reading it while it is whole. */
typedef struct map {
    uint64_t at[PLACES];
    uint64_t end[PLACES];
    unsigned count;
} map;

static void note_place(const hf_reader_record *record, void *context)
{
    map *to = context;
    cr_assert_lt(to->count, PLACES);
    to->at[to->count] = record->at;
    to->end[to->count++] = record->at + (record->body.common->head >> 8 & 0xffffff) * 8;
}

/* A trace of a few kilobytes: its bytes up to the last record, to be freed. */
static char *small_trace(size_t *size, map *places)
{
    scene_trace(scene_path(), CAPACITY);
    for (unsigned i = 1; i <= LIVES; i++) {
        scene_open(i, i, "a label");
        hf_trace_note_text((hf_handle){i}, "a note");
        scene_close(i);
        if (i % 5 == 0)
            scene_find(HF_REPORT_DOUBLE_CLOSE, i);
    }
    char *bytes = scene_bytes(scene_path(), size);
    *size = (size_t)hf_trace_header_now()->used;
    places->count = 0;
    seen found = scene_read_memory(bytes, *size, note_place, places);
    cr_assert_eq(found.kinds[HF_TRACE_OPEN], LIVES);
    cr_assert_eq(places->end[places->count - 1], *size);
    return bytes;
}

/* A reader of the scene's trace that has read all of it. */
static hf_reader *reader_at_the_end(void)
{
    hf_reader *reader;
    hf_reader_record record;
    cr_assert_eq(hf_reader_open(scene_path(), &reader), HF_READER_OK);
    while (hf_reader_next(reader, &record) == HF_READER_RECORD) {
    }
    return reader;
}

static void cut_to(off_t bytes, off_t then)
{
    scene_trace(scene_path(), CAPACITY);
    scene_open(1, 1, "a label");
    hf_reader *reader = reader_at_the_end();
    cr_assert_not(hf_reader_is_cut_off(reader));
    cr_assert_eq(truncate(scene_path(), bytes), 0);
    cr_assert_eq(truncate(scene_path(), then), 0);
    cr_assert(hf_reader_is_cut_off(reader));
    hf_reader_close(reader);
}

Test(trace_reader, cut_off)
{
    cut_to(0, 0);
}

Test(trace_reader, cut_off_behind_the_header)
{
    cut_to(HF_TRACE_HEADER_BYTES, HF_TRACE_HEADER_BYTES);
}

/* As by a writer that was just about to do so. */
Test(trace_reader, cut_off_and_made_longer_again)
{
    cut_to(HF_TRACE_HEADER_BYTES, CAPACITY);
}

static void read_history(const void *bytes, size_t size)
{
    hf_reader *reader;
    hf_history *history;
    if (hf_reader_open_memory(bytes, size, &reader) != HF_READER_OK)
        return;
    cr_assert_eq(hf_history_read(reader, &history), HF_READER_OK);
    for (uint32_t i = 0; i < history->life_count; i++)
        cr_assert_lt(history->lives[i].opened_stack, history->stack_count);
    hf_history_free(history);
    hf_reader_close(reader);
}

static void note_finding(const hf_reader_record *record, void *context)
{
    if (record->kind != HF_TRACE_FINDING)
        return;
    cr_assert_eq(record->body.finding->state, HF_TRACE_WAITING);
    *(uint64_t *)context = record->at;
}

Test(trace_reader, finding_that_waits_is_looked_at_again)
{
    hf_reader *reader;
    uint64_t at = 0;
    scene_trace(scene_path(), CAPACITY);
    uint32_t *waiting = scene_find_waiting(HF_REPORT_DOUBLE_CLOSE, 9);
    cr_assert_eq(scene_read(scene_path(), note_finding, &at).kinds[HF_TRACE_FINDING], 1);
    cr_assert_eq(hf_reader_open(scene_path(), &reader), HF_READER_OK);
    cr_assert_eq(hf_reader_finding_state(reader, at), HF_TRACE_WAITING);
    hf_trace_settle(waiting, HF_TRACE_TOLD);
    cr_assert_eq(hf_reader_finding_state(reader, at), HF_TRACE_TOLD);
    *waiting = UINT32_MAX;
    cr_assert_eq(hf_reader_finding_state(reader, at), HF_TRACE_WITHDRAWN);
    cr_assert_eq(hf_reader_finding_state(reader, UINT64_C(1) << 40), HF_TRACE_WITHDRAWN);
    seen found = scene_read(scene_path(), NULL, NULL);
    cr_assert(found.kinds[HF_TRACE_FINDING] == 0 && found.tally.damaged == 1);
    hf_reader_close(reader);
}

Test(trace_reader, every_prefix)
{
    size_t size;
    map places;
    char *bytes = small_trace(&size, &places);
    for (size_t length = 0; length <= size; length++) {
        char *prefix = malloc(length + 1); /* so that a sanitizer sees what is read beyond */
        memcpy(prefix, bytes, length);
        seen found = scene_read_memory(prefix, length, NULL, NULL);
        unsigned whole = 0;
        while (whole < places.count && places.end[whole] <= length)
            whole++;
        hf_reader_status expected = length == 0                      ? HF_READER_EMPTY
                                    : length < HF_TRACE_HEADER_BYTES ? HF_READER_TRUNCATED
                                                                     : HF_READER_OK;
        cr_assert_eq(found.status, expected, "%zu bytes: %s", length,
                     hf_reader_status_text(found.status));
        cr_assert_eq(found.tally.records, expected == HF_READER_OK ? whole : 0, "%zu", length);
        if (expected == HF_READER_OK)
            cr_assert_eq(found.tally.bytes_missing, size - length);
        if (length % 97 == 0)
            read_history(prefix, length);
        free(prefix);
    }
    free(bytes);
}

static uint64_t step(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Overwrites a few places behind the header; of records that it touches nothing is expected. */
static void damage(char *bytes, size_t size, const map *places, bool *whole, uint64_t *random)
{
    unsigned hits = 1 + (unsigned)(step(random) % 4);
    for (unsigned i = 0; i < places->count; i++)
        whole[i] = true;
    for (unsigned hit = 0; hit < hits; hit++) {
        size_t room = size - HF_TRACE_HEADER_BYTES;
        size_t from = HF_TRACE_HEADER_BYTES + step(random) % room;
        size_t length = 1 + step(random) % (step(random) % 2 != 0 ? 8 : 400);
        size_t end = from + length < size ? from + length : size;
        bool zeros = step(random) % 2 != 0;
        for (size_t at = from; at < end; at++)
            bytes[at] = zeros ? 0 : (char)step(random);
        for (unsigned i = 0; i < places->count; i++)
            whole[i] &= places->end[i] <= from || places->at[i] >= end;
    }
}

typedef struct expectation {
    const map *places;
    const bool *whole;
    unsigned next; /* of the places */
} expectation;

/* Each record that is whole, in its order; of the others some. */
static void compare(const hf_reader_record *record, void *context)
{
    expectation *of = context;
    while (of->next < of->places->count && of->places->at[of->next] < record->at) {
        cr_assert_not(of->whole[of->next], "the record at %llu is lost",
                      (unsigned long long)of->places->at[of->next]);
        of->next++;
    }
    cr_assert_lt(of->next, of->places->count);
    cr_assert_eq(of->places->at[of->next], record->at, "there was no record here");
    of->next++;
}

Test(trace_reader, random_damage)
{
    size_t size;
    map places;
    bool whole[PLACES];
    uint64_t random = 88172645463325252U;
    char *bytes = small_trace(&size, &places);
    char *damaged = malloc(size);
    for (unsigned i = 0; i < DAMAGES; i++) {
        memcpy(damaged, bytes, size);
        damage(damaged, size, &places, whole, &random);
        expectation of = {.places = &places, .whole = whole};
        (void)scene_read_memory(damaged, size, compare, &of);
        for (; of.next < places.count; of.next++)
            cr_assert_not(whole[of.next]);
        if (i % 10 == 0)
            read_history(damaged, size);
    }
    free(damaged);
    free(bytes);
}

static hf_reader_status status_of(char *bytes, size_t size)
{
    return scene_read_memory(bytes, size, NULL, NULL).status;
}

Test(trace_reader, headers_of_others)
{
    size_t size;
    map places;
    char *bytes = small_trace(&size, &places);
    hf_trace_header *header = (hf_trace_header *)(void *)bytes;
    header->magic = __builtin_bswap64(header->magic);
    cr_assert_eq(status_of(bytes, size), HF_READER_OTHER_BYTE_ORDER);
    header->magic = HF_TRACE_MAGIC + 1;
    cr_assert_eq(status_of(bytes, size), HF_READER_NOT_A_TRACE);
    header->magic = HF_TRACE_MAGIC;
    header->version = HF_TRACE_VERSION + 1;
    cr_assert_eq(status_of(bytes, size), HF_READER_OTHER_VERSION);
    header->version = HF_TRACE_VERSION;
    header->header_bytes = 4096;
    cr_assert_eq(status_of(bytes, size), HF_READER_NOT_A_TRACE);
    header->header_bytes = HF_TRACE_HEADER_BYTES;
    header->used = UINT64_MAX;
    header->capacity = UINT64_MAX;
    cr_assert_eq(status_of(bytes, size), HF_READER_OK);
    header->used = 0;
    cr_assert_eq(scene_read_memory(bytes, size, NULL, NULL).tally.records, 0);
    free(bytes);
}

Test(trace_reader, files_that_are_none)
{
    hf_reader *reader;
    cr_assert_eq(hf_reader_open("/nonexistent", &reader), HF_READER_CANNOT_OPEN);
    cr_assert_eq(hf_reader_open("/tmp", &reader), HF_READER_CANNOT_OPEN);
    cr_assert_eq(hf_reader_open("/dev/zero", &reader), HF_READER_NOT_A_TRACE);
}

/* One that is being written stops the reader, until it is whole, or he is told to go on. */
Test(trace_reader, record_that_is_being_written)
{
    hf_reader *reader;
    hf_reader_record record;
    hf_trace_record first;
    hf_trace_record second;
    scene_trace(scene_path(), CAPACITY);
    cr_assert_eq(hf_reader_open(scene_path(), &reader), HF_READER_OK);
    while (hf_reader_next(reader, &record) == HF_READER_RECORD) {
    }
    cr_assert(hf_trace_begin(&first, sizeof(hf_trace_unload), true));
    cr_assert(hf_trace_begin(&second, sizeof(hf_trace_unload), true));
    hf_trace_end(&second, HF_TRACE_UNLOAD);
    cr_assert_eq(hf_reader_next(reader, &record), HF_READER_PENDING);
    cr_assert_eq(hf_reader_next(reader, &record), HF_READER_PENDING);
    hf_trace_end(&first, HF_TRACE_UNLOAD);
    cr_assert_eq(hf_reader_next(reader, &record), HF_READER_RECORD);
    cr_assert_eq(record.at, first.at);
    cr_assert_eq(hf_reader_next(reader, &record), HF_READER_RECORD);
    cr_assert_eq(hf_reader_next(reader, &record), HF_READER_END);
    cr_assert(hf_trace_begin(&first, sizeof(hf_trace_unload), true));
    scene_find(HF_REPORT_LEAK, 1);
    cr_assert_eq(hf_reader_next(reader, &record), HF_READER_PENDING);
    hf_reader_skip(reader);
    while (hf_reader_next(reader, &record) == HF_READER_RECORD && record.kind != HF_TRACE_FINDING) {
    }
    cr_assert_eq(record.kind, HF_TRACE_FINDING);
    cr_assert_eq(hf_reader_tally_now(reader)->unfinished, 1);
    hf_reader_close(reader);
}

/* Everything that another process writes meanwhile, once each. */
Test(trace_reader, file_that_grows)
{
    enum { OPENED = 30000 };
    hf_reader *reader;
    hf_reader_record record;
    uint64_t next = 1;
    scene_trace(scene_path(), CAPACITY * 8);
    pid_t writer = fork();
    if (writer == 0) {
        (void)hf_event_forked();
        for (uint64_t i = 1; i <= OPENED; i++)
            scene_open(i, i, "a label");
        _exit(0);
    }
    cr_assert_eq(hf_reader_open(scene_path(), &reader), HF_READER_OK);
    while (next <= OPENED)
        if (hf_reader_next(reader, &record) == HF_READER_RECORD && record.kind == HF_TRACE_OPEN)
            cr_assert_eq(record.body.open->handle, next++);
    cr_assert_eq(hf_reader_tally_now(reader)->damaged, 0);
    cr_assert_eq(hf_reader_tally_now(reader)->bytes_skipped, 0);
    hf_reader_close(reader);
    (void)waitpid(writer, NULL, 0);
}

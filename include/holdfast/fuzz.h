/* The fuzzing kit, in this one file: for people who fuzz an interface that hands out handles.
 *
 * Include it where you need the declarations, and in one source file, C or C++, with
 *
 *     #define HF_FUZZ_IMPLEMENTATION
 *     #include <holdfast/fuzz.h>
 *
 * Nothing but the library is needed beside it; <holdfast/holdfast.h> does not include it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HOLDFAST_FUZZ_H
#define HOLDFAST_FUZZ_H

#include <holdfast/holdfast.h>

HF_BEGIN_DECLS

/* ---- inputs of fixed-size records -----------------------------------------------------------
 *
 * An input is a head, which sets the stage, followed by records of one size: one operation each.
 * Every buffer is a valid input: a last record that is cut is not played.  What a mutation moves
 * about are whole operations, and what it changes is one operation's arguments; so a sequence that
 * found something stays one (the structure-aware mutation of libFuzzer's documentation). */
typedef struct hf_fuzz_shape {
    uint32_t head;   /* bytes before the first record */
    uint32_t record; /* bytes of a record; not 0 */
} hf_fuzz_shape;

/* One mutation, for LLVMFuzzerCustomMutator: inserts, drops, repeats, moves or swaps records, or
 * changes one record or the head (with the engine's own mutator, and so with its dictionary, where
 * an engine is linked).  Answers the new size, at most `max_size`, which is at least `size`. */
size_t hf_fuzz_mutate(const hf_fuzz_shape *shape, uint8_t *data, size_t size, size_t max_size,
                      unsigned seed);

/* For LLVMFuzzerCustomCrossOver: the head of one input, and stretches of records of both. */
size_t hf_fuzz_cross(const hf_fuzz_shape *shape, const uint8_t *one, size_t one_size,
                     const uint8_t *two, size_t two_size, uint8_t *out, size_t out_size,
                     unsigned seed);

/* ---- replaying without an engine ------------------------------------------------------------ */

typedef int (*hf_fuzz_input_function)(const uint8_t *data, size_t size);

/* A main function for builds without a fuzzing engine: plays the files that are named, and those in
 * directories that are named (not those in directories below), in the order of their names, each in
 * a buffer of exactly its size.  With no name it prints how it is used.  Answers an exit status: 0,
 * or 2 where something could not be read; what a played input does to the process is its own. */
int hf_fuzz_replay(int argc, char **argv, hf_fuzz_input_function play);

HF_END_DECLS

#ifdef HF_FUZZ_IMPLEMENTATION

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

HF_BEGIN_DECLS

/* The engine's mutator; not there in a program without one. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* SplitMix64 (Steele, Lea, Flood 2014): small, and good from its first number on. */
static uint64_t hf_fuzz_random_(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number below `limit`, which is not 0. */
static size_t hf_fuzz_below_(uint64_t *state, size_t limit)
{
    return (size_t)(hf_fuzz_random_(state) % limit);
}

/* ---- mutation ------------------------------------------------------------------------------- */

/* An input that is being changed. */
typedef struct hf_fuzz_edit_ {
    uint64_t random;
    uint8_t *records; /* behind the head */
    size_t record;    /* bytes of one */
    size_t count;
    size_t room; /* how many records there may be */
} hf_fuzz_edit_;

static uint8_t *hf_fuzz_at_(const hf_fuzz_edit_ *edit, size_t number)
{
    return edit->records + number * edit->record;
}

/* Makes room for `count` records before record `at`.  False: there is none. */
static bool hf_fuzz_widen_(hf_fuzz_edit_ *edit, size_t at, size_t count)
{
    if (count > edit->room - edit->count)
        return false;
    memmove(hf_fuzz_at_(edit, at + count), hf_fuzz_at_(edit, at),
            (edit->count - at) * edit->record);
    edit->count += count;
    return true;
}

static void hf_fuzz_drop_(hf_fuzz_edit_ *edit, size_t at, size_t count)
{
    memmove(hf_fuzz_at_(edit, at), hf_fuzz_at_(edit, at + count),
            (edit->count - at - count) * edit->record);
    edit->count -= count;
}

/* A stretch of records that is mostly short. */
static size_t hf_fuzz_stretch_(hf_fuzz_edit_ *edit, size_t from)
{
    size_t most = edit->count - from;
    size_t limit = hf_fuzz_below_(&edit->random, 4) == 0 ? most : 3;
    size_t length = 1 + hf_fuzz_below_(&edit->random, limit);
    return length < most ? length : most;
}

static void hf_fuzz_insert_(hf_fuzz_edit_ *edit)
{
    size_t at = hf_fuzz_below_(&edit->random, edit->count + 1);
    if (!hf_fuzz_widen_(edit, at, 1))
        return;
    for (size_t i = 0; i < edit->record; i++)
        hf_fuzz_at_(edit, at)[i] = (uint8_t)hf_fuzz_random_(&edit->random);
}

/* The same operations a second time, at another place or at once. */
static void hf_fuzz_repeat_(hf_fuzz_edit_ *edit)
{
    size_t from = hf_fuzz_below_(&edit->random, edit->count);
    size_t length = hf_fuzz_stretch_(edit, from);
    size_t to = hf_fuzz_below_(&edit->random, edit->count + 1);
    if (to > from && to < from + length)
        to = from + length;
    if (!hf_fuzz_widen_(edit, to, length))
        return;
    if (to <= from)
        from += length;
    memmove(hf_fuzz_at_(edit, to), hf_fuzz_at_(edit, from), length * edit->record);
}

static void hf_fuzz_swap_(hf_fuzz_edit_ *edit)
{
    uint8_t *one = hf_fuzz_at_(edit, hf_fuzz_below_(&edit->random, edit->count));
    uint8_t *two = hf_fuzz_at_(edit, hf_fuzz_below_(&edit->random, edit->count));
    for (size_t i = 0; i < edit->record; i++) {
        uint8_t byte = one[i];
        one[i] = two[i];
        two[i] = byte;
    }
}

/* Changes some bytes in place: by the engine, else one of them at random. */
static void hf_fuzz_change_(uint64_t *random, uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    if (LLVMFuzzerMutate != NULL && hf_fuzz_below_(random, 2) == 0) {
        size_t held = LLVMFuzzerMutate(bytes, size, size);
        memset(bytes + held, 0, size - held);
        return;
    }
    size_t at = hf_fuzz_below_(random, size);
    if (hf_fuzz_below_(random, 2) == 0)
        bytes[at] = (uint8_t)hf_fuzz_random_(random);
    else
        bytes[at] = (uint8_t)(bytes[at] + (hf_fuzz_below_(random, 2) == 0 ? 1 : 255));
}

static void hf_fuzz_change_record_(hf_fuzz_edit_ *edit)
{
    uint8_t *record = hf_fuzz_at_(edit, hf_fuzz_below_(&edit->random, edit->count));
    hf_fuzz_change_(&edit->random, record, edit->record);
}

static void hf_fuzz_drop_some_(hf_fuzz_edit_ *edit)
{
    size_t from = hf_fuzz_below_(&edit->random, edit->count);
    hf_fuzz_drop_(edit, from, hf_fuzz_stretch_(edit, from));
}

static void hf_fuzz_edit_once_(hf_fuzz_edit_ *edit)
{
    static void (*const ways[])(hf_fuzz_edit_ *) = {
        hf_fuzz_insert_, hf_fuzz_insert_,        hf_fuzz_repeat_,        hf_fuzz_drop_some_,
        hf_fuzz_swap_,   hf_fuzz_change_record_, hf_fuzz_change_record_, hf_fuzz_change_record_};
    if (edit->count == 0)
        hf_fuzz_insert_(edit);
    else
        ways[hf_fuzz_below_(&edit->random, sizeof(ways) / sizeof(ways[0]))](edit);
}

size_t hf_fuzz_mutate(const hf_fuzz_shape *shape, uint8_t *data, size_t size, size_t max_size,
                      unsigned seed)
{
    if (max_size < shape->head)
        return size;
    if (size < shape->head) {
        memset(data + size, 0, shape->head - size);
        size = shape->head;
    }
    hf_fuzz_edit_ edit;
    edit.random = seed;
    edit.records = data + shape->head;
    edit.record = shape->record;
    edit.count = (size - shape->head) / shape->record;
    edit.room = (max_size - shape->head) / shape->record;
    if (hf_fuzz_below_(&edit.random, 16) == 0)
        hf_fuzz_change_(&edit.random, data, shape->head);
    do
        hf_fuzz_edit_once_(&edit);
    while (hf_fuzz_below_(&edit.random, 3) == 0);
    return shape->head + edit.count * edit.record;
}

size_t hf_fuzz_cross(const hf_fuzz_shape *shape, const uint8_t *one, size_t one_size,
                     const uint8_t *two, size_t two_size, uint8_t *out, size_t out_size,
                     unsigned seed)
{
    uint64_t random = seed;
    const uint8_t *from[2] = {one, two};
    size_t counts[2];
    if (one_size < shape->head || two_size < shape->head || out_size < shape->head)
        return 0;
    counts[0] = (one_size - shape->head) / shape->record;
    counts[1] = (two_size - shape->head) / shape->record;
    memcpy(out, one, shape->head);
    size_t held = shape->head;
    for (unsigned i = 0; i < 4; i++) {
        size_t count = counts[i % 2];
        size_t first = hf_fuzz_below_(&random, count + 1);
        size_t length = hf_fuzz_below_(&random, count - first + 1);
        size_t room = (out_size - held) / shape->record;
        length = length < room ? length : room;
        memcpy(out + held, from[i % 2] + shape->head + first * shape->record,
               length * shape->record);
        held += length * shape->record;
    }
    return held;
}

/* ---- replay --------------------------------------------------------------------------------- */

/* Plays a file; false, after telling why: it cannot be read. */
static bool hf_fuzz_play_file_(const char *path, hf_fuzz_input_function play)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = (uint8_t *)malloc(size > 0 ? (size_t)size : 1);
    bool read = bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size;
    if (!read)
        fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    if (read)
        (void)play(bytes, (size_t)size);
    free(bytes);
    return read;
}

static int hf_fuzz_by_name_(const void *one, const void *two)
{
    return strcmp(*(char *const *)one, *(char *const *)two);
}

/* The paths of a directory's entries, hidden ones left out.  False: out of memory. */
static bool hf_fuzz_list_(DIR *directory, const char *path, char ***names, size_t *count)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        size_t size = strlen(path) + strlen(entry->d_name) + 2;
        char **more = (char **)realloc(*names, (*count + 1) * sizeof(**names));
        if (more == NULL)
            return false;
        *names = more;
        more[*count] = (char *)malloc(size);
        if (more[*count] == NULL)
            return false;
        snprintf(more[(*count)++], size, "%s/%s", path, entry->d_name);
    }
    return true;
}

/* Plays what is in a directory, but for directories. */
static bool hf_fuzz_play_directory_(DIR *directory, const char *path, hf_fuzz_input_function play,
                                    size_t *played)
{
    char **names = NULL;
    size_t count = 0;
    bool good = hf_fuzz_list_(directory, path, &names, &count);
    if (!good)
        fprintf(stderr, "%s: out of memory\n", path);
    if (count > 0)
        qsort(names, count, sizeof(*names), hf_fuzz_by_name_);
    for (size_t i = 0; i < count; i++) {
        DIR *below = opendir(names[i]);
        if (below != NULL) {
            closedir(below);
        } else if (hf_fuzz_play_file_(names[i], play)) {
            ++*played;
        } else {
            good = false;
        }
        free(names[i]);
    }
    free(names);
    return good;
}

int hf_fuzz_replay(int argc, char **argv, hf_fuzz_input_function play)
{
    size_t played = 0;
    bool good = true;
    if (argc < 2) {
        fprintf(stderr, "Usage: %s FILE|DIRECTORY...\nPlays inputs; see <holdfast/fuzz.h>.\n",
                argc > 0 ? argv[0] : "replay");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        if (directory != NULL) {
            good = hf_fuzz_play_directory_(directory, argv[i], play, &played) && good;
            closedir(directory);
        } else if (hf_fuzz_play_file_(argv[i], play)) {
            played++;
        } else {
            good = false;
        }
    }
    printf("%zu inputs played\n", played);
    return good ? 0 : 2;
}

HF_END_DECLS

#endif

#endif

/* Whatever bytes the kit is given, it plays them, in the same way each time; and mutations and
 * cross-overs of inputs stay inputs, within their buffers. */
#include "box.h"
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t seed = 20;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        abort();
    }
}

static uint8_t *random_bytes(size_t size)
{
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)next_random();
    return bytes;
}

/* ---- playing -------------------------------------------------------------------------------- */

/* What the last input did: a sum over all calls. */
static uint64_t trace;
static uint32_t calls;

static hf_fuzz_answer traced(hf_fuzz_call *call, hf_fuzz_answer answer)
{
    const uint64_t words[] = {call->index,      call->handles[0], call->handles[1],
                              call->number,     call->thread,     call->stale[0],
                              (uint64_t)answer, call->made,       call->bytes[10]};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        trace = (trace ^ words[i]) * UINT64_C(0x100000001b3);
    calls++;
    bool stale = call->stale[0] || call->stale[1] || call->stale[2];
    must(call->index <= HF_FUZZ_OPERATIONS || (call->operation->flags & HF_FUZZ_CLOSES) != 0,
         "at the limit nothing is done but to close");
    must(answer == HF_FUZZ_DONE || stale, "only stale ones are refused");
    return answer;
}

static hf_fuzz_answer make(hf_fuzz_call *call)
{
    return traced(call, hf_fuzz_made_int(call, (int)call->index));
}

static hf_fuzz_answer take(hf_fuzz_call *call)
{
    bool stale = call->stale[0] || call->stale[1] || call->stale[2];
    return traced(call, stale ? HF_FUZZ_REFUSED : HF_FUZZ_DONE);
}

static const hf_fuzz_kind kinds[] = {{.name = "a", .name_space = "all"},
                                     {.name = "b", .name_space = "all"},
                                     {.name = "c", .flags = HF_FUZZ_RECYCLED}};

static const hf_fuzz_operation operations[] = {
    {"make_a", make, .makes = "a"},
    {"make_b", make, .makes = "b", .takes = {"a"}, .flags = HF_FUZZ_CHILD_DIES},
    {"make_c", make, .makes = "c", .takes = {"b"}, .flags = HF_FUZZ_CHILD_FIRST},
    {"make_another_c", make, .makes = "c", .takes = {"c", "c"}},
    {"take_three", take, .takes = {"a", "b", "c"}, .flags = HF_FUZZ_TAKES_STALE},
    {"take_two", take, .takes = {"b", "b"}},
    {"close_a", take, .takes = {"a"}, .flags = HF_FUZZ_CLOSES},
    {"close_b", take, .takes = {"b"}, .flags = HF_FUZZ_CLOSES | HF_FUZZ_TAKES_STALE},
    {"close_c", take, .takes = {"c"}, .flags = HF_FUZZ_CLOSES | HF_FUZZ_TAKES_STALE},
    {"close_into", take, .takes = {"c", "a"}, .flags = HF_FUZZ_CLOSES},
    {"nothing", take, .makes = NULL},
};

static const hf_fuzz_target target = {
    .name = "anything",
    .timeout_ms = 60000,
    .kinds = kinds,
    .kind_count = HF_FUZZ_COUNT(kinds),
    .operations = operations,
    .operation_count = HF_FUZZ_COUNT(operations),
    .threads = 3,
};

static uint64_t play(const uint8_t *data, size_t size)
{
    trace = 0;
    calls = 0;
    (void)hf_fuzz_play(&target, data, size);
    return trace;
}

static void same_each_time(void)
{
    uint64_t first[64];
    uint64_t before = seed;
    for (int round = 0; round < 2; round++) {
        seed = before;
        for (size_t i = 0; i < 64; i++) {
            size_t size = (size_t)(next_random() % 3000);
            uint8_t *data = random_bytes(size);
            uint64_t done = play(data, size);
            if (round == 0)
                first[i] = done;
            must(first[i] == done, "an input is played in the same way each time");
            free(data);
        }
    }
}

static void any_size(void)
{
    (void)play(NULL, 0);
    must(calls == 0, "nothing is done for nothing");
    for (size_t size = 0; size < 100; size++) {
        uint8_t *data = random_bytes(size);
        (void)play(data, size);
        free(data);
    }
}

/* More handles than may be live, more operations than are played. */
static void huge(void)
{
    size_t size = 1 << 17;
    uint8_t *data = random_bytes(size);
    for (uint8_t round = 0; round < 16; round++) {
        data[0] = round % 4;
        data[HF_FUZZ_HEAD] = round; /* so that the limit is reached elsewhere */
        (void)play(data, size);
        must(calls <= HF_FUZZ_OPERATIONS + HF_FUZZ_LIVE, "operations are bounded");
    }
    memset(data + HF_FUZZ_HEAD, 0, size - HF_FUZZ_HEAD);
    (void)play(data, size);
    must(calls == 2 * HF_FUZZ_LIVE, "so many are made, and closed in the end");
    free(data);
}

static void only_closes(void)
{
    uint8_t data[1000];
    for (uint8_t order = 0; order < 4; order++) {
        memset(data, 8, sizeof(data));
        data[0] = order;
        (void)play(data, sizeof(data));
    }
}

/* A fuzzing engine that forks has a kit without threads in each child.  (ThreadSanitizer does not
 * allow new ones there.) */
#ifndef HF_TSAN_BUILD_
static void in_a_forked_child(void)
{
    uint8_t *data = random_bytes(2000);
    uint64_t done = play(data, 2000);
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(play(data, 2000) == done ? 0 : 1);
    must(child > 0 && waitpid(child, &status, 0) == child && status == 0,
         "a forked child plays as its parent does");
    must(play(data, 2000) == done, "and the parent as before");
    free(data);
}
#endif

/* ---- mutations ------------------------------------------------------------------------------ */

/* Whether a record of `size` bytes is one of an input's. */
static bool is_among(const uint8_t *record, size_t size, const uint8_t *data, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(record, data + i * size, size) == 0)
            return true;
    return false;
}

static void mutate_once(void)
{
    hf_fuzz_shape shape = {(uint32_t)(next_random() % 9), (uint32_t)(1 + next_random() % 20)};
    size_t size = (size_t)(next_random() % 200);
    size_t room = (size_t)(next_random() % 300); /* libFuzzer gives less than size, to minimise */
    uint8_t *data = random_bytes(size > room ? size : room); /* exactly, for AddressSanitizer */
    for (unsigned round = 0; round < 20; round++) {
        size = hf_fuzz_mutate(&shape, data, size, room, (unsigned)next_random());
        must(size <= room, "a mutation stays within its room");
        must(room < shape.head || (size >= shape.head && (size - shape.head) % shape.record == 0),
             "a mutation leaves whole records");
    }
    free(data);
}

static void cross_once(void)
{
    hf_fuzz_shape shape = {(uint32_t)(next_random() % 5), (uint32_t)(4 + next_random() % 20)};
    size_t sizes[3];
    uint8_t *data[3];
    for (unsigned i = 0; i < 3; i++) {
        sizes[i] = (size_t)(next_random() % 300);
        data[i] = random_bytes(sizes[i]);
    }
    size_t size = hf_fuzz_cross(&shape, data[0], sizes[0], data[1], sizes[1], data[2], sizes[2],
                                (unsigned)next_random());
    must(size <= sizes[2], "a cross-over stays within its room");
    for (size_t at = shape.head; at + shape.record <= size; at += shape.record)
        must(is_among(data[2] + at, shape.record, data[0] + shape.head,
                      (sizes[0] - shape.head) / shape.record) ||
                 is_among(data[2] + at, shape.record, data[1] + shape.head,
                          (sizes[1] - shape.head) / shape.record),
             "a cross-over has records of its parents");
    must(size == 0 || memcmp(data[2], data[0], shape.head) == 0, "and the head of one of them");
    for (unsigned i = 0; i < 3; i++)
        free(data[i]);
}

int main(void)
{
    same_each_time();
    any_size();
    huge();
    only_closes();
#ifndef HF_TSAN_BUILD_
    in_a_forked_child();
#endif
    for (unsigned i = 0; i < 3000; i++) {
        mutate_once();
        cross_once();
    }
    return 0;
}

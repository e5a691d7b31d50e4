/* The fuzzer of interleavings.  An input is a head, which sets the stage, and records of four
 * bytes: each is an operation of one of the threads, or a decision of the scheduler.
 *
 *   head        0: threads, asymmetric barrier, who is first   1: protection, level, reuse
 *               2: type, capacity   3: flags   4-7: the shared handles
 *   operation   kind (< 192), thread and handle, argument, unused
 *   decision    kind (>= 192): so many steps (two bytes) after the last one: what, and who is next
 *
 * All steps are in one order (scheduler.h): what weaker memory orders allow is not reached.
 *
 * Where nothing is decided the running thread goes on, and after it the next one that can: few
 * decisions make a whole execution, and the shortest way to a fault is also the shortest input. */
#include <string.h>

#include "harness.h"
#include "scene.h"

enum { HEAD = 8, RECORD = 4, DECISIONS = 64, FIRST_DECISION = 192 };

FUZZ_RECORDS(HEAD, RECORD)

typedef enum act { TURN, STOP, FAIL_ONCE } act;

typedef struct decision {
    uint64_t step;
    act act;
    unsigned next;
} decision;

typedef struct script {
    unsigned first;
    unsigned count;
    unsigned done;
    decision decisions[DECISIONS];
} script;

/* ---- decoding ------------------------------------------------------------------------------- */

static void read_head(const uint8_t *head, scene *what, script *how)
{
    static const hf_level levels[] = {HF_LEVEL_COUNTERS, HF_LEVEL_COUNTERS, HF_LEVEL_STACKS,
                                      HF_LEVEL_EVERYTHING};
    static const hf_reuse orders[] = {HF_REUSE_LIFO, HF_REUSE_FIFO, HF_REUSE_RANDOM};
    what->threads = 2 + head[0] % 3u;
    what->asymmetric = (head[0] & 16) == 0;
    how->first = (head[0] >> 5) % what->threads;
    what->protection = (hf_protection)(head[1] % 3u);
    what->level = levels[head[1] / 4 % 4u];
    what->reuse = orders[head[1] / 16 % 3u];
    what->kind = (fake_kind)(head[2] % (unsigned)FAKE_KINDS);
    what->capacity = head[2] >= 128 ? 1 + head[2] / 4 % 8u : SCENE_CAPACITY;
    what->mortal = true;
    what->ends_inside = (head[3] & 1) != 0;
    what->release_closes = (head[3] & 2) != 0;
    what->settled = (head[3] & 8) != 0;
    what->unblocks = (head[3] & 4) != 0;
    for (int i = 0; i < SCENE_HANDLES; i++)
        what->handles[i] = (uint8_t)(head[4 + i] % (unsigned)BEGINNINGS);
}

static void read_operation(const uint8_t *record, scene *what)
{
    unsigned thread = record[1] % what->threads;
    if (what->counts[thread] == SCENE_OPERATIONS)
        return;
    what->operations[thread][what->counts[thread]++] =
        (scene_operation){.kind = (uint8_t)(record[0] % (unsigned)SCENE_KINDS),
                          .handle = (uint8_t)(record[1] / 16 % (unsigned)SCENE_HANDLES),
                          .argument = record[2]};
}

static void read_decision(const uint8_t *record, const scene *what, script *how)
{
    static const act acts[] = {TURN, TURN, TURN, TURN, TURN, TURN, FAIL_ONCE, STOP};
    uint64_t before = how->count != 0 ? how->decisions[how->count - 1].step : 0;
    if (how->count == DECISIONS)
        return;
    how->decisions[how->count++] =
        (decision){.step = before + 1 + record[1] + (record[2] & 7u) * 256u,
                   .act = acts[record[0] % (sizeof acts / sizeof acts[0])],
                   .next = record[3] % what->threads};
}

static void read_input(const uint8_t *data, size_t size, scene *what, script *how)
{
    uint8_t head[HEAD] = {0};
    memset(what, 0, sizeof *what);
    memset(how, 0, sizeof *how);
    memcpy(head, data, size < HEAD ? size : HEAD);
    read_head(head, what, how);
    for (size_t at = HEAD; at + RECORD <= size; at += RECORD)
        if (data[at] >= FIRST_DECISION)
            read_decision(data + at, what, how);
        else
            read_operation(data + at, what);
}

/* ---- deciding ------------------------------------------------------------------------------- */

static bool is_due(const script *how, uint64_t step)
{
    return how->done < how->count && how->decisions[how->done].step <= step;
}

static unsigned next_ready(const schedule_moment *now, unsigned from)
{
    unsigned next = from % SCHEDULE_THREADS;
    while ((now->ready & 1u << next) == 0)
        next = (next + 1) % SCHEDULE_THREADS;
    return next;
}

static schedule_decision decide(void *decider, const schedule_moment *now)
{
    script *how = decider;
    if (now->step == 0)
        return (schedule_decision){.next = next_ready(now, how->first)};
    if (now->running == SCHEDULE_NOBODY)
        return (schedule_decision){.next = next_ready(now, now->last + 1)};
    if (!is_due(how, now->step) || how->decisions[how->done].act == FAIL_ONCE)
        return (schedule_decision){.next = now->running};
    const decision *due = &how->decisions[how->done++];
    bool can = ((now->ready | now->sleeping) & 1u << due->next) != 0;
    return (schedule_decision){.next = can ? due->next : now->running, .stops = due->act == STOP};
}

static bool fails(void *decider)
{
    script *how = decider;
    /* The step itself was counted before. */
    if (!is_due(how, schedule_steps()) || how->decisions[how->done].act != FAIL_ONCE)
        return false;
    how->done++;
    return true;
}

/* ---- playing -------------------------------------------------------------------------------- */

static uint64_t play(const uint8_t *data, size_t size)
{
    static scene what;
    static script how;
    read_input(data, size, &what, &how);
    schedule_plan plan = {.decide = decide, .fails = fails, .decider = &how};
    scene_play(&what, &plan);
    return schedule_trace();
}

/* The same input is the same execution.  Asked of the first inputs, and now and then: in a replay
 * of one input, always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t played;
    uint64_t first = play(data, size);
    if (played++ % 64 == 0) {
        uint64_t steps = schedule_steps();
        if (play(data, size) != first)
            schedule_fail("the same input gave another execution: %llu and %llu steps",
                          (unsigned long long)steps, (unsigned long long)schedule_steps());
    }
    return 0;
}

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

/* ---- fuzzing an interface of one's own ------------------------------------------------------
 *
 * Describe what its handles are and what can be done with them; the kit makes sequences of it:
 *
 *     static hf_fuzz_answer gz_open(hf_fuzz_call *call)
 *     {
 *         return hf_fuzz_made_pointer(call, gzopen("input.gz", "rb"));    // NULL: it failed
 *     }
 *     static hf_fuzz_answer gz_read(hf_fuzz_call *call)
 *     {
 *         char buffer[256];
 *         gzFile file = (gzFile)hf_fuzz_pointer(call, 0);
 *         int got = gzread(file, buffer, call->number % 256);
 *         return got >= 0 ? HF_FUZZ_DONE : HF_FUZZ_FAILED;
 *     }
 *     static hf_fuzz_answer gz_close(hf_fuzz_call *call)
 *     {
 *         int status = gzclose((gzFile)hf_fuzz_pointer(call, 0));
 *         return status == Z_STREAM_ERROR ? HF_FUZZ_REFUSED : HF_FUZZ_DONE;
 *     }
 *     static const hf_fuzz_kind kinds[] = {{.name = "gz", .c_type = "gzFile"}};
 *     static const hf_fuzz_operation operations[] = {
 *         {"gzopen", gz_open, .makes = "gz", .code = "$0 = gzopen(\"input.gz\", \"rb\")"},
 *         {"gzread", gz_read, .takes = {"gz"}, .code = "gzread($1, buffer, $a % 256)"},
 *         {"gzclose", gz_close, .takes = {"gz"}, .flags = HF_FUZZ_CLOSES, .code = "gzclose($1)"},
 *     };
 *     static const hf_fuzz_target gz = {
 *         "zlib", kinds, HF_FUZZ_COUNT(kinds), operations, HF_FUZZ_COUNT(operations),
 *         .code_head = "#include <zlib.h>\nstatic char buffer[256];"
 *     };
 *     HF_FUZZ_TARGET(gz)
 *
 *     clang -g -fsanitize=fuzzer,address gz_fuzz.c -lholdfast -lz -lpthread && ./a.out
 *     cc -DHF_FUZZ_STANDALONE -g gz_fuzz.c -lholdfast -lz -lpthread && ./a.out crash-...
 *
 * A handle is whatever your interface hands out: a pointer, a number, an hf_handle; the kit keeps
 * it as 64 bits, its *value*.  It knows each handle that was made, by which operation, and which
 * one closed it, and looks for:
 *
 *     stale-accepted   an operation did something with a closed handle
 *     live-refused     an operation refused live ones
 *     duplicate-owner  a value was made while a live handle of its namespace has it
 *     parent-closed    a handle was closed although a child holds it
 *     broken           the operation itself found something wrong
 *     reported         Holdfast reported something although all handles were live
 *     not-reported     ... reported nothing although one was not (HF_FUZZ_ON_HOLDFAST)
 *     time-out         an operation did not return
 *     crash            a signal, or a report of AddressSanitizer, while an operation ran
 *     garbage          an operation answered what none may, or called the kit
 *
 * For each of them it prints the operations so far, the last one being the culprit, and as C, for
 * those that have a template; then one SUMMARY line; and ends the process by abort(), which
 * libFuzzer and AFL++ record.  After a crash only the operations are printed; whoever watches for
 * it, the sanitizer, the engine or the system, goes on as without the kit.
 *
 *     Holdfast fuzz kit: stale-accepted: #3 gzread did something with gz#1, which #2 closed
 *       #1 gzopen() -> gz#1              (a handle has the number of the operation that made it)
 *       #2 gzclose(gz#1) -> done
 *       #3 gzread(gz#1 [closed by #2], 12) -> done
 *
 * Environment: HOLDFAST_FUZZ=print=1:code=1 prints the operations, and the C code, of every input
 * that is played, each operation before it runs, so that what ends the process in another way can
 * be replayed as well; timeout_ms=N is instead of the target's, 0 for none; help=1 lists the keys.
 *
 * The kit sets the report hook, and chains handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT
 * before those that are there when the first input is played.
 *
 * Nothing depends on the time, on addresses or on what was played before: an input is played in the
 * same way each time.  What is bounded: HF_FUZZ_OPERATIONS operations of an input are played, at
 * most HF_FUZZ_LIVE handles are live and HF_FUZZ_DEAD closed ones offered. */
enum {
    HF_FUZZ_TAKES = 3,         /* handles that an operation may take */
    HF_FUZZ_OPERATIONS = 4096, /* of an input, those that the kit adds included */
    HF_FUZZ_LIVE = 256,
    HF_FUZZ_DEAD = 64,
    HF_FUZZ_KINDS = 16,
    HF_FUZZ_THREADS = 8,
    HF_FUZZ_HEAD = 4,      /* hf_fuzz_shape of the kit's inputs */
    HF_FUZZ_RECORD = 16,   /* an operation, three handles, a thread, and */
    HF_FUZZ_ARGUMENT = 11, /* bytes that are the operation's own */
    HF_FUZZ_MESSAGE = 256
};

/* What an operation answers. */
typedef enum hf_fuzz_answer {
    HF_FUZZ_DONE = 0, /* it did what it is for.  An operation that makes has made a handle; the
                         first handle of one that closes is dead */
    HF_FUZZ_REFUSED,  /* it would not have a handle that it was given; nothing changed */
    HF_FUZZ_FAILED,   /* it did not do it for another reason that it may have; nothing changed */
    HF_FUZZ_BROKEN    /* it saw something that must not be: see hf_fuzz_broken */
} hf_fuzz_answer;

/* hf_fuzz_kind.flags */
#define HF_FUZZ_RECYCLED                                                     \
    1u /* the value of a closed handle may be made again, as a descriptor's: \
          while it is live anew, the closed handle is not used */
#define HF_FUZZ_SHARED                                                                  \
    2u /* the same value may be made while it is live, and be closed as often (dlopen); \
          implies HF_FUZZ_RECYCLED */

/* A kind of handle. */
typedef struct hf_fuzz_kind {
    const char *name;       /* "gz": a part of a C identifier */
    const char *c_type;     /* for the C code: "gzFile", "int"; NULL: "void *" */
    const char *name_space; /* kinds with the same text share one: no value is in it twice.  NULL:
                               one of its own */
    uint32_t flags;         /* HF_FUZZ_RECYCLED, HF_FUZZ_SHARED */
} hf_fuzz_kind;

/* hf_fuzz_operation.flags */
#define HF_FUZZ_CLOSES 1u /* when done, the first handle is dead */
#define HF_FUZZ_TAKES_STALE                                                                    \
    2u /* may be called with closed handles, and must refuse them or fail.  Leave it out where \
          that is undefined behaviour: it is not done then */
/* What it makes is a child of its first handle; one of: */
#define HF_FUZZ_CHILD_DIES  4u /* it is dead once its parent is closed */
#define HF_FUZZ_CHILD_HOLDS 8u /* closing the parent is refused while it lives */
#define HF_FUZZ_CHILD_FIRST \
    16u /* closing the parent while it lives is undefined behaviour: it is not done */

typedef struct hf_fuzz_call hf_fuzz_call;

/* Something that can be done with the interface. */
typedef struct hf_fuzz_operation {
    const char *name; /* "gzread" */
    hf_fuzz_answer (*call)(hf_fuzz_call *call);
    const char *makes;                /* the name of a kind, or NULL */
    const char *takes[HF_FUZZ_TAKES]; /* names of kinds; those that are NULL are last */
    uint32_t flags;                   /* HF_FUZZ_CLOSES and so on */
    /* The same in C, for reproducers: statements without the last semicolon, or NULL.  $0 is the
     * handle that is made, $1 to $3 those that are taken, $a the number ("18446744073709551615u"),
     * $b the bytes as a string literal, $$ a dollar. */
    const char *code;
} hf_fuzz_operation;

/* One call of an operation.  The kit fills it in; valid until the operation returns. */
struct hf_fuzz_call {
    void *context;                   /* what set_up answered */
    uint64_t handles[HF_FUZZ_TAKES]; /* values; see also hf_fuzz_pointer and its like */
    bool stale[HF_FUZZ_TAKES];       /* the handle was closed: only with HF_FUZZ_TAKES_STALE */
    uint64_t made;                   /* to be set by an operation that makes, when done */
    uint64_t number;                 /* of the input: the first eight bytes */
    uint8_t bytes[HF_FUZZ_ARGUMENT]; /* of the input */
    uint32_t thread;                 /* 0, or 1 to hf_fuzz_target.threads */
    uint32_t index;                  /* the number of this operation in what is printed */
    const hf_fuzz_operation *operation;
    char message[HF_FUZZ_MESSAGE]; /* with HF_FUZZ_BROKEN: what is wrong */
};

/* What set_up is told. */
typedef struct hf_fuzz_scene {
    hf_reuse reuse; /* the reuse order that the input asks for: give it to hf_table_create */
    uint64_t seed;  /* not 0: for hf_table_options.seed */
    void *data;     /* the target's */
} hf_fuzz_scene;

/* hf_fuzz_target.flags */
#define HF_FUZZ_ON_HOLDFAST                                                                       \
    1u /* the interface stands on Holdfast: what it refuses because it is stale must be reported. \
          Has every finding reported (print_all), and the kinds of stale handles */
#define HF_FUZZ_LEAVES_OPEN                                                                       \
    2u /* tear_down gets rid of what is open.  Else the kit closes it before, the youngest first, \
          by the first operation that closes such a handle, takes no other and makes none */

/* An interface that is to be fuzzed.  Constant, with static storage. */
typedef struct hf_fuzz_target {
    const char *name;
    const hf_fuzz_kind *kinds;
    size_t kind_count; /* at most HF_FUZZ_KINDS */
    const hf_fuzz_operation *operations;
    size_t operation_count; /* at most 256 */
    /* Called before and after each input; either may be NULL.  What set_up answers is the
     * operations' context; where it fails, it calls abort. */
    void *(*set_up)(const hf_fuzz_scene *scene);
    void (*tear_down)(void *context);
    void *data;          /* yours: handed to set_up */
    uint32_t threads;    /* workers that operations are handed to, one at a time, as the input says;
                            at most HF_FUZZ_THREADS; 0: all run on the thread that plays */
    uint32_t timeout_ms; /* for one operation; 0: 2000.  A fourth later at the latest it is told */
    uint32_t flags;      /* HF_FUZZ_ON_HOLDFAST and so on */
    const char *code_head;  /* C code before main (includes), or NULL */
    const char *code_begin; /* ... at its begin */
    const char *code_end;   /* ... before its end */
} hf_fuzz_target;

#define HF_FUZZ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The value of a handle that an operation was given, as what it is.  `which` is 0 for the first. */
void *hf_fuzz_pointer(const hf_fuzz_call *call, unsigned which);
int hf_fuzz_int(const hf_fuzz_call *call, unsigned which);
hf_handle hf_fuzz_handle(const hf_fuzz_call *call, unsigned which);

/* What an operation that makes ends with: sets `made` and answers DONE, or FAILED for NULL, for a
 * number below 0, for the null handle. */
hf_fuzz_answer hf_fuzz_made_pointer(hf_fuzz_call *call, const void *made);
hf_fuzz_answer hf_fuzz_made_int(hf_fuzz_call *call, int made);
hf_fuzz_answer hf_fuzz_made_handle(hf_fuzz_call *call, hf_handle made);

/* The answer for a status of Holdfast's: DONE for HF_OK; REFUSED for NULL_HANDLE, FOREIGN_HANDLE,
 * FORGED_HANDLE, STALE_HANDLE, WRONG_TYPE and CLOSING; FAILED for others. */
hf_fuzz_answer hf_fuzz_status(hf_status status);

/* Answers HF_FUZZ_BROKEN, with what is wrong in call->message. */
HF_PRINTF(2, 3) hf_fuzz_answer hf_fuzz_broken(hf_fuzz_call *call, const char *format, ...);

/* Plays an input.  The first four bytes set the stage: the order of reuse (below), hf_reuse, how
 * often closed handles are used, and a number; an input without them is played as if they were 0.
 * An operation for which there is no handle is replaced by one that makes such a handle.
 * The order of reuse is one of:
 *   as given;
 *   immediate: each close is followed at once by an operation that makes the same kind, and by a
 *       use of the closed handle;
 *   delayed: closes pile up, then as many are made, and so on;
 *   across: as immediate, but what is made is another kind of the same namespace.
 * A target that makes no sense is told about, once, with the operation's name, and aborts.
 * Always 0.  One thread at a time. */
int hf_fuzz_play(const hf_fuzz_target *target, const uint8_t *data, size_t size);

/* The shape of the kit's inputs, for hf_fuzz_mutate and hf_fuzz_cross. */
#define HF_FUZZ_SHAPE_INIT           \
    {                                \
        HF_FUZZ_HEAD, HF_FUZZ_RECORD \
    }

#ifdef HF_FUZZ_STANDALONE
#define HF_FUZZ_MAIN_                                              \
    int main(int argc, char **argv)                                \
    {                                                              \
        return hf_fuzz_replay(argc, argv, LLVMFuzzerTestOneInput); \
    }
#else
#define HF_FUZZ_MAIN_
#endif

/* Defines what fuzzing engines call, for a target; and, where HF_FUZZ_STANDALONE was defined before
 * this header was included, a main function that replays inputs.  At file scope, once in a
 * program. */
#define HF_FUZZ_TARGET(target)                                                                    \
    static const hf_fuzz_shape hf_fuzz_shape_ = HF_FUZZ_SHAPE_INIT;                               \
    HF_BEGIN_DECLS                                                                                \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                                 \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);   \
    size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,     \
                                     size_t two_size, uint8_t *out, size_t out_size,              \
                                     unsigned seed);                                              \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                  \
    {                                                                                             \
        return hf_fuzz_play(&(target), data, size);                                               \
    }                                                                                             \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)    \
    {                                                                                             \
        return hf_fuzz_mutate(&hf_fuzz_shape_, data, size, max_size, seed);                       \
    }                                                                                             \
    size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,     \
                                     size_t two_size, uint8_t *out, size_t out_size,              \
                                     unsigned seed)                                               \
    {                                                                                             \
        return hf_fuzz_cross(&hf_fuzz_shape_, one, one_size, two, two_size, out, out_size, seed); \
    }                                                                                             \
    HF_END_DECLS                                                                                  \
    HF_FUZZ_MAIN_

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

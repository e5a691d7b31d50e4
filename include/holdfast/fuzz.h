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
 * an engine is linked).  Answers the new size, at most `max_size`; that may be less than `size`,
 * which is how libFuzzer makes a crash smaller. */
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
 *     #define HF_FUZZ_IMPLEMENTATION
 *     #include <holdfast/fuzz.h>
 *     #include <zlib.h>
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
 *         {.name = "gzopen", .call = gz_open, .makes = "gz",
 *          .code = "$0 = gzopen(\"input.gz\", \"rb\")"},
 *         {.name = "gzread", .call = gz_read, .takes = {"gz"},
 *          .code = "gzread($1, buffer, $a % 256)"},
 *         {.name = "gzclose", .call = gz_close, .takes = {"gz"}, .flags = HF_FUZZ_CLOSES,
 *          .code = "gzclose($1)"},
 *     };
 *     static const hf_fuzz_target gz = {
 *         .name = "zlib",
 *         .kinds = kinds, .kind_count = HF_FUZZ_COUNT(kinds),
 *         .operations = operations, .operation_count = HF_FUZZ_COUNT(operations),
 *         .code_head = "#include <zlib.h>\nstatic char buffer[256];"
 *     };
 *     HF_FUZZ_TARGET(gz)
 *
 *     gzip < /etc/passwd > input.gz
 *     clang -g -fsanitize=fuzzer,address gz_fuzz.c -lholdfast -lz -lpthread && ./a.out
 *     cc -DHF_FUZZ_STANDALONE -g gz_fuzz.c -lholdfast -lz -lpthread && ./a.out crash-...
 *
 * In C++17, which has no designators, the members stand in their order:
 *
 *     const hf_fuzz_operation operations[] = {
 *         {"gzopen", gz_open, "gz", {}, 0, "$0 = gzopen(\"input.gz\", \"rb\")"},
 *         {"gzclose", gz_close, nullptr, {"gz"}, HF_FUZZ_CLOSES, "gzclose($1)"},
 *     };
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
 * libFuzzer and AFL++ record.  Other sanitizers than AddressSanitizer, and _exit, end the process
 * unseen by the kit.  After a crash only the operations are printed; whoever watches for
 * it, the sanitizer, the engine or the system, goes on as without the kit.
 *
 *     Holdfast fuzz kit: stale-accepted: #3 gzread did something with gz#1, which #2 closed
 *       #1 gzopen() -> gz#1              (a handle has the number of the operation that made it)
 *       #2 gzclose(gz#1) -> done
 *       #3 gzread(gz#1 [closed by #2], 12) -> done
 *
 * Environment: HOLDFAST_FUZZ_OPTIONS=print=1:code=1 prints the operations, and the C code, of every
 * input that is played, each operation before it runs, so that what ends the process in another way
 * can be replayed as well; timeout_ms=N is instead of the target's, 0 for none; help=1 lists the
 * keys.
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
    uint64_t number;                 /* of the input: the first 1, 2, 4 or 8 of these bytes */
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
 *   across: as immediate, but what is made is another kind of the same namespace;
 *   worn: as immediate, but what is made is closed and made again until that was done 2 to 256
 *       times, a power of two, which is where a count of lives that is too narrow wraps.
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

/* What fuzzing engines call; the following define them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,
                                 size_t two_size, uint8_t *out, size_t out_size, unsigned seed);

/* Defines the mutators, for inputs of an hf_fuzz_shape of that name: for those who play their
 * records themselves.  At file scope, once in a program. */
#define HF_FUZZ_MUTATORS(shape)                                                                \
    HF_BEGIN_DECLS                                                                             \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) \
    {                                                                                          \
        return hf_fuzz_mutate(&(shape), data, size, max_size, seed);                           \
    }                                                                                          \
    size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,  \
                                     size_t two_size, uint8_t *out, size_t out_size,           \
                                     unsigned seed)                                            \
    {                                                                                          \
        return hf_fuzz_cross(&(shape), one, one_size, two, two_size, out, out_size, seed);     \
    }                                                                                          \
    HF_END_DECLS

/* Defines all three, for a target; and, where HF_FUZZ_STANDALONE was defined before this header was
 * included, a main function that replays inputs.  At file scope, once in a program. */
#define HF_FUZZ_TARGET(target)                                      \
    static const hf_fuzz_shape hf_fuzz_shape_ = HF_FUZZ_SHAPE_INIT; \
    HF_FUZZ_MUTATORS(hf_fuzz_shape_)                                \
    HF_BEGIN_DECLS                                                  \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)    \
    {                                                               \
        return hf_fuzz_play(&(target), data, size);                 \
    }                                                               \
    HF_END_DECLS                                                    \
    HF_FUZZ_MAIN_

HF_END_DECLS

#ifdef HF_FUZZ_IMPLEMENTATION

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef SA_ONSTACK
#error "HF_FUZZ_IMPLEMENTATION needs what POSIX adds to C: compile with -std=gnu11 or -D_GNU_SOURCE"
#endif

HF_BEGIN_DECLS

/* What an engine should learn of is the interface, not the kit's own branches. */
#if defined(__clang__) && __clang_major__ >= 13
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

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
        return size < max_size ? size : max_size;
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
    while (edit.count > edit.room)
        hf_fuzz_drop_some_(&edit);
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

/* ---- the kit: its state ---------------------------------------------------------------------
 *
 * One input is played at a time, and one operation of it runs at a time, on the thread that plays
 * or on a worker that it waits for.  So all of this belongs to the thread that plays, and is handed
 * to a worker and back under a lock; what other threads look at is said where it is. */
enum {
    HF_FUZZ_STEPS_ = HF_FUZZ_OPERATIONS + HF_FUZZ_LIVE + 1, /* those that close in the end, too */
    HF_FUZZ_TABLE_ = 1024,                                  /* slots of the kit's table */
    HF_FUZZ_LABELS_ = 2 * HF_FUZZ_TABLE_, /* a label is rewritten long after its slot is */
    HF_FUZZ_LABEL_ = 96,
    HF_FUZZ_RUNNING_ = INT32_MIN, /* a step without an answer yet */
    HF_FUZZ_STACK_ = 32768        /* for signal handlers */
};

/* What `made` is before an operation sets it. */
#define HF_FUZZ_NOTHING_ UINT64_C(0xbad0bad0bad0bad1)

/* The orders of reuse: see hf_fuzz_play. */
enum {
    HF_FUZZ_AS_GIVEN_,
    HF_FUZZ_IMMEDIATE_,
    HF_FUZZ_DELAYED_,
    HF_FUZZ_ACROSS_,
    HF_FUZZ_WORN_,
    HF_FUZZ_ORDERS_
};

/* A handle.  Its name is the number of the step that made it. */
typedef struct hf_fuzz_object_ {
    uint64_t value;
    uint32_t closed_by; /* the step; 0: live */
    uint32_t parent;    /* an object; 0: none */
    uint32_t child;     /* which HF_FUZZ_CHILD_ flag it was made with */
    uint32_t last;      /* the step that used it last */
    uint8_t kind;
    hf_handle known; /* in the kit's table, or null */
    char *label;     /* of that */
} hf_fuzz_object_;

/* An operation that was called. */
typedef struct hf_fuzz_step_ {
    const hf_fuzz_operation *operation;
    uint32_t taken[HF_FUZZ_TAKES]; /* objects; 0: none */
    bool stale;                    /* one of them, at least, was closed before */
    uint8_t thread;
    uint8_t bytes[HF_FUZZ_ARGUMENT];
    uint64_t number;
    int answer;
} hf_fuzz_step_;

typedef struct hf_fuzz_state_ {
    /* The target, with kinds as numbers from 1; 0: none. */
    const hf_fuzz_target *target;
    uint8_t makes[256];
    uint8_t takes[256][HF_FUZZ_TAKES];
    uint8_t spaces[HF_FUZZ_KINDS + 1];

    /* For the whole process. */
    bool ready;
    bool print; /* HOLDFAST_FUZZ_OPTIONS */
    bool code;
    int64_t wanted_ms;  /* the time-out that the environment wants; -1: none */
    int64_t timeout_ms; /* the one that there is */
    pid_t process;
    hf_table *table; /* every handle that was made, for histories; NULL: there is no room */
    hf_namespace name_spaces[HF_FUZZ_KINDS + 1];
    hf_type types[HF_FUZZ_KINDS + 1];
    char labels[HF_FUZZ_LABELS_][HF_FUZZ_LABEL_];
    uint32_t next_label;

    /* The input that is played. */
    bool playing;
    uint8_t order;
    uint8_t stale_rate; /* of four choices */
    uint8_t pile;       /* delayed: so many */
    uint32_t wear;      /* worn: so many */
    uint8_t piled;
    bool closing; /* delayed: it is closes' turn */
    void *context;
    const char *stage;   /* "set_up", ...; NULL: operations */
    uint32_t step_count; /* the last step's number */
    uint32_t current;    /* the step that runs; 0: none */
    hf_fuzz_step_ steps[HF_FUZZ_STEPS_];
    hf_fuzz_object_ objects[HF_FUZZ_STEPS_];
    uint32_t live[HF_FUZZ_LIVE]; /* the oldest first */
    uint32_t live_count;
    uint32_t dead[HF_FUZZ_DEAD];
    uint32_t dead_count;
    hf_fuzz_call call;

    /* Reports during a step, by whatever thread. */
    pthread_mutex_t report_lock;
    uint32_t reports;
    char report[HF_FUZZ_MESSAGE]; /* the first one */

    /* Workers wait for their number to be handed; it is taken back when they are done. */
    pthread_mutex_t lock;
    pthread_cond_t turned;
    uint32_t handed;
    uint32_t workers; /* how many there are */

    /* What the watchdog looks at: counts the steps, and is 0 between them. */
    uint64_t turn;
    uint64_t turns;
    uint64_t seen_turn; /* the watchdog's own */
    uint32_t seen_ticks;
    hf_timer_queue *queue;
    hf_timer timer;

    bool told; /* a finding is told, or was: there is no second one */
    struct sigaction before[NSIG];
} hf_fuzz_state_;

static hf_fuzz_state_ hf_fuzz_;

static const char *hf_fuzz_kind_name_(uint8_t kind)
{
    return hf_fuzz_.target->kinds[kind - 1].name;
}

static uint32_t hf_fuzz_index_(const hf_fuzz_operation *operation)
{
    return (uint32_t)(operation - hf_fuzz_.target->operations);
}

/* ---- output ---------------------------------------------------------------------------------
 *
 * Straight to standard error, without allocating: a crash handler prints with it. */
static char hf_fuzz_output_[4096];
static size_t hf_fuzz_output_used_;

static void hf_fuzz_flush_(void)
{
    size_t done = 0;
    while (done < hf_fuzz_output_used_) {
        ssize_t wrote = write(2, hf_fuzz_output_ + done, hf_fuzz_output_used_ - done);
        if (wrote < 0 && errno != EINTR)
            break;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    hf_fuzz_output_used_ = 0;
}

static void hf_fuzz_put_(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (hf_fuzz_output_used_ == sizeof(hf_fuzz_output_))
            hf_fuzz_flush_();
        hf_fuzz_output_[hf_fuzz_output_used_++] = text[i];
    }
}

static void hf_fuzz_print_list_(const char *format, va_list arguments)
{
    char text[1024];
    int length = vsnprintf(text, sizeof(text), format, arguments);
    if (length > 0)
        hf_fuzz_put_(text, (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

HF_PRINTF(1, 2) static void hf_fuzz_print_(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hf_fuzz_print_list_(format, arguments);
    va_end(arguments);
}

/* ---- operations as text ---------------------------------------------------------------------- */

/* Whether a template uses something ("$a"). */
static bool hf_fuzz_uses_(const char *code, char what)
{
    for (const char *at = code; at != NULL && *at != '\0'; at++) {
        if (*at != '$')
            continue;
        if (*++at == what)
            return true;
        if (*at == '\0')
            break;
    }
    return false;
}

static void hf_fuzz_print_bytes_(const hf_fuzz_step_ *step)
{
    hf_fuzz_print_("\"");
    for (size_t i = 0; i < HF_FUZZ_ARGUMENT; i++)
        hf_fuzz_print_("\\%03o", step->bytes[i]);
    hf_fuzz_print_("\"");
}

/* "#7 gzread(gz#3 [closed by #5], 12) on thread 1" */
static void hf_fuzz_print_call_(uint32_t number)
{
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    const char *code = step->operation->code;
    const char *between = "";
    hf_fuzz_print_("#%u %s(", number, step->operation->name);
    for (unsigned i = 0; i < HF_FUZZ_TAKES && step->taken[i] != 0; i++) {
        const hf_fuzz_object_ *object = &hf_fuzz_.objects[step->taken[i]];
        hf_fuzz_print_("%s%s#%u", between, hf_fuzz_kind_name_(object->kind), step->taken[i]);
        if (object->closed_by != 0 && object->closed_by < number)
            hf_fuzz_print_(" [closed by #%u]", object->closed_by);
        between = ", ";
    }
    if (code == NULL || hf_fuzz_uses_(code, 'a')) {
        hf_fuzz_print_("%s%llu", between, (unsigned long long)step->number);
        between = ", ";
    }
    if (hf_fuzz_uses_(code, 'b')) {
        hf_fuzz_print_("%s", between);
        hf_fuzz_print_bytes_(step);
    }
    hf_fuzz_print_(")");
    if (step->thread != 0)
        hf_fuzz_print_(" on thread %u", step->thread);
}

static void hf_fuzz_print_answer_(uint32_t number)
{
    static const char *const names[] = {"done", "refused", "failed", "broken"};
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    uint8_t makes = hf_fuzz_.makes[hf_fuzz_index_(step->operation)];
    if (step->answer == HF_FUZZ_RUNNING_)
        hf_fuzz_print_(" <- here");
    else if (step->answer == HF_FUZZ_DONE && makes != 0)
        hf_fuzz_print_(" -> %s#%u", hf_fuzz_kind_name_(makes), number);
    else if (step->answer >= HF_FUZZ_DONE && step->answer <= HF_FUZZ_BROKEN)
        hf_fuzz_print_(" -> %s", names[step->answer]);
    else
        hf_fuzz_print_(" -> %d", step->answer);
}

static void hf_fuzz_print_steps_(void)
{
    for (uint32_t number = 1; number <= hf_fuzz_.step_count; number++) {
        hf_fuzz_print_("  ");
        hf_fuzz_print_call_(number);
        hf_fuzz_print_answer_(number);
        hf_fuzz_print_("\n");
    }
}

/* ---- operations as C ------------------------------------------------------------------------- */

/* "gz3" */
static void hf_fuzz_print_variable_(uint8_t kind, uint32_t object)
{
    hf_fuzz_print_("%s%u", hf_fuzz_kind_name_(kind), object);
}

static void hf_fuzz_print_code_part_(char what, uint32_t number)
{
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    if (what == '0') {
        hf_fuzz_print_variable_(hf_fuzz_.makes[hf_fuzz_index_(step->operation)], number);
    } else if (what >= '1' && what <= '3') {
        uint32_t object = step->taken[what - '1'];
        hf_fuzz_print_variable_(hf_fuzz_.objects[object].kind, object);
    } else if (what == 'a') {
        hf_fuzz_print_("%lluu", (unsigned long long)step->number);
    } else if (what == 'b') {
        hf_fuzz_print_bytes_(step);
    } else {
        hf_fuzz_print_("$");
    }
}

/* The statements of a step; before them what it makes is declared. */
static void hf_fuzz_print_code_(uint32_t number)
{
    const hf_fuzz_operation *operation = hf_fuzz_.steps[number].operation;
    uint8_t makes = hf_fuzz_.makes[hf_fuzz_index_(operation)];
    if (makes != 0) {
        const char *type = hf_fuzz_.target->kinds[makes - 1].c_type;
        type = type != NULL && *type != '\0' ? type : "void *";
        hf_fuzz_print_(type[strlen(type) - 1] == '*' ? "    %s" : "    %s ", type);
        hf_fuzz_print_variable_(makes, number);
        hf_fuzz_print_(" = {0};\n");
    }
    hf_fuzz_print_("    ");
    for (const char *at = operation->code; at != NULL && *at != '\0'; at++) {
        if (*at == '$')
            hf_fuzz_print_code_part_(*++at, number);
        else
            hf_fuzz_put_(at, 1);
    }
    hf_fuzz_print_(operation->code != NULL ? "; // " : "// not given in C: ");
    hf_fuzz_print_call_(number);
}

static void hf_fuzz_print_code_text_(const char *text)
{
    if (text != NULL) {
        hf_fuzz_put_(text, strlen(text));
        hf_fuzz_print_("\n");
    }
}

static void hf_fuzz_print_code_begin_(void)
{
    hf_fuzz_print_("// %s, played by Holdfast's fuzzing kit\n", hf_fuzz_.target->name);
    hf_fuzz_print_code_text_(hf_fuzz_.target->code_head);
    hf_fuzz_print_("int main(void)\n{\n");
    hf_fuzz_print_code_text_(hf_fuzz_.target->code_begin);
}

static void hf_fuzz_print_code_end_(void)
{
    hf_fuzz_print_code_text_(hf_fuzz_.target->code_end);
    hf_fuzz_print_("    return 0;\n}\n");
}

/* All steps, unless no operation is given in C. */
static void hf_fuzz_print_program_(void)
{
    bool given = false;
    for (uint32_t number = 1; number <= hf_fuzz_.step_count; number++)
        given = given || hf_fuzz_.steps[number].operation->code != NULL;
    if (!given)
        return;
    hf_fuzz_print_("The same in C:\n");
    hf_fuzz_print_code_begin_();
    for (uint32_t number = 1; number <= hf_fuzz_.step_count; number++) {
        hf_fuzz_print_code_(number);
        hf_fuzz_print_answer_(number);
        hf_fuzz_print_("\n");
    }
    hf_fuzz_print_code_end_();
}

/* With HOLDFAST_FUZZ_OPTIONS: what is about to be called, and, of a list, what it answered.  C code
 * alone is printed in whole lines, so that it compiles. */
static void hf_fuzz_announce_(uint32_t number)
{
    if (hf_fuzz_.code) {
        hf_fuzz_print_code_(number);
        hf_fuzz_print_("\n");
    } else if (hf_fuzz_.print) {
        hf_fuzz_print_("  ");
        hf_fuzz_print_call_(number);
    }
    hf_fuzz_flush_();
}

static void hf_fuzz_announce_answer_(uint32_t number)
{
    if (!hf_fuzz_.print)
        return;
    if (hf_fuzz_.code) {
        hf_fuzz_print_("    // ");
        hf_fuzz_print_("#%u", number);
    }
    hf_fuzz_print_answer_(number);
    hf_fuzz_print_("\n");
    hf_fuzz_flush_();
}

/* ---- findings ------------------------------------------------------------------------------- */

/* The name of what runs: an operation's, or "set_up" and its like. */
static const char *hf_fuzz_running_(void)
{
    if (hf_fuzz_.current != 0)
        return hf_fuzz_.steps[hf_fuzz_.current].operation->name;
    return hf_fuzz_.stage != NULL ? hf_fuzz_.stage : "the kit";
}

/* Begins to tell.  False: somebody tells already. */
static bool hf_fuzz_tell_begin_(const char *finding)
{
    if (__atomic_exchange_n(&hf_fuzz_.told, true, __ATOMIC_RELAXED))
        return false;
    hf_fuzz_flush_();
    hf_fuzz_print_("\nHoldfast fuzz kit: %s: ", finding);
    if (hf_fuzz_.current != 0)
        hf_fuzz_print_("#%u ", hf_fuzz_.current);
    hf_fuzz_print_("%s ", hf_fuzz_running_());
    return true;
}

static void hf_fuzz_tell_steps_(void)
{
    hf_fuzz_print_("\n");
    hf_fuzz_print_steps_();
    hf_fuzz_print_program_();
}

/* Tells of a finding, in words that follow the operation's name, and ends the process. */
__attribute__((noreturn))
HF_PRINTF(2, 3) static void hf_fuzz_tell_(const char *finding, const char *format, ...)
{
    va_list arguments;
    while (!hf_fuzz_tell_begin_(finding))
        pause(); /* until whoever tells ends the process */
    va_start(arguments, format);
    hf_fuzz_print_list_(format, arguments);
    va_end(arguments);
    hf_fuzz_tell_steps_();
    hf_fuzz_print_("SUMMARY: Holdfast: %s %s in %s\n", finding, hf_fuzz_.target->name,
                   hf_fuzz_running_());
    hf_fuzz_flush_();
    abort();
}

/* Tells what the process is about to end with anyway. */
static void hf_fuzz_tell_end_(const char *finding, const char *how)
{
    if (!hf_fuzz_.playing || !hf_fuzz_tell_begin_(finding))
        return;
    hf_fuzz_print_("%s", how);
    hf_fuzz_tell_steps_();
    hf_fuzz_flush_();
}

/* ---- crashes, and the end of the process ----------------------------------------------------- */

/* AddressSanitizer's, not there in a program without it.  The callback takes the place of the
 * library's. */
void __asan_set_error_report_callback(void (*callback)(const char *text)) __attribute__((weak));

static void hf_fuzz_on_asan_(const char *text)
{
    hf_describe_sanitizer_report(text);
    hf_fuzz_tell_end_("crash", "was found out by AddressSanitizer (above)");
}

static void hf_fuzz_on_exit_(void)
{
    bool told = __atomic_load_n(&hf_fuzz_.told, __ATOMIC_RELAXED); /* who tells may exit */
    if (hf_fuzz_.playing && !told && getpid() == hf_fuzz_.process)
        hf_fuzz_tell_("garbage", "ended the process: it called exit");
}

static const int hf_fuzz_signals_[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* Prints, puts back what was there before, and leaves the rest to that. */
static void hf_fuzz_on_signal_(int signal_number, siginfo_t *info, void *machine)
{
    static const char *const names[] = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"};
    const struct sigaction *before = &hf_fuzz_.before[signal_number];
    for (size_t i = 0; i < HF_FUZZ_COUNT(names); i++)
        if (hf_fuzz_signals_[i] == signal_number) {
            char how[32];
            snprintf(how, sizeof(how), "crashed: %s", names[i]);
            hf_fuzz_tell_end_("crash", how);
        }
    sigaction(signal_number, before, NULL);
    if ((before->sa_flags & SA_SIGINFO) != 0)
        before->sa_sigaction(signal_number, info, machine);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
        before->sa_handler(signal_number);
    else if (info->si_code <= 0)
        raise(signal_number); /* not made by an instruction that is tried again */
}

static void hf_fuzz_catch_signals_(void)
{
    for (size_t i = 0; i < HF_FUZZ_COUNT(hf_fuzz_signals_); i++) {
        struct sigaction action;
        memset(&action, 0, sizeof(action));
        action.sa_sigaction = hf_fuzz_on_signal_;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(hf_fuzz_signals_[i], &action, &hf_fuzz_.before[hf_fuzz_signals_[i]]);
    }
}

/* A stack to print on, when a thread's own one has run over. */
static void hf_fuzz_signal_stack_(uint32_t thread)
{
    static char stacks[HF_FUZZ_THREADS + 1][HF_FUZZ_STACK_];
    stack_t stack;
    if (sigaltstack(NULL, &stack) != 0 || (stack.ss_flags & SS_DISABLE) == 0)
        return;
    memset(&stack, 0, sizeof(stack));
    stack.ss_sp = stacks[thread];
    stack.ss_size = HF_FUZZ_STACK_;
    sigaltstack(&stack, NULL);
}

/* ---- the watchdog ---------------------------------------------------------------------------
 *
 * A timer ticks four times in the time that an operation may take.  Nothing is armed for an
 * operation: it stores its turn, and a turn that four ticks have seen has taken too long.  What is
 * told then was written before the turn was stored (release), which the tick reads (acquire). */
static void hf_fuzz_tick_(const hf_timer_event *event)
{
    uint64_t turn = __atomic_load_n(&hf_fuzz_.turn, __ATOMIC_ACQUIRE);
    (void)event;
    if (turn == 0 || turn != hf_fuzz_.seen_turn) {
        hf_fuzz_.seen_turn = turn;
        hf_fuzz_.seen_ticks = 0;
    } else if (++hf_fuzz_.seen_ticks >= 4) {
        hf_fuzz_tell_("time-out", "did not return in %lld ms", (long long)hf_fuzz_.timeout_ms);
    }
}

static void hf_fuzz_turn_begin_(void)
{
    __atomic_store_n(&hf_fuzz_.turn, ++hf_fuzz_.turns, __ATOMIC_RELEASE); /* to hf_fuzz_tick_ */
}

static void hf_fuzz_turn_end_(void)
{
    __atomic_store_n(&hf_fuzz_.turn, 0, __ATOMIC_RELAXED);
}

/* Says what the kit itself cannot go on without or with, and ends the process. */
__attribute__((noreturn)) HF_PRINTF(1, 2) static void hf_fuzz_reject_(const char *format, ...)
{
    va_list arguments;
    hf_fuzz_.told = true;
    hf_fuzz_print_("Holdfast fuzz kit: ");
    va_start(arguments, format);
    hf_fuzz_print_list_(format, arguments);
    va_end(arguments);
    hf_fuzz_print_("\n");
    hf_fuzz_flush_();
    abort();
}

static void hf_fuzz_watch_(void)
{
    hf_timer_queue_options threaded;
    hf_timer_options options;
    int64_t tick_us = hf_fuzz_.timeout_ms * 250;
    if (tick_us == 0)
        return;
    memset(&threaded, 0, sizeof(threaded));
    threaded.size = (uint32_t)sizeof(threaded);
    threaded.threaded = true;
    threaded.capacity_timers = 1;
    threaded.name = "fuzz kit";
    memset(&options, 0, sizeof(options));
    options.size = (uint32_t)sizeof(options);
    options.function = hf_fuzz_tick_;
    hf_status status = HF_OK;
    if (hf_fuzz_.queue == NULL)
        status = hf_timer_queue_create(&threaded, &hf_fuzz_.queue);
    if (status == HF_OK && hf_handle_is_null(hf_fuzz_.timer.handle))
        status = hf_timer_open(hf_fuzz_.queue, &options, &hf_fuzz_.timer);
    if (status == HF_OK)
        status = hf_timer_set(hf_fuzz_.queue, hf_fuzz_.timer, tick_us, tick_us);
    if (status != HF_OK)
        hf_fuzz_reject_("no timer for time-outs: %s", hf_status_text(status));
}

/* ---- calling, on this thread or on a worker ---------------------------------------------------
 */

static void hf_fuzz_call_(void)
{
    hf_fuzz_step_ *step = &hf_fuzz_.steps[hf_fuzz_.current];
    step->answer = (int)step->operation->call(&hf_fuzz_.call);
}

static void *hf_fuzz_worker_(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    hf_fuzz_signal_stack_(number);
    pthread_mutex_lock(&hf_fuzz_.lock);
    for (;;) {
        while (hf_fuzz_.handed != number)
            pthread_cond_wait(&hf_fuzz_.turned, &hf_fuzz_.lock);
        pthread_mutex_unlock(&hf_fuzz_.lock);
        hf_fuzz_call_();
        pthread_mutex_lock(&hf_fuzz_.lock);
        hf_fuzz_.handed = 0;
        pthread_cond_broadcast(&hf_fuzz_.turned);
    }
    return NULL;
}

/* Starts a worker, which takes no signals but those of its own crashes: an engine's alarm is for
 * the thread that plays. */
static void hf_fuzz_start_worker_(uint32_t number)
{
    pthread_t thread;
    sigset_t others;
    sigset_t before;
    sigfillset(&others);
    for (size_t i = 0; i < HF_FUZZ_COUNT(hf_fuzz_signals_); i++)
        sigdelset(&others, hf_fuzz_signals_[i]);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    int error = pthread_create(&thread, NULL, hf_fuzz_worker_, (void *)(uintptr_t)number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        hf_fuzz_reject_("no thread for a worker: %s", strerror(error));
    pthread_detach(thread);
}

/* Has the current step called by a worker, and waits for it. */
static void hf_fuzz_hand_over_(uint32_t thread)
{
    pthread_mutex_lock(&hf_fuzz_.lock);
    hf_fuzz_.handed = thread;
    pthread_cond_broadcast(&hf_fuzz_.turned);
    while (hf_fuzz_.handed != 0)
        pthread_cond_wait(&hf_fuzz_.turned, &hf_fuzz_.lock);
    pthread_mutex_unlock(&hf_fuzz_.lock);
}

/* Makes sure of the threads, of which a forked child has none. */
static void hf_fuzz_need_threads_(void)
{
    if (hf_fuzz_.process != getpid()) {
        hf_fuzz_.process = getpid();
        hf_fuzz_.workers = 0;
        pthread_mutex_init(&hf_fuzz_.lock, NULL);
        pthread_cond_init(&hf_fuzz_.turned, NULL);
        if (hf_fuzz_.queue != NULL)
            (void)hf_timer_armed(hf_fuzz_.queue); /* starts its thread anew */
    }
    while (hf_fuzz_.workers < hf_fuzz_.target->threads)
        hf_fuzz_start_worker_(++hf_fuzz_.workers);
}

/* ---- handles -------------------------------------------------------------------------------- */

static hf_outcome hf_fuzz_forget_(hf_value value, void *context, int32_t *error)
{
    (void)value;
    (void)context;
    (void)error;
    return HF_OUTCOME_RELEASED;
}

static const hf_fuzz_kind *hf_fuzz_kind_of_(const hf_fuzz_object_ *object)
{
    return &hf_fuzz_.target->kinds[object->kind - 1];
}

/* The live object that has this one's value, in its namespace; 0: none. */
static uint32_t hf_fuzz_owner_(const hf_fuzz_object_ *object)
{
    for (uint32_t i = 0; i < hf_fuzz_.live_count; i++) {
        const hf_fuzz_object_ *other = &hf_fuzz_.objects[hf_fuzz_.live[i]];
        if (other != object && other->value == object->value &&
            hf_fuzz_.spaces[other->kind] == hf_fuzz_.spaces[object->kind])
            return hf_fuzz_.live[i];
    }
    return 0;
}

/* A live child of this kind of children; 0: none. */
static uint32_t hf_fuzz_child_(uint32_t parent, uint32_t child)
{
    for (uint32_t i = 0; i < hf_fuzz_.live_count; i++) {
        const hf_fuzz_object_ *object = &hf_fuzz_.objects[hf_fuzz_.live[i]];
        if (object->parent == parent && (object->child & child) != 0)
            return hf_fuzz_.live[i];
    }
    return 0;
}

/* Puts a handle into the kit's table, with its history as the label; without room it has none. */
static void hf_fuzz_remember_(uint32_t number)
{
    hf_fuzz_object_ *object = &hf_fuzz_.objects[number];
    hf_open_options options;
    memset(&options, 0, sizeof(options));
    object->label = hf_fuzz_.labels[hf_fuzz_.next_label++ % HF_FUZZ_LABELS_];
    snprintf(object->label, HF_FUZZ_LABEL_, "made by #%u %s", number,
             hf_fuzz_.steps[number].operation->name);
    options.size = (uint32_t)sizeof(options);
    options.label = object->label;
    if (hf_open(hf_fuzz_.table, &hf_fuzz_.types[object->kind], (hf_value)object->value, &options,
                &object->known) != HF_OK)
        object->known.bits = 0;
}

static void hf_fuzz_add_(uint32_t number, uint8_t kind, uint64_t value)
{
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    hf_fuzz_object_ *object = &hf_fuzz_.objects[number];
    memset(object, 0, sizeof(*object));
    object->kind = kind;
    object->value = value;
    object->child =
        step->operation->flags & (HF_FUZZ_CHILD_DIES | HF_FUZZ_CHILD_HOLDS | HF_FUZZ_CHILD_FIRST);
    object->parent = object->child != 0 ? step->taken[0] : 0;
    object->last = number;
    uint32_t owner = hf_fuzz_owner_(object);
    if (owner != 0 && (hf_fuzz_kind_of_(object)->flags & HF_FUZZ_SHARED) == 0)
        hf_fuzz_tell_("duplicate-owner", "made the value 0x%llx, which the live %s#%u has",
                      (unsigned long long)value, hf_fuzz_kind_name_(hf_fuzz_.objects[owner].kind),
                      owner);
    hf_fuzz_.live[hf_fuzz_.live_count++] = number;
    hf_fuzz_remember_(number);
}

static void hf_fuzz_take_out_(uint32_t number)
{
    uint32_t at = 0;
    while (hf_fuzz_.live[at] != number)
        at++;
    hf_fuzz_.live_count--;
    memmove(&hf_fuzz_.live[at], &hf_fuzz_.live[at + 1],
            (hf_fuzz_.live_count - at) * sizeof(hf_fuzz_.live[0]));
}

static void hf_fuzz_bury_(uint32_t number)
{
    if (hf_fuzz_.dead_count == HF_FUZZ_DEAD) {
        hf_fuzz_.dead_count--;
        memmove(&hf_fuzz_.dead[0], &hf_fuzz_.dead[1],
                hf_fuzz_.dead_count * sizeof(hf_fuzz_.dead[0]));
    }
    hf_fuzz_.dead[hf_fuzz_.dead_count++] = number;
}

/* A handle is dead, by a step; and the children that die with it. */
static void hf_fuzz_kill_(uint32_t number, uint32_t by)
{
    hf_fuzz_object_ *object = &hf_fuzz_.objects[number];
    size_t length = strlen(object->label);
    object->closed_by = by;
    snprintf(object->label + length, HF_FUZZ_LABEL_ - length, ", closed by #%u %s", by,
             hf_fuzz_.steps[by].operation->name);
    if (object->known.bits != 0)
        (void)hf_close(hf_fuzz_.table, object->known, NULL);
    hf_fuzz_take_out_(number);
    hf_fuzz_bury_(number);
    for (uint32_t child; (child = hf_fuzz_child_(number, HF_FUZZ_CHILD_DIES)) != 0;)
        hf_fuzz_kill_(child, by);
}

/* The next input knows nothing of this one's handles. */
static void hf_fuzz_forget_all_(void)
{
    for (uint32_t i = 0; i < hf_fuzz_.live_count; i++) {
        hf_fuzz_object_ *object = &hf_fuzz_.objects[hf_fuzz_.live[i]];
        size_t length = strlen(object->label);
        snprintf(object->label + length, HF_FUZZ_LABEL_ - length, ", left open by its input");
        if (object->known.bits != 0)
            (void)hf_close(hf_fuzz_.table, object->known, NULL);
    }
    hf_fuzz_.live_count = 0;
    hf_fuzz_.dead_count = 0;
}

/* ---- judging what an operation did ------------------------------------------------------------
 */

/* Told by Holdfast of its findings.  Those of a step with a closed handle are what is wanted. */
static bool hf_fuzz_on_report_(const hf_report *report, void *context)
{
    (void)context;
    if (hf_fuzz_.current == 0)
        return false;
    pthread_mutex_lock(&hf_fuzz_.report_lock);
    if (hf_fuzz_.reports++ == 0)
        snprintf(hf_fuzz_.report, sizeof(hf_fuzz_.report), "%s (%s): %s", report->kind_name,
                 report->operation, report->message);
    bool wanted = hf_fuzz_.steps[hf_fuzz_.current].stale;
    pthread_mutex_unlock(&hf_fuzz_.report_lock);
    return wanted;
}

/* An operation made something if, and only if, it is one that makes and is done. */
static void hf_fuzz_judge_made_(uint32_t number, uint8_t makes)
{
    bool done = hf_fuzz_.steps[number].answer == HF_FUZZ_DONE;
    bool made = hf_fuzz_.call.made != HF_FUZZ_NOTHING_;
    if (makes == 0 && made)
        hf_fuzz_tell_("garbage", "set `made`, but is described as making nothing");
    if (makes != 0 && done && !made)
        hf_fuzz_tell_("garbage", "answered that it is done, but did not set `made`");
    if (makes != 0 && !done && made)
        hf_fuzz_tell_("garbage", "set `made`, but did not answer that it is done");
}

/* "gz#1, which #2 closed": the first closed handle of a step. */
static uint32_t hf_fuzz_first_stale_(const hf_fuzz_step_ *step)
{
    unsigned i = 0;
    while (hf_fuzz_.objects[step->taken[i]].closed_by == 0)
        i++;
    return step->taken[i];
}

static void hf_fuzz_judge_stale_(const hf_fuzz_step_ *step)
{
    uint32_t stale = hf_fuzz_first_stale_(step);
    const hf_fuzz_object_ *object = &hf_fuzz_.objects[stale];
    const char *kind = hf_fuzz_kind_name_(object->kind);
    uint32_t owner = hf_fuzz_owner_(object);
    if (step->answer == HF_FUZZ_DONE && owner != 0)
        hf_fuzz_tell_("stale-accepted",
                      "did something with %s#%u, which #%u closed; its value is %s#%u's now", kind,
                      stale, object->closed_by, hf_fuzz_kind_name_(hf_fuzz_.objects[owner].kind),
                      owner);
    if (step->answer == HF_FUZZ_DONE)
        hf_fuzz_tell_("stale-accepted", "did something with %s#%u, which #%u closed", kind, stale,
                      object->closed_by);
    if (step->answer == HF_FUZZ_REFUSED && hf_fuzz_.reports == 0 &&
        (hf_fuzz_.target->flags & HF_FUZZ_ON_HOLDFAST) != 0)
        hf_fuzz_tell_("not-reported", "refused %s#%u, which #%u closed, without a report", kind,
                      stale, object->closed_by);
}

/* The child that forbids a step to close its first handle; 0: none. */
static uint32_t hf_fuzz_forbidden_(const hf_fuzz_step_ *step)
{
    return (step->operation->flags & HF_FUZZ_CLOSES) != 0
               ? hf_fuzz_child_(step->taken[0], HF_FUZZ_CHILD_HOLDS)
               : 0;
}

static void hf_fuzz_judge_live_(const hf_fuzz_step_ *step)
{
    uint32_t child = hf_fuzz_forbidden_(step);
    if (child != 0 && step->answer == HF_FUZZ_DONE)
        hf_fuzz_tell_("parent-closed", "closed a handle that its child %s#%u holds",
                      hf_fuzz_kind_name_(hf_fuzz_.objects[child].kind), child);
    if (child != 0)
        return;
    if (hf_fuzz_.reports != 0)
        hf_fuzz_tell_("reported", "was given live handles, and Holdfast reported %s",
                      hf_fuzz_.report);
    if (step->answer == HF_FUZZ_REFUSED)
        hf_fuzz_tell_("live-refused", "refused, though it was given live handles");
}

/* Lets libFuzzer know which operations have followed each other on a handle, and with what answers:
 * it keeps inputs with a new such pair, also where the interface itself is not instrumented. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t hf_fuzz_pairs_[4096];

static void hf_fuzz_learn_(uint32_t number)
{
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    uint32_t before = number - 1;
    if (step->taken[0] != 0) {
        before = hf_fuzz_.objects[step->taken[0]].last;
        hf_fuzz_.objects[step->taken[0]].last = number;
    }
    uint32_t pair = hf_fuzz_index_(step->operation);
    if (before != 0) {
        const hf_fuzz_step_ *earlier = &hf_fuzz_.steps[before];
        pair += 251 * (1 + hf_fuzz_index_(earlier->operation)) + 17 * (uint32_t)earlier->answer;
    }
    pair = 4 * pair + (uint32_t)step->answer;
    hf_fuzz_pairs_[(2 * pair + (step->stale ? 1 : 0)) % sizeof(hf_fuzz_pairs_)] = 1;
}

/* What a step answered, and what follows for the handles. */
static void hf_fuzz_judge_(uint32_t number)
{
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    uint8_t makes = hf_fuzz_.makes[hf_fuzz_index_(step->operation)];
    if (step->answer < HF_FUZZ_DONE || step->answer > HF_FUZZ_BROKEN)
        hf_fuzz_tell_("garbage", "answered %d, which is no hf_fuzz_answer", step->answer);
    if (step->answer == HF_FUZZ_BROKEN) {
        hf_fuzz_.call.message[HF_FUZZ_MESSAGE - 1] = '\0';
        hf_fuzz_tell_("broken", "%s", hf_fuzz_.call.message);
    }
    hf_fuzz_judge_made_(number, makes);
    if (step->stale)
        hf_fuzz_judge_stale_(step);
    else
        hf_fuzz_judge_live_(step);
    hf_fuzz_learn_(number);
    if (step->answer != HF_FUZZ_DONE)
        return;
    if ((step->operation->flags & HF_FUZZ_CLOSES) != 0)
        hf_fuzz_kill_(step->taken[0], number);
    if (makes != 0)
        hf_fuzz_add_(number, makes, hf_fuzz_.call.made);
}

/* ---- choosing ------------------------------------------------------------------------------- */

/* A record of the input; where the input has ended, zeros. */
typedef struct hf_fuzz_record_ {
    uint8_t operation;
    uint8_t handles[HF_FUZZ_TAKES];
    uint8_t thread; /* and, in its upper two bits, how many bytes the number has: 1, 2, 4 or 8.  (Of
                       eight random bytes no small number is ever made.) */
    uint8_t bytes[HF_FUZZ_ARGUMENT];
} hf_fuzz_record_;

HF_STATIC_ASSERT(sizeof(hf_fuzz_record_) == HF_FUZZ_RECORD, "a record is bytes");

/* What operations are looked for, with a kind. */
typedef enum hf_fuzz_role_ {
    HF_FUZZ_MAKER_,  /* makes it */
    HF_FUZZ_CLOSER_, /* closes it, whatever else it takes */
    HF_FUZZ_ENDER_,  /* closes it, and takes and makes nothing else */
    HF_FUZZ_PROBER_  /* may take a closed one */
} hf_fuzz_role_;

static bool hf_fuzz_takes_(uint32_t operation, uint8_t kind)
{
    for (unsigned i = 0; i < HF_FUZZ_TAKES; i++)
        if (hf_fuzz_.takes[operation][i] == kind)
            return true;
    return false;
}

static bool hf_fuzz_plays_(uint32_t operation, hf_fuzz_role_ role, uint8_t kind)
{
    uint32_t flags = hf_fuzz_.target->operations[operation].flags;
    bool closes = (flags & HF_FUZZ_CLOSES) != 0 && hf_fuzz_.takes[operation][0] == kind;
    if (role == HF_FUZZ_MAKER_)
        return hf_fuzz_.makes[operation] == kind && (flags & HF_FUZZ_CLOSES) == 0;
    if (role == HF_FUZZ_CLOSER_)
        return closes;
    if (role == HF_FUZZ_ENDER_)
        return closes && hf_fuzz_.makes[operation] == 0 && hf_fuzz_.takes[operation][1] == 0;
    return (flags & HF_FUZZ_TAKES_STALE) != 0 && hf_fuzz_takes_(operation, kind);
}

/* The n-th of the operations that play a role, around and around; NULL: there is none. */
static const hf_fuzz_operation *hf_fuzz_find_(hf_fuzz_role_ role, uint8_t kind, uint32_t n)
{
    uint32_t all = (uint32_t)hf_fuzz_.target->operation_count;
    uint32_t count = 0;
    for (uint32_t i = 0; i < all; i++)
        count += hf_fuzz_plays_(i, role, kind) ? 1u : 0u;
    if (count == 0)
        return NULL;
    n %= count;
    uint32_t at = 0;
    while (!hf_fuzz_plays_(at, role, kind) || n-- != 0)
        at++;
    return &hf_fuzz_.target->operations[at];
}

/* Whether an operation may take a handle as its n-th. */
static bool hf_fuzz_may_take_(const hf_fuzz_operation *operation, unsigned n, uint32_t number)
{
    const hf_fuzz_object_ *object = &hf_fuzz_.objects[number];
    uint32_t flags = hf_fuzz_kind_of_(object)->flags;
    if (object->kind != hf_fuzz_.takes[hf_fuzz_index_(operation)][n])
        return false;
    if (object->closed_by != 0)
        return (operation->flags & HF_FUZZ_TAKES_STALE) != 0 &&
               ((flags & (HF_FUZZ_RECYCLED | HF_FUZZ_SHARED)) == 0 || hf_fuzz_owner_(object) == 0);
    return n != 0 || (operation->flags & HF_FUZZ_CLOSES) == 0 ||
           hf_fuzz_child_(number, HF_FUZZ_CHILD_FIRST) == 0;
}

/* One of the handles in a list that an operation may take as its n-th, counted from the youngest;
 * 0: there is none. */
static uint32_t hf_fuzz_pick_(const uint32_t *list, uint32_t length,
                              const hf_fuzz_operation *operation, unsigned n, uint32_t which)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < length; i++)
        count += hf_fuzz_may_take_(operation, n, list[i]) ? 1u : 0u;
    if (count == 0)
        return 0;
    which %= count;
    uint32_t at = length - 1;
    while (!hf_fuzz_may_take_(operation, n, list[at]) || which-- != 0)
        at--;
    return list[at];
}

/* Chooses an operation's handles.  Answers 0, or the kind that there is none of. */
static uint8_t hf_fuzz_choose_(const hf_fuzz_operation *operation, const hf_fuzz_record_ *record,
                               uint32_t taken[HF_FUZZ_TAKES])
{
    const uint8_t *kinds = hf_fuzz_.takes[hf_fuzz_index_(operation)];
    for (unsigned n = 0; n < HF_FUZZ_TAKES && kinds[n] != 0; n++) {
        uint32_t which = record->handles[n] >> 2;
        taken[n] = 0;
        if ((operation->flags & HF_FUZZ_TAKES_STALE) != 0 &&
            (record->handles[n] & 3) < hf_fuzz_.stale_rate)
            taken[n] = hf_fuzz_pick_(hf_fuzz_.dead, hf_fuzz_.dead_count, operation, n, which);
        if (taken[n] == 0)
            taken[n] = hf_fuzz_pick_(hf_fuzz_.live, hf_fuzz_.live_count, operation, n, which);
        if (taken[n] == 0)
            return kinds[n];
    }
    return 0;
}

/* ---- playing -------------------------------------------------------------------------------- */

/* Fills in the call of a step. */
static void hf_fuzz_prepare_(hf_fuzz_step_ *step, const uint32_t *taken,
                             const hf_fuzz_record_ *record)
{
    hf_fuzz_call *call = &hf_fuzz_.call;
    memset(call, 0, sizeof(*call));
    call->context = hf_fuzz_.context;
    call->operation = step->operation;
    call->index = hf_fuzz_.step_count;
    call->made = HF_FUZZ_NOTHING_;
    for (unsigned i = 0; i < HF_FUZZ_TAKES && taken[i] != 0; i++) {
        const hf_fuzz_object_ *object = &hf_fuzz_.objects[taken[i]];
        call->handles[i] = object->value;
        call->stale[i] = object->closed_by != 0;
        step->taken[i] = taken[i];
        step->stale = step->stale || call->stale[i];
    }
    for (unsigned i = 0; i < 1u << (record->thread >> 6); i++)
        call->number |= (uint64_t)record->bytes[i] << (8 * i);
    memcpy(call->bytes, record->bytes, HF_FUZZ_ARGUMENT);
    memcpy(step->bytes, record->bytes, HF_FUZZ_ARGUMENT);
    step->number = call->number;
    call->thread = (record->thread & 63u) % (hf_fuzz_.target->threads + 1);
    step->thread = (uint8_t)call->thread;
}

/* Calls an operation with handles that were chosen, and judges it.  Where nothing may be made any
 * more it is left out. */
static void hf_fuzz_run_(const hf_fuzz_operation *operation, const uint32_t *taken,
                         const hf_fuzz_record_ *record)
{
    if (hf_fuzz_.makes[hf_fuzz_index_(operation)] != 0 && hf_fuzz_.live_count == HF_FUZZ_LIVE)
        return;
    uint32_t number = ++hf_fuzz_.step_count;
    hf_fuzz_step_ *step = &hf_fuzz_.steps[number];
    memset(step, 0, sizeof(*step));
    step->operation = operation;
    step->answer = HF_FUZZ_RUNNING_;
    hf_fuzz_prepare_(step, taken, record);
    hf_fuzz_announce_(number);
    hf_fuzz_.reports = 0;
    hf_fuzz_.current = number;
    hf_fuzz_turn_begin_();
    if (step->thread == 0)
        hf_fuzz_call_();
    else
        hf_fuzz_hand_over_(step->thread);
    hf_fuzz_turn_end_();
    hf_fuzz_announce_answer_(number);
    hf_fuzz_judge_(number);
    hf_fuzz_.current = 0;
}

/* Calls an operation, if there are handles for it.  Answers 0, or the kind that is missing. */
static uint8_t hf_fuzz_try_(const hf_fuzz_operation *operation, const hf_fuzz_record_ *record)
{
    uint32_t taken[HF_FUZZ_TAKES] = {0, 0, 0};
    if (hf_fuzz_.step_count >= HF_FUZZ_OPERATIONS)
        return 0;
    uint8_t missing = hf_fuzz_choose_(operation, record, taken);
    if (missing == 0)
        hf_fuzz_run_(operation, taken, record);
    return missing;
}

/* Uses a closed handle, if there is an operation that may. */
static void hf_fuzz_probe_(uint32_t number, const hf_fuzz_record_ *record)
{
    uint32_t taken[HF_FUZZ_TAKES] = {0, 0, 0};
    uint8_t kind = hf_fuzz_.objects[number].kind;
    const hf_fuzz_operation *operation = hf_fuzz_find_(HF_FUZZ_PROBER_, kind, record->handles[2]);
    if (operation == NULL || hf_fuzz_.step_count >= HF_FUZZ_OPERATIONS ||
        hf_fuzz_choose_(operation, record, taken) != 0)
        return;
    unsigned n = 0;
    while (hf_fuzz_.takes[hf_fuzz_index_(operation)][n] != kind)
        n++;
    if (!hf_fuzz_may_take_(operation, n, number))
        return;
    taken[n] = number;
    hf_fuzz_run_(operation, taken, record);
}

/* Another kind of the same namespace; the same one if there is no other. */
static uint8_t hf_fuzz_sibling_(uint8_t kind, uint32_t n)
{
    uint32_t kinds = (uint32_t)hf_fuzz_.target->kind_count;
    for (uint32_t i = 0; i < kinds; i++) {
        uint8_t other = (uint8_t)(1 + (n + i) % kinds);
        if (other != kind && hf_fuzz_.spaces[other] == hf_fuzz_.spaces[kind])
            return other;
    }
    return kind;
}

/* Closes a handle that is live, if there is an operation that only closes. */
static void hf_fuzz_end_(uint32_t number, const hf_fuzz_record_ *record)
{
    uint32_t taken[HF_FUZZ_TAKES] = {number, 0, 0};
    const hf_fuzz_operation *operation =
        hf_fuzz_find_(HF_FUZZ_ENDER_, hf_fuzz_.objects[number].kind, 0);
    if (operation != NULL && hf_fuzz_may_take_(operation, 0, number))
        hf_fuzz_run_(operation, taken, record);
}

/* Makes a handle, and closes it, again and again. */
static void hf_fuzz_wear_(const hf_fuzz_operation *maker, const hf_fuzz_record_ *record)
{
    for (uint32_t i = 1; i < hf_fuzz_.wear && hf_fuzz_.step_count + 1 < HF_FUZZ_OPERATIONS; i++) {
        uint32_t before = hf_fuzz_.step_count;
        (void)hf_fuzz_try_(maker, record);
        if (hf_fuzz_.step_count == before ||
            hf_fuzz_.steps[hf_fuzz_.step_count].answer != HF_FUZZ_DONE)
            return;
        hf_fuzz_end_(hf_fuzz_.step_count, record);
    }
}

/* After a close, in the orders that use a place again at once. */
static void hf_fuzz_reuse_(uint32_t closed, const hf_fuzz_record_ *record)
{
    uint8_t kind = hf_fuzz_.objects[closed].kind;
    if (hf_fuzz_.order == HF_FUZZ_AS_GIVEN_ || hf_fuzz_.order == HF_FUZZ_DELAYED_)
        return;
    if (hf_fuzz_.order == HF_FUZZ_ACROSS_)
        kind = hf_fuzz_sibling_(kind, record->handles[1]);
    const hf_fuzz_operation *maker = hf_fuzz_find_(HF_FUZZ_MAKER_, kind, record->handles[1]);
    if (maker != NULL && hf_fuzz_.order == HF_FUZZ_WORN_)
        hf_fuzz_wear_(maker, record);
    if (maker != NULL)
        (void)hf_fuzz_try_(maker, record);
    hf_fuzz_probe_(closed, record);
}

/* The operation that the delayed order has instead of one whose turn it is not. */
static const hf_fuzz_operation *hf_fuzz_delay_(const hf_fuzz_operation *operation, uint32_t n)
{
    uint32_t index = hf_fuzz_index_(operation);
    bool closes = (operation->flags & HF_FUZZ_CLOSES) != 0;
    bool makes = hf_fuzz_.makes[index] != 0;
    const hf_fuzz_operation *instead = NULL;
    if (hf_fuzz_.order != HF_FUZZ_DELAYED_ || closes == makes)
        return operation;
    if (closes && !hf_fuzz_.closing)
        instead = hf_fuzz_find_(HF_FUZZ_MAKER_, hf_fuzz_.takes[index][0], n);
    if (makes && hf_fuzz_.closing)
        instead = hf_fuzz_find_(HF_FUZZ_CLOSER_, hf_fuzz_.makes[index], n);
    return instead != NULL ? instead : operation;
}

/* Counts towards the turn of the others. */
static void hf_fuzz_pile_(const hf_fuzz_step_ *step)
{
    uint32_t index = hf_fuzz_index_(step->operation);
    bool counts = hf_fuzz_.closing ? (step->operation->flags & HF_FUZZ_CLOSES) != 0
                                   : hf_fuzz_.makes[index] != 0;
    if (step->answer == HF_FUZZ_DONE && counts)
        hf_fuzz_.piled++;
    if (hf_fuzz_.piled >= hf_fuzz_.pile || (hf_fuzz_.closing && hf_fuzz_.live_count == 0)) {
        hf_fuzz_.closing = !hf_fuzz_.closing;
        hf_fuzz_.piled = 0;
    }
}

static void hf_fuzz_play_record_(const hf_fuzz_record_ *record)
{
    const hf_fuzz_target *target = hf_fuzz_.target;
    uint32_t before = hf_fuzz_.step_count;
    const hf_fuzz_operation *operation = hf_fuzz_delay_(
        &target->operations[record->operation % target->operation_count], record->handles[1]);
    uint8_t missing = hf_fuzz_try_(operation, record);
    if (missing != 0) {
        operation = hf_fuzz_find_(HF_FUZZ_MAKER_, missing, record->handles[1]);
        if (operation != NULL)
            (void)hf_fuzz_try_(operation, record);
    }
    if (hf_fuzz_.step_count == before)
        return;
    const hf_fuzz_step_ *step = &hf_fuzz_.steps[hf_fuzz_.step_count];
    hf_fuzz_pile_(step);
    if (step->answer == HF_FUZZ_DONE && (step->operation->flags & HF_FUZZ_CLOSES) != 0)
        hf_fuzz_reuse_(step->taken[0], record);
}

/* Closes what is open, the youngest first; each once, whatever the answer. */
static void hf_fuzz_close_all_(void)
{
    hf_fuzz_record_ none;
    uint32_t at = hf_fuzz_.live_count;
    memset(&none, 0, sizeof(none));
    while (at-- > 0) {
        hf_fuzz_end_(hf_fuzz_.live[at], &none);
        at = at < hf_fuzz_.live_count ? at : hf_fuzz_.live_count;
    }
}

static void hf_fuzz_set_stage_(const uint8_t head[HF_FUZZ_HEAD])
{
    static const uint8_t rates[] = {1, 2, 3, 0};
    hf_fuzz_scene scene;
    hf_fuzz_.order = head[0] % HF_FUZZ_ORDERS_;
    hf_fuzz_.stale_rate = rates[head[2] % 4];
    hf_fuzz_.pile = (uint8_t)(2 + head[3] % 16);
    hf_fuzz_.wear = 2u << head[3] % 8;
    hf_fuzz_.piled = 0;
    hf_fuzz_.closing = false;
    hf_fuzz_.step_count = 0;
    hf_fuzz_.context = NULL;
    scene.reuse = (hf_reuse)(head[1] % 4);
    scene.seed = 1 + (uint64_t)head[3] + ((uint64_t)head[2] << 8) + ((uint64_t)head[1] << 16);
    scene.data = hf_fuzz_.target->data;
    if (hf_fuzz_.target->set_up == NULL)
        return;
    hf_fuzz_.stage = "set_up";
    hf_fuzz_turn_begin_();
    hf_fuzz_.context = hf_fuzz_.target->set_up(&scene);
    hf_fuzz_turn_end_();
    hf_fuzz_.stage = NULL;
}

static void hf_fuzz_tear_down_(void)
{
    if ((hf_fuzz_.target->flags & HF_FUZZ_LEAVES_OPEN) == 0)
        hf_fuzz_close_all_();
    if (hf_fuzz_.code) {
        hf_fuzz_print_code_end_();
        hf_fuzz_flush_();
    }
    hf_fuzz_forget_all_();
    if (hf_fuzz_.target->tear_down == NULL)
        return;
    hf_fuzz_.stage = "tear_down";
    hf_fuzz_turn_begin_();
    hf_fuzz_.target->tear_down(hf_fuzz_.context);
    hf_fuzz_turn_end_();
    hf_fuzz_.stage = NULL;
}

/* ---- the target's description -----------------------------------------------------------------
 */

static uint8_t hf_fuzz_kind_by_name_(const hf_fuzz_target *target, const char *name)
{
    for (size_t i = 0; i < target->kind_count; i++)
        if (strcmp(target->kinds[i].name, name) == 0)
            return (uint8_t)(i + 1);
    return 0;
}

static bool hf_fuzz_is_identifier_(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_' ||
              (*at >= '0' && *at <= '9' && at != text)))
            return false;
    return *text != '\0';
}

/* The number of a kind's namespace: that of the first kind that shares it. */
static uint8_t hf_fuzz_space_(const hf_fuzz_target *target, size_t kind)
{
    const char *shared = target->kinds[kind].name_space;
    for (size_t i = 0; shared != NULL && i < kind; i++) {
        const char *other = target->kinds[i].name_space;
        if (other != NULL && strcmp(other, shared) == 0)
            return (uint8_t)(i + 1);
    }
    return (uint8_t)(kind + 1);
}

static void hf_fuzz_check_kinds_(const hf_fuzz_target *target)
{
    if (target->kind_count > HF_FUZZ_KINDS || (target->kind_count > 0 && target->kinds == NULL))
        hf_fuzz_reject_("target %s: %zu kinds, but at most %d, and not null", target->name,
                        target->kind_count, HF_FUZZ_KINDS);
    for (size_t i = 0; i < target->kind_count; i++) {
        const hf_fuzz_kind *kind = &target->kinds[i];
        if (kind->name == NULL || !hf_fuzz_is_identifier_(kind->name))
            hf_fuzz_reject_("target %s: kind %zu: its name must be a C identifier, not \"%s\"",
                            target->name, i, kind->name != NULL ? kind->name : "(null)");
        if (hf_fuzz_kind_by_name_(target, kind->name) != i + 1)
            hf_fuzz_reject_("target %s: two kinds are called \"%s\"", target->name, kind->name);
        if ((kind->flags & ~(HF_FUZZ_RECYCLED | HF_FUZZ_SHARED)) != 0)
            hf_fuzz_reject_("target %s: kind %s: unknown flags 0x%x", target->name, kind->name,
                            kind->flags);
    }
}

/* What is wrong with an operation's flags; NULL: nothing. */
static const char *hf_fuzz_wrong_flags_(const hf_fuzz_operation *operation)
{
    uint32_t flags = operation->flags;
    uint32_t child = flags & (HF_FUZZ_CHILD_DIES | HF_FUZZ_CHILD_HOLDS | HF_FUZZ_CHILD_FIRST);
    if (flags >= 2 * HF_FUZZ_CHILD_FIRST)
        return "unknown flags";
    if ((flags & HF_FUZZ_CLOSES) != 0 && operation->takes[0] == NULL)
        return "HF_FUZZ_CLOSES, but it takes no handle that it could close";
    if ((flags & HF_FUZZ_TAKES_STALE) != 0 && operation->takes[0] == NULL)
        return "HF_FUZZ_TAKES_STALE, but it takes no handle";
    if (child != 0 && (operation->takes[0] == NULL || operation->makes == NULL))
        return "HF_FUZZ_CHILD_..., but it does not both take and make a handle";
    if ((child & (child - 1)) != 0)
        return "more than one HF_FUZZ_CHILD_... flag";
    if (child != 0 && (flags & HF_FUZZ_CLOSES) != 0)
        return "HF_FUZZ_CHILD_... and HF_FUZZ_CLOSES: it closes the parent of what it makes";
    return NULL;
}

/* What is wrong with a template; NULL: nothing. */
static const char *hf_fuzz_wrong_code_(const hf_fuzz_operation *operation)
{
    const char *code = operation->code;
    for (const char *at = code; at != NULL && *at != '\0'; at++) {
        if (*at != '$')
            continue;
        if (*++at == '\0' || strchr("0123ab$", *at) == NULL)
            return "its code has a $ without 0, 1, 2, 3, a, b or $ after it";
        if (*at == '0' && operation->makes == NULL)
            return "its code has $0, but it makes nothing";
        if (*at >= '1' && *at <= '3' && operation->takes[*at - '1'] == NULL)
            return "its code has a $ with a number of a handle that it does not take";
    }
    return NULL;
}

static const char *hf_fuzz_wrong_operation_(const hf_fuzz_target *target,
                                            const hf_fuzz_operation *operation)
{
    if (operation->call == NULL)
        return "it has no function";
    if (operation->makes != NULL && hf_fuzz_kind_by_name_(target, operation->makes) == 0)
        return "it makes a kind that does not exist";
    for (unsigned i = 0; i < HF_FUZZ_TAKES; i++) {
        if (operation->takes[i] == NULL)
            continue;
        if (hf_fuzz_kind_by_name_(target, operation->takes[i]) == 0)
            return "it takes a kind that does not exist";
        if (i > 0 && operation->takes[i - 1] == NULL)
            return "there is a gap in what it takes";
    }
    const char *wrong = hf_fuzz_wrong_flags_(operation);
    return wrong != NULL ? wrong : hf_fuzz_wrong_code_(operation);
}

static void hf_fuzz_check_operation_(const hf_fuzz_target *target, size_t number)
{
    const hf_fuzz_operation *operation = &target->operations[number];
    if (operation->name == NULL || operation->name[0] == '\0')
        hf_fuzz_reject_("target %s: operation %zu has no name", target->name, number);
    for (const char *at = operation->name; *at != '\0'; at++)
        if (*at == '\\' || (unsigned char)*at < ' ')
            hf_fuzz_reject_("target %s: operation %zu: its name must be one line, without a \\",
                            target->name, number);
    const char *wrong = hf_fuzz_wrong_operation_(target, operation);
    if (wrong != NULL)
        hf_fuzz_reject_("target %s: operation %zu, %s: %s", target->name, number, operation->name,
                        wrong);
}

static void hf_fuzz_check_(const hf_fuzz_target *target)
{
    if (target == NULL || target->name == NULL)
        hf_fuzz_reject_("a target must not be null, and must have a name");
    hf_fuzz_check_kinds_(target);
    if (target->operation_count == 0 || target->operation_count > 256 || target->operations == NULL)
        hf_fuzz_reject_("target %s: %zu operations, but 1 to 256 are needed, and not null",
                        target->name, target->operation_count);
    for (size_t i = 0; i < target->operation_count; i++)
        hf_fuzz_check_operation_(target, i);
    if (target->threads > HF_FUZZ_THREADS)
        hf_fuzz_reject_("target %s: %u threads, but at most %d", target->name, target->threads,
                        HF_FUZZ_THREADS);
    if (target->flags >= 2 * HF_FUZZ_LEAVES_OPEN)
        hf_fuzz_reject_("target %s: unknown flags 0x%x", target->name, target->flags);
}

/* Translates names of kinds into numbers. */
static void hf_fuzz_translate_(const hf_fuzz_target *target)
{
    for (size_t i = 0; i < target->operation_count; i++) {
        const hf_fuzz_operation *operation = &target->operations[i];
        hf_fuzz_.makes[i] =
            operation->makes != NULL ? hf_fuzz_kind_by_name_(target, operation->makes) : 0;
        for (unsigned n = 0; n < HF_FUZZ_TAKES; n++)
            hf_fuzz_.takes[i][n] = operation->takes[n] != NULL
                                       ? hf_fuzz_kind_by_name_(target, operation->takes[n])
                                       : 0;
    }
    for (size_t i = 0; i < target->kind_count; i++) {
        const hf_fuzz_kind *kind = &target->kinds[i];
        uint8_t space = hf_fuzz_space_(target, i);
        hf_type *type = &hf_fuzz_.types[i + 1];
        hf_fuzz_.spaces[i + 1] = space;
        hf_fuzz_.name_spaces[space].name = "fuzz kit";
        type->size = (uint32_t)sizeof(*type);
        type->name = kind->name;
        type->release = hf_fuzz_forget_;
        type->name_space =
            (kind->flags & HF_FUZZ_SHARED) == 0 ? &hf_fuzz_.name_spaces[space] : NULL;
    }
}

/* A kind that operations take, but none makes, leaves them idle for ever. */
static void hf_fuzz_check_makers_(const hf_fuzz_target *target)
{
    for (uint32_t i = 0; i < target->operation_count; i++)
        for (unsigned n = 0; n < HF_FUZZ_TAKES && hf_fuzz_.takes[i][n] != 0; n++)
            if (hf_fuzz_find_(HF_FUZZ_MAKER_, hf_fuzz_.takes[i][n], 0) == NULL)
                hf_fuzz_reject_("target %s: operation %u, %s: no operation makes what it takes, "
                                "\"%s\"",
                                target->name, i, target->operations[i].name,
                                target->operations[i].takes[n]);
}

/* ---- beginning ------------------------------------------------------------------------------ */

static void hf_fuzz_print_keys_(void)
{
    hf_fuzz_print_("Holdfast fuzz kit: HOLDFAST_FUZZ_OPTIONS=key=number:key=number...\n"
                   "  print=1       print each operation before it runs\n"
                   "  code=1        the same in C\n"
                   "  timeout_ms=N  time for one operation; 0: any\n"
                   "  help=1        this\n");
}

/* Sets an option of the environment.  False: there is no such key, or its value is wrong. */
static bool hf_fuzz_set_option_(const char *key, const char *value)
{
    char *end = NULL;
    unsigned long number = strtoul(value, &end, 10);
    if (end == value || *end != '\0' || *value == '-' || number > 1000000000)
        return false;
    if (strcmp(key, "print") == 0)
        hf_fuzz_.print = number != 0;
    else if (strcmp(key, "code") == 0)
        hf_fuzz_.code = number != 0;
    else if (strcmp(key, "timeout_ms") == 0)
        hf_fuzz_.wanted_ms = (int64_t)number;
    else if (strcmp(key, "help") == 0 && number != 0)
        hf_fuzz_print_keys_();
    else
        return strcmp(key, "help") == 0;
    return true;
}

static void hf_fuzz_read_environment_(void)
{
    char text[256];
    const char *given = getenv("HOLDFAST_FUZZ_OPTIONS");
    char *rest = NULL;
    hf_fuzz_.wanted_ms = -1;
    snprintf(text, sizeof(text), "%s", given != NULL ? given : "");
    for (char *key = strtok_r(text, ":", &rest); key != NULL; key = strtok_r(NULL, ":", &rest)) {
        char *value = strchr(key, '=');
        if (value != NULL)
            *value++ = '\0';
        if (value == NULL || !hf_fuzz_set_option_(key, value))
            hf_fuzz_print_(
                "Holdfast fuzz kit: HOLDFAST_FUZZ_OPTIONS: \"%s\" is no key, or its value is no "
                "number; help=1 lists the keys\n",
                key);
    }
    hf_fuzz_flush_();
}

/* The table comes first: the library's own callback, of which there is one in a process, is set by
 * the first table, and the kit's calls it. */
static void hf_fuzz_begin_(void)
{
    hf_table_options options;
    memset(&options, 0, sizeof(options));
    options.size = (uint32_t)sizeof(options);
    options.reuse = HF_REUSE_FIFO; /* so that closed handles are known for long */
    options.level = HF_LEVEL_COUNTERS;
    options.capacity_slots = HF_FUZZ_TABLE_;
    options.name = "fuzz kit";
    hf_fuzz_read_environment_();
    hf_status status = hf_table_create(&options, &hf_fuzz_.table);
    if (status != HF_OK)
        hf_fuzz_reject_("no table for its handles: %s", hf_status_text(status));
    pthread_mutex_init(&hf_fuzz_.report_lock, NULL);
    hf_set_report_hook(hf_fuzz_on_report_, NULL);
    if (__asan_set_error_report_callback != NULL)
        __asan_set_error_report_callback(hf_fuzz_on_asan_);
    hf_fuzz_catch_signals_();
    hf_fuzz_signal_stack_(0);
    (void)atexit(hf_fuzz_on_exit_);
    hf_fuzz_.ready = true;
}

/* What the oracle of HF_FUZZ_ON_HOLDFAST listens for must be told each time. */
static void hf_fuzz_hear_all_(void)
{
    static const hf_report_kind kinds[] = {HF_REPORT_DOUBLE_CLOSE, HF_REPORT_STALE_USE,
                                           HF_REPORT_HANDLE_REUSE};
    (void)hf_set_options("print_all=1");
    for (size_t i = 0; i < HF_FUZZ_COUNT(kinds); i++)
        if (hf_get_policy(kinds[i]) != HF_POLICY_ABORT)
            (void)hf_set_policy(kinds[i], HF_POLICY_REPORT);
}

static void hf_fuzz_adopt_(const hf_fuzz_target *target)
{
    hf_fuzz_check_(target);
    hf_fuzz_.target = target;
    hf_fuzz_translate_(target);
    hf_fuzz_check_makers_(target);
    if (!hf_fuzz_.ready)
        hf_fuzz_begin_();
    hf_fuzz_.timeout_ms = target->timeout_ms != 0 ? target->timeout_ms : 2000;
    if (hf_fuzz_.wanted_ms >= 0)
        hf_fuzz_.timeout_ms = hf_fuzz_.wanted_ms;
    hf_fuzz_watch_();
    if ((target->flags & HF_FUZZ_ON_HOLDFAST) != 0)
        hf_fuzz_hear_all_();
}

int hf_fuzz_play(const hf_fuzz_target *target, const uint8_t *data, size_t size)
{
    uint8_t head[HF_FUZZ_HEAD] = {0};
    if (hf_fuzz_.playing)
        hf_fuzz_tell_("garbage", "called the kit: hf_fuzz_play within an operation");
    if (hf_fuzz_.target != target)
        hf_fuzz_adopt_(target);
    hf_fuzz_need_threads_();
    hf_fuzz_.playing = true;
    size_t at = size < sizeof(head) ? size : sizeof(head);
    if (at != 0)
        memcpy(head, data, at);
    hf_fuzz_set_stage_(head);
    if (hf_fuzz_.code)
        hf_fuzz_print_code_begin_();
    for (; size - at >= HF_FUZZ_RECORD && hf_fuzz_.step_count < HF_FUZZ_OPERATIONS;
         at += HF_FUZZ_RECORD) {
        hf_fuzz_record_ record;
        memcpy(&record, data + at, sizeof(record));
        hf_fuzz_play_record_(&record);
    }
    hf_fuzz_tear_down_();
    hf_fuzz_.playing = false;
    return 0;
}

/* ---- for operations ------------------------------------------------------------------------- */

void *hf_fuzz_pointer(const hf_fuzz_call *call, unsigned which)
{
    return (void *)(uintptr_t)call->handles[which];
}

int hf_fuzz_int(const hf_fuzz_call *call, unsigned which)
{
    return (int)(int64_t)call->handles[which];
}

hf_handle hf_fuzz_handle(const hf_fuzz_call *call, unsigned which)
{
    hf_handle handle;
    handle.bits = call->handles[which];
    return handle;
}

hf_fuzz_answer hf_fuzz_made_pointer(hf_fuzz_call *call, const void *made)
{
    if (made == NULL)
        return HF_FUZZ_FAILED;
    call->made = (uintptr_t)made;
    return HF_FUZZ_DONE;
}

hf_fuzz_answer hf_fuzz_made_int(hf_fuzz_call *call, int made)
{
    if (made < 0)
        return HF_FUZZ_FAILED;
    call->made = (uint64_t)made;
    return HF_FUZZ_DONE;
}

hf_fuzz_answer hf_fuzz_made_handle(hf_fuzz_call *call, hf_handle made)
{
    if (hf_handle_is_null(made))
        return HF_FUZZ_FAILED;
    call->made = made.bits;
    return HF_FUZZ_DONE;
}

hf_fuzz_answer hf_fuzz_status(hf_status status)
{
    switch (status) {
    case HF_OK:
        return HF_FUZZ_DONE;
    case HF_E_NULL_HANDLE:
    case HF_E_FOREIGN_HANDLE:
    case HF_E_FORGED_HANDLE:
    case HF_E_STALE_HANDLE:
    case HF_E_WRONG_TYPE:
    case HF_E_CLOSING:
        return HF_FUZZ_REFUSED;
    default:
        return HF_FUZZ_FAILED;
    }
}

hf_fuzz_answer hf_fuzz_broken(hf_fuzz_call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->message, sizeof(call->message), format, arguments);
    va_end(arguments);
    return HF_FUZZ_BROKEN;
}

#if defined(__clang__) && __clang_major__ >= 13
#pragma clang attribute pop
#endif

HF_END_DECLS

#endif

#endif

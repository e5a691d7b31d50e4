/* A scene: a table, a few handles that several threads share, and what each thread does with them.
 * Both the fuzzer and the explorer play scenes; they differ in who decides whose turn it is. */
#ifndef FUZZ_SCENE_H
#define FUZZ_SCENE_H

#include "fake.h"
#include "scheduler.h"

enum { SCENE_HANDLES = 4, SCENE_OPERATIONS = 48, SCENE_REFERENCES = 4, SCENE_CAPACITY = 1000 };

/* What a handle is when the threads begin. */
typedef enum scene_beginning {
    BEGIN_ABSENT,
    BEGIN_OPEN,
    BEGIN_WARM,   /* its next counted use promotes it */
    BEGIN_CHILD,  /* of handle 0 */
    BEGIN_MEMBER, /* of the group */
    BEGIN_RESERVED,
    BEGINNINGS
} scene_beginning;

/* X(NAME, "in findings", waits by contract, function in operations.c) */
#define SCENE_OPERATIONS_LIST(X)                              \
    X(ENTER, "hf_enter", false, enter)                        \
    X(LEAVE, "hf_leave", false, leave)                        \
    X(USE, "the use of a value", false, use)                  \
    X(ADDREF, "hf_addref", false, add_reference)              \
    X(RELEASE, "hf_release", false, release)                  \
    X(CLOSE, "hf_close", false, close_one)                    \
    X(CLOSE_WAIT, "hf_close_wait", true, close_wait)          \
    X(WAIT, "hf_wait", true, wait_for)                        \
    X(CLOSE_MANY, "hf_close_many", false, close_many)         \
    X(CLOSE_THEN, "hf_close_then", false, close_then)         \
    X(DETACH, "hf_detach", false, detach)                     \
    X(DUPLICATE, "hf_duplicate", false, duplicate)            \
    X(INSPECT, "hf_inspect", false, inspect)                  \
    X(OPEN, "hf_open", false, open_one)                       \
    X(OPEN_CHILD, "hf_open of a child", false, open_child)    \
    X(OPEN_MEMBER, "hf_open of a member", false, open_member) \
    X(RESERVE, "hf_reserve", false, reserve)                  \
    X(COMMIT, "hf_commit", false, commit)                     \
    X(DISPATCH, "hf_dispatch", false, dispatch)               \
    X(GROUP_WAIT, "hf_group_close_wait", true, wait_for_group)

typedef enum scene_kind {
#define SCENE_ENUMERATOR(NAME, name, waits, function) DO_##NAME,
    SCENE_OPERATIONS_LIST(SCENE_ENUMERATOR)
#undef SCENE_ENUMERATOR
        SCENE_KINDS
} scene_kind;

typedef struct scene_operation {
    uint8_t kind;     /* scene_kind */
    uint8_t handle;   /* which of the shared ones */
    uint8_t argument; /* see operations.c */
} scene_operation;

/* Time-outs by argument, mod their number. */
enum { WAIT_FOR_EVER, WAIT_NOT, WAIT_SHORTLY, WAIT_LONG, WAITS };

/* What a dispatched callback does, by argument, mod their number. */
enum { CALL_USES, CALL_CLOSES, CALL_CLOSES_AFTER, CALL_CLOSES_AND_WAITS, CALLS };

typedef struct scene {
    unsigned threads;
    bool asymmetric;
    bool settled;     /* threads are known to the library before any begins, and end in one step */
    bool mortal;      /* waits for ever are long ones: for programs that may hang by right */
    bool ends_inside; /* threads do not leave their regions before they end */
    bool release_closes; /* the release function closes the last handle */
    hf_protection protection;
    hf_level level;
    hf_reuse reuse;
    uint64_t capacity;
    fake_kind kind;
    bool unblocks;
    uint8_t handles[SCENE_HANDLES]; /* scene_beginning */
    unsigned counts[SCHEDULE_THREADS];
    scene_operation operations[SCHEDULE_THREADS][SCENE_OPERATIONS];
} scene;

/* Plays a scene on the library, and checks what must hold whoever has his turn when: a finding ends
 * the process.  The threads and the body of the plan are filled in. */
void scene_play(const scene *what, schedule_plan *plan);

#endif

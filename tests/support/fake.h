/* A world of fake values: what a release does to them is seen, counted and can be steered.
 *
 * A value is a pointer to a fake_value.  Its release poisons it; whoever uses it later, or releases
 * it again, is counted, and a sound program counts none.  `content` is a plain word on purpose: a
 * use that is not ordered before the release is then also a race for ThreadSanitizer.
 * Nothing here depends on a test framework, so fuzzers may use it too. */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include <stdatomic.h>

#include <holdfast/holdfast.h>

typedef struct fake_world fake_world;

typedef struct fake_value {
    fake_world *world;
    uint64_t content;
    _Atomic uint32_t life;      /* fake_life */
    _Atomic uint32_t releases;  /* calls of the release function */
    _Atomic uintptr_t releaser; /* fake_thread() of the last of them */
} fake_value;

typedef enum fake_life { FAKE_UNMADE, FAKE_ALIVE, FAKE_GONE } fake_life;

/* What a test wants done inside a function of the type. */
typedef void (*fake_action)(fake_value *value, void *argument);

typedef enum fake_kind {
    FAKE_RUNDOWN,        /* refuses from close on; has release and duplicate */
    FAKE_UNTIL_RELEASED, /* admits until released; has release and duplicate */
    FAKE_PLAIN,          /* refuses from close on; has release only */
    FAKE_KINDS
} fake_kind;

struct fake_world {
    hf_type types[FAKE_KINDS]; /* to be changed before the first open only */
    hf_outcome outcome;        /* what release answers */
    int32_t error;
    int errno_left;             /* what release leaves in errno; 0: untouched */
    hf_status duplicate_answer; /* HF_OK, or how duplicate fails */
    fake_action on_release;     /* called before the value is poisoned */
    fake_action on_unblock;     /* see fake_world_unblocks */
    fake_action on_duplicate;
    void *argument;
    _Atomic uint32_t releases;
    _Atomic uint32_t duplicates;
    _Atomic uint32_t unblocks;
    _Atomic uint32_t bad_releases; /* of values that were released before or never made */
    _Atomic uint32_t bad_uses;     /* of values that are not alive */
    _Atomic size_t made;
    size_t capacity;
    fake_value values[];
};

/* A world in which `capacity` values can be made, counted copies included.  Aborts without memory.
 */
fake_world *fake_world_create(size_t capacity);
void fake_world_destroy(fake_world *world);

/* Gives the types an unblock function, which counts and then does `action` (may be NULL). */
void fake_world_unblocks(fake_world *world, fake_action action);

/* A new value, alive. */
hf_value fake_make(fake_world *world);

/* Uses a value as its owner's client would: counts a bad use if it is not alive. */
void fake_use(hf_value value);

/* The owner of a detached value gives it back himself. */
void fake_give_back(hf_value value);

/* Forgets every value.  Nobody may hold one. */
void fake_world_reset(fake_world *world);

static inline fake_value *fake_of(hf_value value)
{
    return (fake_value *)value;
}

/* How many values are alive. */
size_t fake_alive(const fake_world *world);

/* Whether nothing was released twice or used after its release. */
bool fake_world_is_sound(const fake_world *world);

/* A number for the calling thread. */
uintptr_t fake_thread(void);

#endif

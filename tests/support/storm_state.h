/* The inside of a storm: what its threads share, and what each has of its own; see storm.h. */
#ifndef TESTS_STORM_STATE_H
#define TESTS_STORM_STATE_H

#include <time.h>

#include "spin_barrier.h"
#include "storm.h"

enum {
    STORM_HANDLES = 16,
    STORM_THREADS = 16,
    STORM_OWN = 6,
    STORM_MAIL = 8,
    STORM_OFFSPRING = 64
};

/* A place where a reference waits for whoever takes it. */
typedef struct mail {
    _Atomic unsigned state; /* 0 empty, 1 somebody is at it, 2 full */
    hf_ref ref;
} mail;

typedef struct storm {
    storm_options options;
    hf_table *table;
    fake_world *world;
    spin_barrier barrier;
    hf_handle handles[STORM_HANDLES];
    hf_value values[STORM_HANDLES];
    mail mails[STORM_MAIL];
    atomic_bool over;
    _Atomic uint64_t surprises;
    char first_surprise[128];
    struct timespec end;
} storm;

typedef struct sailor {
    storm *storm;
    unsigned number;
    uint64_t random;
    hf_region regions[STORM_OWN];
    hf_ref refs[STORM_OWN];
    unsigned region_count; /* of those that are entered, anywhere in the array */
    unsigned ref_count;
    hf_handle children[STORM_OFFSPRING]; /* opened in this round, by this thread */
    unsigned child_count;
    uint64_t entered;
    uint64_t refused;
} sailor;

/* Notes an answer that may not be. */
void storm_surprise(storm *s, const char *what, hf_status status);

/* Releases the reference that waits in a place, if there is one. */
void storm_release_mail(storm *s, unsigned which);

/* One thread's part of a round: some steps, and then it lets everything go. */
void storm_sail_a_round(sailor *self);

#endif

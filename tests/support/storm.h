/* A storm: threads that open, use, close, run down and detach a few shared handles all at once, in
 * rounds.  After each round every value must have been given back exactly once; at no time may one
 * be used after that. */
#ifndef TESTS_STORM_H
#define TESTS_STORM_H

#include "fake.h"

/* What the threads of a storm do; bits. */
enum {
    STORM_REGIONS = 1,
    STORM_REFERENCES = 2, /* also handed from thread to thread */
    STORM_CLOSE = 4,
    STORM_CLOSE_MANY = 8,
    STORM_CLOSE_WAIT = 16,    /* with short time-outs, also while holding something */
    STORM_CLOSE_FOREVER = 32, /* without time-out, while holding nothing; not with references */
    STORM_DETACH = 64,
    STORM_CHILDREN = 128,
    STORM_INSPECT = 256
};

typedef struct storm_options {
    unsigned actions;
    unsigned threads;
    unsigned handles; /* shared ones, new in each round */
    unsigned steps;   /* of each thread in a round */
    unsigned max_rounds;
    unsigned milliseconds; /* no new round after this time */
    hf_protection protection;
    hf_reuse reuse;
    hf_level level;
    fake_kind kind;
} storm_options;

typedef struct storm_result {
    uint64_t rounds;
    uint64_t entered;
    uint64_t refused;
    uint64_t surprises; /* answers that may not be, values released too early or not at all */
    uint64_t bad_uses;
    uint64_t bad_releases;
    uint64_t misuse_reports; /* findings that a sound program cannot cause */
    char first_surprise[128];
} storm_result;

storm_result storm_run(const storm_options *options);

#endif

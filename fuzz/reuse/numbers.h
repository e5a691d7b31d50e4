/* Native values that are recycled: a simulated namespace, which hands numbers out like descriptors
 * in an order of the input's choice, or the process's real descriptors.
 *
 * Each life of a number is an *object*.  What is to be closed is announced before the step that
 * closes it, so that a close of anything else, of a former life's successor above all, is seen. */
#ifndef FUZZ_REUSE_NUMBERS_H
#define FUZZ_REUSE_NUMBERS_H

#include <holdfast/holdfast.h>

enum { NUMBER_TYPES = 3 };

typedef enum numbers_order {
    NUMBERS_LOWEST, /* at once, as the kernel does */
    NUMBERS_LATEST, /* the one that has been free for longest */
    NUMBERS_RANDOM,
    NUMBERS_ORDERS
} numbers_order;

typedef struct numbers_options {
    bool real;   /* descriptors */
    bool sparse; /* the namespace hashes its values */
    bool shares; /* a duplicate cannot be told from its original by its identity, as with dup */
    numbers_order order;
    hf_value first;
    uint64_t seed;

    /* Whether a number must not be recycled, because its former owner could not tell. */
    bool (*is_kept)(hf_value value);
} numbers_options;

void numbers_start(const numbers_options *options);

/* Closes what is left. */
void numbers_end(void);

/* One duplicates, one does not, one does not identify; of descriptors all do. */
const hf_type *numbers_type(unsigned which);

/* Whether another number can be had. */
bool numbers_available(void);

/* A number that is the caller's. */
hf_value numbers_obtain(void);

/* Closes a number, no matter who owns it. */
void numbers_close(hf_value value);

/* Who the number is now; 0: it is not open. */
uint64_t numbers_object(hf_value value);

/* The type's release function is to be called for this value in the step that comes. */
void numbers_expect_release(hf_value value);

/* The type's duplicate function has been called, and has made this value. */
void numbers_expect_duplicate(hf_value of, hf_value value);

/* Compares what was done since the last time with what was expected. */
void numbers_check(void);

#endif

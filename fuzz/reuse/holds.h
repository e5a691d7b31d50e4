/* The regions and references that a program is in, and what it does wrong with them. */
#ifndef FUZZ_REUSE_HOLDS_H
#define FUZZ_REUSE_HOLDS_H

#include "cards.h"

enum { HOLDS = 10 };

typedef struct hold {
    bool used;
    bool is_ref;
    hf_region region;
    hf_ref ref;
    card *c;
    unsigned thread; /* whose the region is */
} hold;

void holds_start(void);

/* A place for another, NULL if all are taken. */
hold *holds_free(void);

/* It has been entered or taken. */
void holds_begin(hold *h, card *c, bool is_ref, unsigned thread);

/* Ends a hold, if there is one at that place, in the manner that `how` tells: as it should be, a
 * second time, by a copy, on another thread; or something that never began. */
void holds_leave(uint8_t choice, moment at, uint8_t how);

#endif

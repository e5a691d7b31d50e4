/* One step of an input: what it does to the library, and to the cards. */
#ifndef FUZZ_REUSE_OPERATIONS_H
#define FUZZ_REUSE_OPERATIONS_H

#include "cards.h"

/* One record. */
typedef struct step {
    uint8_t operation;
    uint8_t subject; /* which card; from 0xF0 on: handles that nobody issued */
    uint8_t table;
    uint8_t type;
    uint8_t at; /* site and thread */
    uint8_t detail;
} step;

enum { STEP_SIZE = 6 };

/* The operations, each in lock step with the cards. */
#define OPERATIONS(X) \
    X(open_new)       \
    X(open_borrowed)  \
    X(open_duplicate) \
    X(open_loose)     \
    X(reserve)        \
    X(commit)         \
    X(enter)          \
    X(addref)         \
    X(detach)         \
    X(duplicate)      \
    X(dispatch)       \
    X(close_one)      \
    X(close_many)     \
    X(close_then)     \
    X(close_wait)     \
    X(leave)          \
    X(close_raw)      \
    X(obtain_raw)     \
    X(close_loose)    \
    X(inspect)

#define OPERATION_DECLARE(name) void step_##name(const step *s);
OPERATIONS(OPERATION_DECLARE)

/* The holds, the loose numbers: what the program has in hand. */
void operations_start(void);

void operations_play(const step *s);

/* Ends all holds; then closes every handle, or ends the tables with handles open. */
void operations_end(bool orderly);

#endif

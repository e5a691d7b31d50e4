/* One operation of an input, played by the library and by the expectation. */
#ifndef POSIX_OPERATIONS_H
#define POSIX_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct step {
    uint8_t operation;
    uint8_t card;
    uint8_t what;
    uint8_t how;
    uint8_t fails; /* which allocation fails, where it is small */
} step;

enum { STEP_SIZE = 5 };

void operations_start(uint8_t level, uint8_t protection, uint8_t reuse);
void operations_play(const step *s);

/* Ends what holds; closes handle by handle, or leaves them to the shutdown of their tables. */
void operations_end(bool orderly);

#endif

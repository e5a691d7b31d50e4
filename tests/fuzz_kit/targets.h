/* The targets that the kit's tests fuzz, and how their inputs are written down. */
#ifndef TESTS_FUZZ_KIT_TARGETS_H
#define TESTS_FUZZ_KIT_TARGETS_H

#include <holdfast/fuzz.h>

/* The operations of the boxes, in the order of their table. */
enum { OPEN, LID, USE, JOIN, WRITE, CLOSE, LIFT, BOX_OPERATIONS };

extern const hf_fuzz_kind box_kinds[2];
extern const hf_fuzz_operation box_operations[BOX_OPERATIONS];

/* The boxes with a bug, which is planted when an input begins. */
hf_fuzz_target box_target(const char *bug);

/* An input that is being written. */
typedef struct input {
    uint8_t bytes[4096];
    size_t size;
} input;

/* The order of reuse and its number; the rest of the head is 0: a fourth of the choices among
 * closed handles. */
enum { AS_GIVEN, IMMEDIATE, DELAYED, ACROSS, WORN };
input input_begin(uint8_t order, uint8_t number);

/* What a record says of a handle: the n-th from the youngest, live or closed. */
enum { LIVE = 3, DEAD = 0 };
#define LIVE_NTH(n) (uint8_t)(LIVE + 4 * (n))
#define DEAD_NTH(n) (uint8_t)(DEAD + 4 * (n))

void input_add(input *in, uint8_t operation, uint8_t one, uint8_t two, uint8_t thread,
               uint64_t number);

void input_play(const input *in, const hf_fuzz_target *target);

#endif

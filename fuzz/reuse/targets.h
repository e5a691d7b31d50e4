/* What the operations of a step have in common: how a record is read, which handle it means, what
 * is expected. */
#ifndef FUZZ_REUSE_TARGETS_H
#define FUZZ_REUSE_TARGETS_H

#include "calls.h"
#include "cards.h"
#include "operations.h"

/* What an operation is given. */
typedef struct target {
    sheet *in;
    card *c; /* NULL: nobody issued the handle */
    hf_handle handle;
} target;

moment steps_moment(const step *s);
sheet *steps_sheet(uint8_t number);
void steps_expect_status(const char *what, hf_status got, hf_status expected);
void steps_expect_outcome(const char *what, hf_outcome got, hf_outcome expected);

/* Mostly a young card, else any; NULL while there is none. */
card *targets_pick(uint8_t choice);

/* The handle that a step means, and the table that it is given to. */
target targets_aim(const step *s);

verdict targets_judge(const target *at, const hf_type *type, bool closes);
bool target_is_own(const target *at);
void targets_expect_refusal(const target *at, const verdict *why, const char *operation,
                            moment now);

/* A call with this target that is ready to be made. */
call targets_call(const target *at);

/* ---- numbers that the program owns itself --------------------------------------------------- */

void loose_start(void);
unsigned loose_numbers(void);
hf_value loose_take(uint8_t choice);

/* Another one; closed at once if there are enough. */
void loose_give(hf_value value);

/* ---- closing -------------------------------------------------------------------------------- */

/* How many completions were called. */
extern unsigned completions;

/* What a close makes of its target; *why is how it answers. */
hf_outcome closing_predict(const target *at, verdict *why, const char *operation, moment now,
                           bool completes);

#endif

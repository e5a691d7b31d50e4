/* A reference model of tables, for random sequences of operations: plain code, one step at a time,
 * that predicts every status, every outcome, every report, who holds what and how many values are
 * released.
 *
 * A sequence is a byte buffer of fixed-size records, so that random tests and fuzzers share one
 * decoder.  Every buffer is a valid sequence.  Nothing here depends on a test framework. */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <stdio.h>

#include "fake.h"

enum { MODEL_RECORD_SIZE = 6 };

typedef struct model_options {
    hf_reuse reuse;
    hf_protection protection;
    hf_level level;      /* HF_LEVEL_DEFAULT: what the option `level` says, */
    unsigned level_told; /* which is set to this */
    uint32_t capacity;   /* slots of each of the two tables */
} model_options;

/* The options that one record asks for. */
model_options model_options_decode(const uint8_t *record);

/* Plays a sequence against the library and the model.  False when they disagree; then `message`
 * says where.  Sets the report hook, the policies and options: it listens to every finding. */
bool model_play(const model_options *options, const uint8_t *bytes, size_t size, char *message,
                size_t message_size);

/* Writes each step from now on, before it is played; NULL: no more. */
void model_trace(FILE *to);

/* What all sequences so far have come to: how often each operation was played, each status answered
 * and each kind reported, and how many slots were retired and counts saturated. */
void model_tell_tally(FILE *to);

#endif

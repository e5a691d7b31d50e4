/* A reference model of tables, for random sequences of operations: plain single-threaded code that
 * predicts every status, every outcome, who holds what and how many values are released.
 *
 * A sequence is a byte buffer of fixed-size records, so that random tests and fuzzers share one
 * decoder.  Every buffer is a valid sequence.  Nothing here depends on a test framework. */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "fake.h"

enum { MODEL_RECORD_SIZE = 4 };

typedef struct model_options {
    hf_reuse reuse;
    hf_protection protection;
    hf_level level;
    uint32_t capacity; /* slots of each of the two tables */
} model_options;

/* The options that one record asks for. */
model_options model_options_decode(const uint8_t *record);

/* Plays a sequence against the library and the model.  False when they disagree; then `message`
 * says where.  A report hook should be set, or reports be silenced: many findings are made. */
bool model_play(const model_options *options, const uint8_t *bytes, size_t size, char *message,
                size_t message_size);

#endif

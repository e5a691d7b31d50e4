/* A harness's mutators as a library for afl-fuzz (AFL_CUSTOM_MUTATOR_LIBRARY): the driver that
 * AFL++ links in libFuzzer's place calls no mutator of libFuzzer's kind.  What afl-fuzz loads is
 * its own and must not be instrumented, so this is built apart, and of the harness only the
 * mutators stay in it. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#define AFL_EXPORTED __attribute__((visibility("default")))

typedef struct afl_mutator {
    unsigned seed;
    size_t room;
    uint8_t *out;
} afl_mutator;

AFL_EXPORTED void *afl_custom_init(void *afl, unsigned seed);
AFL_EXPORTED size_t afl_custom_fuzz(void *data, uint8_t *input, size_t size, uint8_t **out,
                                    uint8_t *other, size_t other_size, size_t max_size);
AFL_EXPORTED void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned seed)
{
    (void)afl;
    afl_mutator *mutator = calloc(1, sizeof(*mutator));
    if (mutator != NULL)
        mutator->seed = seed;
    return mutator;
}

/* A buffer of at least `size` bytes; NULL: out of memory. */
static uint8_t *room_for(afl_mutator *mutator, size_t size)
{
    if (size > mutator->room) {
        uint8_t *larger = realloc(mutator->out, size);
        if (larger == NULL)
            return NULL;
        mutator->out = larger;
        mutator->room = size;
    }
    return mutator->out;
}

/* Answers the size of what *out is set to; 0: nothing to be run. */
size_t afl_custom_fuzz(void *data, uint8_t *input, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size)
{
    afl_mutator *mutator = data;
    *out = input;
    if (size > max_size || room_for(mutator, max_size) == NULL)
        return 0;
    *out = mutator->out;
    mutator->seed++;
    if (other != NULL && mutator->seed % 4 == 0)
        return LLVMFuzzerCustomCrossOver(input, size, other, other_size, mutator->out, max_size,
                                         mutator->seed);
    memcpy(mutator->out, input, size);
    return LLVMFuzzerCustomMutator(mutator->out, size, max_size, mutator->seed);
}

void afl_custom_deinit(void *data)
{
    afl_mutator *mutator = data;
    free(mutator->out);
    free(mutator);
}

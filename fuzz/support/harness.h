/* What a harness consists of, besides the playing of an input: said once for all of them. */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include <holdfast/fuzz.h>

/* An engine's entry points. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,
                                 size_t two_size, uint8_t *out, size_t out_size, unsigned seed);

/* Tells what is wrong, in one line, and ends the process in the way that engines record. */
HF_PRINTF(1, 2) _Noreturn void fuzz_fail(const char *format, ...);

/* Defines the mutators of a harness whose inputs are a head and records (hf_fuzz_shape). */
#define FUZZ_RECORDS(head_size, record_size)                                                   \
    static const hf_fuzz_shape fuzz_shape = {head_size, record_size};                          \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) \
    {                                                                                          \
        return hf_fuzz_mutate(&fuzz_shape, data, size, max_size, seed);                        \
    }                                                                                          \
    size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two,  \
                                     size_t two_size, uint8_t *out, size_t out_size,           \
                                     unsigned seed)                                            \
    {                                                                                          \
        return hf_fuzz_cross(&fuzz_shape, one, one_size, two, two_size, out, out_size, seed);  \
    }

#endif

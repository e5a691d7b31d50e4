/* What a harness consists of, besides the playing of an input: said once for all of them. */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include <holdfast/fuzz.h>

/* Tells what is wrong, in one line, and ends the process in the way that engines record. */
HF_PRINTF(1, 2) _Noreturn void fuzz_fail(const char *format, ...);

/* Defines the mutators of a harness whose inputs are a head and records (hf_fuzz_shape). */
#define FUZZ_RECORDS(head_size, record_size)                          \
    static const hf_fuzz_shape fuzz_shape = {head_size, record_size}; \
    HF_FUZZ_MUTATORS(fuzz_shape)

#endif

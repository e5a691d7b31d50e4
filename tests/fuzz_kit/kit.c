/* The kit, as a user's program has it. */
#define HF_FUZZ_IMPLEMENTATION
#include <holdfast/fuzz.h>

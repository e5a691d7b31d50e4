/* The kit's code, for the harnesses: what mutates records and replays files. */
#define HF_FUZZ_IMPLEMENTATION
#include <holdfast/fuzz.h>

/* The main function of builds without a fuzzing engine. */
#include "harness.h"

int main(int argc, char **argv)
{
    return hf_fuzz_replay(argc, argv, LLVMFuzzerTestOneInput);
}

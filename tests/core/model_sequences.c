/* Random sequences of operations against the reference model, over every combination of options.
 * A failure prints the seed; HOLDFAST_TEST_SEED=n plays that sequence alone. */
#include "model.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { RECORDS = 200, SEQUENCES = 1000 };

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void play(hf_reuse reuse, uint64_t seed)
{
    char message[256];
    uint8_t bytes[(RECORDS + 1) * MODEL_RECORD_SIZE];
    uint64_t state = seed;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)next_random(&state);
    model_options options = model_options_decode(bytes);
    options.reuse = reuse;
    bool agrees = model_play(&options, bytes + MODEL_RECORD_SIZE, sizeof(bytes) - MODEL_RECORD_SIZE,
                             message, sizeof(message));
    cr_assert(agrees, "seed %llu: %s [reuse %d, protection %d, level %d (%u), capacity %u]",
              (unsigned long long)seed, message, (int)options.reuse, (int)options.protection,
              (int)options.level, options.level_told, options.capacity);
}

static void play_many(hf_reuse reuse)
{
    const char *given = getenv("HOLDFAST_TEST_SEED");
    if (given != NULL) {
        play(reuse, strtoull(given, NULL, 0));
        return;
    }
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++)
        play(reuse, seed * 4 + (uint64_t)reuse);
}

Test(model, random_sequences_magazines)
{
    play_many(HF_REUSE_MAGAZINES);
}

Test(model, random_sequences_fifo)
{
    play_many(HF_REUSE_FIFO);
}

Test(model, random_sequences_lifo)
{
    play_many(HF_REUSE_LIFO);
}

Test(model, random_sequences_random)
{
    play_many(HF_REUSE_RANDOM);
}

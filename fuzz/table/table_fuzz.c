/* Sequences of operations on two tables, from several threads in turn, against the reference model:
 * every status, outcome, release and report must be the one that it foretells
 * (tests/support/model.h).
 *
 * The head is one record, which chooses the tables' options.  In the environment,
 * HOLDFAST_FUZZ_TRACE=1 prints each step, and HOLDFAST_FUZZ_TALLY=1, in the end, what the inputs
 * have come to. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "model.h"

FUZZ_RECORDS(MODEL_RECORD_SIZE, MODEL_RECORD_SIZE)

static void tell_tally(void)
{
    model_tell_tally(stderr);
}

static bool is_wanted(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && strcmp(text, "1") == 0;
}

static void begin(void)
{
    if (is_wanted("HOLDFAST_FUZZ_TALLY"))
        (void)atexit(tell_tally);
    if (is_wanted("HOLDFAST_FUZZ_TRACE"))
        model_trace(stderr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    char message[256];
    uint8_t head[MODEL_RECORD_SIZE] = {0};
    size_t length = size < sizeof(head) ? size : sizeof(head);
    if (!begun)
        begin();
    begun = true;
    if (length > 0)
        memcpy(head, data, length);
    model_options options = model_options_decode(head);
    if (!model_play(&options, data + length, size - length, message, sizeof(message)))
        fuzz_fail("%s [reuse %d, protection %d, level %d (%u), capacity %u]", message,
                  (int)options.reuse, (int)options.protection, (int)options.level,
                  options.level_told, options.capacity);
    return 0;
}

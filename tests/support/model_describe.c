/* The model's question of an address: what is known of the handles whose values point there. */
#include <stdio.h>
#include <string.h>

#include "model_state.h"

enum { LEAST_POINTER = 65536, LONG = 4096 };

/* Whether something must be known: of values that are pointers, while they are in a table, and as
 * long as the life that they had is on record. */
static bool must_be_known(const model *m, const card *c)
{
    if (c->gone || c->value < LEAST_POINTER || c->life == HF_LIFE_RESERVED)
        return false;
    return c->life != HF_LIFE_CLOSED || model_is_remembered(m, c);
}

void model_play_describe(model *m, const model_record *r)
{
    char text[LONG];
    char start[16];
    char number[32];
    const card *c = model_pick(m, r->subject);
    if (c == NULL)
        return;
    size_t length = hf_describe_address((const void *)c->value, text, sizeof(text));
    snprintf(number, sizeof(number), "0x%llx", (unsigned long long)c->value);
    if (length == 0 ? must_be_known(m, c) : strstr(text, number) == NULL)
        model_fail(m, "of the address %s is told: %s", number, length == 0 ? "nothing" : text);
    if (hf_describe_address((const void *)c->value, start, sizeof(start)) != length)
        model_fail(m, "a small buffer changes what is told of an address");
    if (strncmp(start, text, sizeof(start) - 1) != 0)
        model_fail(m, "what is told of an address does not begin as in a larger buffer");
}

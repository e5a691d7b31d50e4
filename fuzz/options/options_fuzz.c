/* Options, as a program gets them from its environment: any text whatever is either taken or told
 * about, and never does more than that. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    (void)hf_set_options(text);
    free(text);
    return 0;
}

/* Strings of JSON, and the UTF-8 that they are to be. */
#ifndef HF_REPORT_JSON_STRING_H
#define HF_REPORT_JSON_STRING_H

#include <stddef.h>

#include "report/buffer.h"

/* Adds a string with its quotes.  What is no UTF-8 becomes U+FFFD. */
void hf_json_put_string(hf_buffer *to, const char *string);

/* The length of the valid UTF-8 sequence at `at`, which is terminated, or 0.  No overlong forms, no
 * surrogates. */
size_t hf_utf8_length(const unsigned char *at);

#endif
